// The command as a user meets it: real processes, real exit codes.

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Comparison } from '../src/compare/comparison.js';
import { renderJson } from '../src/report/json.js';
import { Report, type Row } from '../src/row.js';
import { nameplate, nameplateIn, shell, start } from './command.js';
import { conditions, emptyRow, measured, report, row, testCard } from './testCard.js';

// The schema that is published speaks draft 2020-12, which is an entry of its own in ajv.
const { default: Ajv } = createRequire(import.meta.url)('ajv/dist/2020.js');

// Runs on one device take turns, with those of other test files too.
vi.setConfig({ testTimeout: 60_000 });

/** One small row. */
const oneRow = [
  'run',
  '--device',
  'cpu',
  '--only',
  'gemm.fp32',
  '--provider',
  'builtin',
  '--quick',
  '--shape',
  '64',
  '--wait',
];

/** `"$0"` is Node. */
const oneSentence = /^nameplate: [^\n]+\n$/;

describe.concurrent('wrong usage exits with 2 and one sentence', () => {
  it.each([
    [['--frobnicate'], /unknown option '--frobnicate'/],
    [['frobnicate'], /unknown command "frobnicate"; there are run, .*devices, .*schema/],
    [['run', 'gemm'], /too many arguments/],
    [['--device', 'cuda99'], /no device "cuda99"; here: .*cpu/],
    [['--device', 'cpu', '--only', 'gemm.fp3'], /no row matches "gemm.fp3" on cpu; there are: gemm.fp64/],
    [['--device', 'cpu', '--only', 'link.*'], /no row matches "link.\*" on cpu/],
    [['--provider', 'amd'], /Allowed choices are builtin, vendor, both/],
    [['--data', 'ones'], /Allowed choices are uniform, normal, integers, zeros/],
    [['--shape', '-1'], /--shape "-1" is not a whole number from 1 to 65536/],
    [['--shape', '8192x'], /--shape/],
    [['--shape', '99999999999'], /from 1 to 65536/],
    [['--bytes', '1 mile'], /--bytes "1 mile" is not a size/],
    [['--bytes', '9000TB'], /--bytes/],
    [
      ['--device', 'cpu', '--only', 'gemm.fp32', '--bytes', '1GiB'],
      /--bytes sizes rows of memory, .*: gemm.fp32/,
    ],
    [['--device', 'cpu', '--only', 'memory.*', '--shape', '8'], /--shape sizes rows of gemm, .*: memory/],
    [['--seed', '1.5'], /--seed "1.5" is not a whole number/],
    [['--timeout', '0'], /--timeout "0" is not a number from 0.1 to 86400/],
    [['--timeout', '1e3'], /--timeout "1e3" is not a number from 0.1 to 86400/],
    // A fraction is allowed, as in a program.
    [['--timeout', '2.5', '--threads', 'x'], /--threads "x" is not a whole number/],
    [['--threads', '0', '--device', 'cpu'], /--threads "0" is not a whole number from 1 to/],
    [['--threads', '-1'], /--threads "-1" is not a whole number/],
    [['--threads', '1.5'], /--threads "1.5" is not a whole number/],
    [['--threads', 'x'], /--threads "x" is not a whole number/],
    [
      ['--threads', '60000', '--device', 'cpu'],
      /--threads 60000 is more than the CPUs .* allowed is 1 to \d+/,
    ],
    [['--timeout'], /argument missing/],
    [['--quick', '--thorough'], /cannot be used with/],
    [['--json', ''], /names no file/],
    [
      ['soak', '--device', 'cpu', '--json', ''],
      /--json "" names no file; write a file name, or - for stdout/,
    ],
    [
      ['--json', '/nowhere/report.json', '--device', 'cpu', '--wait'],
      /cannot write the report to \/nowhere\/report.json/,
    ],
    [['--json', '/dev/null', '--device', 'cpu', '--wait'], /not a regular file/],
    [['cards', 'voodoo2'], /no documented card matches "voodoo2"/],
    [['report', '/nowhere.json'], /cannot read \/nowhere.json: there is no such file/],
    [['report', '/'], /it is a folder/],
    [['report', ''], /"" names no file; write the name of a saved report/],
    [['compare', '', ''], /"" names no file/],
    [['explain', '--report', ''], /"" names no file/],
    [['report'], /missing required argument/],
    [['report', 'x', '--format', 'pdf'], /Allowed choices are text, json/],
    [['compare'], /missing required argument 'old'/],
    [['compare', 'a.json'], /missing required argument 'new'/],
    [['compare', '/nowhere.json', '/nowhere.json'], /cannot read \/nowhere.json: there is no such file/],
    [['compare', 'a', 'b', '--tolerance', '-1'], /--tolerance "-1" is not a percentage/],
    [['compare', 'a', 'b', '--tolerance', '1%'], /--tolerance "1%" is not a percentage from 0 to below 100/],
    [['compare', 'a', 'b', '--tolerance', '100'], /is not a percentage/],
    [['compare', 'a', 'b', '--tolerance', ''], /is not a percentage/],
    [['explain'], /cannot read nameplate-report.json: there is no such file/],
    [['explain', '--report', '/'], /it is a folder/],
    [['explain', 'gemm.*', '--report', '/dev/null'], /\/dev\/null: The report is empty/],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await nameplate(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toMatch(sentence);
  });
});

it.each([
  [
    'cpu-gemm.mjs --level standard --shape 64',
    'level "standard" cannot be: expected one of quick, default, thorough',
  ],
  ['cpu-gemm.mjs --shape 0x', '--shape "0" is not a whole number from 1 to 65536'],
  [
    'cpu-gemm.mjs --shape 64x64',
    '--shape "64x64" is neither one side nor MxNxK; write 8192 or 4096x4096x1024',
  ],
  ['cpu-gemm.mjs --rounds 0', '--rounds "0" is not a whole number from 1 to 100'],
  ['cpu-gemm.mjs --threads 1,a', '--threads "a" is not a whole number from 1 to 65536'],
  ['cpu-memory.mjs --rounds 0', '--rounds "0" is not a whole number from 1 to 1000'],
  ['check-gpu.mjs --minutes soon', '--minutes "soon" is not a number from 0.01 to 10080'],
  ['check-gpu.mjs --stages tile', '--stages "tile" is none of tiles, formats, products, selftest, run'],
  [
    'check-gpu.mjs --only gemm.bf61',
    `--only "gemm.bf61" is none of ${[
      ...['gemm.fp64', 'gemm.fp32', 'gemm.tf32', 'gemm.fp16', 'gemm.fp16.acc16', 'gemm.bf16', 'gemm.fp8e4m3'],
      ...['gemm.fp8e4m3.fast', 'gemm.fp8e5m2', 'gemm.fp8e5m2.fast', 'gemm.int8'],
      ...['tf32', 'fp16', 'bf16', 'fp8e4m3', 'int8'].map((format) => `gemm.${format}.sparse`),
    ].join(', ')}`,
  ],
  ['gpu-gemm.mjs --timeout 0', '--timeout "0" is not a number from 0.1 to 86400'],
  ['gpu-ladder.mjs --rounds 1.5', '--rounds "1.5" is not a whole number from 1 to 1000'],
  ['telemetry.mjs --frobnicate', "Unknown option '--frobnicate'"],
])('a bench refuses %s with 2 and one sentence', async (line, sentence) => {
  const { code, stderr } = await shell(`"$0" bench/${line}`);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `${sentence}\n` });
});

