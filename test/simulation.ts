// The real addon and the real command on the CUDA path, on machines without a GPU: test/driver/ stands in for the
// driver, NVML, cuBLASLt and cuSPARSELt. The work is really computed and verified; only its time is a model's.

import { execFile } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseReport } from '../src/report/index.js';
import type { Report, Row } from '../src/row.js';
import { cli, type Ended } from './command.js';
import { addonWithKernels, buildSimulatedDriver } from './driver/build.mjs';

const libraries = buildSimulatedDriver();
const addon = addonWithKernels();

/** What test/driver/setting.h lists. */
export type Environment = Record<string, string>;

export const scratch = (): string => mkdtempSync(join(tmpdir(), 'nameplate-simulated-'));

/** A folder with some of the simulated libraries, and with some that are none. */
export function folder({ whole = [], broken = [] }: { whole?: string[]; broken?: string[] }): string {
  const made = scratch();
  for (const name of whole) symlinkSync(join(libraries, name), join(made, name));
  for (const name of broken) writeFileSync(join(made, name), 'not a library');
  return made;
}

let serial = process.pid * 1000;

/** Starts a script of ours on a simulated machine of its own. A death by signal has a null code. */
export function startSimulated(environment: Environment, script: string, ...args: string[]) {
  const ours = {
    NO_COLOR: '1',
    LD_LIBRARY_PATH: libraries,
    NAMEPLATE_ADDON: addon,
    NAMEPLATE_SIMULATE_SERIAL: `${++serial % 2 ** 32}`,
    NAMEPLATE_SIMULATE_L2: `${2 ** 16}`,
  };
  const env = { ...process.env, ...ours, ...environment };
  const options = { env, maxBuffer: 2 ** 26, timeout: 60_000, killSignal: 'SIGKILL' } as const;
  let answer: (ended: Ended) => void;
  const ended = new Promise<Ended>((resolve) => {
    answer = resolve;
  });
  const child = execFile(process.execPath, [script, ...args], options, (_, stdout, stderr) => {
    answer({ code: child.exitCode, stdout, stderr });
  });
  return { process: child, ended };
}

export const simulate = (environment: Environment, script: string, ...args: string[]): Promise<Ended> =>
  startSimulated(environment, script, ...args).ended;

/** The smallest work that every row can be verified on; a size that no row takes would be refused. */
export function run(...args: string[]): string[] {
  const named = args.indexOf('--only');
  const patterns = named < 0 ? '*' : (args[named + 1] ?? '');
  const shape = /(^|,)(gemm|\*)/.test(patterns) ? ['--shape', '64'] : [];
  const bytes = /(^|,)(memory|cache|latency|link|peer|\*)/.test(patterns) ? ['--bytes', '1MiB'] : [];
  return ['run', '--device', 'cuda:0', '--quick', ...shape, ...bytes, ...args];
}

export async function measure(
  environment: Environment,
  ...args: string[]
): Promise<{ code: number | null; report: Report }> {
  const { code, stdout, stderr } = await simulate(environment, cli, ...run('--json', '-', ...args));
  expect(stderr).toBe('');
  return { code, report: parseReport(stdout) };
}

export const statusOf = ({ id, provider, verdict }: Row): string => `${id} ${provider} ${verdict.status}`;
