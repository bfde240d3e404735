// `nameplate soak`: load for minutes, every launch compared.

import { type Command, Option } from 'commander';
import { interruptedExit, interruptible } from '../interrupt.js';
import { defaultOptions } from '../plan.js';
import { liveLine } from '../progress.js';
import { soakJson, soakLine, soakText } from '../report/soak.js';
import { type DataPattern, dataPatterns, type Shape } from '../schema.js';
import type { SoakReport } from '../soak/schema.js';
import { defaultOperation, soak } from '../soak/soak.js';
import { survey } from '../survey.js';
import { limits, parseBytesShape, parseGemmShape, parseInteger, parseNumber } from '../usage.js';
import { reportFile } from './file.js';
import { print, view } from './print.js';

const defaultFile = 'nameplate-soak.json';
/** A step takes a second, but the first fills the buffers and verifies. */
const usualTimeout = 120;

interface Flags {
  minutes: number;
  device?: string;
  only?: string;
  provider?: string;
  shape?: Shape;
  bytes?: Shape;
  data: DataPattern;
  seed?: number;
  timeout?: number;
  json?: string;
  save: boolean;
  wait?: boolean;
}

export function addSoak(program: Command): void {
  program
    .command('soak')
    .description('load one device for minutes and compare every result, to find errors that come seldom')
    .option('--minutes <n>', 'how long', (text) => parseNumber('--minutes', text, limits.minutes), 5)
    .option('--device <id>', 'cpu, cuda:0, a GPU- or MIG- uuid; default: the only GPU, or the CPU')
    .option('--only <row>', 'which row: gemm.fp16 on a GPU, gemm.fp32 on a CPU, or any that has a rate')
    .option('--provider <name>', 'who computes: cublaslt where it is found and has the row')
    .addOption(
      new Option('--shape <MxNxK>', 'size of a GEMM')
        .argParser((text) => parseGemmShape('--shape', text))
        .conflicts('bytes'),
    )
    .option('--bytes <size>', 'bytes of one array', (text) => parseBytesShape('--bytes', text))
    .addOption(
      new Option('--data <pattern>', 'what the inputs hold').choices(dataPatterns).default('uniform'),
    )
    .option('--seed <n>', 'of the random inputs', (text) => parseInteger('--seed', text, limits.seed))
    .option('--timeout <seconds>', `end a step of a second that has not answered (${usualTimeout})`, (text) =>
      parseNumber('--timeout', text, limits.timeoutSeconds),
    )
    .option('--json <file>', `where to save the report (default: ${defaultFile}); - prints it`)
    .addOption(new Option('--no-save', 'keep no report on disk').conflicts('json'))
    .option('--wait', 'wait for a device or a report file that another run holds')
    .addHelpText(
      'after',
      '\nExit codes: 0 clean, 2 wrong usage, 3 could not go on, 4 a wrong result, 130 interrupted before any was found',
    )
    .action(soakAndPrint);
}

async function soakAndPrint(flags: Flags): Promise<void> {
  const { json, wait = false } = flags;
  const file = reportFile(flags, defaultFile);
  const interruption = interruptible();
  const line = liveLine();
  let report: SoakReport | undefined;
  try {
    const { signal } = interruption;
    await file.hold(wait, signal);
    for await (const now of soak(await optionsOf(flags, signal), { wait, signal })) {
      report = now;
      line.show(soakLine(now));
      await file.save(() => soakJson(now), now.launches > 0);
    }
  } finally {
    line.end();
    interruption.end();
  }
  if (report === undefined) return;
  print(json === '-' ? soakJson(report) : soakText(report, view(file.saved)));
  process.exitCode = exitCode(report);
  file.end();
}

function exitCode({ state, verdict }: SoakReport): number {
  if (verdict.status === 'corrupted') return 4;
  if (state === 'interrupted') return interruptedExit;
  return verdict.status === 'clean' ? 0 : 3;
}

async function optionsOf(flags: Flags, signal: AbortSignal) {
  const defaults = defaultOptions('thorough');
  const { device = null, only } = flags;
  const operation = only ?? defaultOperation(await survey().inventory({ threads: null }, signal), device);
  return {
    device,
    operation,
    provider: flags.provider ?? null,
    shape: flags.shape ?? flags.bytes ?? null,
    data: flags.data,
    seed: flags.seed ?? defaults.seed,
    minutes: flags.minutes,
    timeoutSeconds: flags.timeout ?? usualTimeout,
  };
}
