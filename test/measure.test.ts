import { describe, expect, test } from 'vitest';
import { MeasurementError, type MeasureOptions, measure } from '../src/judge/measure.js';
import { Measurement } from '../src/row.js';
import type { Conditions, Phase } from '../src/schema.js';
import { conditions, work } from './testCard.js';

const phase = (...seconds: number[]): Phase => ({
  secondsPerLaunch: Float64Array.from(seconds),
  launchesPerSample: 4,
  stopped: 'precise',
  conditions: conditions(2e9),
});
const result = {
  work: { ...work, flop: 6e12, bytes: 3e9 },
  burst: phase(0.005, 0.005, 0.005),
  sustained: phase(0.01, 0.02, 0.03),
};

const options: MeasureOptions = { unit: 'FLOP/s', seed: 1, shared: false };

test('a rate is declared work over seconds, burst and sustained apart', () => {
  const { burst, sustained } = measure(result, options);
  expect(burst.statistics.median).toBe(1.2e15);
  expect(sustained.statistics).toMatchObject({
    median: 3e14,
    min: 2e14,
    max: 6e14,
    samples: 3,
    launchesPerSample: 4,
  });
});

test('the unit chooses the work, and a latency is the time of a step', () => {
  expect(measure(result, { ...options, unit: 'B/s' }).sustained.statistics.median).toBe(1.5e11);
  expect(measure(result, { ...options, unit: 'op/s' }).sustained.statistics.median).toBe(3e14);
  const waiting = { ...result, work: { ...work, flop: 0, bytes: 0, steps: 4 } };
  expect(measure(waiting, { ...options, unit: 's' }).sustained.statistics.median).toBe(0.005);
  expect(measure(waiting, { ...options, unit: 's' }).sustained.energy).toBeNull();
  expect(() => measure(result, { ...options, unit: 's' })).toThrow(/the launch declared 0 steps of work/);
});

test('what is measured fits the report', () => {
  const measurement = measure(result, options);
  expect(Measurement.parse(measurement)).toEqual(measurement);
});

describe('what a phase cost', () => {
  // 6e12 FLOP in 20 ms at the median.
  const cost = (changes: Partial<Conditions>, shared = false) => {
    const sustained = { ...result.sustained, conditions: { ...conditions(2e9), ...changes } };
    return measure({ ...result, sustained }, { ...options, shared }).sustained.energy;
  };

  test('by the energy counter where the window is long enough for its ticks', () => {
    const energy = cost({ energyJoules: 1200, seconds: 2 });
    expect(energy).toEqual({
      watts: 600,
      perWatt: 3e14 / 600,
      joulesPerLaunch: 12,
      source: 'energy counter',
    });
  });

  test('by the power readings where it is short, or where there is no counter', () => {
    for (const changes of [{ energyJoules: 100, seconds: 0.2 }, { energyJoules: null }]) {
      expect(cost(changes)).toMatchObject({ watts: 698, source: 'power readings' });
    }
  });

  test('not at all where the device tells nothing, or where the watts are also others’', () => {
    expect(cost({ energyJoules: null, powerWatts: null })).toBeNull();
    expect(cost({ energyJoules: 1200, seconds: 2 }, true)).toBeNull();
  });
});

describe('nothing measured is a failure with a code, never a rate', () => {
  test.each([
    ['zero work', { ...result, work: { ...work, flop: 0 } }, 'ENOWORK'],
    ['work that is no number', { ...result, work: { ...work, flop: Number.NaN } }, 'ENOWORK'],
    ['no burst samples', { ...result, burst: phase() }, 'ENOSAMPLES'],
    ['no sustained samples', { ...result, sustained: phase() }, 'ENOSAMPLES'],
    ['a stopped clock', { ...result, sustained: phase(0.01, 0) }, 'EBADTIME'],
    ['a clock running backwards', { ...result, sustained: phase(0.01, -0.01) }, 'EBADTIME'],
    ['endless time', { ...result, sustained: phase(Number.POSITIVE_INFINITY) }, 'EBADTIME'],
  ])('%s', (_, broken, code) => {
    expect(() => measure(broken, options)).toThrow(MeasurementError);
    expect(() => measure(broken, options)).toThrow(expect.objectContaining({ code }));
  });
});
