// `nameplate cards`: the documented figures, with their sources.

import type { Command } from 'commander';
import { cardText } from '../report/card.js';
import { cardListText } from '../report/cardList.js';
import { type Card, cards, find } from '../specs/index.js';
import { UsageError } from '../usage.js';
import { print, view } from './print.js';

export function addCards(program: Command): void {
  program
    .command('cards')
    .description('list the documented cards, or show one with the source of every figure')
    .argument('[query...]', 'an id or words of a name, such as "h100" or "rtx 4090"')
    .action((query: string[]) => show(query.join(' ')));
}

function show(query: string): void {
  const { color } = view();
  print(
    query === ''
      ? cardListText(cards(), { color })
      : matching(query)
          .map((card) => cardText(card, { color }))
          .join('\n\n'),
  );
}

function matching(query: string): Card[] {
  const found = find(query);
  if (found.length > 0) return found;
  throw new UsageError(`no documented card matches "${query}"; "nameplate cards" lists all of them`);
}
