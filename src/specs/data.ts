// The JSON files, read once and doubted once. Parsing waits for the first question, so that a program which asks for
// no documented figure does not pay for it.

import { z } from 'zod';
import ada from './ada.json' with { type: 'json' };
import ampere from './ampere.json' with { type: 'json' };
import blackwell from './blackwell.json' with { type: 'json' };
import { Card, Document, MigTable, Rates } from './card.js';
import documentsJson from './documents.json' with { type: 'json' };
import hopper from './hopper.json' with { type: 'json' };
import migJson from './mig.json' with { type: 'json' };
import pascal from './pascal.json' with { type: 'json' };
import ratesJson from './rates.json' with { type: 'json' };
import turing from './turing.json' with { type: 'json' };
import volta from './volta.json' with { type: 'json' };

/** A function that computes its value at the first call and keeps it. */
function once<T>(compute: () => T): () => T {
  let kept: { value: T } | undefined;
  return () => {
    kept ??= { value: compute() };
    return kept.value;
  };
}

/** Every documented card, oldest architecture first. */
export const cards: () => readonly Card[] = once(() =>
  [pascal, volta, turing, ampere, ada, hopper, blackwell].flatMap((file) => z.array(Card).parse(file)),
);

/** The documents by id, the word a figure's `sources` uses. */
export const documents: () => Readonly<Record<string, Document>> = once(() =>
  z.record(z.string(), Document).parse(documentsJson),
);

/** What an architecture does per clock and SM, and what a market segment is allowed of it. */
export const rates: () => Rates = once(() => Rates.parse(ratesJson));

/** The MIG profile tables, one per GPU that has them. */
export const migTables: () => readonly MigTable[] = once(() => z.array(MigTable).parse(migJson));
