// The child process that holds a device: one request at a time, in the order asked. isolate.ts is its other end.

import { coded } from '../error.js';
import { loadNative } from '../native.js';
import { type Answer, Order, type Started } from './message.js';

let busy = false;

// Ctrl-C goes to the whole process group; the parent decides what it means.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});

// The parent is gone. In the middle of a launch only a kill is sure to end this: an orderly exit would wait in the driver.
process.on('disconnect', () => {
  if (busy) process.kill(process.pid, 'SIGKILL');
});

process.on('message', (message) => {
  void obey(Order.parse(message));
});

process.send?.({ kind: 'started' } satisfies Started);

/** Lets go of the channel: nothing is left to wait for then, and the addon gives the device back on the way out. */
function end(): void {
  if (process.connected) process.disconnect();
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'end') return end();
  if (order.kind === 'cancel') return loadNative().cancel();
  busy = true;
  const answer = await answerTo(order).catch((error): Answer => ({ kind: 'error', ...coded(error) }));
  busy = false;
  process.send?.(answer);
}

async function answerTo(order: Extract<Order, { request: object }>): Promise<Answer> {
  switch (order.kind) {
    case 'inventory':
      return { kind: 'inventory', result: await loadNative().inventory(order.request) };
    case 'run':
      return { kind: 'run', result: await loadNative().run(order.request) };
    case 'soak':
      return { kind: 'soak', result: await loadNative().soak(order.request) };
  }
}
