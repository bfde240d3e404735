// The documented-figures room: what documents say of a card, where they say it, and whether the arithmetic agrees.
// Nothing here was measured, and nothing here measures.

export {
  type Card,
  type Disagreement,
  type Document,
  type MigProfile,
  Resource,
  resources,
} from './card.js';
export { cpus, derivedCeiling, microarchitecture, processorReason } from './cpu.js';
export { type Check, crossCheck, tolerance } from './crosscheck.js';
export { cards, documents, migTables, rates } from './data.js';
export {
  architectureOf,
  type DocumentedFigure,
  figure,
  figures,
  rate,
  ratePerClock,
  type Source,
  sourcesOf,
} from './figure.js';
export { find } from './find.js';
export { type Identification, identify, type Witnesses } from './identify.js';
export { nvlinks } from './nvlink.js';
