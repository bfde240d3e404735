// One executor at a time, that of the device whose rows are being measured, and one result for each provider asked.
//
// Providers take turns within one request, and so share its process: where one of them takes it down, or loses the
// context, all of them fail. Who did it is not told, so each is then asked once more, alone, in a process of its own.

import { coded } from '../error.js';
import type { DeviceFacts, FailedResult, ProviderResult, RunRequest } from '../schema.js';
import type { Executor } from './isolate.js';

export interface Answered {
  result: ProviderResult;
  /** What failed while the providers took turns, where the result was found alone; else null. */
  before: FailedResult | null;
}

export class Bench {
  readonly #open: (device: DeviceFacts) => Executor;
  readonly #timeoutSeconds: number;
  readonly #signal: AbortSignal | undefined;
  #device: DeviceFacts | undefined;
  #executor: Executor | undefined;
  #silent = false;

  constructor(
    open: (device: DeviceFacts) => Executor,
    timeoutSeconds: number,
    signal: AbortSignal | undefined,
  ) {
    this.#open = open;
    this.#timeoutSeconds = timeoutSeconds;
    this.#signal = signal;
  }

  /**
   * One for each provider, whatever happens to the process that was asked. Once `signal` is aborted nobody is asked.
   *
   * Those asked alone have together as long as the request had that failed. Where they all hung, the next request that
   * hangs is left at that: a device that answers nothing any more costs a second timeout once, and not for each row.
   */
  async run(device: DeviceFacts, request: RunRequest): Promise<Answered[]> {
    if (device !== this.#device) {
      await this.close();
      this.#device = device;
      this.#silent = false;
    }
    const together = await this.#ask(device, request, this.#timeoutSeconds);
    const lost = this.#silent && together.every(hung) ? [] : lostTogether(together);
    const alone = new Map<string, ProviderResult>();
    let seconds = this.#timeoutSeconds;
    for (const [index, { provider }] of lost.entries()) {
      await this.close();
      const asked = performance.now();
      const share = seconds / (lost.length - index);
      const [result] = await this.#ask(device, { ...request, providers: [provider] }, share);
      seconds -= Math.min(share, (performance.now() - asked) / 1000);
      if (result !== undefined) alone.set(provider, result);
    }
    const answers = together.map((first): Answered => {
      const result = alone.get(first.provider);
      if (result === undefined || first.outcome !== 'failed') return { result: first, before: null };
      return { result, before: first };
    });
    this.#silent = answers.every(({ result }) => hung(result));
    return answers;
  }

  async close(): Promise<void> {
    const executor = this.#executor;
    this.#executor = undefined;
    await executor?.close();
  }

  async #ask(device: DeviceFacts, request: RunRequest, seconds: number): Promise<ProviderResult[]> {
    if (this.#signal?.aborted) return [];
    this.#executor ??= this.#open(device);
    const executor = this.#executor;
    const cancel = () => executor.cancel();
    this.#signal?.addEventListener('abort', cancel);
    const answer = await executor.run(request, seconds).then(
      ({ results }) => results,
      (error) => request.providers.map((provider) => failed(provider, error)),
    );
    this.#signal?.removeEventListener('abort', cancel);
    return request.providers.map(
      (name) =>
        answer.find(({ provider }) => provider === name) ??
        failed(name, new Error('the native side gave no answer for this provider')),
    );
  }
}

/** The device's own, whoever asks: it is gone, or its memory failed beyond correction, which no second try makes right. */
const ofTheDevice: readonly string[] = ['ENODEV', 'CUDA_ERROR_ECC_UNCORRECTABLE'];

/** Failures that may be one, of which the others are the consequence. A single one is its provider's own. */
function lostTogether(results: readonly ProviderResult[]): FailedResult[] {
  const failures = results.filter((result) => result.outcome === 'failed');
  const doubtful = failures.length > 1 && !failures.some(({ code }) => ofTheDevice.includes(code));
  return doubtful ? failures : [];
}

const hung = (result: ProviderResult) => result.outcome === 'failed' && result.code === 'ETIMEDOUT';

export function failed(provider: string, error: unknown): FailedResult {
  return { outcome: 'failed', provider, ...coded(error), uncorrectedErrors: null };
}
