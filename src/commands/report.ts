// `nameplate report`: prints a saved report again. A viewer: it exits with 0 whatever the report says. `nameplate schema`
// prints what a report may say.

import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import { coded } from '../message.js';
import { formats, parseReport, ReportError } from '../report/index.js';
import { Report } from '../row.js';
import { UsageError } from '../usage.js';
import { print, view } from './print.js';

export function addReport(program: Command): void {
  program
    .command('report')
    .description('print a saved report again')
    .argument('<file>', 'a report that "nameplate run" has saved')
    .addOption(new Option('--format <name>', 'how to print it').choices(Object.keys(formats)).default('text'))
    .action(async (file: string, { format }: { format: keyof typeof formats }) => {
      print(formats[format].render(await load(file), view(file)));
    });
  program
    .command('schema')
    .description('print the JSON schema of a report')
    .action(() => print(JSON.stringify(z.toJSONSchema(Report), null, 2)));
}

async function load(file: string): Promise<Report> {
  const text = await read(file);
  try {
    return parseReport(text);
  } catch (error) {
    if (error instanceof ReportError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = coded(error);
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'permission denied',
      EISDIR: 'it is a folder',
    };
    throw new UsageError(`cannot read ${file}: ${reasons[code] ?? message}`);
  }
}
