// The report as test results, read back by a reader that knows XML alone, and by xmllint where it is.

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exitCode } from '../src/judge/exitCode.js';
import type { Report } from '../src/row.js';
import {
  card,
  full,
  gemm,
  hostile,
  judged,
  latency,
  printed,
  render,
  rows,
  simulated,
  verdicts,
} from './sampleReport.js';
import { report } from './testCard.js';

describe('junit', () => {
  type Element = { name: string; attributes: Record<string, string>; children: Element[]; text: string };

  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  const resolved = (text: string) =>
    text.replace(/&([^;]*);?/g, (whole, name) => {
      const sign = entities[name];
      if (sign === undefined) throw new Error(`no such entity: ${whole}`);
      return sign;
    });

  /** XML without comments, CDATA and DOCTYPE: what is well-formed here is so by the whole standard. */
  function parse(xml: string): Element {
    expect(xml).not.toMatch(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
    const root: Element = { name: '', attributes: {}, children: [], text: '' };
    const open = [root];
    const token = /<\/([\w-]+)>|<([\w-]+)((?: \w+="[^"<]*")*)(\/?)>|([^<>]+)/y;
    token.lastIndex = '<?xml version="1.0" encoding="UTF-8"?>\n'.length;
    while (token.lastIndex < xml.length) {
      const at = token.lastIndex;
      const [whole, , name, list = '', empty, text] = token.exec(xml) ?? [];
      if (whole === undefined) throw new Error(`not well-formed at ${at}: ${xml.slice(at, at + 60)}`);
      const top = open.at(-1) ?? root;
      if (text !== undefined) top.text += resolved(text);
      else if (name === undefined) expect(open.pop()?.name).toBe(whole.slice(2, -1));
      else {
        const pairs = [...list.matchAll(/ (\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
          key,
          resolved(value),
        ]);
        const element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
        expect(Object.keys(element.attributes), 'no attribute twice').toHaveLength(pairs.length);
        top.children.push(element);
        if (empty === '') open.push(element);
      }
    }
    expect(open).toHaveLength(1);
    expect(root.children).toHaveLength(1);
    return root.children[0] as Element;
  }

  const kinds = ['failure', 'error', 'skipped'];
  const casesOf = (suites: Element) =>
    suites.children.flatMap((suite) => suite.children).filter(({ name }) => name === 'testcase');
  const outcome = (one: Element) => one.children.find(({ name }) => kinds.includes(name));
  const named = (of: Report, name: string) => {
    const [found] = casesOf(parse(render('junit', of))).filter(({ attributes }) => attributes.name === name);
    return found && (outcome(found)?.name ?? 'pass');
  };
  const red = (of: Report) => {
    const { failures, errors } = parse(render('junit', of)).attributes;
    return Number(failures) + Number(errors) > 0;
  };

  it('has a suite a device and a case a row, and says of each what it is', () => {
    const suites = parse(render('junit', full));
    expect(suites.children.map(({ attributes }) => attributes.name)).toEqual(['Test card cuda:0', 'run']);
    const cases = casesOf(suites).slice(0, rows.length);
    expect(cases[0]?.attributes).toEqual({
      ...{ classname: 'cuda:0.gemm', name: 'gemm.bf16 8192x8192x8192 builtin', time: '1.400' },
    });
    expect(cases[0]?.children[0]?.text).toBe(
      'measured: 900 TFLOPS\ndocumented: 1000 TFLOPS\nof spec: 90.0 %\nkernel: test_kernel\n',
    );
    expect(cases.slice(-verdicts.length).map((one) => outcome(one)?.name)).toEqual([
      ...['failure', 'skipped', 'skipped', 'failure', 'failure', 'skipped', 'skipped', 'error'],
    ]);
    expect(outcome(cases.at(-1) as Element)?.attributes).toEqual({
      ...{ type: 'CUDA_ERROR_LAUNCH_FAILED', message: 'CUDA_ERROR_LAUNCH_FAILED: replace it' },
    });
  });

  it.each([
    ['every verdict', full],
    ['hostile strings', hostile],
    ['no device', report([], { devices: [] })],
  ])('counts what is in it, and gives no name twice: %s', (_, of) => {
    const suites = parse(render('junit', of));
    for (const one of [suites, ...suites.children]) {
      const cases = one === suites ? casesOf(suites) : one.children.filter(({ name }) => name === 'testcase');
      const count = (kind: string) => String(cases.filter((each) => outcome(each)?.name === kind).length);
      const [failures, errors, skipped] = kinds.map(count);
      const tests = String(cases.length);
      const counts = one === suites ? { tests, failures, errors } : { tests, failures, errors, skipped };
      expect(one.attributes).toMatchObject(counts);
    }
    const keys = casesOf(suites).map(({ attributes }) => `${attributes.classname}\n${attributes.name}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is red exactly where the exit code of the run was not 0', () => {
    const gone = {
      what: 'cuda:1',
      reason: 'cuDeviceGetUuid failed',
      remedy: 'reset it',
      code: 'CUDA_ERROR_UNKNOWN',
    };
    const repair = { means: 'remapped rows', corrected: 0, uncorrected: 1, pending: false } as const;
    const fine = report([gemm, latency], { devices: [card] });
    const health = (changes: Partial<typeof card>) => ({ ...fine, devices: [{ ...card, ...changes }] });
    const cases: Report[] = [
      ...rows.map((one) => report([one], { devices: [card] })),
      ...judged.map((one) => report([gemm, one], { devices: [card] })),
      ...[fine, full, report([], { devices: [] }), { ...fine, absences: [gone] }],
      { ...fine, absences: [gone], options: { ...fine.options, devices: ['cuda:0'] } },
      ...[
        { ...fine, state: 'interrupted' as const },
        { ...fine, state: 'running' as const },
      ],
      ...[true, false].map((failed) => health({ memoryRepair: { ...repair, failed } })),
      ...['none', 'GPU reset'].map((recoveryAction) => health({ recoveryAction })),
    ];
    const reds = cases.map(red);
    expect(reds).toEqual(
      cases.map((of) => exitCode(of, { strict: false, interrupted: of.state !== 'complete' }) !== 0),
    );
    expect(new Set(reds).size).toBe(2);
    expect(named(health({ memoryRepair: { ...repair, failed: true } }), 'memory can be repaired')).toBe(
      'failure',
    );
    expect(named(health({ recoveryAction: 'GPU reset' }), 'no fault awaits recovery')).toBe('failure');
    expect(named(fine, 'no fault awaits recovery'), 'a driver that does not tell').toBeUndefined();
    expect(named({ ...fine, absences: [gone] }, 'every GPU asked for answers')).toBe('error');
  });

  it('says in the class of each case that it is simulated', () => {
    const cases = casesOf(parse(render('junit', simulated(full))));
    for (const { attributes } of cases) expect(attributes.classname).toMatch(/^SIMULATED /);
    expect(render('junit', full)).not.toContain('SIMULATED');
  });

  it('keeps hostile strings as text', () => {
    const [first] = casesOf(parse(render('junit', hostile))).filter((one) =>
      one.attributes.name?.startsWith(']]>'),
    );
    const words = `]]></testcase>&amp;<!DOCTYPE x>'" `;
    expect(outcome(first as Element)?.attributes).toEqual({ type: words, message: `${words}: ${words}` });
  });

  it.skipIf(spawnSync('xmllint', ['--version']).error !== undefined)('is XML to xmllint', () => {
    for (const of of [full, hostile]) {
      const { status, stderr } = spawnSync('xmllint', ['--noout', '-'], { input: render('junit', of) });
      expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
    }
  });

  it('is printed by the command', async () => {
    expect(await printed(full, 'junit')).toBe(render('junit', full));
  });
});
