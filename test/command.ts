// The built command as a process, the way a user starts it.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  process: ChildProcess;
  /** Where it runs: an empty folder of its own. */
  folder: string;
  ended: Promise<Ended>;
}

export function start(...args: string[]): Started {
  return startIn(mkdtempSync(join(tmpdir(), 'nameplate-test-')), ...args);
}

function startIn(folder: string, ...args: string[]): Started {
  const started = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    started.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    started.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    started.once('error', reject);
    started.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { process: started, folder, ended };
}

export const nameplate = (...args: string[]): Promise<Ended> => start(...args).ended;

/** The same in a folder that an earlier one has left. */
export const nameplateIn = (folder: string, ...args: string[]): Promise<Ended> =>
  startIn(folder, ...args).ended;

/** A line of the shell, in which "$0" is this Node, and "$1" the command. */
export const shell = (line: string): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile('sh', ['-c', line, process.execPath, cli], (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });

/** Process ids of the children of `started`, as the kernel lists them. */
export function childrenOf({ process: { pid } }: Started): number[] {
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return listed.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** The first value that is not undefined; throws after half a minute. */
export async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(10);
  }
}
