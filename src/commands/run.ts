// `nameplate run`: measure, judge, print, and keep the report on disk whole after every row.

import { type Command, Option } from 'commander';
import { interruptible } from '../interrupt.js';
import { exitCode } from '../judge/exitCode.js';
import {
  type Level,
  type providerChoices as Providers,
  providerChoices,
  type RunOptions,
} from '../options.js';
import { defaultOptions } from '../plan.js';
import { progressLine } from '../progress.js';
import { formats } from '../report/index.js';
import { renderJson } from '../report/json.js';
import type { Report } from '../row.js';
import { run } from '../run.js';
import { type DataPattern, dataPatterns, type Shape } from '../schema.js';
import { limits, parseBytesShape, parseGemmShape, parseInteger, parseList, parseNumber } from '../usage.js';
import { reportFile } from './file.js';
import { print, view } from './print.js';

export const defaultReport = 'nameplate-report.json';

interface Flags {
  device?: string[];
  only?: string[];
  quick?: boolean;
  thorough?: boolean;
  provider: (typeof Providers)[number];
  data: DataPattern;
  shape?: Shape[];
  bytes?: Shape[];
  seed?: number;
  threads?: number;
  timeout?: number;
  json?: string;
  save: boolean;
  telemetry: boolean;
  wait?: boolean;
  strict?: boolean;
}

/** An option that may be repeated, each time with one value or several. */
const repeated =
  <T>(name: string, parse: (name: string, text: string) => T[]) =>
  (text: string, before: T[] = []) => [...before, ...parse(name, text)];
const gemmShapes = (name: string, text: string) => [parseGemmShape(name, text)];
const bytesShapes = (name: string, text: string) => [parseBytesShape(name, text)];

export function addRun(program: Command): void {
  program
    .command('run', { isDefault: true })
    .description('measure this machine and set it beside its nameplate (the default command)')
    .option(
      '--device <ids>',
      'cpu, cuda:0, a GPU- or MIG- uuid, or all; default: every GPU, or the CPU',
      repeated('--device', parseList),
    )
    .option('--only <patterns>', 'rows to run, such as "gemm.*,memory.copy"', repeated('--only', parseList))
    .addOption(new Option('--quick', '10 to 16 seconds').conflicts('thorough'))
    .option('--thorough', 'minutes: several sizes of each row')
    .addOption(
      new Option('--provider <which>', 'own kernels, the vendor libraries, or both, interleaved')
        .choices(providerChoices)
        .default('both'),
    )
    .addOption(
      new Option('--data <pattern>', 'what the inputs hold').choices(dataPatterns).default('uniform'),
    )
    .option(
      '--shape <MxNxK>',
      'size of the GEMM rows, 8192 or 4096x4096x1024; may be repeated',
      repeated('--shape', gemmShapes),
    )
    .option(
      '--bytes <size>',
      'bytes of one array or one copy, such as 1GiB; may be repeated',
      repeated('--bytes', bytesShapes),
    )
    .option('--seed <n>', 'of the random inputs', (text) => parseInteger('--seed', text, limits.seed))
    .option(
      '--threads <n>',
      'threads of a CPU; default: one per core that the process may use. A GPU has no use for it',
      (text) => parseInteger('--threads', text, limits.threads),
    )
    .option('--timeout <seconds>', 'end a row that has not answered (180; quick 120, thorough 900)', (text) =>
      parseNumber('--timeout', text, limits.timeoutSeconds),
    )
    .option(
      '--json <file>',
      `where to save the report (default: ${defaultReport}); - prints it instead of the table`,
    )
    .addOption(new Option('--no-save', 'keep no report on disk').conflicts('json'))
    .option('--no-telemetry', 'ask for no clocks, watts or errors while a window is timed')
    .option('--wait', 'wait for a device or a report file that another run holds')
    .option('--strict', 'exit 1 also for throttled, inconclusive and unjudged rows')
    .addHelpText('after', exitCodes)
    .action(measureAndPrint);
}

const exitCodes = `
Exit codes: 0 nothing found wrong, 1 a row is low, memory past repair or a fault not recovered from,
            2 wrong usage, 3 could not measure, or a GPU or its driver does not answer where all were to
            be measured, 4 a wrong result (corrupted or implausible), 130 interrupted
An interrupted run that had found a wrong result exits with 4.`;

async function measureAndPrint(flags: Flags): Promise<void> {
  const file = reportFile(flags, defaultReport);
  const options = optionsOf(flags);
  const interruption = interruptible();
  const progress = progressLine();
  let report: Report | undefined;
  try {
    const { wait = false } = flags;
    const { signal } = interruption;
    const context = { wait, signal, onProgress: progress.show };
    await file.hold(wait, signal);
    for await (const now of run(options, context)) {
      report = now;
      await file.save(() => renderJson(now), now.rows.length > 0);
    }
  } finally {
    progress.end();
    interruption.end();
  }
  if (report === undefined) return;
  const interrupted = report.state === 'interrupted';
  const format = flags.json === '-' ? formats.json : formats.text;
  print(format.render(report, view(file.saved)));
  process.exitCode = exitCode(report, { strict: flags.strict ?? false, interrupted });
  file.end();
}

function optionsOf(flags: Flags): RunOptions {
  const level: Level = flags.quick ? 'quick' : flags.thorough ? 'thorough' : 'default';
  const defaults = defaultOptions(level);
  return {
    devices: flags.device ?? [],
    only: flags.only ?? [],
    level,
    provider: flags.provider,
    data: flags.data,
    seed: flags.seed ?? defaults.seed,
    shapes: [...(flags.shape ?? []), ...(flags.bytes ?? [])],
    telemetry: flags.telemetry,
    threads: flags.threads ?? null,
    timeoutSeconds: flags.timeout ?? defaults.timeoutSeconds,
  };
}
