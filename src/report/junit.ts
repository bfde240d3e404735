// The report as test results, in the XML that CI systems read: a suite a device, a case a row.
//
// There is no specification but what Jenkins, GitLab and others make of it. GitLab reads cases alone, and of two with the same
// class and name the first; so a class names its device, and says where it is simulated.

import { anyMeasured, missedGpus } from '../judge/exitCode.js';
import { pastRepair, repairsSeen } from '../judge/memoryRepair.js';
import { awaitsRecovery, recoverySeen } from '../judge/recovery.js';
import type { Report, Row, Status } from '../row.js';
import type { DeviceFacts } from '../schema.js';
import { exactShape, formatPercent, formatRate } from '../units.js';
import { distinct } from './distinct.js';
// What it escapes is what XML wants escaped, and the names of its entities are XML's too.
import { type Markup, html as xml } from './html/markup.js';
import { harmless } from './table.js';
import { deviceIds, deviceLine } from './text.js';
import { simulatedNotice } from './view.js';

type Kind = 'pass' | 'failure' | 'error' | 'skipped';
type Outcome = { kind: Kind; type: string; why: string };
type Case = Outcome & { group: string; name: string; seconds: number; lines: readonly string[] };
type Suite = {
  name: string;
  cases: readonly Case[];
  properties: readonly [string, string][];
};

/**
 * As the exit code has it without --strict: what is no fault of a device neither fails a run nor, being no proof of its
 * health, passes as one. What is skipped is counted and keeps its reason.
 */
const kinds: Readonly<Record<Status, Kind>> = {
  pass: 'pass',
  low: 'failure',
  corrupted: 'failure',
  implausible: 'failure',
  failed: 'error',
  unsupported: 'skipped',
  unjudged: 'skipped',
  throttled: 'skipped',
  inconclusive: 'skipped',
};

export function renderJunit(report: Report): string {
  const suites = [
    ...deviceIds(report).map((id) => deviceSuite(report, id)),
    { name: 'run', cases: runCases(report), properties: [] },
  ];
  const unique = distinct();
  const { text } = xml`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${labelled(report, 'nameplate')}" ${counts(suites.flatMap(({ cases }) => cases))} time="${report.seconds.toFixed(3)}">
${suites.map((suite) => suiteXml(report, suite, unique))}</testsuites>
`;
  return text;
}

/** What is in no row and yet may not look green: the same that the exit code looks at. */
function runCases(report: Report): Case[] {
  const missed = missedGpus(report).map(({ what, reason, remedy }) => `${what}: ${reason} → ${remedy}`);
  const check = (name: string, good: boolean, type: string, why: string): Case => ({
    ...{ group: 'run', name, seconds: 0, lines: [], type, why },
    kind: good ? 'pass' : 'error',
  });
  return [
    check('came to its end', report.state === 'complete', report.state, 'the rows are not all'),
    check('measured a row', anyMeasured(report), 'nothing measured', 'every row is unsupported or failed'),
    check('every GPU asked for answers', missed.length === 0, 'absent', missed.join('; ')),
  ];
}

function deviceSuite(report: Report, id: string): Suite {
  const device = report.devices.find((candidate) => candidate.id === id);
  const rows = report.rows.filter((row) => row.device === id).map((row) => rowCase(row, device));
  const health = (name: string, bad: boolean, seen: string | null): Case => ({
    ...{ group: `${id}.health`, name, seconds: 0, type: name, why: seen ?? '' },
    ...{ kind: bad ? 'failure' : 'pass', lines: seen === null ? [] : [seen] },
  });
  // What a driver does not tell is not said to be well.
  const cases = [
    ...rows,
    ...(device?.memoryRepair?.failed == null
      ? []
      : [health('memory can be repaired', pastRepair(device), repairsSeen(device))]),
    ...(device?.recoveryAction == null
      ? []
      : [health('no fault awaits recovery', awaitsRecovery(device), recoverySeen(device))]),
  ];
  const facts: [string, string | null | undefined][] = [
    ['device', device === undefined ? id : deviceLine(device)],
    ['uuid', device?.uuid],
    ['card', device?.card],
  ];
  return {
    name: device === undefined ? id : `${device.name} ${id}`,
    cases,
    properties: facts.flatMap(([name, value]) => (value == null ? [] : [[name, value]])),
  };
}

