// The command as a user meets it: real processes, real exit codes.

import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Report } from '../src/row.js';
import { nameplate, start } from './command.js';

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

const oneSentence = /^nameplate: [^\n]+\n$/;

describe.concurrent('wrong usage exits with 2 and one sentence', () => {
  it.each([
    [['--frobnicate'], /unknown option '--frobnicate'/],
    [['frobnicate'], /unknown command "frobnicate"; there are run, devices, cards, report, schema/],
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
    [['--seed', '1.5'], /--seed "1.5" is not a whole number/],
    [['--timeout', '0'], /--timeout "0"/],
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
      ['--json', '/nowhere/report.json', '--device', 'cpu'],
      /cannot write the report to \/nowhere\/report.json/,
    ],
    [['--json', '/dev/null', '--device', 'cpu'], /not a regular file/],
    [['cards', 'voodoo2'], /no documented card matches "voodoo2"/],
    [['report', '/nowhere.json'], /cannot read \/nowhere.json: there is no such file/],
    [['report', '/'], /it is a folder/],
    [['report'], /missing required argument/],
    [['report', 'x', '--format', 'pdf'], /Allowed choices are text, json/],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await nameplate(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toMatch(sentence);
  });
});

describe('a run', () => {
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

  it('exits with 3 when what was asked is beyond the memory', async () => {
    const args = ['--device', 'cpu', '--only', 'memory.copy', '--bytes', '1TiB', '--no-save', '--wait'];
    const { code, stdout } = await nameplate(...args);
    expect(code).toBe(3);
    expect(stdout).toMatch(/failed|unsupported/);
  });

  it('does not crash when its reader goes away', async () => {
    const running = start('cards');
    running.process.stdout?.destroy();
    const { stderr } = await running.ended;
    expect(stderr).toBe('');
  });
});

describe('a report', () => {
  it.each([
    ['foreign JSON', '{"hello": "world"}'],
    ['no JSON', 'measured 989 TFLOPS'],
    ['an empty file', ''],
    ['a truncated report', '{"schemaVersion": 1, "tool": {"name": "nam'],
    ['another version', '{"schemaVersion": 99}'],
    ['a damaged report', '{"schemaVersion": 1}'],
  ])('that is %s is refused in one sentence', async (_, text) => {
    const folder = await mkdtemp(join(tmpdir(), 'nameplate-test-'));
    const file = join(folder, 'report.json');
    await writeFile(file, text);
    const { code, stdout, stderr } = await nameplate('report', file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toContain(file);
  });

  it('that would replace a folder is refused before anything is measured', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nameplate-test-'));
    await mkdir(join(folder, 'taken'));
    const { code, stderr } = await nameplate(...oneRow, '--json', join(folder, 'taken'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/it is a folder/);
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
