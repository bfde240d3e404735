// What a run and its child process say to each other.

import * as z from 'zod';
import { Inventory, InventoryRequest, RunRequest, RunResult, SoakRequest, SoakStep } from '../schema.js';

export const Order = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('inventory'), request: InventoryRequest }),
  z.strictObject({ kind: z.literal('run'), request: RunRequest }),
  z.strictObject({ kind: z.literal('soak'), request: SoakRequest }),
  z.strictObject({ kind: z.literal('cancel') }),
  z.strictObject({ kind: z.literal('end') }),
]);
export type Order = z.infer<typeof Order>;

/** The first that a child says, before it has touched a driver. */
export const Started = z.strictObject({ kind: z.literal('started') });
export type Started = z.infer<typeof Started>;

export const Answer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('inventory'), result: Inventory }),
  z.strictObject({ kind: z.literal('run'), result: RunResult }),
  z.strictObject({ kind: z.literal('soak'), result: SoakStep }),
  z.strictObject({ kind: z.literal('error'), code: z.string(), message: z.string() }),
]);
export type Answer = z.infer<typeof Answer>;
