// A request that cannot be honoured as asked: one sentence that says what was wrong and what is allowed.
//
// Numbers are read strictly. `Number('')` is 0, `parseInt('8192x')` is 8192 and `Number('0x10')` is 16, and each of
// them would measure something that nobody asked for.

import { inspect } from 'node:util';
import type * as z from 'zod';
import type { Shape } from './schema.js';
import { parseBytes } from './units.js';

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'EINVAL';
}

export interface Range {
  min: number;
  max: number;
}

/** What may be asked for. A matrix side and a byte count beyond these is a slip of the keyboard on any device of today. */
export const limits = {
  side: { min: 1, max: 65536 },
  bytes: { min: 4096, max: 2 ** 40 },
  seed: { min: 0, max: Number.MAX_SAFE_INTEGER },
  timeoutSeconds: { min: 0.1, max: 86400 },
  minutes: { min: 0.01, max: 7 * 24 * 60 },
  threads: { min: 1, max: 65536 },
} as const satisfies Record<string, Range>;

/** Array sizes are whole vectors of every format. */
const bytesMultiple = 64;

/** A whole number written in decimal digits; throws a UsageError that names `option`. */
export function parseInteger(option: string, text: string, range: Range): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return within(option, text, value, range);
}

/** A number written in decimal digits, with or without a fraction. */
export function parseNumber(option: string, text: string, { min, max }: Range): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${option} "${text}" is not a number from ${min} to ${max}`);
}

/** The same rule for the option `name` that did not come from a command line. What is no number its schema refuses. */
export function checkNumber(name: 'minutes' | 'timeoutSeconds', asked: object | null | undefined): void {
  const value: unknown = Object.entries(asked ?? {}).find(([key]) => key === name)?.[1];
  const { min, max } = limits[name];
  if (typeof value !== 'number' || (value >= min && value <= max)) return;
  throw new UsageError(`${name} ${value} is not a number from ${min} to ${max}`);
}

/** `8192` or `4096x4096x1024` (M x N x K). */
export function parseGemmShape(option: string, text: string): Shape {
  const sides = text.split('x').map((side) => parseInteger(option, side, limits.side));
  const [m, n = m, k = m] = sides;
  if (m === undefined || n === undefined || k === undefined || (sides.length !== 1 && sides.length !== 3)) {
    throw new UsageError(`${option} "${text}" is neither one side nor MxNxK; write 8192 or 4096x4096x1024`);
  }
  return { m, n, k };
}

/** `256MiB`, `1e9`: bytes of one array or of one copy. */
export function parseBytesShape(option: string, text: string): Shape {
  const bytes = parseBytes(text);
  if (typeof bytes !== 'number') throw new UsageError(`${option} ${bytes.error}`);
  const shape = { bytes };
  checkShape(shape, option);
  return shape;
}

/** Comma-separated words, none of them empty. */
export function parseList(option: string, text: string): string[] {
  const words = text.split(',').map((word) => word.trim());
  if (!words.includes('')) return words;
  throw new UsageError(`${option} "${text}" has an empty entry; separate names by single commas`);
}

/** The same rules for shapes that did not come from a command line. */
export function checkShape(shape: Shape, name = 'bytes'): void {
  if ('bytes' in shape) {
    within(name, String(shape.bytes), shape.bytes, limits.bytes);
    if (shape.bytes % bytesMultiple === 0) return;
    throw new UsageError(`${name} ${shape.bytes} is not a multiple of ${bytesMultiple}`);
  }
  for (const [side, value] of Object.entries(shape)) within(side, String(value), value, limits.side);
}

/** Options that did not come from a command line: a JavaScript program may pass anything. */
export function parseOptions<Options extends z.ZodObject>(
  schema: Options,
  asked: unknown,
): z.output<Options> {
  const { success, data, error } = schema.safeParse(asked, { reportInput: true });
  if (success) return data;
  const [issue] = error.issues;
  throw new UsageError(issue === undefined ? error.message : refusal(issue, Object.keys(schema.shape)));
}

function refusal(issue: z.core.$ZodIssue, options: readonly string[]): string {
  const { code, input, path, message } = issue;
  if (code === 'unrecognized_keys') {
    if (path.length > 0) return `${path.join('.')} has no field ${issue.keys.join(', ')}`;
    return `there is no option ${issue.keys.join(', ')}; there are ${options.join(', ')}`;
  }
  const given =
    typeof input === 'string' ? `"${input}"` : inspect(input, { breakLength: Infinity, depth: 1 });
  const expected =
    code === 'invalid_value' ? `one of ${issue.values.join(', ')}` : message.replace(/^.*?expected /, '');
  return `${path.join('.') || 'options'} ${given} cannot be: expected ${expected}`;
}

/** Threads that take turns on a CPU would measure the system's scheduler: there are at most as many as CPUs. */
export function checkThreads(threads: number | null, most: number = limits.threads.max): void {
  if (threads === null) return;
  within('--threads', String(threads), threads, limits.threads);
  if (threads <= most) return;
  throw new UsageError(
    `--threads ${threads} is more than the CPUs that this process may run on; allowed is 1 to ${most}`,
  );
}

function within(what: string, text: string, value: number, { min, max }: Range): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`${what} "${text}" is not a whole number from ${min} to ${max}`);
}
