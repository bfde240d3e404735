// Rows run in a process of its own (check-child.mjs), so that one that hangs or crashes is one row lost.

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

  /** The results of a request, by kernels with that part in their names (null: any), or the fault that kept it from them. */
  async ask(request, kernel) {
    this.#child ??= fork(fileURLToPath(new URL('check-child.mjs', import.meta.url)), {
      serialization: 'advanced', // or the arrays of samples come as something else
    });
    const child = this.#child;
    const lost = (fault) => {
      child.kill('SIGKILL');
      this.#child = null;
      return { fault };
    };
    child.send({ request, kernel });
    const timeout = new AbortController();
    const answer = await Promise.race([
      once(child, 'message').then(([message]) => message),
      once(child, 'exit').then(([code, signal]) => lost(`the process ended with ${signal ?? code}`)),
      sleep(this.#rowSeconds * 1000, null, { signal: timeout.signal }).then(() =>
        lost(`no answer within ${this.#rowSeconds} s`),
      ),
    ]);
    timeout.abort();
    child.removeAllListeners();
    return answer;
  }

  end() {
    this.#child?.kill('SIGKILL');
  }
}
