// What may be asked of a run, by the command's flags and by a program alike.

import * as z from 'zod';
import { DataPattern, Shape } from './schema.js';

export const levels = ['quick', 'default', 'thorough'] as const;
export const Level = z.enum(levels);
export type Level = z.infer<typeof Level>;

export const providerChoices = ['builtin', 'vendor', 'both'] as const;

/** Options of a run, as asked. */
export const RunOptions = z.strictObject({
  devices: z.array(z.string()).describe('ids or uuids; empty: every GPU, or the CPU where there is none'),
  only: z.array(z.string()).describe('row patterns; empty: all'),
  level: Level,
  provider: z.enum(providerChoices),
  data: DataPattern,
  seed: z.int().nonnegative(),
  shapes: z.array(Shape).describe('empty: those of the level'),
  telemetry: z.boolean(),
  threads: z.int().positive().nullable().describe('of a CPU; null: one per core that the process may use'),
  timeoutSeconds: z
    .number()
    .positive()
    .max(86_400)
    .describe('after which a row that has not answered is ended; from 0.1, with or without a fraction'),
});
export type RunOptions = z.infer<typeof RunOptions>;

/** Every GPU, or the CPU where there is none; `all` measures both. */
export const asksForAll = ({ devices }: Pick<RunOptions, 'devices'>): boolean =>
  devices.length === 0 || devices.includes('all');
