// SI inside, printed units outside.
//
// The trap is GB against GiB. Rates are decimal, always: NVIDIA's GB/s is 1e9 B/s. A size is printed in binary only
// where that is exact, because "7.45 GiB" helps nobody who asked for 8 GB.

import { type DType, mostSumBits, type Shape, type Unit } from './schema.js';

/** What is printed for a figure that is not there. */
export const absent = '–';

type Prefix = readonly [scale: number, symbol: string];
const above: readonly Prefix[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
];
const below: readonly Prefix[] = [
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
  [1e-12, 'p'],
];
const binary: readonly Prefix[] = [
  [2 ** 40, 'Ti'],
  [2 ** 30, 'Gi'],
  [2 ** 20, 'Mi'],
  [2 ** 10, 'Ki'],
];

/** "989 TFLOPS", "1979 TOPS" for integers and of a row in op/s, "4.80 TB/s", and for a latency "612 ns". */
export function formatRate(rate: number, unit: Unit, dtype: DType | null = null): string {
  if (unit === 's') return formatSeconds(rate);
  if (unit === 'B/s') return scaled(rate, above, 'B/s');
  return scaled(rate, above, unit === 'op/s' || dtype === 'int8' ? 'OPS' : 'FLOPS');
}

/** "1.10 TFLOP", or "1.10 TOP" of integers: what one launch computes. */
export function formatFlop(flop: number, unit: Unit, dtype: DType | null = null): string {
  return scaled(flop, above, unit === 'op/s' || dtype === 'int8' ? 'OP' : 'FLOP');
}

/** "1.02 TFLOPS/W", or of a memory row "6.88 GB/J": bytes per second and watt are bytes per joule. */
export function formatPerWatt(perWatt: number, unit: Unit, dtype: DType | null = null): string {
  return unit === 'B/s' ? scaled(perWatt, above, 'B/J') : `${formatRate(perWatt, unit, dtype)}/W`;
}

/** "13 bits" of a sum, or "25 bits or more": nobody asked for smaller terms. */
export function formatSumBits(bits: number): string {
  return `${bits} bits${bits === mostSumBits ? ' or more' : ''}`;
}

/** "12.3 J", "1.41 pJ". */
export function formatJoules(joules: number): string {
  return scaled(joules, below, 'J');
}

/** "58 s", "3 min 20 s", "1.50 ms". */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 120 || !Number.isFinite(seconds)) return scaled(seconds, below, 's').replace(/\.0+ s$/, ' s');
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** "8 GiB" where that is exact in at most four digits, else decimal: "141 GB". */
export function formatBytes(bytes: number): string {
  const exact = binary.find(([scale]) => bytes >= scale && bytes % scale === 0 && bytes / scale < 10_000);
  if (exact !== undefined) return `${bytes / exact[0]} ${exact[1]}B`;
  return scaled(bytes, above, 'B')
    .replace(/(\.\d*?)0+(?= )/, '$1')
    .replace('. ', ' ');
}

/** Of a latency: "33.4" of L1, "1098" over the link. */
export const formatClocks = (clocks: number): string => clocks.toFixed(clocks < 100 ? 1 : 0);

/** "1462 MHz", or with what it is held against, "1462 of 1830 MHz". */
export function formatClock(hertz: number, of?: number): string {
  if (!Number.isFinite(hertz)) return absent;
  const number = (value: number) => (value / 1e6).toFixed(0);
  return `${number(hertz)}${of === undefined ? '' : ` of ${number(of)}`} MHz`;
}

/** "698 W". */
export function formatWatts(watts: number): string {
  if (!Number.isFinite(watts)) return absent;
  return `${watts >= 100 ? watts.toFixed(0) : significant(watts)} W`;
}

/** "61 °C". */
export function formatCelsius(degrees: number): string {
  return Number.isFinite(degrees) ? `${degrees.toFixed(0)} °C` : absent;
}

/** A share as "71 %"; with decimals where it is held against a threshold, so that 69.6 % does not read as 70 %. */
export function formatPercent(share: number, decimals = 0): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(decimals)} %` : absent;
}

/** "1 SM", "132 SMs". */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** "8192³", "64×4096×4096", "256 MiB", of copies between GPUs "256 MiB → cuda:1", "1 kernel", "16384 steps". */
export function formatShape(shape: Shape): string {
  if ('peer' in shape && shape.peer !== null) return `${formatBytes(shape.bytes)} → ${shape.peer}`;
  if ('bytes' in shape) return formatBytes(shape.bytes);
  if ('kernels' in shape) return formatCount(shape.kernels, 'kernel');
  if ('steps' in shape) return formatCount(shape.steps, 'step');
  const { m, n, k } = shape;
  return m === n && n === k ? `${m}³` : `${m}×${n}×${k}`;
}

/** The same for a program: no digit rounded, and ASCII but for the name of a peer. Bytes are a plain number. */
export function exactShape(shape: Shape): string {
  if ('peer' in shape && shape.peer !== null) return `${shape.bytes} to ${shape.peer}`;
  if ('bytes' in shape) return String(shape.bytes);
  if ('m' in shape) return `${shape.m}x${shape.n}x${shape.k}`;
  return formatShape(shape);
}

const byteUnits: Readonly<Record<string, number>> = Object.fromEntries([
  ['', 1],
  ...binary.map(([scale, symbol]) => [`${symbol}B`.toLowerCase(), scale]),
  ...above.map(([scale, symbol]) => [`${symbol}B`.toLowerCase(), scale]),
]);

/**
 * A size as a person types it: "256MiB", "1 GB", "1e9", "4096". GB is decimal, GiB binary; "256M" is neither and is
 * refused.
 *
 * @returns whole bytes, or one sentence that says what was wrong and what is allowed.
 */
export function parseBytes(text: string): number | { error: string } {
  const match = /^(\d+(?:\.\d+)?(?:e\+?\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = byteUnits[match?.[2]?.toLowerCase() ?? ''];
  const bytes = match === null || unit === undefined ? Number.NaN : Number(match[1]) * unit;
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  return {
    error: `"${text}" is not a size: write a positive whole number of bytes, such as 4096, 1e9, 64KiB, 256MiB, 1GiB or 8GB.`,
  };
}

function scaled(value: number, prefixes: readonly Prefix[], unit: string): string {
  if (!Number.isFinite(value)) return absent;
  if (value === 0) return `0 ${unit}`;
  // Rounded before it is compared, so that 999.9 GB/s becomes 1.00 TB/s and not 1000 GB/s.
  const fits = ([scale]: Prefix) => Math.abs(Number((value / scale).toPrecision(3))) >= 1;
  const [scale, symbol] = prefixes.find(fits) ?? prefixes[prefixes.length - 1] ?? [1, ''];
  return `${significant(value / scale)} ${symbol}${unit}`;
}

/** Three significant digits, more only left of the point. */
function significant(value: number): string {
  const size = Math.abs(Number(value.toPrecision(3)));
  if (size < 1) return String(Number(value.toPrecision(3)));
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
