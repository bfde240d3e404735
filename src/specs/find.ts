// Cards by what a person types: an id, a name, or words of them.

import type { Card } from './card.js';
import { cards } from './data.js';

/**
 * An exact id or name (with or without "NVIDIA") gives that one card. Otherwise every word of the query must be a whole
 * word of the card's id, name or driver name: "h100" lists all form factors, and "l40" never means the L40S.
 */
export function find(query: string): Card[] {
  const wanted = plain(query);
  if (wanted === '') return [];
  const exact = cards().filter(({ id, name }) => id === wanted || plain(name) === wanted);
  if (exact.length > 0) return exact;
  return cards().filter((card) => {
    const words = new Set([card.id, card.name, ...(card.driverNames?.values ?? [])].flatMap(wordsOf));
    return wordsOf(wanted).every((word) => words.has(word));
  });
}

const plain = (text: string) =>
  text
    .trim()
    .toLowerCase()
    .replace(/^nvidia /, '');

const wordsOf = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