describe('a run', () => {
  it.each(['report', 'soak', 'selftest', 'comparison'])('publishes a schema of the %s', async (of) => {
    const { code, stdout } = await nameplate('schema', of);
    expect(code).toBe(0);
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(stdout));
    expect(validate({})).toBe(false);
  });

  it.each(['23', '25', '26'])('publishes a schema that recorded reports fit, of November %s', async (day) => {
    const schema = JSON.parse((await nameplate('schema')).stdout);
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    const recorded = await readFile(`bench/results/amd-epyc-2-cores-2026-11-${day}.json`, 'utf8');
    expect(validate(JSON.parse(recorded)), JSON.stringify(validate.errors)).toBe(true);
  });

  it('prints JSON alone with --json -, valid by the published schema, and saves nothing', async () => {
    const running = start(...oneRow, '--json', '-');
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const schema = JSON.parse((await nameplate('schema')).stdout);
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true);
    expect(Report.parse(JSON.parse(stdout))).toMatchObject({
      state: 'complete',
      rows: [{ id: 'gemm.fp32', provider: 'builtin', device: 'cpu', shape: { m: 64, n: 64, k: 64 } }],
    });
    await expect(readFile(join(running.folder, 'nameplate-report.json'))).rejects.toThrow(/ENOENT/);
  });

  it('saves the report it has printed, and prints it again', async () => {
    const running = start(...oneRow);
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toContain('gemm.fp32');
    const file = join(running.folder, 'nameplate-report.json');
    const saved = Report.parse(JSON.parse(await readFile(file, 'utf8')));
    expect(saved.state).toBe('complete');
    const again = await nameplate('report', file);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('gemm.fp32');
    const json = await nameplate('report', file, '--format', 'json');
    expect(Report.parse(JSON.parse(json.stdout))).toEqual(saved);
  });

  it('exits with 1 under --strict, since a processor has no nameplate', async () => {
    expect((await nameplate(...oneRow, '--no-save', '--strict')).code).toBe(1);
  });

  it('exits with 3 and the reason when the GPU that was asked for is not here', async () => {
    const { code, stderr } = await nameplate('--device', 'cuda:99', '--no-save');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^nameplate: no device "cuda:99"; here: .*cpu[^\n]*\n$/);
  });

  // A side of 65536, the largest, takes 240 GB in fp64: it has to be refused before that is filled.
  it.skipIf(totalmem() > 200e9).each([
    ['memory.copy', '--bytes', '1TiB'],
    ['gemm.fp64', '--shape', '65536'],
  ])('exits with 3 and the reason when %s is asked for beyond the memory', async (operation, ...size) => {
    const args = ['--device', 'cpu', '--only', operation, '--provider', 'builtin', '--no-save', '--wait'];
    const { code, stdout } = await nameplate(...args, ...size);
    expect(code).toBe(3);
    expect(stdout).toMatch(/ENOMEM: .* bytes .* available: use (a )?smaller/);
  });

  it('does not crash when its reader goes away', async () => {
    const running = start('cards');
    running.process.stdout?.destroy();
    const { stderr } = await running.ended;
    expect(stderr).toBe('');
  });
});