/** Its time is that of the timed windows: what came between them, filling and verifying, is not recorded. */
function rowCase(row: Row, device: DeviceFacts | undefined): Case {
  const { id, shape, provider, family, operation, conditions, burst, verdict } = row;
  return {
    group: `${row.device}.${family ?? operation}`,
    name: `${id} ${exactShape(shape)} ${provider}`,
    seconds: (conditions?.seconds ?? 0) + (burst?.conditions.seconds ?? 0),
    lines: figures(row, device?.backend === 'cpu'),
    kind: kinds[verdict.status],
    type: verdict.status === 'failed' ? verdict.code : verdict.status,
    why: verdict.why,
  };
}

function figures({ rate, unit, dtype, documented, attribution, kernel }: Row, derived: boolean): string[] {
  return [
    rate !== null && `measured: ${formatRate(rate, unit, dtype)}`,
    documented !== null && `${derived ? 'derived' : 'documented'}: ${documented.printed}`,
    attribution !== null && `${derived ? 'of derived' : 'of spec'}: ${formatPercent(attribution.ofSpec, 1)}`,
    kernel !== null && `kernel: ${kernel.name}`,
  ].filter((line) => line !== false);
}

const labelled = ({ simulated }: Report, name: string) => `${simulated ? 'SIMULATED ' : ''}${name}`;

const count = (cases: readonly Case[], wanted: Kind) => cases.filter(({ kind }) => kind === wanted).length;

/** What is skipped is counted in suites alone: the schema of Jenkins' xUnit plugin has no such attribute around them. */
const counts = (cases: readonly Case[]) =>
  xml`tests="${cases.length}" failures="${count(cases, 'failure')}" errors="${count(cases, 'error')}"`;

function suiteXml(report: Report, suite: Suite, unique: (name: string) => string): Markup {
  const { name, cases, properties } = suite;
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0);
  const all = [...properties, ...(report.simulated ? [['simulated', simulatedNotice] as const] : [])];
  // Without fraction and zone, and times to the millisecond: readers that hold to a schema, Ant's or Jenkins', take no more.
  const started = report.startedAt.slice(0, 19);
  return xml`<testsuite name="${labelled(report, name)}" ${counts(cases)} skipped="${count(cases, 'skipped')}" time="${seconds.toFixed(3)}" timestamp="${started}" hostname="${report.host.hostname}">
<properties>${all.map(([name, value]) => xml`<property name="${name}" value="${value}"/>`)}</properties>
${cases.map((one) => caseXml(report, one, unique))}</testsuite>
`;
}

function caseXml(report: Report, one: Case, unique: (name: string) => string): Markup {
  const { kind, type, why, seconds, lines } = one;
  const group = harmless(labelled(report, one.group));
  const name = unique(`${group}\n${harmless(one.name)}`).slice(group.length + 1);
  const output = [...(report.simulated ? [simulatedNotice] : []), ...lines].map((line) => xml`${line}\n`);
  const outcome = {
    pass: null,
    failure: xml`<failure type="${type}" message="${type}: ${why}">${why}\n${output}</failure>`,
    error: xml`<error type="${type}" message="${type}: ${why}">${why}\n${output}</error>`,
    skipped: xml`<skipped message="${type}: ${why}"/>`,
  }[kind];
  return xml`<testcase classname="${group}" name="${name}" time="${seconds.toFixed(3)}">${outcome}${output.length > 0 && xml`<system-out>${output}</system-out>`}</testcase>
`;
}
