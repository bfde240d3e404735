// The derived ceiling of a CPU is arithmetic on documented units; an unknown one has none.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { attributeCeiling, measuredCeiling } from '../src/judge/ceiling.js';
import { nameplate } from '../src/judge/documented.js';
import { notices } from '../src/report/notices.js';
import { cpus, derivedCeiling, microarchitecture, processorReason } from '../src/specs/index.js';
import { conditions, measured, row, testCpu } from './testCard.js';

const group = (vendor: string, family: number, model: number, changes = {}) => ({
  vendor,
  family,
  model,
  kind: null,
  count: 1,
  maxClockHz: null,
  ...changes,
});
const zen4 = (changes = {}) => group('AuthenticAMD', 25, 17, { count: 2, ...changes });
const intel = (model: number, changes = {}) => group('GenuineIntel', 6, model, changes);
const all = ['avx2', 'fma', 'avx512f', 'neon'];
const derived = (
  cores: ReturnType<typeof group>[],
  clock: number | null,
  resource = 'vector.fp32',
  name = '',
  features = all,
) => derivedCeiling({ name, cores, features }, resource, clock);

describe('the derived ceiling', () => {
  test('is cores x FLOP per clock x the measured clock, and says so', () => {
    expect(derived([zen4()], 3.7e9)).toMatchObject({
      value: 2 * 32 * 3.7e9,
      printed: '237 GFLOPS',
      label: 'amd-zen-4',
      derivation: '2 cores x 32 FLOP per clock x 3.70 GHz (clock measured)',
      clockHz: 3.7e9,
      recalled: false,
    });
    expect(derived([zen4()], 3.7e9, 'vector.fp64')?.value).toBe(2 * 16 * 3.7e9);
  });

  test('takes the highest clock where the system gives one', () => {
    expect(derived([zen4({ maxClockHz: 5.5e9 })], 3.7e9)).toMatchObject({
      value: 2 * 32 * 5.5e9,
      derivation: '2 cores x 32 FLOP per clock x 5.50 GHz (highest clock, by the system)',
    });
  });

  test('sums unlike cores, each at its own clock, or is absent', () => {
    const fast = intel(151, { kind: 'performance', count: 8, maxClockHz: 5e9 });
    const slow = intel(151, { kind: 'efficiency', count: 8, maxClockHz: 4e9 });
    expect(derived([fast], null)).toMatchObject({ value: 8 * 32 * 5e9, recalled: false });
    expect(derived([fast, slow], null)).toMatchObject({
      value: 8 * 32 * 5e9 + 8 * 16 * 4e9,
      label: 'intel-golden-cove-client + intel-gracemont',
    });
    expect(derived([fast, { ...slow, maxClockHz: null }], 4e9)).toBeNull();
    const v1 = group('0x41', 8, 0xd40, { maxClockHz: 3e9 });
    const n1 = group('0x41', 8, 0xd0c, { maxClockHz: 2e9, count: 4 });
    expect(derived([v1, n1], null)).toMatchObject({ value: 32 * 3e9 + 4 * 16 * 2e9, clockHz: null });
    expect(derived([{ ...v1, maxClockHz: null }, n1], 3e9)).toBeNull();
  });

  test.each([
    ['Alder Lake, both kinds', 151, 'efficiency', 16],
    ['Alder Lake without efficiency cores, which names no kinds', 151, null, 32],
    ['Lunar Lake, both kinds', 189, 'efficiency', 32],
    ['Arrow Lake S', 198, 'performance', 32],
    ['Alder Lake N, all Gracemont', 190, null, 16],
    ['Tiger Lake', 140, null, 32],
    // Two of its efficiency cores are of an older kind, and the system does not tell them apart.
    ['Arrow Lake H', 197, 'efficiency', undefined],
    ['Meteor Lake', 170, 'performance', undefined],
  ])('knows the kinds of cores of %s', (_, model, kind, rate) => {
    expect(microarchitecture(intel(model, { kind }), '')?.flopPerClock['vector.fp32']).toBe(rate);
  });

  test('knows Strix Halo, whose vector units are whole, and not Strix Point, whose are halved', () => {
    const rate = (model: number) =>
      microarchitecture(group('AuthenticAMD', 26, model), '')?.flopPerClock['vector.fp32'];
    expect(rate(112)).toBe(64);
    expect(rate(36)).toBeUndefined();
  });

  test.each([
    ['a processor that is not in the table', [group('AuthenticAMD', 99, 1)], 3e9, 'vector.fp32'],
    ['a resource that is not in the table', [zen4()], 3e9, 'memory'],
    ['an emulated format', [zen4()], 3e9, 'none'],
    ['no clock at all', [zen4()], null, 'vector.fp32'],
    ['no cores named', [], 3e9, 'vector.fp32'],
  ])('is absent for %s', (_, cores, clock, resource) => {
    expect(derived(cores, clock, resource)).toBeNull();
  });

  test.each([
    ['a Pentium or Celeron, sold without AVX', intel(158), []],
    ['a guest whose AVX2 is masked', zen4(), ['fma']],
    ['a guest whose AVX-512 is masked', intel(106), ['avx2', 'fma']],
  ])('is absent for %s, with the reason', (_, core, features) => {
    expect(derived([core], 3e9, 'vector.fp32', '', features)).toBeNull();
    expect(derived([core], 3e9)).not.toBeNull();
    const reason = (here: string[]) => processorReason({ name: '', cores: [core], features: here });
    expect(reason(features)).toMatch(/^no derived ceiling: .* is here without [a-z0-9]+( and [a-z0-9]+)*$/);
    expect(reason(all)).not.toContain('no derived ceiling');
  });

  test('is absent where the system does not name its cores, in so many words', () => {
    const cores = [group('', 0, 0, { count: 2 })];
    for (const none of [cores, []])
      expect(processorReason({ name: '', cores: none, features: all })).toBe(
        'no derived ceiling: the system does not name its cores',
      );
  });

  test('knows Neoverse N2 by its part, 0xd49', () => {
    expect(derived([group('0x41', 8, 0xd49, { count: 4 })], 3e9)?.value).toBe(4 * 16 * 3e9);
  });

  test('goes by the name where the model number does not tell the units', () => {
    const rate = (name: string) => microarchitecture(intel(85), name)?.flopPerClock['vector.fp32'];
    expect(rate('Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz')).toBe(64);
    expect(rate('Intel(R) Xeon(R) Gold 6154 CPU @ 3.00GHz')).toBe(64);
    expect(rate('Intel(R) Xeon(R) Gold 5122 CPU @ 3.60GHz')).toBe(64);
    expect(rate('Intel(R) Xeon(R) Silver 4116 CPU @ 2.10GHz')).toBe(32);
    expect(rate('Intel(R) Xeon(R) Gold 5218 CPU @ 2.30GHz')).toBe(32);
    expect(rate('Intel(R) Xeon(R) CPU @ 2.00GHz')).toBeUndefined();
  });
});

