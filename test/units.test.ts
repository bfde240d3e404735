import { describe, expect, test } from 'vitest';
import {
  formatBytes,
  formatCelsius,
  formatClock,
  formatClocks,
  formatCount,
  formatFlop,
  formatPercent,
  formatRate,
  formatSeconds,
  formatShape,
  formatWatts,
  parseBytes,
} from '../src/units.js';

describe('rates are decimal, with three significant digits or the whole number', () => {
  test.each([
    [989.4e12, 'FLOP/s', 'bf16', '989 TFLOPS'],
    [1978.9e12, 'FLOP/s', 'fp8e4m3', '1979 TFLOPS'],
    [1978.9e12, 'FLOP/s', 'int8', '1979 TOPS'],
    [66.93e12, 'FLOP/s', 'fp32', '66.9 TFLOPS'],
    [350.2e9, 'FLOP/s', 'fp32', '350 GFLOPS'],
    [999.9e9, 'FLOP/s', 'fp64', '1.00 TFLOPS'],
    [4.8e12, 'B/s', null, '4.80 TB/s'],
    [53.21e9, 'B/s', null, '53.2 GB/s'],
    [0, 'B/s', null, '0 B/s'],
    [16.7e12, 'op/s', null, '16.7 TOPS'],
    [612e-9, 's', null, '612 ns'],
  ] as const)('%d %s %s is %s', (rate, unit, dtype, text) => {
    expect(formatRate(rate, unit, dtype)).toBe(text);
  });
});

test.each([
  [0, '0 SMs'],
  [1, '1 SM'],
  [132, '132 SMs'],
])('%d is counted as %s', (count, text) => {
  expect(formatCount(count, 'SM')).toBe(text);
});

test.each([
  [{ m: 8192, n: 8192, k: 8192 }, '8192³'],
  [{ m: 64, n: 64, k: 4096 }, '64×64×4096'],
  [{ m: 4096, n: 64, k: 64 }, '4096×64×64'],
  [{ bytes: 2 ** 28 }, '256 MiB'],
  [{ bytes: 2 ** 28, peer: 'cuda:1' }, '256 MiB → cuda:1'],
  [{ bytes: 2 ** 28, peer: null }, '256 MiB'],
  [{ kernels: 1 }, '1 kernel'],
  [{ steps: 16_384 }, '16384 steps'],
])('the shape %j is printed as %s', (shape, text) => {
  expect(formatShape(shape)).toBe(text);
});

test.each([
  [58.2, '58.2 s'],
  [58, '58 s'],
  [200, '3 min 20 s'],
  [0.0015, '1.50 ms'],
  [0, '0 s'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test.each([
  [8 * 2 ** 30, '8 GiB'],
  [256 * 2 ** 20, '256 MiB'],
  [1536 * 2 ** 20, '1536 MiB'],
  [4096, '4 KiB'],
  [1e9, '1 GB'],
  [150_754_820_096, '151 GB'],
  [1500, '1.5 kB'],
  [100, '100 B'],
])('%d bytes are %s: binary only where that is exact and short', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('clocks, watts and shares', () => {
  expect([4.02, 33.44, 1098.2].map(formatClocks)).toEqual(['4.0', '33.4', '1098']);
  expect(formatClock(1.462e9)).toBe('1462 MHz');
  expect(formatClock(1.462e9, 1.83e9)).toBe('1462 of 1830 MHz');
  expect(formatWatts(698.4)).toBe('698 W');
  expect(formatWatts(71.25)).toBe('71.3 W');
  expect(formatCelsius(60.6)).toBe('61 °C');
  expect(formatFlop(2 * 8192 ** 3, 'FLOP/s')).toBe('1.10 TFLOP');
  expect(formatFlop(2e9, 'FLOP/s', 'int8')).toBe('2.00 GOP');
  expect(formatFlop(2e9, 'op/s')).toBe('2.00 GOP');
  expect(formatPercent(0.714)).toBe('71 %');
  expect(formatPercent(0.6964, 1)).toBe('69.6 %');
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is shown as absent, never as a number', (value) => {
  const shown = [
    formatRate(value, 'FLOP/s'),
    formatRate(value, 's'),
    formatSeconds(value),
    formatBytes(value),
    formatClock(value),
    formatWatts(value),
    formatCelsius(value),
    formatFlop(value, 'FLOP/s'),
    formatPercent(value),
  ];
  expect(shown).toEqual(shown.map(() => '–'));
});

describe('sizes as typed', () => {
  test.each([
    ['256MiB', 256 * 2 ** 20],
    ['1GiB', 2 ** 30],
    ['64KiB', 65536],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['8GB', 8e9],
    ['1gb', 1e9],
    ['1e9', 1e9],
    ['4096', 4096],
    ['4096 B', 4096],
  ])('%s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each([
    '',
    '256M',
    '-1',
    '0',
    'NaN',
    '1.5',
    '1e400',
    '0x10',
    'GiB',
    '1 GiB 2',
    '1e3constructor',
    '1toString',
  ])('"%s" is refused with one sentence that says what is allowed', (text) => {
    expect(parseBytes(text)).toEqual({
      error: expect.stringMatching(/^".*" is not a size: write .*MiB.*\.$/),
    });
  });

  test.each([4096, 2 ** 20, 3 * 2 ** 30, 1e9, 141e9])('%d survives being printed and read', (bytes) => {
    expect(parseBytes(formatBytes(bytes))).toBe(bytes);
  });
});
