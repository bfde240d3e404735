// Read first: the vocabulary, in the order the data flows.
//
//   device facts -> request -> samples -> measurement -> documented figure + attribution -> verdict -> row -> report
//
// Each noun is a zod schema and the type inferred from it, so a shape is written once. Objects are strict in both
// directions: an extra field from the native side is as wrong as a missing one. Units: SI (seconds, bytes, Hz, watts,
// FLOP/s, B/s, op/s); an integer operation counts as a FLOP.

export * from './schema/conditions.js';
export * from './schema/facts.js';
export * from './schema/request.js';
export * from './schema/result.js';
export * from './schema/words.js';
