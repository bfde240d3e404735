// What the ruler says of itself: each fault that was seeded, and whether it was caught.

import * as z from 'zod';
import { Host } from '../host.js';
import { Build, DeviceFacts } from '../schema.js';

export const SelftestOptions = z.strictObject({
  device: z.string().nullable().describe('id or uuid; null: the first GPU, or the CPU where there is none'),
  timeoutSeconds: z
    .number()
    .positive()
    .max(86_400)
    .describe('after which a check that has not answered is ended; from 0.1, with or without a fraction'),
});
export type SelftestOptions = z.infer<typeof SelftestOptions>;

export const Check = z.strictObject({
  where: z.string().describe('a row, a soak of one, or the telemetry'),
  seeded: z.string().describe('what was done, in words; for a control, that nothing was'),
  expected: z.string(),
  found: z.string(),
  outcome: z
    .enum(['caught', 'clean', 'missed', 'unmeasured'])
    .describe('clean: a control without a finding; unmeasured: there was no answer to judge'),
});
export type Check = z.infer<typeof Check>;

export const SelftestReport = z.strictObject({
  tool: z.strictObject({ name: z.literal('nameplate'), build: Build }),
  host: Host,
  startedAt: z.iso.datetime(),
  simulated: z.boolean(),
  device: DeviceFacts,
  judgedAs: z.string().describe('the card whose figures the staged telemetry was judged by'),
  telemetry: z
    .strictObject({ source: z.string(), missing: z.string() })
    .nullable()
    .describe(
      'what the device itself tells while it is timed: none of it is staged; null before the first control',
    ),
  total: z.int().nonnegative(),
  checks: z.array(Check),
});
export type SelftestReport = z.infer<typeof SelftestReport>;
