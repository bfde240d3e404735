// The parent's end of the child process that holds a device.
//
// A hung kernel cannot be cancelled from within, a CUDA error may poison its context for good, and a driver can take
// its process down. In a child each of them costs one row: whatever happens there, `run` settles in bounded time.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../error.js';
import type { Inventory, InventoryRequest, RunRequest, RunResult, SoakRequest, SoakStep } from '../schema.js';
import { formatSeconds } from '../units.js';
import { Answer, type Order, Started } from './message.js';

type Request = Extract<Order, { request: object }>;

/** Runs requests for one device, one at a time. */
export interface Executor {
  inventory(request: InventoryRequest, timeoutSeconds: number): Promise<Inventory>;
  /** Rejects with an Error whose `code` says why there is no result. */
  run(request: RunRequest, timeoutSeconds: number): Promise<RunResult>;
  /** The next stretch of a soak; likewise. A fresh process, as after a failure, begins a fresh soak. */
  soak(request: SoakRequest, timeoutSeconds: number): Promise<SoakStep>;
  /** Asks the run in progress to stop; it then settles within `seconds`, one way or the other. */
  cancel(seconds?: number): void;
  close(): Promise<void>;
}

/** `code` is errno's name, the name of the signal, or the one that the native side gave. */
class ChildError extends CodedError {
  override readonly name = 'ChildError';
}

/** Its time was up before the process came to it: no driver was asked. */
export class NotStartedError extends ChildError {}

/** How a process ended: the name of the signal, its exit status, or why it never began. */
type Death = { code: string; words: string | null };

/** Between a launch and the next look at the request to stop lies one launch; beyond this it hangs. */
const cancelSeconds = 3;
const closeSeconds = 2;
/** What a process said last is read within this after its end. */
const lastWordsSeconds = 0.5;
const stderrCharacters = 2000;

/** An executor that runs each request in a child process, and starts a fresh one after any failure. */
export function isolate(module: URL = new URL('./child.js', import.meta.url)): Executor {
  let child: Child | undefined;
  return {
    async inventory(request, timeoutSeconds) {
      const answer = await ask({ kind: 'inventory', request }, timeoutSeconds);
      if (answer.kind !== 'inventory') throw unasked(answer);
      return answer.result;
    },
    async run(request, timeoutSeconds) {
      const answer = await ask({ kind: 'run', request }, timeoutSeconds);
      if (answer.kind !== 'run') throw unasked(answer);
      // A failure may have left the CUDA context unusable, and nothing in it says so.
      if (answer.result.results.some(({ outcome }) => outcome === 'failed')) await retire();
      return answer.result;
    },
    async soak(request, timeoutSeconds) {
      const answer = await ask({ kind: 'soak', request }, timeoutSeconds);
      if (answer.kind !== 'soak') throw unasked(answer);
      if (answer.result.failure !== null) await retire();
      return answer.result;
    },
    cancel: (seconds = cancelSeconds) => child?.cancel(seconds),
    close: retire,
  };

  async function ask(order: Request, timeoutSeconds: number): Promise<Answer> {
    child ??= new Child(module);
    try {
      return await child.ask(order, timeoutSeconds);
    } catch (error) {
      await retire();
      throw error;
    }
  }

  async function retire(): Promise<void> {
    const retired = child;
    child = undefined;
    await retired?.end();
  }
}

function unasked({ kind }: Answer): ChildError {
  return new ChildError('EPROTO', `the child process answered "${kind}" to another question`);
}

