// The child process that holds a device: one request at a time, in the order asked. isolate.ts is its other end.

import { type Answer, coded, Order } from './message.js';
import { loadNative } from './native.js';

let busy = false;

// Ctrl-C goes to the whole process group; the parent decides what it means.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});

// The parent is gone. In the middle of a launch only a kill is sure to end this: an orderly exit would wait in the driver.
process.on('disconnect', () => (busy ? process.kill(process.pid, 'SIGKILL') : process.exit(0)));

process.on('message', (message) => {
  void obey(Order.parse(message));
});

async function obey(order: Order): Promise<void> {
  if (order.kind === 'end') process.exit(0);
  if (order.kind === 'cancel') return loadNative().cancel();
  busy = true;
  const answer: Answer = await Promise.resolve()
    .then(() => loadNative().run(order.request))
    .then(
      (result) => ({ kind: 'result', result }),
      (error) => ({ kind: 'error', ...coded(error) }),
    );
  busy = false;
  process.send?.(answer);
}