describe('what fails where no command waits for it exits with 3, since no row is low', () => {
  /** This runs before the command does; it begins when that listens to signals. */
  const first = (script: string) => `"--import=data:text/javascript,${encodeURIComponent(script)}"`;
  const thrown = (error: string) =>
    first(`process.on('newListener', (name) => name === 'SIGINT' && setImmediate(() => { throw ${error} }))`);

  it.each([
    ['dependencies that are not there', 'node_modules', /Cannot find package '/],
    ['a part of its own that is not there', 'dist/interrupt.js', /Cannot find module '/],
  ])('%s', async (_, lost, words) => {
    const home = await mkdtemp(join(tmpdir(), 'nameplate-test-'));
    await cp('dist', join(home, 'dist'), { recursive: true });
    await cp('package.json', join(home, 'package.json'));
    await rm(join(home, lost), { force: true });
    const { code, stderr } = await shell(`"$0" '${home}/dist/cli.js' cards`);
    expect(code).toBe(3);
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/: what it is made of is not all installed; npm install,/);
  });

  it.each<[string, string, RegExp]>([
    [
      'a Node.js that is too old',
      first('Object.defineProperty(process, "versions", { value: { node: "18.20.8" } })') +
        thrown('TypeError("toSorted is not a function")'),
      /^nameplate: Node\.js 18\.20\.8 is too old; 20\.17 or later is needed\n$/,
    ],
    [
      'too few files',
      thrown('Object.assign(Error("EMFILE: too many open files"), { code: "EMFILE" })'),
      /^nameplate: EMFILE: too many open files: the process may open too few files \(ulimit -n\)\n$/,
    ],
    ['a fault of our own, with its stack', thrown('Error("a fault")'), /^nameplate: Error: a fault\n +at /],
  ])('%s', async (_, options, words) => {
    const { code, stdout, stderr } = await shell(`"$0" ${options.replace('""', '" "')} "$1" cards`);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(words);
  });
});

describe('a report', () => {
  it.each([
    ['foreign JSON', '{"hello": "world"}'],
    ['no JSON', 'measured 989 TFLOPS'],
    ['an empty file', ''],
    ['a truncated report', '{"schemaVersion": 2, "tool": {"name": "nam'],
    ['another version', '{"schemaVersion": 99}'],
    ['a damaged report', '{"schemaVersion": 2}'],
    ['nested without end', `{"schemaVersion": ${'['.repeat(2e5)}${']'.repeat(2e5)}}`],
  ])('that is %s is refused in one sentence', async (_, text) => {
    const folder = await mkdtemp(join(tmpdir(), 'nameplate-test-'));
    const file = join(folder, 'report.json');
    await writeFile(file, text);
    const { code, stdout, stderr } = await nameplate('report', file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toContain(file);
  });

  it('is read from a pipe, which gives it once', async () => {
    const file = await saved([low]);
    const { code, stdout, stderr } = await shell(`cat '${file}' | "$0" "$1" report /dev/stdin`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('gemm.fp16');
  });

  it('that cannot be printed is a sentence too, and no low row', async () => {
    const file = await saved([row(measured(1))]);
    const { code, stderr } = await shell(`"$0" "$1" report '${file}' > /dev/full`);
    expect(code).toBe(3);
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toContain('ENOSPC');
    expect((await shell(`"$0" "$1" report '${file}' | head -c 1`)).stderr).toBe('');
  });

  it('that cannot be complained of leaves the exit code as it is', async () => {
    expect((await shell(`"$0" "$1" --frob 2> /dev/full`)).code).toBe(2);
    expect((await shell(`"$0" "$1" --device cuda:0 2> /dev/full`)).code).toBe(3);
    expect((await shell(`"$0" "$1" cards > /dev/full 2> /dev/full`)).code).toBe(3);
  });

  it('does not reach the terminal with control characters, in a refusal neither', async () => {
    const [file, other] = ['Card\u001b[2J', 'Another card'].map((name) =>
      saved([], { devices: [{ ...testCard, name, uuid: null, card: null, cardReason: '' }] }),
    );
    const { code, stderr } = await nameplate('compare', (await file) ?? '', (await other) ?? '');
    expect(code).toBe(2);
    expect(stderr).toMatch(/different devices: OLD is of Card /);
    expect(stderr).not.toContain('\u001b');
  });

  it('that would replace a folder is refused before anything is measured', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nameplate-test-'));
    await mkdir(join(folder, 'taken'));
    const { code, stderr } = await nameplate(...oneRow, '--json', join(folder, 'taken'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/it is a folder/);
  });
});

/** Saves an invented report in a folder of its own. */
async function saved(rows: Row[], changes: Partial<Report> = {}): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'nameplate-test-')), 'report.json');
  await writeFile(file, renderJson(report(rows, changes)));
  return file;
}

