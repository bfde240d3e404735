// The machine that measured, as a report names it.

import os from 'node:os';
import * as z from 'zod';

export const Host = z.strictObject({
  hostname: z.string(),
  os: z.string(),
  arch: z.string(),
  node: z.string(),
  cpu: z.string(),
});
export type Host = z.infer<typeof Host>;

export function host(): Host {
  return {
    hostname: os.hostname(),
    os: `${os.type()} ${os.release()}`,
    arch: os.arch(),
    node: process.version,
    cpu: os.cpus()[0]?.model ?? 'unknown',
  };
}