class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<Death>;
  /** Whoever waits for an answer. A promise that lasts as the process does would keep every answer of a soak as long. */
  readonly #mourners = new Set<(how: Death) => void>();
  #how: Death | undefined;
  #started = false;
  #stderr = '';

  constructor(module: URL) {
    this.#process = fork(fileURLToPath(module), {
      serialization: 'advanced', // keeps a Float64Array a Float64Array
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrCharacters);
    });
    const kill = () => this.#kill();
    process.once('exit', kill);
    this.#ended = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve({ code: 'EFORK', words: error.message }));
      const gone = (code: number | null, signal: NodeJS.Signals | null) =>
        resolve({ code: signal ?? `EXIT_${code}`, words: null });
      this.#process.once('close', gone);
      // A process that it started, and that holds its stderr or the channel, keeps 'close' away for as long as it lives.
      this.#process.once('exit', (...how) => setTimeout(gone, lastWordsSeconds * 1000, ...how).unref());
    });
    void this.#ended.then((how) => {
      process.off('exit', kill);
      this.#how = how;
      for (const mourn of this.#mourners) mourn(how);
    });
  }

  /** One request at a time. Settles with the answer, the child's death, or the timeout, whichever is first. */
  async ask(order: Request, timeoutSeconds: number): Promise<Answer> {
    const stop = new AbortController();
    try {
      const answer = await Promise.race([
        this.#answer(order, stop.signal),
        this.#death(stop.signal),
        after(timeoutSeconds, stop.signal).then(() => this.#timedOut(timeoutSeconds)),
      ]);
      if (answer.kind === 'error') throw new ChildError(answer.code, answer.message);
      return answer;
    } finally {
      stop.abort();
    }
  }

  cancel(seconds: number): void {
    this.#send({ kind: 'cancel' });
    setTimeout(() => this.#kill(), seconds * 1000).unref();
  }

  /** Lets an idle child release its device, and kills one that does not. */
  async end(): Promise<void> {
    // Not disconnect(): a parent that closes the channel itself is never told of 'close'.
    this.#send({ kind: 'end' });
    const stop = new AbortController();
    void after(closeSeconds, stop.signal).then(() => this.#kill());
    // A process stuck in the driver outlives even SIGKILL for a while: no reason to wait for it.
    await Promise.race([this.#ended, after(2 * closeSeconds, stop.signal)]);
    stop.abort();
    this.#process.unref();
    this.#process.stderr?.destroy();
  }

  #answer(order: Request, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const listen = (message: unknown) => {
        if (Started.safeParse(message).success) {
          this.#started = true;
          return;
        }
        const answer = Answer.safeParse(message);
        if (answer.success) resolve(answer.data);
        else reject(new ChildError('EPROTO', `the child process answered nonsense: ${answer.error.message}`));
      };
      this.#process.on('message', listen);
      signal.addEventListener('abort', () => this.#process.off('message', listen));
      this.#send(order);
    });
  }

  /** Never resolves, and rejects if the process ends before `signal` is aborted. */
  #death(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      const mourn = (how: Death) => reject(this.#died(how));
      if (this.#how !== undefined) return mourn(this.#how);
      this.#mourners.add(mourn);
      signal.addEventListener('abort', () => this.#mourners.delete(mourn));
    });
  }

  #died({ code, words }: Death): ChildError {
    const said = this.#stderr.trim().split('\n').slice(-3).join(' | ');
    const message = `the process that held the device ended (${words === null ? code : `${code} ${words}`})${said && `; its last words: ${said}`}`;
    return new ChildError(code, message);
  }

  #timedOut(seconds: number): never {
    this.#kill();
    if (!this.#started)
      throw new NotStartedError(
        'ETIMEDOUT',
        `the process that was to hold the device did not start within ${formatSeconds(seconds)}: see whether the system has processes, threads and memory left for it (ulimit -u, pids.max and memory.max of its control group)`,
      );
    throw new ChildError(
      'ETIMEDOUT',
      `no answer within ${formatSeconds(seconds)}: the process that held the device was ended; --timeout sets the limit`,
    );
  }

  /** A child that is already gone cannot be told anything; its end is reported by `#ended`. */
  #send(order: Order): void {
    if (this.#process.connected) this.#process.send(order, () => {});
  }

  #kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** Resolves after `seconds`; never, if `signal` is aborted first. */
function after(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}
