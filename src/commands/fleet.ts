// `nameplate fleet`: devices of one card beside each other, from the reports of one machine or of many. It exits with 1
// where one stands out below.

import type { Command } from 'commander';
import { defaultFleetTolerance, fleet, fleetExit } from '../fleet/fleet.js';
import { fleetText } from '../report/fleet.js';
import { loadReport } from './load.js';
import { print, view } from './print.js';
import { parseTolerance } from './tolerance.js';

interface Flags {
  tolerance?: number;
  json?: boolean;
}

export function addFleet(program: Command): void {
  program
    .command('fleet')
    .description('rank devices of the same card among each other, and name those that stand out')
    .argument('<reports...>', 'reports of one machine or of many')
    .option(
      '--tolerance <percent>',
      `a difference from the median up to this is none (default: ${100 * defaultFleetTolerance})`,
      parseTolerance,
    )
    .option('--json', 'print JSON')
    .addHelpText('after', exitCodes)
    .action(async (files: string[], { tolerance, json = false }: Flags) => {
      const reports = [];
      for (const file of files) reports.push(await loadReport(file));
      const ranked = fleet(reports, tolerance);
      print(json ? JSON.stringify(ranked, null, 2) : fleetText(ranked, view()));
      process.exitCode = fleetExit(ranked);
    });
}

const exitCodes = `
Exit codes: 0 nothing stands out below, 1 a device is slower than its like, or failed where they measured, 2 wrong usage,
            3 no three devices of one card have a row in common, 4 a wrong result (corrupted or implausible)`;
