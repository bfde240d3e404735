// Rows asked of a process that may be lost: one that hangs is killed, and the next row gets a new one.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** One child process that runs row after row; a row that it does not answer in time costs it its life. */
export class Verifier {
  #child = null;
  #rowSeconds;

  constructor(rowSeconds) {
    this.#rowSeconds = rowSeconds;
  }

  /**
   * The results of a request, by kernels with that part in their names (null: any), or the fault that kept it from them;
   * with a check of products.mjs, the results of that.
   */
  async ask(request, kernel, check = null) {
    // A new process opens the driver, a context and the vendor's library, perhaps while the one before is being buried.
    const seconds = this.#child === null ? 2 * this.#rowSeconds : this.#rowSeconds;
    this.#child ??= fork(fileURLToPath(new URL('check-child.mjs', import.meta.url)), {
      serialization: 'advanced', // or the arrays of samples come as something else
    });
    const child = this.#child;
    const lost = (fault) => {
      this.end();
      return { fault };
    };
    const timeout = new AbortController();
    child.send({ request, kernel, check }, () => {});
    const answer = await Promise.race([
      once(child, 'message', { signal: timeout.signal }).then(([message]) => message),
      once(child, 'exit', { signal: timeout.signal }).then(([code, signal]) =>
        lost(`the process ended with ${signal ?? code}`),
      ),
      sleep(seconds * 1000, null, { signal: timeout.signal }).then(() =>
        lost(`no answer within ${seconds} s`),
      ),
    ]);
    timeout.abort();
    // A failure may have left the context unusable, and nothing in it says so.
    if (answer.fault || answer.results.some(({ outcome }) => outcome === 'failed')) this.end();
    return answer;
  }

  end() {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }
}
