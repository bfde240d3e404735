// The door: the only file that loads the addon and the only one that ever holds an unparsed native value.
//
// Everything that leaves is parsed by the schemas of schema.ts. A native error gets a JavaScript stack here, because a
// rejection from another thread arrives with none.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { CodedError, coded } from './error.js';
import {
  DeviceFacts,
  Inventory,
  type InventoryRequest,
  OperationRow,
  type RunRequest,
  RunResult,
  type SoakRequest,
  SoakStep,
} from './schema.js';
import { UsageError } from './usage.js';

/** An error of the native side. `code` is CUDA's, cuBLAS's or errno's own name. */
export class NativeError extends CodedError {
  override readonly name = 'NativeError';
}

/** The end of an `await using`: what a program has let go of before, or closed with its device, is no error there. */
export async function unlessGone(freed: Promise<void>): Promise<void> {
  try {
    await freed;
  } catch (error) {
    if (!(error instanceof NativeError) || error.code !== 'EBADF') throw error;
  }
}

/** A place in a device's buffer that holds a matrix; `leading` counts elements, `offset` bytes. */
export interface MatrixPlace {
  readonly buffer: number;
  readonly offset: number;
  readonly leading: number;
}

export interface MultiplyRequest {
  readonly dtype: string;
  readonly accumulator: string;
  readonly layout: string;
  readonly provider: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: MatrixPlace;
  readonly b: MatrixPlace;
  readonly c: MatrixPlace;
}

/** One argument of a user's kernel. */
export type KernelArgument =
  | { readonly buffer: number; readonly offset: number }
  | { readonly int32: number }
  | { readonly uint32: number }
  | { readonly int64: bigint }
  | { readonly uint64: bigint }
  | { readonly float32: number }
  | { readonly float64: number };

export interface LaunchRequest {
  readonly module: number;
  readonly function: string;
  readonly grid: readonly [number, number, number];
  readonly block: readonly [number, number, number];
  readonly sharedBytes: number;
  readonly arguments: readonly KernelArgument[];
}

/**
 * What the addon offers, parsed. Handles are numbers; device.ts gives them a face. Errors are NativeError, and UsageError
 * `EINVAL` for arguments that are wrong.
 */
export interface Native {
  /** `threads`: what a CPU is to use; null or none: one per core. */
  inventory(request?: InventoryRequest): Promise<Inventory>;
  operations(): OperationRow[];
  run(request: RunRequest): Promise<RunResult>;
  soak(request: SoakRequest): Promise<SoakStep>;
  cancel(): void;
  open(request: { device: string }): Promise<{ device: number; facts: DeviceFacts }>;
  close(request: { device: number }): Promise<void>;
  allocate(request: { device: number; bytes: number }): Promise<{ buffer: number }>;
  release(request: { buffer: number }): Promise<void>;
  write(request: { buffer: number; offset: number; data: ArrayBufferView }): Promise<void>;
  read(request: { buffer: number; offset: number; bytes: number }): Promise<ArrayBuffer>;
  copy(request: {
    from: number;
    fromOffset: number;
    to: number;
    toOffset: number;
    bytes: number;
  }): Promise<void>;
  multiply(request: MultiplyRequest): Promise<{ kernel: string }>;
  load(request: { device: number; image: Uint8Array }): Promise<{ module: number }>;
  unload(request: { module: number }): Promise<void>;
  launch(request: LaunchRequest): Promise<void>;
}

const RawFunction = z.custom<(argument: object) => unknown>((value) => typeof value === 'function');
const verbs = {
  measure: ['inventory', 'operations', 'run', 'soak', 'cancel'],
  memory: ['open', 'close', 'allocate', 'release', 'write', 'read', 'copy'],
  compute: ['multiply', 'load', 'unload', 'launch'],
} as const;
const RawAddon = z.record(z.enum([...verbs.measure, ...verbs.memory, ...verbs.compute]), RawFunction);
type RawAddon = z.infer<typeof RawAddon>;

const Thrown = z.object({ code: z.string(), message: z.string() });

