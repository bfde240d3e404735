// Where a card is plugged in: NUMA node and both ends of its link, read from made-up machines.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test, vi } from 'vitest';
import { attribute } from '../src/judge/attribute.js';
import { cardFacts, conditions, linkFigure, testCard } from './testCard.js';

vi.setConfig({ hookTimeout: 120_000 });

const execute = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'nameplate-pci-'));
const program = join(folder, 'place');

beforeAll(async () => {
  const cpu = ['placement', 'processor', 'cgroup'].map((name) => `native/cpu/${name}.cc`);
  const sources = ['test/pci/place.cc', 'native/cuda/numa.cc', 'native/cuda/pcie.cc', ...cpu];
  await execute('g++', ['-std=c++20', '-O1', '-pthread', '-I', 'native', ...sources, '-o', program]);
});

/** Of NUMA nodes, which are online and which have memory and processors; and the distances of some from all, in order. */
interface Nodes {
  online: string;
  memory?: string;
  cpu?: string;
  distances?: Record<number, string>;
}

/** A card at 0000:1b:00.0 behind a port, as Linux shows them; each file by its name. */
function machine(card: Record<string, string>, slot: Record<string, string>, nodes: Nodes): string {
  const root = mkdtempSync(join(folder, 'machine-'));
  const port = 'sys/devices/pci0000:17/0000:17:01.0';
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  };
  write(`${port}/0000:1b:00.0/class`, '0x030200');
  for (const [name, text] of Object.entries(card)) write(`${port}/0000:1b:00.0/${name}`, text);
  for (const [name, text] of Object.entries(slot)) write(`${port}/${name}`, text);
  const { online, memory = online, cpu = online, distances = {} } = nodes;
  for (const [name, text] of Object.entries({ online, has_memory: memory, has_cpu: cpu }))
    write(`sys/devices/system/node/${name}`, text);
  for (const [node, text] of Object.entries(distances))
    write(`sys/devices/system/node/node${node}/distance`, text);
  mkdirSync(join(root, 'sys/bus/pci/devices'), { recursive: true });
  symlinkSync(join(root, port, '0000:1b:00.0'), join(root, 'sys/bus/pci/devices/0000:1b:00.0'));
  return root;
}

const place = async (root: string, busId = '00000000:1B:00.0') =>
  (await execute(program, [root, busId])).stdout.trim();

const fifth = { max_link_speed: '32.0 GT/s PCIe', max_link_width: '16' };

test('both ends of a link and the node are read, each at its own', async () => {
  const slot = { max_link_speed: '16.0 GT/s PCIe', max_link_width: '8' };
  const root = machine({ ...fifth, numa_node: '1' }, slot, { online: '0-1' });
  expect(await place(root)).toBe('node 1 card 5x16 slot 4x8 nodes 2');
});

test('the command named for a slow link shows both ends, without being root', async () => {
  const card = { ...fifth, current_link_speed: '32.0 GT/s PCIe', current_link_width: '8' };
  const root = machine(card, { ...fifth, max_link_width: '8' }, { online: '0' });
  const { factors } = attribute({
    rate: 25e9,
    documented: linkFigure,
    device: { ...testCard, pciBusId: '00000000:1B:00.0', linkWidth: 8 },
    conditions: conditions(2e9),
    card: cardFacts,
  });
  const confirm = factors.find(({ name }) => name === 'link')?.confirm ?? '';
  const { stdout } = await execute('bash', ['-c', confirm.replaceAll('/sys/', `${root}/sys/`)]);
  expect(stdout.split('\n').map((line) => line.replace(/^.*0000:1b:00\.0/, ''))).toEqual([
    '/./current_link_speed:32.0 GT/s PCIe',
    '/./current_link_width:8',
    '/./max_link_speed:32.0 GT/s PCIe',
    '/./max_link_width:16',
    '/../max_link_speed:32.0 GT/s PCIe',
    '/../max_link_width:8',
    '',
  ]);
});

test('what the system does not know is not known', async () => {
  const unknown = { max_link_speed: 'Unknown', max_link_width: '255' };
  expect(await place(machine({ ...fifth, numa_node: '-1' }, unknown, { online: '0' }))).toBe(
    'node none card 5x16 slot none nodes 1',
  );
  expect(await place(machine(fifth, {}, { online: '0' }), '00000000:2C:00.0')).toBe(
    'node none card none slot none nodes 1',
  );
});

test.each([
  ['two sockets', { online: '0-1', distances: { 0: '10 21', 1: '21 10' } }, 1, 'nodes 2 far 0 at 21'],
  [
    'two sockets of two nodes each: not the other half of the same socket',
    { online: '0-3', distances: { 0: '10 12 32 32' } },
    ...[0, 'nodes 4 far 2 at 32'],
  ],
  [
    "GH200: the GPU's own memory is a node without processors",
    { online: '0-2', cpu: '0', distances: { 0: '10 80 80' } },
    ...[0, 'nodes 1'],
  ],
  [
    'numbers with gaps: distances are of those online alone',
    { online: '0,2,8-9', memory: '0,8-9', cpu: '0,2,8', distances: { 0: '10 40 20 80' } },
    ...[0, 'nodes 2 far 8 at 20'],
  ],
  ['a node that is alone', { online: '0', distances: { 0: '10' } }, 0, 'nodes 1'],
] as [string, Nodes, number, string][])('the memory far from a card: %s', async (_, nodes, node, found) => {
  const root = machine({ ...fifth, numa_node: `${node}` }, {}, nodes);
  expect(await place(root)).toBe(`node ${node} card 5x16 slot none ${found}`);
});
