// Which documented card a device is: exact names and witnesses, never a likeness.

import { describe, expect, it } from 'vitest';
import { find, identify, type Witnesses } from '../src/specs/index.js';

const GiB = 2 ** 30;
const MiB = 2 ** 20;

describe('identification', () => {
  const device = (name: string, facts: Partial<Witnesses> = {}): Witnesses => ({
    name,
    multiprocessors: 132,
    memoryBytes: 79.2 * GiB,
    pciDeviceId: null,
    computeCapability: null,
    ...facts,
  });
  const idOf = (facts: Witnesses) => {
    const found = identify(facts);
    return found.status === 'known' ? found.card.id : found.status;
  };

  // Memory in MiB as devices of the kind report it; the rest as documented.
  const reported: [string, number, number, string, string][] = [
    ['NVIDIA H100 80GB HBM3', 132, 81089, '0x2330', 'h100-sxm5-80gb'],
    ['NVIDIA H100 PCIe', 114, 81008, '0x2331', 'h100-pcie-80gb'],
    ['NVIDIA H100 NVL', 132, 95830, '0x2321', 'h100-nvl-94gb'],
    ['NVIDIA H200', 132, 143156, '0x2335', 'h200-sxm-141gb'],
    ['NVIDIA H20', 78, 97285, '0x2329', 'h20'],
    ['NVIDIA B200', 148, 182631, '0x2901', 'b200'],
    // A DGX Station's: less memory under the same name.
    ['NVIDIA GB300', 152, 256703, '0x31C3', 'gb300'],
    ['NVIDIA GB300', 152, 256703, '0x31C2', 'gb300'],
    ['NVIDIA A10G', 80, 22587, '0x2237', 'a10g'],
    ['NVIDIA A40', 84, 45416, '0x2235', 'a40'],
    ['NVIDIA L40', 142, 45589, '0x26B5', 'l40'],
    ['NVIDIA L40S', 142, 45589, '0x26b9', 'l40s'],
    ['NVIDIA RTX PRO 6000 Blackwell Server Edition', 188, 97250, '0x2BB5', 'rtx-pro-6000-blackwell-se'],
    ['Tesla V100-SXM2-16GB', 80, 16160, '0x1DB1', 'v100-sxm2-16gb'],
    ['Tesla V100-SXM2-32GB', 80, 32510, '0x1DB5', 'v100-sxm2-32gb'],
    ['NVIDIA A100-SXM4-40GB', 108, 40536, '0x20B0', 'a100-sxm4-40gb'],
    ['A100-SXM4-40GB', 108, 40536, '20B0', 'a100-sxm4-40gb'],
    ['NVIDIA A100 80GB PCIe', 108, 81251, '0x20B510DE', 'a100-pcie-80gb'],
    ['NVIDIA GeForce RTX 4090', 128, 24217, '0x2684', 'rtx-4090'],
    ['NVIDIA GeForce RTX 4080 SUPER', 80, 16072, '0x2702', 'rtx-4080-super'],
    ['NVIDIA GeForce RTX 5080', 84, 16302, '0x2C02', 'rtx-5080'],
    ['NVIDIA GeForce RTX 3080', 68, 9987, '0x2206', 'rtx-3080-10gb'],
    ['NVIDIA GeForce RTX 3080', 70, 12045, '0x220A', 'rtx-3080-12gb'],
    ['NVIDIA GeForce RTX 3080 Ti', 80, 12045, '0x2208', 'rtx-3080-ti'],
    ['NVIDIA GeForce RTX 2080 Ti', 68, 10986, '0x1E07', 'rtx-2080-ti'],
    ['NVIDIA GeForce RTX 4070 Ti SUPER', 66, 16072, '0x2705', 'rtx-4070-ti-super'],
    ['NVIDIA RTX A5000', 64, 24138, '0x2231', 'rtx-a5000'],
    ['GeForce RTX 3090', 82, 24268, '0x2204', 'rtx-3090'],
  ];

  it.each(reported)('%s with %d SMs and %d MiB', (name, multiprocessors, mebibytes, pciDeviceId, id) => {
    const found = identify(device(name, { multiprocessors, memoryBytes: mebibytes * MiB, pciDeviceId }));
    expect(found).toMatchObject({ status: 'known', share: 1, memoryShare: 1, mig: null, witnessNotes: [] });
    expect(found.status === 'known' && found.card.id).toBe(id);
  });

  it('that name and PCI id agree on stands where memory is gone, and says so; without the id it is unknown', () => {
    const short = { memoryBytes: 116.5 * GiB, pciDeviceId: '0x2335' };
    const found = identify(device('NVIDIA H200', short));
    expect(found).toMatchObject({ status: 'known', card: { id: 'h200-sxm-141gb' } });
    expect(found.status === 'known' && found.witnessNotes).toEqual([
      '116.5 GiB of memory are present, less than the 141 GB of the card leave',
    ]);
    expect(idOf(device('NVIDIA H200', { ...short, pciDeviceId: null }))).toBe('unknown');
    expect(idOf(device('NVIDIA H200', { ...short, memoryBytes: 150 * GiB }))).toBe('unknown');
  });

  it('needs no PCI id and no SM count, but says that one witness is missing', () => {
    const found = identify(device('NVIDIA H100 80GB HBM3', { multiprocessors: null }));
    expect(found).toMatchObject({ status: 'known', share: 1 });
    expect(found.status === 'known' && found.witnessNotes).toEqual(['the device reports no SM count']);
  });

  it('is never fuzzy about the name', () => {
    for (const name of [
      'H100',
      'NVIDIA H100 80GB',
      'NVIDIA H100 80GB HBM3e',
      'nvidia h100 80gb hbm3',
      'H200 141GB',
      '',
    ]) {
      expect(idOf(device(name, { memoryBytes: 79.2 * GiB })), name).toBe('unknown');
    }
    // The bare name belongs to a 94 GB part, so an 80 GB device that reports it is neither.
    expect(idOf(device('NVIDIA H100'))).toBe('unknown');
    expect(idOf(device('NVIDIA H100', { memoryBytes: 93.1 * GiB }))).toBe('h100-sxm5-94gb');
  });

  it('refuses a device whose memory contradicts its name', () => {
    const v100 = { multiprocessors: 80, memoryBytes: 31.7 * GiB };
    expect(idOf(device('Tesla V100-SXM2-16GB', v100))).toBe('unknown');
    expect(idOf(device('NVIDIA H200'))).toBe('unknown');
    expect(idOf(device('NVIDIA A100-SXM4-40GB', { multiprocessors: 108, memoryBytes: 79 * GiB }))).toBe(
      'unknown',
    );
  });

  it('tells two cards of one name apart by their memory, and neither where it fits neither', () => {
    const of = (multiprocessors: number, mebibytes: number, pciDeviceId: string | null = null) =>
      idOf(device('NVIDIA GeForce RTX 3080', { multiprocessors, memoryBytes: mebibytes * MiB, pciDeviceId }));
    expect(of(68, 9987)).toBe('rtx-3080-10gb');
    expect(of(70, 12045)).toBe('rtx-3080-12gb');
    // Cards rebuilt with 20 GB keep the name.
    expect(of(68, 20100, '0x2206')).toBe('unknown');
    expect(of(70, 12045, '0x2206')).toBe('unknown');
  });

  it('accepts each memory size that a document gives for the same part', () => {
    expect(idOf(device('NVIDIA B300 SXM6 AC', { multiprocessors: 148, memoryBytes: 268.6 * GiB }))).toBe(
      'b300',
    );
    expect(idOf(device('NVIDIA B300 SXM6 AC', { multiprocessors: 148, memoryBytes: 285 * GiB }))).toBe(
      'b300',
    );
  });

  it('names each size of a card once where documents disagree', () => {
    const found = identify(device('NVIDIA GB300', { multiprocessors: 152, memoryBytes: 100 * GiB }));
    expect(found).toMatchObject({ status: 'unknown' });
    expect(found.status === 'unknown' && found.reason).toContain(
      'its memory is 288 GB or 279 GB or 250.7 GB. Seen',
    );
  });

  it('refuses more SMs, another compute capability, or the PCI id of another card', () => {
    expect(idOf(device('NVIDIA H100 80GB HBM3', { multiprocessors: 144 }))).toBe('unknown');
    expect(idOf(device('NVIDIA H100 80GB HBM3', { computeCapability: '8.0' }))).toBe('unknown');
    expect(idOf(device('NVIDIA H100 80GB HBM3', { pciDeviceId: '0x2331' }))).toBe('unknown');
  });

  it('reports missing SMs as a share of the card, with the evidence', () => {
    const found = identify(device('NVIDIA H100 80GB HBM3', { multiprocessors: 130, pciDeviceId: '0x2330' }));
    expect(found).toMatchObject({ status: 'known', share: 130 / 132, mig: null });
    expect(found.status === 'known' && found.witnessNotes.join()).toContain('130 of the documented 132 SMs');
  });

  it('takes an undocumented PCI id as a note, but not together with missing SMs', () => {
    const odd = { pciDeviceId: '0xFFFF' };
    const found = identify(device('NVIDIA H100 80GB HBM3', odd));
    expect(found.status === 'known' && found.witnessNotes.join()).toContain('0xFFFF');
    expect(idOf(device('NVIDIA H100 80GB HBM3', { ...odd, multiprocessors: 114 }))).toBe('unknown');
  });

  it('says what it saw and how a card is added', () => {
    const found = identify(device('NVIDIA H999', { pciDeviceId: '0x9999' }));
    expect(found.status === 'unknown' && found.reason).toMatch(
      /"NVIDIA H999", 132 SMs, 79\.20 GiB, PCI id 0x9999.*src\/specs\/<architecture>\.json/,
    );
  });

  it('matches a MIG slice to its parent, with its share and profile', () => {
    const a100 = { multiprocessors: 14, memoryBytes: 4.75 * GiB, pciDeviceId: '0x20B0' };
    const found = identify(device('NVIDIA A100-SXM4-40GB MIG 1g.5gb', a100));
    expect(found).toMatchObject({ status: 'known', share: 14 / 108, memoryShare: 1 / 8, witnessNotes: [] });
    expect(found).toMatchObject({ card: { id: 'a100-sxm4-40gb' }, mig: { profile: '1g.5gb' } });

    // 26 of 132 SMs, not 1/7; and with the media engines, which take no SM.
    const h100 = { multiprocessors: 26, memoryBytes: 19.62 * GiB };
    expect(identify(device('NVIDIA H100 80GB HBM3 MIG 1g.20gb', h100))).toMatchObject({ share: 26 / 132 });
    const media = { multiprocessors: 16, memoryBytes: 9.75 * GiB };
    expect(identify(device('NVIDIA H100 80GB HBM3 MIG 1g.10gb+me', media))).toMatchObject({
      mig: { profile: '1g.10gb+me' },
      share: 16 / 132,
    });
  });

  it('lets the device say the SM count of a slice that no document gives', () => {
    const slice = { multiprocessors: 46, memoryBytes: 23.6 * GiB };
    const name = 'NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb+gfx';
    expect(identify(device(name, slice))).toMatchObject({ share: 46 / 188, memoryShare: 1 / 4 });
    expect(idOf(device(name, { ...slice, multiprocessors: null }))).toBe('unknown');
  });

  it('notes a slice that has other SMs than documented, such as a compute instance in it', () => {
    const part = { multiprocessors: 14, memoryBytes: 9.75 * GiB };
    const found = identify(device('NVIDIA A100-SXM4-40GB MIG 1c.2g.10gb', part));
    expect(found).toMatchObject({ status: 'known', share: 14 / 108, mig: { profile: '2g.10gb' } });
    expect(found.status === 'known' && found.witnessNotes).toHaveLength(1);
  });

  it.each([
    ['NVIDIA GB200 MIG 3g.93gb', 152, 64, 91, '3g.93gb'],
    ['NVIDIA GH200 480GB MIG 1g.12gb', 132, 16, 11, '1g.12gb'],
    ['NVIDIA GH200 144G HBM3e MIG 3g.72gb', 132, 60, 70, '3g.72gb'],
    ['NVIDIA H20 MIG 7g.96gb', 78, 78, 94, '7g.96gb'],
  ])(
    'knows the slice of %s by name, and of its share of the memory nothing',
    (name, whole, present, gigabytes, profile) => {
      const found = identify(device(name, { multiprocessors: present, memoryBytes: gigabytes * GiB }));
      expect(found).toMatchObject({ share: present / whole, memoryShare: null, mig: { profile } });
    },
  );

  it('says of a profile it lacks that its own table lacks it', () => {
    const found = identify(device('NVIDIA B300 SXM6 AC MIG 1g.99gb', { memoryBytes: 95 * GiB }));
    expect(found.status === 'unknown' && found.reason).toContain(
      "1g.99gb is not in nameplate's table of the MIG profiles of b300",
    );
  });

  it('refuses a slice that its parent does not have, or with another memory size', () => {
    const slice = { multiprocessors: 14, memoryBytes: 9.5 * GiB };
    expect(idOf(device('NVIDIA A100-SXM4-80GB MIG 1g.10gb', slice))).toBe('a100-sxm4-80gb');
    expect(idOf(device('NVIDIA A100-SXM4-80GB MIG 1g.5gb', { ...slice, memoryBytes: 4.75 * GiB }))).toBe(
      'unknown',
    );
    expect(idOf(device('NVIDIA A100-SXM4-80GB MIG 1g.10gb', { ...slice, memoryBytes: 79 * GiB }))).toBe(
      'unknown',
    );
    expect(idOf(device('NVIDIA A100-SXM4-80GB MIG something', slice))).toBe('unknown');
  });
});

describe('finding a card', () => {
  const ids = (query: string) => find(query).map(({ id }) => id);

  it('gives the exact card for an id or a name', () => {
    expect(ids('a100-sxm4-80gb')).toEqual(['a100-sxm4-80gb']);
    expect(ids('L40')).toEqual(['l40']);
    expect(ids('nvidia l40s')).toEqual(['l40s']);
    expect(ids('NVIDIA H100 80GB HBM3')).toEqual(['h100-sxm5-80gb']);
  });

  it('lists every form factor for a short name, by whole words', () => {
    expect(ids('h100')).toEqual([
      'h100-pcie-80gb',
      'h100-sxm5-80gb',
      'h100-nvl-94gb',
      'h100-sxm5-94gb',
      'h100-sxm5-64gb',
    ]);
    expect(ids('V100 sxm2')).toEqual(['v100-sxm2-16gb', 'v100-sxm2-32gb']);
    expect(ids('4090')).toEqual(['rtx-4090', 'rtx-4090-d']);
    expect(ids('rtx-4090')).toEqual(['rtx-4090']);
    expect(ids('l4')).toEqual(['l4']);
    expect(ids('h10')).toEqual([]);
    expect(ids(' ')).toEqual([]);
  });
});
