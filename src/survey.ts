// What is here, asked in a process of its own: a driver may hang or crash as soon as its devices are listed, and the
// command must outlive that as it outlives a row.

import { CodedError, coded } from './error.js';
import { loadNative, type Native } from './native.js';
import { type Executor, isolate, NotStartedError } from './process/isolate.js';
import type { Inventory, InventoryRequest } from './schema.js';

/** What is here, and what can be run. */
export interface Survey extends Pick<Native, 'operations'> {
  /** @throws AbortError soon after `signal` is aborted, though the driver may hang. */
  inventory(request?: InventoryRequest, signal?: AbortSignal): Promise<Inventory>;
}

/** Without persistence mode, a node of eight GPUs takes some twenty seconds to wake them. */
const inventorySeconds = 90;

/** The inventory could not be taken. `code` is ETIMEDOUT, the name of the signal, or the one that the native side gave. */
export class SurveyError extends CodedError {
  override readonly name = 'SurveyError';
}

/** @throws NativeError where the addon cannot be loaded; its `inventory` throws a SurveyError. */
export function survey(
  open: () => Pick<Executor, 'inventory' | 'close'> = () => isolate(),
  timeoutSeconds = inventorySeconds,
): Survey {
  const native = loadNative();
  return {
    operations: () => native.operations(),
    async inventory({ threads } = { threads: null }, signal) {
      signal?.throwIfAborted();
      const executor = open();
      const stop = () => void executor.close();
      signal?.addEventListener('abort', stop);
      try {
        return await executor.inventory({ threads }, timeoutSeconds);
      } catch (error) {
        // Ctrl-C at a terminal is sent to the child as well, and what it then dies of is no fault of the driver.
        signal?.throwIfAborted();
        const { code, message } = coded(error);
        const hung = code === 'ETIMEDOUT' && !(error instanceof NotStartedError);
        throw new SurveyError(code, hung ? hangs(timeoutSeconds) : message);
      } finally {
        signal?.removeEventListener('abort', stop);
        await executor.close();
      }
    },
  };
}

const hangs = (seconds: number) =>
  `the devices were not listed within ${seconds} s: the driver hangs, as it does when a GPU has fallen off the bus; ` +
  'see the kernel log (dmesg) and nvidia-smi, or measure the CPU on a machine without the driver';
