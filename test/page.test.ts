// The report as a page: its text by itself, and what a person sees of it in a real browser.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { curves } from '../src/judge/curves.js';
import type { Report } from '../src/row.js';
import { launch, missing } from './browser.js';
import { nameplate } from './command.js';
import { render as renderAs, verdicts } from './sampleReport.js';
import {
  conditions,
  emptyRow,
  measured,
  memoryFigure,
  report,
  row,
  tensorFigure,
  testCard,
} from './testCard.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const render = (of: Report) => renderAs('html', of);

const hostile = `</style><script>document.title='taken'</script><img src=x onerror="document.title='taken'">"'&\u001b[31m`;
const at = Array.from({ length: 30 }, (_, i) => i / 20);
const traced = {
  ...conditions(1.45e9, ['sw power cap', 0.97]),
  trace: {
    at,
    clockHz: at.map((t) => (t < 0.5 ? 1.98e9 : 1.45e9)),
    memoryClockHz: at.map(() => 3e9),
    powerWatts: at.map((_, i) => (i === 3 ? null : 698)),
    temperatureCelsius: at.map((t) => 50 + 10 * t),
    memoryTemperatureCelsius: at.map(() => null),
    throttle: at.map(() => 4),
  },
};
const gemm = row(measured(0.65, traced), { ratioToVendor: 1.021 });
const sizes = [16, 17, 18, 19, 20, 21, 22, 23].map((power) =>
  row(measured(0.1 * (power - 15), conditions(1.9e9), { documented: memoryFigure }), {
    id: 'link.h2d.pinned',
    family: 'link',
    unit: 'B/s',
    dtype: null,
    shape: { bytes: 2 ** power },
  }),
);
const foreign = emptyRow({
  id: `gemm.${hostile}`,
  provider: hostile,
  verdict: { status: 'failed', code: hostile, why: hostile },
});
const rows = [
  gemm,
  ...verdicts.map((verdict) => emptyRow({ id: `gemm.${verdict.status}`, verdict })),
  ...sizes,
  foreign,
];
const full: Report = {
  ...report(rows, { devices: [{ ...testCard, name: hostile, card: null, cardReason: hostile }] }),
  curves: curves(rows, [testCard]),
  absences: [{ what: 'cuBLASLt', reason: hostile, remedy: 'install it', code: null }],
};

/** Of "rgb(27, 31, 36)", by WCAG 2. */
function luminance(color = ''): number {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((value) => {
    const share = Number(value) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe('the page', () => {
  const page = render(full);

  it('holds nothing of a report as markup', () => {
    expect(page).not.toMatch(/<script|<img|\p{Cc}(?<!\n)/u);
    expect(page).toContain('&lt;script&gt;document.title=&#39;taken&#39;&lt;/script&gt;');
  });

  it('follows the addresses of sources, and no other scheme', () => {
    const sources = ['A datasheet <https://example.org/a?b=1&c=2>, p. 3', 'javascript:alert(1)'];
    const sourced = row(measured(0.65, traced, { documented: { ...tensorFigure, sources } }));
    const links = render(report([sourced])).match(/<a href="(?!#)[^"]*"/g);
    expect(links).toEqual(['<a href="https://example.org/a?b=1&amp;c=2"']);
  });

  it('says that a device is simulated before and after everything else', () => {
    const simulated = render({ ...full, simulated: true });
    expect(simulated).toMatch(/<title>SIMULATED · /);
    expect(simulated.match(/SIMULATED: a stand-in for tests answered/g)).toHaveLength(2);
    expect(page).not.toContain('SIMULATED');
  });

  it('shows no figure that was not measured', () => {
    const unsupported = render(report([emptyRow({ verdict: { status: 'unsupported', why: 'one device' } })]));
    expect(unsupported).toContain('<td class="number">–</td>');
    expect(unsupported).not.toMatch(/NaN|Infinity|undefined|null|FLOPS|<svg/);
  });

  it('draws nothing that has no place on an axis', () => {
    const zero = sizes.map((row) => ({ ...row, rate: 0 }));
    const page = render({ ...report(zero), curves: curves(sizes, [testCard]) });
    expect(page).not.toMatch(/NaN|Infinity|<svg/);
  });

  it('is a page of a report without devices and rows too', () => {
    expect(render(report([], { devices: [] }))).toContain('<title>nameplate: no device</title>');
  });

  it('is printed by the command, from the file that a run has saved', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'nameplate-page-')), 'report.json');
    const run = await nameplate(
      ...['run', '--device', 'cpu', '--only', 'gemm.fp32', '--shape', '64', '--quick', '--wait'],
      ...['--json', file],
    );
    expect(run.code).toBe(0);
    const { code, stdout, stderr } = await nameplate('report', file, '--format', 'html');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^<!doctype html>\n.*gemm\.fp32.*<\/html>\n$/s);
  });
});