describe('the table', () => {
  const { documents, microarchitectures } = cpus();

  test('cites documents that exist, and every one of them', () => {
    const cited = new Set(microarchitectures.flatMap(({ sources }) => sources));
    expect([...cited].sort()).toEqual(Object.keys(documents).sort());
  });

  test('needs instruction sets that the addon looks for', () => {
    const source = readFileSync(new URL('../native/cpu/facts.cc', import.meta.url), 'utf8');
    const names = [...source.matchAll(/Feature\{"(\w+)"/g)].map(([, name]) => name);
    for (const { needs } of microarchitectures) for (const need of needs) expect(names).toContain(need);
  });

  test('fits no model of a processor twice', () => {
    const models = microarchitectures
      .filter(({ named }) => named === undefined)
      .flatMap(({ vendor, family, models, kind }) =>
        models.flatMap(([first, last]) =>
          Array.from(
            { length: last - first + 1 },
            (_, step) => `${vendor} ${family} ${first + step} ${kind ?? 'performance'}`,
          ),
        ),
      );
    expect(new Set(models).size).toBe(models.length);
  });

  test('has twice as much fp32 as fp64', () => {
    for (const { flopPerClock } of microarchitectures) {
      expect(flopPerClock['vector.fp32']).toBe(2 * (flopPerClock['vector.fp64'] ?? 0));
    }
  });
});

describe('a row', () => {
  const device = { ...testCpu, cores: [zen4()], features: all };
  const plate = nameplate(device);

  test('of a known CPU has a figure that is labelled as derived', () => {
    expect(plate).toMatchObject({ card: null, reason: expect.stringContaining('AMD Zen 4') });
    expect(plate.documented('vector.fp32', 3.7e9)).toMatchObject({
      card: 'amd-zen-4',
      assumedClockHz: 3.7e9,
      derivation: expect.stringContaining('clock measured'),
    });
    expect(plate.documented('memory', 3.7e9)).toBeNull();
  });

  test('of an unknown CPU says what is not known', () => {
    const unknown = nameplate({ ...testCpu, cores: [group('AuthenticAMD', 99, 1)] });
    expect(unknown.documented('vector.fp32', 3.7e9)).toBeNull();
    expect(unknown.reason).toBe(
      'no derived ceiling: AuthenticAMD family 99 model 1 is not in src/specs/cpus.json',
    );
  });

  test('is set against the most that the loop reached, however often it was interrupted', () => {
    const how = 'a loop';
    expect(measuredCeiling(80e9, { how, rates: Float64Array.of(50e9, 100e9, 40e9) })).toEqual({
      value: 100e9,
      samples: 3,
      how,
      fraction: 0.8,
    });
    expect(measuredCeiling(50e9, null)).toBeNull();
    expect(measuredCeiling(50e9, { how, rates: new Float64Array() })).toBeNull();
  });

  test('that beats its ceiling says that the ceiling bounds nothing', () => {
    const at = (rate: number) => ({
      ...row(measured(1)),
      ceiling: measuredCeiling(rate, { how: 'a loop', rates: Float64Array.of(100e9) }),
    });
    expect(notices(at(125e9)).join()).toContain('125 % of the ceiling cannot be');
    // The clock of the launches is not quite that of the loop.
    expect(notices(at(102e9))).toEqual([]);
  });

  test('splits its share of the derived ceiling into clock and kernel', () => {
    const figure = nameplate({ ...device, cores: [zen4({ maxClockHz: 5e9 })] }).documented('vector.fp32');
    if (figure === null) throw new Error('no figure');
    const { ofSpec, factors } = attributeCeiling(160e9, figure, conditions(4e9), null);
    expect(ofSpec).toBeCloseTo(160e9 / (2 * 32 * 5e9));
    expect(factors.map(({ name }) => name)).toEqual(['clock', 'kernel']);
    expect(factors[0]?.value).toBeCloseTo(0.8);
    expect(factors.reduce((product, { value }) => product * value, 1)).toBeCloseTo(ofSpec);
  });
});
