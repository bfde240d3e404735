// What `nameplate cards` prints: the documented figures of a card, so that a reader can doubt each of them.
//
// A figure without its source is hearsay. Every row carries the documents it rests on, whether they were opened, and
// the arithmetic that should give the same value.

import Table from 'cli-table3';
import colors from 'picocolors';
import {
  type Card,
  type Check,
  crossCheck,
  type DocumentedFigure,
  documents,
  figure,
  figures,
  type Resource,
  resources,
  type Source,
  sourcesOf,
} from '../specs/index.js';
import { formatCount } from '../units.js';
import type { Colors, View } from './view.js';

const width = 116;

/** What each kind of access means to somebody who wants to rely on the figure. */
const access: Readonly<Record<string, string>> = {
  'stored-copy': 'stored copy: the text itself was read',
  quoted: 'quoted: read in a text that quotes it',
  observed: 'observed: the output of a real machine',
  recalled: 'RECALLED: not opened, from general knowledge of it',
  'third-party': 'third party: not an NVIDIA document',
};

/** One card: facts, figures with their arithmetic, sources, disagreements, notes, and what is missing and why. */
export function cardText(card: Card, { color }: Pick<View, 'color'>): string {
  const c = colors.createColors(color);
  const cited = new Map<string, Source>();
  /** The sources as numbers into the list below the figures, and their standing where it is a weak one. */
  const cite = (sources: readonly Source[]) => {
    for (const source of sources) cited.set(source.id, source);
    const numbers = sources.map(({ id }) => `[${[...cited.keys()].indexOf(id) + 1}]`).join('');
    return sources.every((source) => source.access === 'recalled')
      ? `${numbers} ${c.yellow('RECALLED')}`
      : numbers;
  };
  const facts = factsOf(card, cite);
  const rows = figureRows(card, cite, c);
  cite(disagreeing(card));
  return [
    `${c.bold(card.name)}  ${c.dim(card.id)}  confidence ${card.confidence}`,
    '',
    ...facts,
    '',
    rows,
    '',
    ...derivations(card, c),
    ...section('Documents disagree', disagreements(card), c),
    ...section('Notes', card.notes ?? [], c),
    ...section('Not given', absent(card), c),
    ...section('Sources', [...cited.values()].map(sourceText), c, (index) => `[${index + 1}] `),
  ]
    .join('\n')
    .trimEnd();
}

/** All cards in one table, a line each. A recalled figure is marked R. */
export function cardListText(cards: readonly Card[], { color }: Pick<View, 'color'>): string {
  const c = colors.createColors(color);
  const cell = (card: Card, resource: Resource) => {
    const found = figure(card, resource);
    if (found === null) return '–';
    return `${found.printed.value} ${found.printed.unit}${found.recalled ? c.yellow(' R') : ''}`;
  };
  const table = borderless(
    ['card', 'SMs', 'boost', 'vector.fp32', 'tensor.fp16', 'memory', '', 'confidence'],
    c,
  );
  for (const card of cards) {
    table.push([
      card.id,
      `${card.multiprocessors?.value ?? '–'}`,
      amount(card.boostClock),
      cell(card, 'vector.fp32'),
      cell(card, 'tensor.fp16'),
      `${amount(card.memorySize)} ${card.memoryType?.value ?? ''}`.trim(),
      cell(card, 'memory'),
      card.confidence,
    ]);
  }
  const legend = `${formatCount(cards.length, 'card')}, dense figures; – not documented; R recalled: no source of the figure was opened.`;
  return `${trimmed(table)}\n\n${legend}\nnameplate cards <id> shows one card with its sources.`;
}

function factsOf(card: Card, cite: (sources: readonly Source[]) => string): string[] {
  const ids = card.pciDeviceIds ?? [];
  const lines: [string, string, readonly Source[]][] = [];
  const add = (label: string, text: string, evidence: Parameters<typeof sourcesOf>[0]) =>
    lines.push([
      label,
      'derived' in evidence ? `${text}, derived: ${evidence.derived}` : text,
      sourcesOf(evidence),
    ]);
  if (card.driverNames) add('driver name', card.driverNames.values.join(' | '), card.driverNames);
  for (const pci of ids) add('PCI device id', pci.id, pci);
  add('chip', card.chip.value, card.chip);
  add('compute capability', card.computeCapability.value, card.computeCapability);
  for (const [label, fact] of [
    ['SMs', card.multiprocessors],
    ['boost clock', card.boostClock],
    ['tensor boost clock', card.tensorBoostClock],
    ['highest clock seen', card.highestClockSeen],
    ['memory size', card.memorySize],
    ['memory type', card.memoryType],
    ['L2 cache', card.l2Cache],
    ['power', card.power],
  ] as const) {
    if (fact) add(label, amount(fact), fact);
  }
  if (card.pcie) add('PCI Express', `${card.pcie.generation}.0 x${card.pcie.lanes}`, card.pcie);
  const nvlink = card.nvlink?.bothDirections;
  if (nvlink) add('NVLink', `${card.nvlink?.generation.value}, ${amount(nvlink)} both directions`, nvlink);
  if (card.migInstances) add('MIG', `up to ${card.migInstances.value} instances`, card.migInstances);
  return lines.flatMap(([label, text, sources]) =>
    wrapped(`${text} ${cite(sources)}`, `  ${label.padEnd(19)}`),
  );
}

