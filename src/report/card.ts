// What `nameplate cards` prints of one: its documented figures, so that a reader can doubt each of them.
//
// A figure without its source is hearsay. Every row carries the documents it rests on, whether they were opened, and
// the arithmetic that should give the same value.

import colors from 'picocolors';
import {
  architectureOf,
  type Card,
  type Check,
  crossCheck,
  type DocumentedFigure,
  documents,
  figures,
  type Resource,
  rate,
  resources,
  type Source,
  sourcesOf,
} from '../specs/index.js';
import { type Cell, table, wrap } from './table.js';
import type { Colors, View } from './view.js';

const width = 115;

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
    return sources.every((source) => source.access === 'recalled') ? `${numbers} RECALLED` : numbers;
  };
  const facts = factsOf(card, cite).map(weak(c));
  const rows = figureRows(card, cite, c);
  const rates = rateLines(card, cite);
  cite(disagreeing(card));
  return [
    `${c.bold(card.name)}  ${c.dim(card.id)}  confidence ${card.confidence}`,
    '',
    ...facts,
    '',
    ...rows,
    '',
    ...derivations(card, c),
    ...section(`FLOP per clock and SM: ${architectureOf(card)?.name}`, rates, c).map(weak(c)),
    ...section('Documents disagree', disagreements(card), c),
    ...section('Notes', card.notes ?? [], c),
    ...section('Not given', absent(card), c),
    ...section('Sources', [...cited.values()].map(sourceText), c, (index) => `[${index + 1}] `),
  ]
    .join('\n')
    .trimEnd();
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

function figureRows(card: Card, cite: (sources: readonly Source[]) => string, c: Colors): string[] {
  const checks = new Map(crossCheck(card).map((check) => [check.resource, check]));
  const documented = figures(card, resources);
  if (documented.length === 0) return ['  No figure is documented for this card.'];
  const head = ['figure', 'documented', 'accumulator', 'FLOP/clock/SM x SMs x clock', 'gives', '', 'source'];
  const rows = documented.map((figure) => [
    plain(figure.resource),
    plain(`${figure.printed.value} ${figure.printed.unit}`),
    plain(figure.accumulator ?? ''),
    ...arithmetic(figure, checks.get(figure.resource), c),
    { text: `${figure.derivation === null ? '' : 'derived '}${cite(figure.sources)}`, paint: weak(c) },
  ]);
  const circular = [...checks.values()].some(({ status }) => status === 'circular');
  const legend =
    '  circular: the rate, clock or width was itself derived from the figure, so agreement proves nothing.';
  return [...drawn(head, rows, c), ...(circular ? [c.dim(legend)] : [])];
}

/** The three cells of the cross-check: formula, value, difference. */
function arithmetic(figure: DocumentedFigure, check: Check | undefined, c: Colors): Cell[] {
  if (check === undefined) return [plain(''), plain(''), plain('')];
  if (check.status === 'unchecked') {
    const clock = figure.assumedClockHz === null ? '' : `${figure.assumedClockHz / 1e6} MHz; `;
    return [{ text: `${clock}${check.reason}`, paint: c.dim }, plain(''), plain('')];
  }
  const { value, unit } = figure.printed;
  const given = Number(((value * check.computed) / check.documented).toPrecision(5));
  const difference = `${check.difference < 0 ? '-' : '+'}${Math.abs(check.difference * 100).toFixed(1)} %`;
  const differs = check.status === 'differs';
  // A difference that could not have been another is none.
  const text = check.status === 'circular' ? 'circular' : `${difference}${differs ? ' differs' : ''}`;
  const paint = differs ? c.yellow : undefined;
  return [plain(check.formula), plain(`${given} ${unit}`), { text, paint }];
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

/** Where the rates of the arithmetic were read, and what the architecture's notes say of them; each evidence once. */
function rateLines(card: Card, cite: (sources: readonly Source[]) => string): string[] {
  const byEvidence = new Map<string, Resource[]>();
  for (const { resource, sparse } of figures(card, resources)) {
    const found = sparse ? null : rate(card, resource);
    if (found === null) continue;
    const { evidence, halvedFor } = found;
    const words = [
      ...(halvedFor === null ? [] : [`half of the architecture's (${halvedFor})`]),
      ...('derived' in evidence ? [`derived: ${evidence.derived}`] : []),
      cite(sourcesOf(evidence)),
    ].join(' ');
    byEvidence.set(words, [...(byEvidence.get(words) ?? []), resource]);
  }
  const lines = [...byEvidence].map(([words, of]) => `${of.join(', ')}: ${words}`);
  return lines.length === 0 ? [] : [...lines, ...(architectureOf(card)?.notes ?? [])];
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
  return wrap(text, width - lead.length).map(
    (line, index) => `${index === 0 ? lead : ' '.repeat(lead.length)}${line}`,
  );
}

export const amount = (fact: { value: number | string; unit?: string } | undefined) =>
  fact === undefined ? '–' : [fact.value, fact.unit].filter((part) => part !== undefined).join(' ');

export const plain = (text: string): Cell => ({ text });

/** Of a text that ends in sources, the word that says how weak they are. */
const weak = (c: Colors) => (text: string) => text.replace(/RECALLED$/, (word) => c.yellow(word));

export function drawn(head: readonly string[], rows: readonly Cell[][], c: Colors): string[] {
  const columns = head.map((title, index) => ({
    title,
    rank: 0,
    align: 'left' as const,
    cell: (row: Cell[]) => row[index] ?? plain(''),
  }));
  const [titles = '', ...lines] = table(rows, columns, () => plain(''), Infinity).lines;
  return [c.dim(titles), ...lines].map((line) => `  ${line}`);
}