/**
 * A coded error becomes a NativeError with the caller's stack, or a UsageError where it is the caller's own: EINVAL.
 * Anything else (a throwing getter) stays itself.
 */
function withStack(error: unknown): unknown {
  const thrown = Thrown.safeParse(error);
  if (!thrown.success) return error;
  const { code, message } = thrown.data;
  return code === 'EINVAL' ? new UsageError(message) : new NativeError(code, message);
}

/** @throws NativeError `ERR_ADDON` for what an addon of another version says, as one does that was not built again. */
function understood<S extends z.ZodType>(what: string, shape: S, said: unknown): z.output<S> {
  const answer = shape.safeParse(said);
  if (answer.success) return answer.data;
  const [first] = answer.error.issues;
  const where = [what, ...(first?.path ?? [])].join('.');
  throw new NativeError(
    'ERR_ADDON',
    `the native addon is of another version (${where}: ${first?.message}). Build it again with: ${build}`,
  );
}

function face(raw: RawAddon): Native {
  const now =
    <S extends z.ZodType>(verb: keyof RawAddon, answer: S) =>
    (request: object = {}): z.output<S> => {
      try {
        return understood(verb, answer, raw[verb](request));
      } catch (error) {
        throw withStack(error);
      }
    };
  const later =
    <S extends z.ZodType>(verb: keyof RawAddon, answer: S) =>
    async (request: object = {}): Promise<z.output<S>> => {
      try {
        return understood(verb, answer, await raw[verb](request));
      } catch (error) {
        throw withStack(error);
      }
    };
  const handle = z.int().positive();
  const nothing = z.undefined();
  return {
    inventory: later('inventory', Inventory),
    operations: now('operations', z.array(OperationRow)),
    run: later('run', RunResult),
    soak: later('soak', SoakStep),
    cancel: now('cancel', nothing),
    open: later('open', z.strictObject({ device: handle, facts: DeviceFacts })),
    close: later('close', nothing),
    allocate: later('allocate', z.strictObject({ buffer: handle })),
    release: later('release', nothing),
    write: later('write', nothing),
    read: later('read', z.instanceof(ArrayBuffer)),
    copy: later('copy', nothing),
    multiply: later('multiply', z.strictObject({ kernel: z.string() })),
    load: later('load', z.strictObject({ module: handle })),
    unload: later('unload', nothing),
    launch: later('launch', nothing),
  };
}

const inPackage = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const build = `node '${inPackage('build.mjs')}'`;

/** The addon as CMake builds it, as node-gyp does, and as it came with the package. */
const places = [
  'build/cmake/Release/nameplate.node',
  'build/Release/nameplate.node',
  'prebuilt/nameplate.node',
].map(inPackage);

/** What Node says of a file that is not there, or that the system cannot load. Any other error is the addon's own. */
const absent: readonly string[] = ['MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED'];

function loadRaw(): unknown {
  const require = createRequire(import.meta.url);
  const chosen = process.env.NAMEPLATE_ADDON;
  const tried: string[] = [];
  for (const path of chosen ? [chosen] : places) {
    try {
      return require(path);
    } catch (error) {
      if (!absent.includes(coded(error).code)) throw withStack(error);
      tried.push(`  ${path}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  // Not `npm rebuild`: where npm blocks install scripts, it does nothing and says nothing.
  const remedy = chosen
    ? 'NAMEPLATE_ADDON names it; without it the one that was built is loaded'
    : existsSync(inPackage('build.mjs'))
      ? `Build it with: ${build}`
      : 'This is not the whole package. A bundler has to leave gpu-nameplate out (as external): it loads files that lie beside it';
  throw new NativeError(
    'ERR_ADDON',
    `the native addon could not be loaded; tried\n${tried.join('\n')}\n${remedy}`,
  );
}

let loaded: Native | undefined;

/**
 * Loads the addon, once. `NAMEPLATE_ADDON` names another file to load.
 * @throws NativeError `ERR_ADDON`, naming each path tried and why it failed; `EAGAIN` where the addon was loaded and the
 * system starts no thread for it.
 */
export function loadNative(): Native {
  loaded ??= face(understood('addon', RawAddon, loadRaw()));
  return loaded;
}