const gemm = row(measured(0.65, conditions(1.45e9, ['sw power cap', 0.97])));
const vendor = row(measured(0.7, conditions(1.45e9)), { provider: 'cublaslt' });
const low = row(measured(0.2), { id: 'gemm.fp16', dtype: 'fp16' });

describe.concurrent('explain', () => {
  it('prints the waterfall of the rows asked for, and exits with 0 also where a row is low', async () => {
    const file = await saved([gemm, vendor, low]);
    const one = await nameplate('explain', 'gemm.bf16', '--report', file);
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toMatch(/x 0\.7250 .*clock\n.*SM clock held at 1450 MHz.*\n +confirm: nvidia-smi/);
    expect(one.stdout).toContain('= 65.0 % of spec');
    expect(one.stdout).not.toContain('gemm.fp16');
    const all = await nameplate('explain', '--report', file);
    expect(all.code).toBe(0);
    expect(all.stdout.match(/of spec$/gm)).toHaveLength(3);
    const several = await nameplate(
      'explain',
      'gemm.fp16,gemm.bf1*',
      '--provider',
      'builtin',
      '--report',
      file,
    );
    expect(several.stdout.match(/^gemm\.\w+ by builtin/gm)).toHaveLength(2);
  });

  it('takes nameplate-report.json where no file is named', async () => {
    const running = start(...oneRow);
    await running.ended;
    const explained = await nameplateIn(running.folder, 'explain', 'gemm.fp32');
    expect(explained).toMatchObject({ code: 0, stderr: '' });
    expect(explained.stdout).toMatch(/^gemm\.fp32 by builtin · 64³ · cpu$/m);
    expect(explained.stdout).toContain('elements compared, 0 wrong');
  });

  it.each([
    [
      'a row that is not there',
      ['gemm.fp3'],
      /no row of .* matches "gemm.fp3"; there are: gemm.bf16, gemm.fp16$/,
    ],
    [
      'a provider that is not there',
      ['--provider', 'rocm'],
      /matches provider "rocm"; .*gemm.bf16 by cublaslt on cuda:0/,
    ],
    ['a device that is not there', ['--device', 'cuda:7'], /matches device "cuda:7"; there are: gemm/],
    ['an empty pattern', ['gemm.bf16,'], /the row pattern "gemm.bf16," has an empty entry/],
  ])('refuses %s', async (_, args, sentence) => {
    const file = await saved([gemm, vendor, low]);
    const { code, stdout, stderr } = await nameplate('explain', ...args, '--report', file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(oneSentence);
    expect(stderr.trimEnd()).toMatch(sentence);
  });

  it('refuses a report without rows', async () => {
    const { code, stderr } = await nameplate(
      'explain',
      '--report',
      await saved([], { state: 'interrupted' }),
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/^nameplate: .* has no rows: its run was interrupted before one was measured\n$/);
  });
});

describe.concurrent('compare', () => {
  const slow = row(measured(0.5, conditions(1.1e9, ['hw thermal slowdown', 0.9])));
  const failed = emptyRow({
    verdict: { status: 'failed', code: 'CUDA_ERROR_X', why: 'it fell off the bus' },
  });
  const wrong = row(measured(0.65), { verdict: { status: 'corrupted', why: 'index 7' } });
  const other = { ...testCard, uuid: 'GPU-2', name: 'Other card', card: 'other-card', cardReason: '' };

  it.each<[string, number, Row[], Row[], string[], RegExp]>([
    ['itself', 0, [gemm, vendor], [gemm, vendor], [], /0 slower · 0 faster · 2 unchanged$/],
    ['a slower one', 1, [gemm, vendor], [slow, vendor], [], /SM clock 1450 MHz → 1100 MHz[\s\S]*\n1 slower/],
    ['a slower one within the tolerance', 0, [gemm], [slow], ['--tolerance', '50'], /1 unchanged$/],
    ['a faster one', 0, [slow], [gemm], [], /0 slower · 1 faster · 0 unchanged$/],
    ['one that has lost a row', 1, [gemm], [failed], [], /lost +failed: CUDA_ERROR_X: it fell off the bus/],
    ['one with a wrong result', 4, [gemm, vendor], [wrong, vendor], [], /wrong +corrupted: index 7/],
    ['one with other rows', 3, [gemm], [low], [], /not compared: gemm.bf16 by builtin .*: only in OLD\n/],
  ])('a report with %s exits with %d', async (_, exit, before, after, options, words) => {
    const [old, now] = [await saved(before), await saved(after)];
    const { code, stdout, stderr } = await nameplate('compare', old, now, ...options);
    expect({ code, stderr }).toEqual({ code: exit, stderr: '' });
    expect(stdout.trimEnd()).toMatch(words);
  });

  it('prints JSON alone with --json, with the exit code of the text', async () => {
    const [old, now] = [await saved([gemm]), await saved([slow])];
    const { code, stdout } = await nameplate('compare', old, now, '--json');
    expect(code).toBe(1);
    expect(Comparison.parse(JSON.parse(stdout))).toMatchObject({
      tolerance: 0.01,
      rows: [{ id: 'gemm.bf16', device: 'cuda:0', outcome: { status: 'slower', overlap: false } }],
    });
  });

  it.each<[string, Partial<Report>, RegExp]>([
    [
      'another card',
      { devices: [other] },
      /different devices: OLD is of Test card \(test-card\), NEW of Other card/,
    ],
    ['a simulation', { simulated: true }, /OLD is measured and NEW is simulated/],
    [
      'other data',
      { options: { ...report([]).options, data: 'zeros' } },
      /--data uniform and NEW with --data zeros/,
    ],
  ])('refuses %s with 2 and one sentence', async (_, changes, sentence) => {
    const { code, stdout, stderr } = await nameplate(
      'compare',
      await saved([gemm]),
      await saved([gemm], changes),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toMatch(sentence);
  });

  it('compares two real runs of this machine', async () => {
    const [first, second] = [start(...oneRow), start(...oneRow)];
    await Promise.all([first.ended, second.ended]);
    const files = [first, second].map(({ folder }) => join(folder, 'nameplate-report.json'));
    const { code, stdout } = await nameplate('compare', ...files);
    // Whether the second was slower, and whether a busy machine gave samples enough, is the machine's affair.
    expect([0, 1, 3]).toContain(code);
    expect(stdout).toMatch(code === 3 ? /samples/ : /^gemm\.fp32 +builtin .* (slower|faster|unchanged)/m);
  });
});

describe.concurrent('the other commands', () => {
  it('list the documented cards and show one with its sources', async () => {
    expect((await nameplate('cards')).stdout).toMatch(/h100/);
    const { code, stdout } = await nameplate('cards', 'a100');
    expect(code).toBe(0);
    expect(stdout).toMatch(/312 TFLOPS/);
    expect(stdout).toMatch(/Sources/);
  });

  it('show the devices, as text and as JSON', async () => {
    const text = await nameplate('devices');
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^cpu /m);
    const { devices } = JSON.parse((await nameplate('devices', '--json')).stdout);
    expect(devices.map(({ id }: { id: string }) => id)).toContain('cpu');
  });

  it('print help and version to stdout with 0', async () => {
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await nameplate('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await nameplate('run', '--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/130 interrupted/);
  });
});
