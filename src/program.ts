// The command: argv in; report, files and exit code out. What each subcommand does is in commands/.
//
// Everything that can go wrong ends here as one sentence on stderr and an exit code. A stack trace is for our own faults.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import * as z from 'zod';
import { addCards } from './commands/cards.js';
import { addCompare } from './commands/compare.js';
import { addDevices } from './commands/devices.js';
import { addExplain } from './commands/explain.js';
import { addFleet } from './commands/fleet.js';
import { addReport } from './commands/report.js';
import { addRun } from './commands/run.js';
import { addSelftest } from './commands/selftest.js';
import { addSoak } from './commands/soak.js';
import { coded } from './error.js';
import { interruptedExit } from './interrupt.js';
import { harmless } from './report/table.js';
import { FullError } from './save.js';
import { SurveyError } from './survey.js';
import { UsageError } from './usage.js';

const exit = { usage: 2, cannotMeasure: 3, interrupted: interruptedExit };

/** Conditions of the machine, which a reader can change: their message is the whole answer. */
const expected: readonly string[] = ['EAGAIN', 'EBUSY', 'ENODEV', 'ERR_ADDON'];

// `nameplate cards | head` closes the pipe early; that is no fault of the run. A full disk is.
process.stdout.on('error', (error) => {
  const { code, message } = coded(error);
  if (code === 'EPIPE') return;
  complain(`what was to be printed is lost: ${message}`);
  end(exit.cannotMeasure);
});

// A terminal that was closed, or a full disk behind stderr, changes neither what was found nor its exit code.
process.stderr.on('error', () => {});

await main(process.argv);

async function main(argv: string[]): Promise<void> {
  const program = build();
  try {
    await program.parseAsync(argv);
  } catch (error) {
    const { code, sentence } = explain(error, program);
    if (sentence !== '') complain(sentence);
    end(code);
  }
}

/** Whatever fails after something was found, a report that cannot be saved for one, does not hide it. */
function end(code: number): void {
  process.exitCode ||= code;
}

/** A sentence may quote a file or a driver, and a terminal obeys control characters. A stack keeps its lines. */
function complain(sentence: string): void {
  process.stderr.write(`nameplate: ${sentence.split('\n').map(harmless).join('\n')}\n`);
}

function build(): Command {
  const program = new Command('nameplate')
    .description('Does this GPU deliver what its nameplate says? Without a command: run.')
    .version(version())
    .addHelpText('after', '\nThe options of a run: nameplate run --help')
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  const commands = [
    addRun,
    addExplain,
    addCompare,
    addFleet,
    addSoak,
    addSelftest,
    addDevices,
    addCards,
    addReport,
  ];
  for (const add of commands) add(program);
  return program;
}

function version(): string {
  const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(file)).version;
}

function explain(error: unknown, program: Command): { code: number; sentence: string } {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { code: 0, sentence: '' };
    return { code: exit.usage, sentence: usageSentence(error, program) };
  }
  const { code, message } = coded(error);
  if (error instanceof UsageError) return { code: exit.usage, sentence: message };
  if (code === 'ABORT_ERR' || code === 'AbortError')
    return { code: exit.interrupted, sentence: 'interrupted' };
  if (error instanceof SurveyError || error instanceof FullError || expected.includes(code))
    return { code: exit.cannotMeasure, sentence: message };
  const stack = error instanceof Error ? error.stack : undefined;
  return { code: exit.cannotMeasure, sentence: stack ?? message };
}

/** Commander's own words, as one sentence. A word that is no command would be taken for an argument of `run`. */
function usageSentence({ code, message }: CommanderError, program: Command): string {
  const [first] = program.args;
  const names = program.commands.map((command) => command.name());
  if (code === 'commander.excessArguments' && first !== undefined && !names.includes(first)) {
    return `unknown command "${first}"; there are ${names.join(', ')}`;
  }
  if (code === 'commander.help')
    return `there is no such command to help with; there are ${names.join(', ')}`;
  return message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
}