function figureRows(card: Card, cite: (sources: readonly Source[]) => string, c: Colors): string {
  const checks = new Map(crossCheck(card).map((check) => [check.resource, check]));
  const documented = figures(card, resources);
  if (documented.length === 0) return '  No figure is documented for this card.';
  const head = ['figure', 'documented', 'accumulator', 'FLOP/clock/SM x SMs x clock', 'gives', '', 'source'];
  const table = borderless(head, c);
  for (const figure of documented) {
    const check = checks.get(figure.resource);
    table.push([
      figure.resource,
      `${figure.printed.value} ${figure.printed.unit}`,
      figure.accumulator ?? '',
      ...arithmetic(figure, check, c),
      `${figure.derivation === null ? '' : 'derived '}${cite(figure.sources)}`,
    ]);
  }
  const circular = [...checks.values()].some(({ status }) => status === 'circular');
  const legend =
    '  circular: the clock or width was itself derived from the figure, so agreement proves nothing.';
  return circular ? `${trimmed(table)}\n${c.dim(legend)}` : trimmed(table);
}

/** The three cells of the cross-check: formula, value, difference. */
function arithmetic(figure: DocumentedFigure, check: Check | undefined, c: Colors): [string, string, string] {
  if (check === undefined) return ['', '', ''];
  if (check.status === 'unchecked') {
    const clock = figure.assumedClockHz === null ? '' : `${figure.assumedClockHz / 1e6} MHz; `;
    return [c.dim(`${clock}${check.reason}`), '', ''];
  }
  const { value, unit } = figure.printed;
  const given = Number(((value * check.computed) / check.documented).toPrecision(5));
  const difference = `${check.difference < 0 ? '-' : '+'}${Math.abs(check.difference * 100).toFixed(1)} %`;
  const mark = { agrees: '', derived: '', circular: ' circular', differs: ' differs' }[check.status];
  return [
    check.formula,
    `${given} ${unit}`,
    check.status === 'differs' ? c.yellow(difference + mark) : difference + mark,
  ];
}

/** The arithmetic behind the figures no document prints, each formula once. */
function derivations(card: Card, c: Colors): string[] {
  const formulas = new Map<string, Resource[]>();
  for (const { resource, derivation } of figures(card, resources)) {
    if (derivation !== null) formulas.set(derivation, [...(formulas.get(derivation) ?? []), resource]);
  }
  const lines = [...formulas].map(([formula, of]) => `${of.join(', ')}: ${formula}`);
  return section('Derived, not printed by a document', lines, c);
}

/** The documents that a disagreement names by their ids, in words such as "h100-ds ('3.35TB/s')". */
function disagreeing(card: Card): Source[] {
  const words = (card.disagreements ?? []).flatMap(({ values }) =>
    values.flatMap(({ source }) => source.split(/[ ,]+/)),
  );
  const ids = words.filter((word) => documents()[word] !== undefined);
  return ids.length > 0 ? sourcesOf({ sources: ids }) : [];
}

function disagreements(card: Card): string[] {
  return (card.disagreements ?? []).map(({ of, unit, values, note }) => {
    const said = values.map(({ value, source }) => `${value} ${unit} (${source})`).join('; ');
    return `${of.join(', ')}: ${said}. ${note}`;
  });
}

/** The missing figures and facts, gathered by the reason they are missing. */
function absent(card: Card): string[] {
  const reasons = new Map<string, string[]>();
  for (const [key, reason] of Object.entries(card.absent)) {
    const words = key.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
    reasons.set(reason, [...(reasons.get(reason) ?? []), words]);
  }
  return [...reasons].map(([reason, keys]) => `${keys.join(', ')}: ${reason}`);
}

function sourceText({ id }: Source): string {
  const document = documents()[id];
  if (document === undefined) return id;
  const { title, publisher, number, edition, url } = document;
  const parts = [title, publisher, number, edition, access[document.access], url, id];
  return parts.filter((part) => part !== undefined).join(' · ');
}

function section(
  title: string,
  lines: string[],
  c: Colors,
  mark: (index: number) => string = () => '',
): string[] {
  if (lines.length === 0) return [];
  return [c.bold(title), ...lines.flatMap((line, index) => wrapped(line, `  ${mark(index)}`)), ''];
}

/** A text as lines of at most `width` columns, the first led by `lead` and the others indented as far. */
function wrapped(text: string, lead: string): string[] {
  const lines: string[] = [];
  let line = lead;
  for (const word of text.split(' ')) {
    if (line.trim() !== lead.trim() && line.length + word.length >= width) {
      lines.push(line.trimEnd());
      line = ' '.repeat(lead.length);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

const amount = (fact: { value: number | string; unit?: string } | undefined) =>
  fact === undefined ? '–' : [fact.value, fact.unit].filter((part) => part !== undefined).join(' ');

function borderless(head: string[], c: Colors) {
  const sides = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
  ];
  const inner = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  return new Table({
    head: head.map((word) => c.dim(word)),
    chars: { ...Object.fromEntries([...sides, ...inner].map((side) => [side, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
}

const trimmed = (table: { toString(): string }) =>
  table
    .toString()
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');
