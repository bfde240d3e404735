// `nameplate report`: prints a saved report again. A viewer: it exits with 0 whatever the report says. `nameplate schema`
// prints what a report may say.

import { type Command, Option } from 'commander';
import * as z from 'zod';
import { formats } from '../report/index.js';
import { Report } from '../row.js';
import { loadReport } from './load.js';
import { print, view } from './print.js';

export function addReport(program: Command): void {
  program
    .command('report')
    .description('print a saved report again')
    .argument('<file>', 'a report that "nameplate run" has saved')
    .addOption(new Option('--format <name>', 'how to print it').choices(Object.keys(formats)).default('text'))
    .action(async (file: string, { format }: { format: keyof typeof formats }) => {
      print(formats[format].render(await loadReport(file), view(file)));
    });
  program
    .command('schema')
    .description('print the JSON schema of a report')
    .action(() => print(JSON.stringify(z.toJSONSchema(Report), null, 2)));
}
