// The documented figures, doubted: does each have a source, does the arithmetic bear it out, and is a device matched
// to its card exactly or not at all? The expected values are typed from the documents, not read from our own JSON.

import { describe, expect, it } from 'vitest';
import { Card as CardRow } from '../src/specs/card.js';
import {
  type Card,
  cards,
  crossCheck,
  documents,
  figure,
  find,
  migTables,
  nvlinks,
  type Resource,
  ratePerClock,
  rates,
  resources,
} from '../src/specs/index.js';

function card(id: string): Card {
  const [found, ...others] = find(id);
  if (found === undefined || others.length > 0) throw new Error(`${id} is not one card`);
  return found;
}

/** Every list of document ids anywhere in a parsed file. */
function cited(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(cited);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === 'sources' || key === 'from') && Array.isArray(inner) ? inner.map(String) : cited(inner),
  );
}

const sparse = resources.filter((resource) => resource.endsWith('.sparse'));

/** The dense resource of a sparse one. */
function dense(resource: Resource): Resource {
  const found = resources.find((other) => `${other}.sparse` === resource);
  if (found === undefined) throw new Error(`${resource} has no dense one`);
  return found;
}

describe('the shelf', () => {
  it('holds all 67 cards, each once', () => {
    expect(
      cards()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(
      `a10 a100-pcie-40gb a100-pcie-80gb a100-sxm-64gb a100-sxm4-40gb a100-sxm4-80gb a10g a30 a40 a800-40gb-active
      a800-pcie-80gb a800-sxm4-80gb b100 b200 b300 gb200 gb300 gh200-144gb gh200-96gb h100-nvl-94gb h100-pcie-80gb
      h100-sxm5-64gb h100-sxm5-80gb h100-sxm5-94gb h20 h20-3e h200-nvl-141gb h200-sxm-141gb h800-pcie-80gb
      h800-sxm5-80gb jetson-agx-orin-64gb l4 l40 l40s p100-pcie-12gb p100-pcie-16gb p100-sxm2-16gb quadro-rtx-6000
      rtx-2080-ti rtx-3080-10gb rtx-3080-12gb rtx-3080-ti rtx-3090 rtx-3090-ti rtx-4070-ti rtx-4070-ti-super rtx-4080
      rtx-4080-super rtx-4090 rtx-4090-d rtx-5000-ada rtx-5080 rtx-5090 rtx-6000-ada rtx-a4000 rtx-a5000 rtx-a6000
      rtx-pro-5000-blackwell rtx-pro-6000-blackwell-maxq rtx-pro-6000-blackwell-se rtx-pro-6000-blackwell-ws t4
      v100-pcie-16gb v100-pcie-32gb v100-sxm2-16gb v100-sxm2-32gb v100s-pcie-32gb`.split(/\s+/),
    );
  });

  it('takes no row with an unknown key, a placeholder, or a figure without a source', () => {
    const row = card('l40');
    const memory = { value: 864, unit: 'GB/s', sources: ['l40-ds'] };
    const takes = (change: object) => CardRow.safeParse({ ...row, ...change }).success;
    expect(takes({})).toBe(true);
    expect(takes({ figures: { memory } })).toBe(true);
    expect(takes({ figures: { memory: { ...memory, value: 0 } } })).toBe(false);
    expect(takes({ figures: { memory: null } })).toBe(false);
    expect(takes({ figures: { memory: { ...memory, unit: 'GiB/s' } } })).toBe(false);
    expect(takes({ figures: { memory: { ...memory, sources: [] } } })).toBe(false);
    expect(takes({ figures: { bandwidth: memory } })).toBe(false);
    expect(takes({ colour: 'green' })).toBe(false);
  });

  it('cites only documents that exist', () => {
    const all = cited([cards(), rates(), migTables()]);
    expect(all.length).toBeGreaterThan(1000);
    expect(all.filter((id) => documents()[id] === undefined)).toEqual([]);
  });

  it('keeps 111 documents, and only these are cited by no figure', () => {
    const used = new Set(cited([cards(), rates(), migTables()]));
    expect(Object.keys(documents())).toHaveLength(111);
    // Read and superseded, or named only where documents disagree or where a trap is explained.
    expect(
      Object.keys(documents())
        .filter((id) => !used.has(id))
        .sort(),
    ).toEqual(
      'cuda-pg-13 ecc-blog h100-ds-2022 h100-page h200-ds-jul24 hgx-ref hopper-blog obs-a5000 obs-gb300-station obs-l4-forum p100-wp v100-wp'.split(
        ' ',
      ),
    );
  });

  it('gives no two cards the same PCI id, and none the same driver name but two of unlike memory', () => {
    const names = cards().flatMap(({ id, driverNames }) =>
      [...new Set(driverNames?.values.map((name) => name.replace(/^NVIDIA /, '')))].map((name) => ({
        name,
        id,
      })),
    );
    const ids = cards().flatMap(({ pciDeviceIds }) => pciDeviceIds?.map(({ id }) => id) ?? []);
    const shared = names.filter(({ name, id }) =>
      names.some((other) => other.name === name && other.id !== id),
    );
    expect(shared.map(({ id }) => id).sort()).toEqual(['rtx-3080-10gb', 'rtx-3080-12gb']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says why, where a figure is missing', () => {
    const asked = resources.filter((resource) => !sparse.includes(resource) && resource !== 'link');
    const silent = cards().flatMap((card) =>
      asked
        .filter((resource) => figure(card, resource) === null)
        .filter((resource) => card.absent[resource === 'peer' ? 'nvlink' : resource] === undefined)
        .map((resource) => `${card.id} ${resource}`),
    );
    expect(silent).toEqual([]);
  });

  it('never both gives a figure and says that it is missing', () => {
    const both = cards().flatMap((card) =>
      Object.keys(card.absent).filter((key) => key in card.figures || key in card),
    );
    expect(both).toEqual([]);
  });

  it('states the accumulator of every floating-point tensor figure', () => {
    const unstated = cards().filter((card) => figure(card, 'tensor.fp16')?.accumulator === 'unstated');
    expect(unstated.map(({ id }) => id).sort()).toEqual(
      'a10 a10g l4 l40 l40s rtx-5000-ada rtx-a4000 rtx-a5000 rtx-pro-5000-blackwell t4'.split(' '),
    );
    expect(figure(card('h100-sxm5-80gb'), 'tensor.fp16')?.accumulator).toBe('fp32');
    expect(figure(card('rtx-4090'), 'tensor.fp16.acc16')?.accumulator).toBe('fp16');
    expect(figure(card('a100-sxm4-80gb'), 'tensor.int8')?.accumulator).toBe('int32');
    expect(figure(card('a100-sxm4-80gb'), 'tensor.fp64')?.accumulator).toBe('fp64');
    expect(figure(card('a100-sxm4-80gb'), 'vector.fp16')?.accumulator).toBeNull();
  });

  it('names cards, rate sets and architectures that exist', () => {
    const ids = new Set(cards().map(({ id }) => id));
    expect(migTables().flatMap(({ cards }) => cards.filter((id) => !ids.has(id)))).toEqual([]);
    const { sets, architectures } = rates();
    expect(cards().filter(({ rates }) => rates !== undefined && sets[rates] === undefined)).toEqual([]);
    expect(
      cards().filter(
        ({ rates, computeCapability }) =>
          rates !== undefined &&
          architectures[sets[rates]?.architecture ?? '']?.computeCapability !== computeCapability.value,
      ),
    ).toEqual([]);
    const derivedFrom = Object.values(architectures).flatMap(({ fmaPerClock }) =>
      Object.values(fmaPerClock).flatMap((fact) => ('derived' in fact ? (fact.cards ?? []) : [])),
    );
    expect(derivedFrom.length).toBeGreaterThan(10);
    expect(derivedFrom.filter((id) => !ids.has(id))).toEqual([]);
  });
});

describe('the arithmetic', () => {
  it('agrees within 1 % with every figure but the ones named here', () => {
    const differing = cards().flatMap((card) =>
      crossCheck(card)
        .filter(({ status }) => status === 'differs')
        .map(
          ({ resource, difference }) => `${card.id} ${resource} ${((difference ?? 0) * 100).toFixed(1)} %`,
        ),
    );
    // The L40S sheet prints its dense FP16 pair at the L40's clock, and repeats the INT8 row for INT4.
    expect(differing).toEqual([
      'l40s tensor.fp16 1.2 %',
      'l40s tensor.bf16 1.2 %',
      'l40s tensor.int4 100.0 %',
      'l40s tensor.int4.sparse 100.0 %',
    ]);
  });

  it('catches a sparse figure in a dense row and another form factor’s SM count', () => {
    const h100 = card('h100-sxm5-80gb');
    const status = (row: Card, resource: Resource) =>
      crossCheck(row).find((check) => check.resource === resource)?.status;
    const swapped = h100.figures['tensor.bf16.sparse'];
    if (swapped === undefined || h100.multiprocessors === undefined)
      throw new Error('the H100 row is incomplete');
    expect(status(h100, 'tensor.bf16')).toBe('agrees');
    expect(status({ ...h100, figures: { 'tensor.bf16': swapped } }, 'tensor.bf16')).toBe('differs');
    const pcie = { ...h100, multiprocessors: { ...h100.multiprocessors, value: 114 } };
    expect(status(pcie, 'vector.fp32')).toBe('differs');
  });

  it('is not called evidence where an input was computed from the figure', () => {
    const circular = cards().flatMap((card) =>
      crossCheck(card).flatMap(({ status, resource }) =>
        status === 'circular' && !resource.endsWith('.sparse') ? [`${card.id} ${resource}`] : [],
      ),
    );
    const of = (ids: string, ...peaks: string[]) =>
      ids.split(' ').flatMap((id) => peaks.map((peak) => `${id} ${peak}`));
    const tensor = ['tf32', 'fp16', 'bf16', 'fp8', 'int8'].map((format) => `tensor.${format}`);
    const a100 = 'a100-sxm4-40gb a100-sxm4-80gb a100-pcie-40gb a100-pcie-80gb';
    expect(circular.sort()).toEqual(
      [
        // The clock, and the width of the bus.
        ...of('h100-nvl-94gb h200-nvl-141gb', ...tensor),
        ...of('l40 a100-sxm4-80gb p100-pcie-12gb p100-sxm2-16gb', 'memory'),
        // The rate per clock, which no document prints.
        ...of('t4', 'tensor.int4'),
        ...of(a100, 'vector.bf16', 'tensor.tf32', 'tensor.int8', 'tensor.int4'),
        ...of('rtx-a6000', 'tensor.tf32', 'tensor.fp16', 'tensor.fp16.acc16', 'tensor.bf16'),
        ...of('rtx-a6000', 'tensor.int8', 'tensor.int4'),
        ...of('jetson-agx-orin-64gb', 'tensor.int8'),
        ...of('h100-sxm5-80gb', 'vector.bf16'),
        ...of('rtx-pro-6000-blackwell-ws', ...tensor, 'tensor.fp16.acc16'),
        ...of('rtx-5090', 'tensor.fp4'),
      ].sort(),
    );
  });

  it('reaches most figures that a document prints, so that agreement means something', () => {
    // A derived figure is arithmetic already, and never evidence: it counts on neither side.
    const checks = cards().flatMap(crossCheck);
    const printed = checks.filter(({ status }) => status !== 'derived');
    const agreeing = checks.filter(({ status }) => status === 'agrees').length;
    expect(agreeing).toBeGreaterThan(printed.length / 2);
  });

  it('counts SMs, CUDA cores and tensor cores alike', () => {
    const unlike = cards().flatMap((card) => {
      const [sms, perSm] = [card.multiprocessors?.value ?? 0, card.coresPerMultiprocessor.value];
      const [cuda, tensor] = [card.cudaCores?.value, card.tensorCores?.value];
      // 8 tensor cores in an SM of the first two generations, 4 of larger ones since.
      const tensorPerSm = (card.tensorCoreGeneration?.value ?? 0) <= 2 ? 8 : 4;
      const fp32 = ratePerClock(card, 'vector.fp32');
      return [
        ...(cuda !== undefined && sms > 0 && cuda !== sms * perSm ? [`${card.id} CUDA cores`] : []),
        ...(tensor !== undefined && sms > 0 && tensor !== sms * tensorPerSm
          ? [`${card.id} tensor cores`]
          : []),
        ...(fp32 !== null && fp32 !== 2 * perSm ? [`${card.id} FP32`] : []),
      ];
    });
    expect(unlike).toEqual([]);
  });

  it('finds sparse to be twice dense but for the ones named here', () => {
    const odd = cards().flatMap((card) =>
      sparse.flatMap((resource) => {
        const both = figure(card, resource);
        const one = figure(card, dense(resource));
        if (both === null) return [];
        if (one === null) return [`${card.id} ${resource} has no dense figure`];
        const ratio = both.value / one.value;
        return Math.abs(ratio / 2 - 1) > 0.01 ? [`${card.id} ${resource} ${ratio.toFixed(3)}`] : [];
      }),
    );
    expect(odd.sort()).toEqual([
      'b300 tensor.bf16.sparse 2.045',
      'b300 tensor.fp16.sparse 2.045',
      'b300 tensor.fp4.sparse 1.286',
      'gb300 tensor.fp4.sparse 1.333',
      'l40s tensor.bf16.sparse 2.025',
      'l40s tensor.fp16.sparse 2.025',
    ]);
  });

  it('knows the FLOP per clock per SM of the tensor cores, twice that for sparse', () => {
    // FMA per SM and clock as NVIDIA's architecture posts give them, times two.
    expect(ratePerClock(card('v100-sxm2-16gb'), 'tensor.fp16')).toBe(2 * 512);
    expect(ratePerClock(card('a100-sxm4-80gb'), 'tensor.fp16')).toBe(2 * 1024);
    expect(ratePerClock(card('h100-sxm5-80gb'), 'tensor.fp16')).toBe(2 * 2048);
    expect(ratePerClock(card('h100-sxm5-80gb'), 'tensor.fp16.sparse')).toBe(4 * 2048);
    // 107.6 TFLOPS with FP16 and 53.8 with FP32 accumulate; the Quadro of the same chip has 130.5 of both.
    expect(ratePerClock(card('rtx-2080-ti'), 'tensor.fp16')).toBe(2 * 256);
    expect(ratePerClock(card('rtx-2080-ti'), 'tensor.fp16.acc16')).toBe(2 * 512);
    expect(ratePerClock(card('quadro-rtx-6000'), 'tensor.fp16')).toBe(2 * 512);
    expect(ratePerClock(card('rtx-4090'), 'tensor.fp16')).toBe(2 * 256);
    expect(ratePerClock(card('rtx-4090'), 'tensor.fp16.acc16')).toBe(2 * 512);
    // Of the A10G and the L40 no document tells it, though their chips have it.
    for (const id of ['a10g', 'l40']) expect(ratePerClock(card(id), 'tensor.fp16.acc16')).toBeNull();
    expect(ratePerClock(card('l40s'), 'tensor.fp16.acc16')).toBe(2 * 512);
    expect(ratePerClock(card('h100-sxm5-80gb'), 'memory')).toBeNull();
    expect(ratePerClock(card('h20'), 'tensor.fp16')).toBeNull();
    // Blackwell Ultra raised dense FP4 alone.
    expect(ratePerClock(card('b300'), 'tensor.fp4')).toBe(49152);
    expect(ratePerClock(card('b300'), 'tensor.fp4.sparse')).toBeNull();
  });
});

describe('a figure', () => {
  const printed: [string, Resource, number, string][] = [
    ['h100-sxm5-80gb', 'tensor.bf16', 989.4, 'TFLOPS'],
    ['h100-sxm5-80gb', 'tensor.fp8', 1978.9, 'TFLOPS'],
    ['h100-sxm5-80gb', 'tensor.fp8.sparse', 3957.8, 'TFLOPS'],
    ['h100-sxm5-80gb', 'memory', 3352, 'GB/s'],
    ['h100-pcie-80gb', 'tensor.bf16', 756, 'TFLOPS'],
    ['h100-pcie-80gb', 'memory', 2039, 'GB/s'],
    ['h100-nvl-94gb', 'tensor.bf16', 835.5, 'TFLOPS'],
    ['h200-sxm-141gb', 'memory', 4800, 'GB/s'],
    ['a100-sxm4-80gb', 'tensor.bf16', 312, 'TFLOPS'],
    ['a100-sxm4-80gb', 'tensor.tf32', 156, 'TFLOPS'],
    ['a100-sxm4-80gb', 'vector.fp32', 19.5, 'TFLOPS'],
    ['a100-sxm4-80gb', 'tensor.int8', 624, 'TOPS'],
    ['a100-sxm4-80gb', 'memory', 2039, 'GB/s'],
    ['a100-pcie-80gb', 'memory', 1935, 'GB/s'],
    ['a100-sxm4-40gb', 'memory', 1555, 'GB/s'],
    ['v100-sxm2-32gb', 'tensor.fp16', 125, 'TFLOPS'],
    ['v100-pcie-16gb', 'tensor.fp16', 112, 'TFLOPS'],
    ['v100s-pcie-32gb', 'tensor.fp16', 130, 'TFLOPS'],
    ['v100-sxm2-32gb', 'memory', 900, 'GB/s'],
    ['rtx-4090', 'tensor.fp16', 165.2, 'TFLOPS'],
    ['rtx-4090', 'tensor.fp16.acc16', 330.3, 'TFLOPS'],
    ['rtx-4090', 'tensor.fp8', 330.3, 'TFLOPS'],
    ['rtx-4090', 'vector.fp32', 82.6, 'TFLOPS'],
    ['rtx-4090', 'memory', 1008, 'GB/s'],
    ['l40', 'tensor.fp16', 181.05, 'TFLOPS'],
    ['l40s', 'tensor.fp16', 362.05, 'TFLOPS'],
    ['l40', 'memory', 864, 'GB/s'],
    ['b200', 'memory', 7700, 'GB/s'],
    ['t4', 'tensor.int8', 130, 'TOPS'],
  ];

  it.each(printed)('%s %s is printed as %d %s', (id, resource, value, unit) => {
    const found = figure(card(id), resource);
    expect(found?.printed).toEqual({ value, unit });
    expect(found?.value).toBeCloseTo(value * (unit === 'GB/s' ? 1e9 : 1e12), -3);
    expect(found?.sources.length).toBeGreaterThan(0);
  });

  it('knows the clock it assumes, two of them on Hopper', () => {
    const h100 = card('h100-sxm5-80gb');
    expect(figure(h100, 'tensor.bf16')?.assumedClockHz).toBe(1830e6);
    expect(figure(h100, 'tensor.fp64')?.assumedClockHz).toBe(1980e6);
    expect(figure(h100, 'vector.fp32')?.assumedClockHz).toBe(1980e6);
    expect(figure(h100, 'memory')?.assumedClockHz).toBeNull();
    expect(figure(card('rtx-4090'), 'tensor.fp16')?.assumedClockHz).toBe(2520e6);
    expect(figure(card('b200'), 'tensor.fp16')?.assumedClockHz).toBeNull();
  });

  it('is derived and says so for the links, one direction each', () => {
    const h100 = card('h100-sxm5-80gb');
    // PCI-SIG: 32 GT/s per lane and direction, 128b/130b.
    expect(figure(h100, 'link')?.value).toBeCloseTo((32e9 * 16 * 128) / 130 / 8, 0);
    expect(figure(h100, 'link')?.printed).toEqual({ value: 63, unit: 'GB/s' });
    expect(figure(h100, 'link')?.derivation).toContain('PCI Express 5.0');
    expect(figure(card('a100-sxm4-80gb'), 'link')?.printed.value).toBe(31.5);
    expect(figure(card('v100-sxm2-16gb'), 'link')?.printed.value).toBe(15.8);
    expect(figure(h100, 'peer')?.value).toBe(450e9);
    expect(figure(h100, 'peer')?.derivation).toContain('half of the documented 900 GB/s');
    expect(figure(card('rtx-4090'), 'peer')).toBeNull();
    // Their host is behind NVLink-C2C, several times as fast as PCI Express.
    for (const id of ['gh200-96gb', 'gb200', 'gb300']) expect(figure(card(id), 'link')).toBeNull();
  });

  it.each([
    ['p100-sxm2-16gb', 4],
    ['v100-sxm2-16gb', 6],
    ['a100-sxm4-80gb', 12],
    ['a800-sxm4-80gb', 8],
    ['h100-sxm5-80gb', 18],
    ['h100-nvl-94gb', 12],
    ['b200', 18],
    ['rtx-3090', null],
    ['l40s', null],
  ])('counts the NVLinks of %s: %s', (id, links) => {
    expect(nvlinks(card(id))).toBe(links);
  });

  it('is marked where no source of it could be opened', () => {
    expect(figure(card('a30'), 'tensor.bf16')?.recalled).toBe(true);
    expect(figure(card('h100-sxm5-80gb'), 'tensor.bf16')?.recalled).toBe(false);
  });

  it('keeps what other documents say of it', () => {
    const said = figure(card('h100-sxm5-80gb'), 'memory')?.disagreements ?? [];
    expect(said.flatMap(({ values }) => values.map(({ value }) => value))).toEqual([3352, 3350, 3000]);
    expect(figure(card('l40s'), 'tensor.bf16')?.disagreements).toHaveLength(1);
    expect(figure(card('h100-sxm5-80gb'), 'vector.fp32')?.disagreements).toEqual([]);
  });
});

describe('the cards this project is about', () => {
  const volta: Resource[] = [
    'vector.fp64',
    'vector.fp32',
    'vector.fp16',
    'tensor.fp16',
    'tensor.fp16.acc16',
    'memory',
    'link',
  ];
  const ampere: Resource[] = [
    ...volta,
    'vector.bf16',
    'tensor.fp64',
    'tensor.tf32',
    'tensor.bf16',
    'tensor.int8',
    'tensor.int4',
    'tensor.tf32.sparse',
    'tensor.fp16.sparse',
    'tensor.bf16.sparse',
    'tensor.int8.sparse',
    'peer',
  ];
  const without = (list: Resource[], ...gone: Resource[]) =>
    list.filter((resource) => !gone.includes(resource));
  const fp8: Resource[] = ['tensor.fp8', 'tensor.fp8.sparse'];
  // NVL documents print no non-tensor FP16 and no FP16-accumulate row.
  const unprinted: Resource[] = ['vector.fp16', 'vector.bf16', 'tensor.fp16.acc16'];
  const hopper = [...without(ampere, 'tensor.int4'), ...fp8];
  const expected: [string, Resource[]][] = [
    ['v100-pcie-16gb', volta],
    ['v100-pcie-32gb', volta],
    ['v100-sxm2-16gb', [...volta, 'peer']],
    ['v100-sxm2-32gb', [...volta, 'peer']],
    ['v100s-pcie-32gb', without(volta, 'tensor.fp16.acc16')],
    ['a100-sxm4-40gb', ampere],
    ['a100-sxm4-80gb', ampere],
    ['a100-pcie-40gb', ampere],
    ['a100-pcie-80gb', ampere],
    ['h100-pcie-80gb', hopper],
    ['h100-sxm5-80gb', [...hopper, 'tensor.fp8.acc16']],
    ['h100-nvl-94gb', without(hopper, ...unprinted)],
    ['rtx-4090', [...without(ampere, 'tensor.fp64', 'peer'), ...fp8, 'tensor.fp8.acc16']],
    ['l40', [...without(ampere, 'tensor.fp64', 'vector.bf16', 'tensor.fp16.acc16', 'peer'), ...fp8]],
  ];

  it('have two parts of which no document gives a figure', () => {
    for (const id of ['h100-sxm5-94gb', 'h100-sxm5-64gb']) expect(card(id).figures).toEqual({});
  });

  it.each(expected)('%s is complete', (id, list) => {
    expect(list.filter((resource) => figure(card(id), resource) === null)).toEqual([]);
  });
});
