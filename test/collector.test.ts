// Memory on a device and the garbage collector, which knows of it what the door tells. In a file of its own, so that no other
// test's garbage calls for the collector.

import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { loadNative, type Native, openDevice } from '../src/index.js';

it('buffers that a loop drops are found by the collector', async () => {
  const device = await openDevice('cpu');
  const made: WeakRef<object>[] = [];
  for (let i = 0; i < 256; ++i) made.push(new WeakRef(await device.buffer(2 ** 25)));
  expect(made.filter((one) => one.deref() !== undefined).length).toBeLessThan(16);
  await device.close();
});

it('a device and a module that a program drops are closed, and those that it closes are closed once', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const gone: string[] = [];
  const native: Native = {
    ...loadNative(),
    load: async () => ({ module: 7 }),
    unload: async ({ module }) => void gone.push(`module ${module}`),
    close: async ({ device }) => void gone.push(`device ${device}`),
  };
  const handles: number[] = [];
  const open = async (close: boolean) => {
    const { device: handle, facts } = await loadNative().open({ device: 'cpu' });
    handles.push(handle);
    const device = await openDevice('cpu', { ...native, open: async () => ({ device: handle, facts }) });
    const module = await device.load('text');
    if (close) await module.unload();
    if (close) await device.close();
  };
  await open(true);
  expect(gone).toEqual(['module 7', `device ${handles[0]}`]);
  await open(false);
  for (let tries = 0; tries < 100 && gone.length < 4; ++tries) {
    collect();
    await setTimeout(10);
  }
  expect(gone.slice(2).sort()).toEqual([`device ${handles[1]}`, 'module 7']);
  collect();
  await setTimeout(50);
  expect(gone).toHaveLength(4);
  for (const device of handles) await loadNative().close({ device });
});
