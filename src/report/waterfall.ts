// measured / documented, drawn as the way down from the documented figure to the measured one.
//
// Each factor has a line with what is left after it, then what shows it, then the command that would confirm or cure it.
// Four decimals, because the product must hold for a reader with a pocket calculator: rounded so, any three factors
// of a row multiply to the printed percentage within its last digit.

import type { Attribution, Documented, Row } from '../row.js';
import { formatClock, formatPercent, formatRate } from '../units.js';
import { harmless, wrap } from './table.js';
import type { Colors } from './view.js';

const indent = '  ';
const labelWidth = 'documented'.length;
/** Where the evidence stands: below the amounts, so that the figures are a column of their own. */
const evidenceIndent = ' '.repeat(indent.length + labelWidth + 2);

/** The waterfall of a row that has a rate and a documented figure. */
export function waterfall(
  row: Row & { rate: number; documented: Documented },
  colors: Colors,
  width: number,
): string[] {
  const { rate, documented, attribution, ceiling, unit, dtype } = row;
  // A row that has a measured ceiling is a processor's, whose figure is derived and in no document.
  const [label, of] = ceiling === null ? ['documented', 'spec'] : ['derived', 'derived'];
  const steps = descend(documented.value, attribution);
  const printed = harmless(documented.printed);
  const amountWidth = Math.max('1.00 TFLOPS'.length, printed.length);
  const highest = Math.max(documented.value, rate, ...steps.map(({ left }) => left));
  const size = Math.max(8, Math.min(32, width - 60));
  const cells = (amount: number) => Math.max(0, Math.round((amount / highest) * size));
  const line = (label: string, amount: string, before: number, left: number, words: string) => {
    const lost = Math.max(0, cells(before) - cells(left));
    const filled = '█'.repeat(cells(left));
    const bar = filled + colors.dim('░'.repeat(lost)) + ' '.repeat(Math.max(0, size - cells(left) - lost));
    const head = `${indent}${label.padEnd(labelWidth)}  ${amount.padStart(amountWidth)}  `;
    return `${head}${bar}${words === '' ? '' : `  ${words}`}`.trimEnd();
  };
  const below = (text: string) =>
    wrap(text, width - evidenceIndent.length).map((part) => evidenceIndent + part);
  const ofSpec = colors.bold(`= ${formatPercent(rate / documented.value, 1)} of ${of}`);
  return [
    line(label, printed, documented.value, documented.value, ''),
    ...below(provenance(documented)),
    ...steps.flatMap(({ name, value, before, left, evidence, confirm }) => [
      line(`x ${value.toFixed(4)}`, formatRate(left, unit, dtype), before, left, name),
      ...below(evidence),
      // Never broken: a command is there to be copied.
      ...(confirm === null ? [] : [`${evidenceIndent}confirm: ${colors.cyan(harmless(confirm))}`]),
    ]),
    line('measured', formatRate(rate, unit, dtype), rate, rate, ofSpec),
    ...slice(documented, rate, row).flatMap(below),
    ...(attribution === null
      ? below('not split into factors: neither SMs nor clocks of this device are documented')
      : []),
  ];
}

/** The factors in their order, with what stood before and what is left after each. */
export function descend(from: number, attribution: Attribution | null) {
  let left = from;
  return (attribution?.factors ?? []).map((factor) => {
    const before = left;
    left *= factor.value;
    return { ...factor, before, left };
  });
}

/** Where a documented figure is from, in words. */
export function provenance(documented: Documented): string {
  const { resource, card, sparse, accumulator, assumedClockHz, clockImplied, derivation, recalled } =
    documented;
  return [
    `${resource} of ${card}`,
    // Of tensor cores alone two figures are printed.
    resource.startsWith('tensor.') && (sparse ? 'sparse' : 'dense'),
    accumulator !== null && `accumulated in ${accumulator}`,
    assumedClockHz !== null &&
      `${formatClock(assumedClockHz)} ${clockImplied ? 'implied by it, named by no document' : 'assumed'}`,
    derivation !== null && `derived: ${derivation}`,
    recalled && 'RECALLED: no source of it could be opened',
  ]
    .filter((part) => typeof part === 'string')
    .join(' · ');
}

/** The product is of the whole card, and a MIG slice is judged by its part of it: counted in SMs, of memory assumed. */
export function slice(
  { resource, value, expected }: Documented,
  rate: number,
  { unit, dtype }: Row,
): string[] {
  if (expected === value) return [];
  const part = `${formatRate(expected, unit, dtype)}, ${formatPercent(expected / value, 1)} of the card`;
  const is = resource === 'memory' ? 'is assumed to be' : 'is';
  return [`this slice's share ${is} ${part}; of that it reaches ${formatPercent(rate / expected, 1)}`];
}
