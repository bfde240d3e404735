// `nameplate compare`: what became slower between two reports of one card. It exits with 1 where something did.

import type { Command } from 'commander';
import { compare, comparisonExit } from '../compare/compare.js';
import { defaultTolerance } from '../compare/outcome.js';
import { comparisonText } from '../report/comparison.js';
import { loadReport } from './load.js';
import { print, view } from './print.js';
import { parseTolerance } from './tolerance.js';

interface Flags {
  tolerance?: number;
  json?: boolean;
}

export function addCompare(program: Command): void {
  program
    .command('compare')
    .description('tell slower, faster and unchanged rows of two reports of the same card')
    .argument('<old>', 'the earlier report')
    .argument('<new>', 'the later report')
    .option(
      '--tolerance <percent>',
      `a difference up to this is none (default: ${100 * defaultTolerance})`,
      parseTolerance,
    )
    .option('--json', 'print JSON')
    .addHelpText('after', exitCodes)
    .action(async (before: string, after: string, { tolerance, json = false }: Flags) => {
      const comparison = compare(await loadReport(before), await loadReport(after), tolerance);
      print(
        json ? JSON.stringify(comparison, null, 2) : comparisonText(comparison, { before, after }, view()),
      );
      process.exitCode = comparisonExit(comparison);
    });
}

const exitCodes = `
Exit codes: 0 nothing is slower, 1 a row is slower or lost, 2 wrong usage, or reports of other cards or data,
            3 nothing could be compared, 4 a wrong result in the new report (corrupted or implausible);
            rows that a new report did not come to before it was interrupted are counted and change none of these`;
