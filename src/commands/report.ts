// `nameplate report`: prints a saved report again. A viewer: it exits with 0 whatever the report says. `nameplate schema`
// prints what a report may say.

import { Argument, type Command, Option } from 'commander';
import * as z from 'zod';
import { Comparison } from '../compare/comparison.js';
import { Fleet } from '../fleet/schema.js';
import { renderSoakHtml } from '../report/html/soak.js';
import { formats } from '../report/index.js';
import { soakJson, soakText } from '../report/soak.js';
import type { View } from '../report/view.js';
import { Report } from '../row.js';
import { SelftestReport } from '../selftest/schema.js';
import { SoakReport } from '../soak/schema.js';
import { UsageError } from '../usage.js';
import { loadAny } from './load.js';
import { print, view } from './print.js';

const schemas = {
  report: Report,
  soak: SoakReport,
  selftest: SelftestReport,
  comparison: Comparison,
  fleet: Fleet,
};

type Format = keyof typeof formats;

/** Those that need no rows. */
const soakFormats: Partial<Record<Format, (soak: SoakReport, view: View) => string>> = {
  text: soakText,
  json: soakJson,
  html: renderSoakHtml,
};

export function addReport(program: Command): void {
  program
    .command('report')
    .description('print a saved report again')
    .argument('<file>', 'a report that "nameplate run" or "nameplate soak" has saved')
    .addOption(new Option('--format <name>', 'how to print it').choices(Object.keys(formats)).default('text'))
    .action(async (file: string, { format }: { format: Format }) => {
      const { report, soak } = await loadAny(file);
      if (report !== null) return print(formats[format].render(report, view(file)));
      const render = soakFormats[format];
      if (render === undefined)
        throw new UsageError(
          `${file} is the report of a soak, which has no rows to print as ${format}: --format is one of ${Object.keys(soakFormats).join(', ')}`,
        );
      print(render(soak, view(file)));
    });
  program
    .command('schema')
    .description('print the JSON schema of a report, or of what another command prints as JSON')
    .addArgument(new Argument('[of]', 'which of them').choices(Object.keys(schemas)).default('report'))
    .action((of: keyof typeof schemas) =>
      print(JSON.stringify(z.toJSONSchema(schemas[of], { io: 'input' }), null, 2)),
    );
}
