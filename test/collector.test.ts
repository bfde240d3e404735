// Memory on a device and the garbage collector, which knows of it what the door tells. In a file of its own, so that no other
// test's garbage calls for the collector.

import { expect, it } from 'vitest';
import { openDevice } from '../src/index.js';

it('buffers that a loop drops are found by the collector', async () => {
  const device = await openDevice('cpu');
  const made: WeakRef<object>[] = [];
  for (let i = 0; i < 256; ++i) made.push(new WeakRef(await device.buffer(2 ** 25)));
  expect(made.filter((one) => one.deref() !== undefined).length).toBeLessThan(16);
  await device.close();
});