describe.skipIf(missing)(`in a browser${missing && `: ${missing}`}`, () => {
  let browser: Browser;
  const file = join(mkdtempSync(join(tmpdir(), 'nameplate-page-')), 'page.html');
  const complaints: string[] = [];
  beforeAll(async () => {
    writeFileSync(file, render(full));
    browser = await launch();
  });
  afterAll(() => browser?.close());

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== pathToFileURL(file).href) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  it('runs nothing, asks for nothing and complains of nothing', async () => {
    const page = await open();
    expect(await page.title()).toContain("<script>document.title='taken'</script>");
    expect(await page.locator('script, img, iframe, object').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('runs nothing even if a script were in it', async () => {
    const page = await (await browser.newContext()).newPage();
    await page.setContent(render(full).replace('<h1>', '<script>document.title = "ran"</script><h1>'));
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.title()).not.toBe('ran');
  });

  it('leads from a row of the table to all that is known of it', async () => {
    const page = await open();
    expect(await page.locator('details[open]').count()).toBe(0);
    await page.getByRole('link', { name: 'gemm.bf16', exact: true }).click();
    await page.locator('details[open]').waitFor();
    expect(await page.locator('details[open] summary').innerText()).toContain('gemm.bf16 by builtin · 8192³');
    const told = await page.locator('details[open]').innerText();
    expect(told).toContain('SM clock held at 1450 MHz');
    expect(told).toContain('65.0 % of spec');
  });

  it('draws what is measured as long as its share of what is documented', async () => {
    const page = await open();
    await page.locator('details summary').first().click();
    const widths = await page
      .locator('details[open] .waterfall .left')
      .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().width));
    const [documented = 0] = widths;
    expect(documented).toBeGreaterThan(100);
    expect((widths.at(-1) ?? 0) / documented).toBeCloseTo(0.65, 2);
  });

  it('draws a point for each size, and the telemetry without what was not read', async () => {
    const page = await open();
    expect(await page.locator('svg[aria-label^="link.h2d.pinned"] circle').count()).toBe(sizes.length);
    expect(await page.locator('svg[aria-label="Clock"] circle').count()).toBe(at.length);
    expect(await page.locator('svg[aria-label="Power"] circle').count()).toBe(at.length - 1);
    const beyond = await page.locator('svg').evaluateAll((charts) =>
      charts.flatMap((chart) => {
        const box = chart.getBoundingClientRect();
        return [...chart.querySelectorAll('text, circle')]
          .map((part) => part.getBoundingClientRect())
          .filter(({ left, right }) => left < box.left - 1 || right > box.right + 1);
      }),
    );
    expect(beyond).toEqual([]);
  });

  it.each([360, 800, 1600])('is not wider than a window of %d pixels', async (width) => {
    const page = await open({ viewport: { width, height: 800 } });
    await page.locator('details').evaluateAll((all) => {
      for (const details of all) details.setAttribute('open', '');
    });
    const { scrollWidth, clientWidth } = await page
      .locator('html')
      .evaluate(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }));
    expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
  });

  it.each(['light', 'dark'] as const)(
    'can be read in the %s: every text by 4.5 to 1',
    async (colorScheme) => {
      const page = await open({ colorScheme });
      const inks = await page
        .locator('body, p, th, td, caption, .badge, summary, figcaption')
        .evaluateAll((parts) =>
          parts.map((part) => {
            const { color, backgroundColor } = part.ownerDocument.defaultView.getComputedStyle(part);
            return { part: part.className || part.tagName, color, backgroundColor };
          }),
        );
      const paper = luminance(inks[0]?.backgroundColor);
      const faint = inks.filter(({ color }) => {
        const [light, dark] = [luminance(color), paper].sort((a, b) => b - a);
        return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05) < 4.5;
      });
      expect(inks.length).toBeGreaterThan(100);
      expect(faint).toEqual([]);
    },
  );
});
