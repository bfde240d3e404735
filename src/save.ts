// The report on disk: whole JSON at every moment, however the run ends.
//
// Writing over the old file in place leaves half a report when the process dies in between. The new one is written
// beside it and renamed, which the file system does at once or not at all.

import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { coded } from './process/message.js';
import { renderJson } from './report/json.js';
import type { Report } from './row.js';
import { UsageError } from './usage.js';

/** Saves `report` as `path`; throws a UsageError with one sentence where that cannot be. */
export function saveReport(path: string, report: Report): Promise<void> {
  return saveText(path, renderJson(report));
}

/** The same for the text of any report. */
export async function saveText(path: string, text: string): Promise<void> {
  try {
    const target = await resolveTarget(path);
    const beside = `${target}.${process.pid}.tmp`;
    try {
      await writeThrough(beside, text);
      await rename(beside, target);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = coded(error);
    throw new UsageError(`cannot write the report to ${path}: ${reasons[code] ?? message}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of the path is not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
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
