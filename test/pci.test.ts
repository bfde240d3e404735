// Where a card is plugged in: NUMA node and both ends of its link, read from made-up machines.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test, vi } from 'vitest';

vi.setConfig({ hookTimeout: 120_000 });

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'nameplate-pci-'));
const program = join(folder, 'place');

beforeAll(async () => {
  const cpu = ['placement', 'processor', 'cgroup'].map((name) => `native/cpu/${name}.cc`);
  const sources = ['test/pci/place.cc', 'native/cuda/numa.cc', ...cpu];
  await execute('g++', ['-std=c++20', '-O1', '-pthread', '-I', 'native', ...sources, '-o', program]);
});

/** A card at 0000:1b:00.0 behind a port, as Linux shows them; each file by its name. */
function machine(card: Record<string, string>, slot: Record<string, string>, nodes: string): string {
  const root = mkdtempSync(join(folder, 'machine-'));
  const port = 'sys/devices/pci0000:17/0000:17:01.0';
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  write(`${port}/0000:1b:00.0/class`, '0x030200');
  for (const [name, text] of Object.entries(card)) write(`${port}/0000:1b:00.0/${name}`, text);
  for (const [name, text] of Object.entries(slot)) write(`${port}/${name}`, text);
  write('sys/devices/system/node/has_memory', nodes);
  mkdirSync(join(root, 'sys/bus/pci/devices'), { recursive: true });
  symlinkSync(join(root, port, '0000:1b:00.0'), join(root, 'sys/bus/pci/devices/0000:1b:00.0'));
  return root;
}

const place = async (root: string, busId = '00000000:1B:00.0') =>
  (await execute(program, [root, busId])).stdout.trim();

const fifth = { max_link_speed: '32.0 GT/s PCIe', max_link_width: '16' };

test('both ends of a link and the node are read, each at its own', async () => {
  const slot = { max_link_speed: '16.0 GT/s PCIe', max_link_width: '8' };
  const root = machine({ ...fifth, numa_node: '1' }, slot, '0-1');
  expect(await place(root)).toBe('node 1 card 5x16 slot 4x8 nodes 2');
});

test('what the system does not know is not known', async () => {
  const unknown = { max_link_speed: 'Unknown', max_link_width: '255' };
  expect(await place(machine({ ...fifth, numa_node: '-1' }, unknown, '0'))).toBe(
    'node none card 5x16 slot none nodes 1',
  );
  expect(await place(machine(fifth, {}, '0'), '00000000:2C:00.0')).toBe(
    'node none card none slot none nodes 1',
  );
});
