// The public door: exports, nothing else. Whatever the command does, a program can do with these.

// Compute: the memory of a device.
export { Buffer } from './buffer.js';
// Compare two reports.
export { type ComparisonExit, compare, comparisonExit } from './compare/compare.js';
export { Comparison, type Outcome } from './compare/comparison.js';
// Compute: devices, and what is made on them.
export { Device, type MultiplyOptions, openDevice } from './device.js';
// Rank many devices.
export { type FleetExit, fleet, fleetExit } from './fleet/fleet.js';
export { Fleet } from './fleet/schema.js';
// Measure: options in, one report after every row out.
export { type Nameplate, nameplate } from './judge/documented.js';
export { type ExitCode, exitCode } from './judge/exitCode.js';
export { BusyError } from './lock.js';
export { type ElementArray, type ElementType, Matrix, Product, type ProductType } from './matrix.js';
export { Module } from './module.js';
export { loadNative, type Native, NativeError } from './native.js';
export { Level, levels, RunOptions } from './options.js';
export { defaultOptions, type Job, NoDeviceError, plan } from './plan.js';
export { type Executor, isolate } from './process/isolate.js';
export { comparisonText } from './report/comparison.js';
export { explainText } from './report/explain.js';
export { fleetText } from './report/fleet.js';
export { type Format, formats, parseReport, ReportError, type View } from './report/index.js';
// What is asked and answered.
export {
  type Attribution,
  type Documented,
  type Factor,
  Report,
  Row,
  type Statistics,
  type Status,
  Verdict,
} from './row.js';
export { type Progress, type RunContext, run } from './run.js';
export { saveReport } from './save.js';
export {
  type Absence,
  type Conditions,
  DataPattern,
  DeviceFacts,
  DType,
  dtypes,
  Inventory,
  type Library,
  OperationRow,
  RunRequest,
  RunResult,
  Shape,
  type Verification,
  type Work,
} from './schema.js';
export { selftest } from './selftest/selftest.js';
export { soak } from './soak/soak.js';
// Documented figures.
export {
  type Card,
  cards,
  type DocumentedFigure,
  figure,
  find,
  type Identification,
  identify,
  type Resource,
  resources,
} from './specs/index.js';
export { type Survey, SurveyError, survey } from './survey.js';
export { UsageError } from './usage.js';
