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

  /**
   * Two seconds of work at 200 W in slices of 0.2 s, with pauses in which the board draws `others` watts, as a counter that
   * ticks ten times a second tells of them.
   */
  function sliced(pause: number, others: number) {
    const [slice, own, slices, start] = [0.2, 200, 10, 0.0513];
    const period = slice + pause;
    const joulesUntil = (time: number) => {
      const whole = Math.floor(time / period);
      const rest = time - whole * period;
      return (
        whole * (slice * own + pause * others) +
        Math.min(rest, slice) * own +
        Math.max(0, rest - slice) * others
      );
    };
    const counter = (time: number) => joulesUntil(Math.floor((start + time) * 10) / 10 - start);
    const begins = Array.from({ length: slices }, (_, index) => index * period);
    const readings = Array.from({ length: 9 }, (_, index) => (index * slice) / 8);
    const at = begins.flatMap((begin) => readings.map((after) => begin + after));
    const none = at.map(() => null);
    const joules = begins.map((begin) => counter(begin + slice) - counter(begin));
    return {
      energyJoules: joules.reduce((sum, each) => sum + each),
      seconds: slices * slice,
      powerWatts: { median: own, min: own, max: own },
      trace: {
        at,
        clockHz: none,
        memoryClockHz: none,
        powerWatts: at.map(() => own),
        temperatureCelsius: none,
        memoryTemperatureCelsius: none,
        throttle: none,
      },
    };
  }

  test.each([
    { what: 'slices that follow each other', pause: 0.002, others: 60, source: 'energy counter' },
    { what: 'turns with another', pause: 0.2, others: 600, source: 'power readings' },
    { what: 'turns with an idle one', pause: 0.2, others: 60, source: 'power readings' },
  ])('is right to a tenth in $what', ({ pause, others, source }) => {
    const energy = cost(sliced(pause, others));
    expect(energy?.source).toBe(source);
    expect(Math.abs((energy?.watts ?? 0) / 200 - 1)).toBeLessThan(0.1);
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
