// What `nameplate cards` prints without a name: every documented card, in one table.

import colors from 'picocolors';
import { type Card, figure, type Resource } from '../specs/index.js';
import { formatCount } from '../units.js';
import { amount, drawn, plain } from './card.js';
import type { Cell } from './table.js';
import type { View } from './view.js';

/** All cards in one table, a line each. A recalled figure is marked R. */
export function cardListText(cards: readonly Card[], { color }: Pick<View, 'color'>): string {
  const c = colors.createColors(color);
  const cell = (card: Card, resource: Resource): Cell => {
    const found = figure(card, resource);
    if (found === null) return plain('–');
    const text = `${found.printed.value} ${found.printed.unit}${found.recalled ? ' R' : ''}`;
    return { text, paint: (shown) => shown.replace(/ R$/, (mark) => c.yellow(mark)) };
  };
  const head = ['card', 'SMs', 'boost', 'vector.fp32', 'tensor.fp16', 'memory', '', 'confidence'];
  const rows = cards.map((card) => [
    plain(card.id),
    plain(`${card.multiprocessors?.value ?? '–'}`),
    plain(amount(card.boostClock)),
    cell(card, 'vector.fp32'),
    cell(card, 'tensor.fp16'),
    plain(`${amount(card.memorySize)} ${card.memoryType?.value ?? ''}`.trim()),
    cell(card, 'memory'),
    plain(card.confidence),
  ]);
  const legend = `${formatCount(cards.length, 'card')}, dense figures; – not documented; R recalled: no source of the figure was opened.`;
  return `${drawn(head, rows, c).join('\n')}\n\n${legend}\nnameplate cards <id> shows one card with its sources.`;
}
