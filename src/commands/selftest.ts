// `nameplate selftest`: seeds faults and must catch each.

import type { Command } from 'commander';
import { interruptedExit, interruptible } from '../interrupt.js';
import { defaultOptions } from '../plan.js';
import { liveLine } from '../progress.js';
import { selftestText } from '../report/selftest.js';
import type { Check, SelftestReport } from '../selftest/schema.js';
import { selftest } from '../selftest/selftest.js';
import { limits, parseNumber } from '../usage.js';
import { print, view } from './print.js';

const usualTimeout = defaultOptions('quick').timeoutSeconds;

interface Flags {
  device?: string;
  timeout?: number;
  json?: boolean;
  wait?: boolean;
}

export function addSelftest(program: Command): void {
  program
    .command('selftest')
    .description('seed faults into data and telemetry, never into the card, and see that each is caught')
    .option('--device <id>', 'cpu, cuda:0, a GPU- or MIG- uuid; default: the first GPU, or the CPU')
    .option('--timeout <seconds>', `end a check that has not answered (${usualTimeout})`, (text) =>
      parseNumber('--timeout', text, limits.timeoutSeconds),
    )
    .option('--json', 'print the report as JSON')
    .option('--wait', 'wait for a device that another run holds')
    .addHelpText(
      'after',
      '\nExit codes: 0 every fault was caught, 2 wrong usage, 3 could not measure, 4 one slipped through,\n' +
        '            130 interrupted before any had',
    )
    .action(testAndPrint);
}

async function testAndPrint({ device, timeout, json, wait = false }: Flags): Promise<void> {
  const options = {
    device: device ?? null,
    timeoutSeconds: timeout ?? usualTimeout,
  };
  const interruption = interruptible();
  const line = liveLine();
  let report: SelftestReport | undefined;
  try {
    for await (report of selftest(options, { wait, signal: interruption.signal }))
      line.show(`${report.checks.length} of ${report.total}`);
  } finally {
    line.end();
    interruption.end();
  }
  if (report === undefined) return;
  print(json ? JSON.stringify(report, null, 2) : selftestText(report, view()));
  process.exitCode = exitCode(report);
}

function exitCode({ checks, total }: SelftestReport): number {
  const any = (wanted: Check['outcome']) => checks.some(({ outcome }) => outcome === wanted);
  if (any('missed')) return 4;
  if (checks.length < total) return interruptedExit;
  return any('unmeasured') ? 3 : 0;
}
