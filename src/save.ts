// The report on disk: whole JSON at every moment, however the run ends.
//
// Writing over the old file in place leaves half a report when the process dies in between. The new one is written
// beside it and renamed, which the file system does at once or not at all.

import { existsSync } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { CodedError, coded } from './error.js';
import { lockFile, type Release } from './lock.js';
import { renderJson } from './report/json.js';
import type { Report } from './row.js';
import { UsageError } from './usage.js';

/** Saves `report` as `path`; throws a UsageError with one sentence where that cannot be, a FullError where no disk can. */
export function saveReport(path: string, report: Report): Promise<void> {
  return saveText(path, renderJson(report));
}

/** The file of a report that grows; null for none. */
export class ReportFile {
  readonly #path: string | null;
  #saved = false;
  #failure: unknown;
  #release: Release = () => {};

  constructor(path: string | null) {
    this.#path = path;
  }

  /** Keeps other runs from writing it until `end`; as lock.ts does, before a device is taken. */
  async hold(wait: boolean, signal: AbortSignal): Promise<void> {
    if (this.#path !== null) this.#release = await lockFile(this.#path, wait, signal);
  }

  /**
   * Saves the report as it is. As long as nothing was `found`, an earlier report stays: that this one can take its place
   * is tried, and thrown where it cannot. Later a full disk must not cost what was found: `end` throws it.
   */
  async save(text: () => string, found: boolean): Promise<void> {
    if (this.#path === null || this.#failure !== undefined) return;
    if (!found && !this.#saved && existsSync(this.#path)) {
      return write(this.#path, '', (beside) => rm(beside));
    }
    try {
      await saveText(this.#path, text());
      this.#saved = true;
    } catch (error) {
      if (!found) throw error;
      this.#saved = false;
      this.#failure = error;
    }
  }

  /** Where the whole report lies. */
  get saved(): string | null {
    return this.#saved ? this.#path : null;
  }

  end(): void {
    this.#release();
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** The same for the text of any report. */
export function saveText(path: string, text: string): Promise<void> {
  return write(path, text, rename);
}

/** What is written beside is then put in its place, or whatever `settle` does with it. */
async function write(
  path: string,
  text: string,
  settle: (beside: string, target: string) => Promise<void>,
): Promise<void> {
  try {
    const target = await resolveTarget(path);
    const beside = `${target}.${process.pid}.tmp`;
    try {
      await writeThrough(beside, text);
      await settle(beside, target);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = coded(error);
    const sentence = `cannot write the report to ${path}: ${reasons[code] ?? message}`;
    throw full.includes(code) ? new FullError(code, sentence) : new UsageError(sentence);
  }
}

/** No other name would help; `code` is errno's name. */
export class FullError extends CodedError {
  override readonly name = 'FullError';
}

const full: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'];

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of the path is not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it is larger than a file may be',
};

/** A rename would put a file in the place of a device or a link, so links are followed and anything else is refused. */
async function resolveTarget(path: string): Promise<string> {
  const found = await stat(path).catch((error) => {
    if (coded(error).code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return path;
  if (found.isFile()) return realpath(path);
  const kind = found.isDirectory() ? 'a folder' : 'not a regular file';
  throw new UsageError(`cannot write the report to ${path}: it is ${kind}; name a file, or - for stdout`);
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
