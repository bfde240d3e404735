// The state of a device while something is timed on it.

import * as z from 'zod';

const finite = z.number();
const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

const Series = z.strictObject({ median: finite, min: finite, max: finite });
export type Series = z.infer<typeof Series>;

const column = z.array(finite.nullable());

/** Every reading of the window, a column a sensor: entry i of each was read at `at[i]`. */
const Trace = z.strictObject({
  at: z.array(seconds).describe('since the first reading'),
  clockHz: column,
  memoryClockHz: column,
  powerWatts: column,
  temperatureCelsius: column,
  memoryTemperatureCelsius: column,
  throttle: column.describe('the bits of NVML, nvmlClocksEventReasons'),
});

/**
 * Others with a compute context on the device, by its list before and after each window. In a container it may show those of
 * the container alone.
 */
const OtherProcesses = z.strictObject({
  count: count.describe('the most at a time'),
  memoryBytes: finite.nullable().describe('that they held together; null where it is not told'),
  smShare: finite
    .nullable()
    .describe('of the time, that the busiest of them used the SMs; null where it is not told'),
});

/** The state of the device while a phase was timed. Counters are what they rose by meanwhile. */
export const Conditions = z.strictObject({
  source: z.string(),
  missing: z.string().describe('what was not answered, and why'),
  samples: count.describe('readings of the sensors'),
  seconds: seconds.describe('that the windows of the phase were open'),
  clockHz: Series.nullable(),
  memoryClockHz: Series.nullable(),
  powerWatts: Series.nullable(),
  temperatureCelsius: Series.nullable(),
  memoryTemperatureCelsius: Series.nullable(),
  energyJoules: finite.nullable().describe('of the whole board, by its counter'),
  correctedErrors: finite.nullable().describe('ECC errors that were corrected'),
  uncorrectedErrors: finite.nullable().describe('ECC errors that were not: memory lost its contents'),
  link: z
    .strictObject({ generation: finite, width: finite, replays: finite.nullable() })
    .nullable()
    .describe('PCI Express in use'),
  nvlinks: z.strictObject({ present: count, active: count }).nullable(),
  otherProcesses: OtherProcesses.nullable().describe('null where it is not known'),
  throttle: z.array(z.strictObject({ reason: z.string(), share: finite })),
  trace: Trace.nullable(),
});
export type Conditions = z.infer<typeof Conditions>;
