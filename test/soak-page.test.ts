// A soak as a page: made by the real command from the file that it saved, and read in a real browser.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { renderSoakHtml } from '../src/report/html/soak.js';
import { SoakReport } from '../src/soak/schema.js';
import { launch, missing } from './browser.js';
import { nameplate, start } from './command.js';

const hostile = `</style><script>document.title='taken'</script>"'&`;
const first = { at: 'C[3, 5]', expected: '0x40400000', actual: '0x40400001' };
let file: string, clean: SoakReport, wrong: SoakReport;

beforeAll(async () => {
  const { folder, ended } = start('soak', '--device', 'cpu', '--minutes', '0.02', '--wait');
  await ended;
  file = join(folder, 'nameplate-soak.json');
  clean = SoakReport.parse(JSON.parse(readFileSync(file, 'utf8')));
  wrong = {
    ...clean,
    simulated: true,
    device: { ...clean.device, name: hostile },
    wrongRounds: 7,
    errorsPerHour: 2520,
    errors: [1.5, 61].map((seconds) => ({ seconds, damaged: 'input', differences: 2, first })),
    correctedErrors: 3,
    uncorrectedErrors: 0,
    eccErrors: [{ seconds: 12, corrected: 3, uncorrected: 0 }],
    verdict: { status: 'corrupted', why: '7 rounds left other bits' },
  };
}, 60_000);

test('the command prints it, with what the terminal has', async () => {
  const { code, stdout, stderr } = await nameplate('report', file, '--format', 'html');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^<!doctype html>\n.*<\/html>\n$/s);
  expect(stdout).toContain('<span class="badge clean">clean</span>: ');
  const terminal = (await nameplate('report', file)).stdout;
  const facts = [...stdout.matchAll(/<dt>(.*)<\/dt><dd>(.*)<\/dd>/g)].map(([, label, text]) => [label, text]);
  expect(facts.length).toBeGreaterThan(5);
  for (const [label = '', text = ''] of facts)
    expect(terminal.replace(/\n {13}/g, ' ')).toContain(`${label.padEnd(13)}${text}`);
  expect(stdout).not.toMatch(/<table|SIMULATED|NaN|undefined|null/);
});

test('nothing of a report is markup, and what is simulated says so before and after', () => {
  const page = renderSoakHtml(wrong);
  expect(page).not.toContain('<script');
  expect(page.match(/SIMULATED: a stand-in for tests answered/g)).toHaveLength(2);
});

describe.skipIf(missing)(`in a browser${missing && `: ${missing}`}`, () => {
  test('each error stands with its place', async () => {
    const at = file.replace(/json$/, 'html');
    writeFileSync(at, renderSoakHtml(wrong));
    const browser = await launch();
    try {
      const page = await (await browser.newContext()).newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      await page.goto(pathToFileURL(at).href);
      expect(await page.title()).toBe(`SIMULATED · nameplate soak: ${hostile}`);
      const tables = await page.locator('table').allInnerTexts();
      expect(tables.map((text) => text.split(/\n+/).map((line) => line.trim().split(/\t+/)))).toEqual([
        [
          ['Wrong rounds, 2 of 7'],
          ['after', 'what', 'first place', 'expected', 'found', 'differences'],
          ['1.50 s', 'an input, since put right', 'C[3, 5]', '0x40400000', '0x40400001', '2'],
          ['61 s', 'an input, since put right', 'C[3, 5]', '0x40400000', '0x40400001', '2'],
        ],
        [
          ['ECC errors, by when the counters were read'],
          ['after', 'corrected', 'uncorrected'],
          ['12 s', '3', '0'],
        ],
      ]);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 60_000);
});
