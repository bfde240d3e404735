// Copies over the link from each NUMA node of the host, on a simulated card in a made-up machine: where the memory lies,
// what the row says of it, and that nothing but the device's own node is held against the link.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { measure, scratch } from './simulation.js';

vi.setConfig({ testTimeout: 60_000 });

/** No real machine has this node, so the system refuses memory of it. */
const nowhere = 900;

/** A machine with a node that is real, 0, and one that is not; the card is attached to `node`. */
function machine(node: number): string {
  const root = scratch();
  const nodes = 'sys/devices/system/node';
  const files = {
    'sys/bus/pci/devices/0000:1b:00.0/numa_node': `${node}`,
    ...Object.fromEntries(
      ['online', 'has_memory', 'has_cpu'].map((list) => [`${nodes}/${list}`, `0,${nowhere}`]),
    ),
    [`${nodes}/node0/distance`]: '10 32',
    [`${nodes}/node${nowhere}/distance`]: '32 10',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

/** Copies to the device from pinned, pageable and far memory. */
async function copies(node: number) {
  const environment = { NAMEPLATE_SIMULATE_ROOT: machine(node) };
  const { report } = await measure(environment, '--only', 'link.h2d.*', '--provider', 'vendor');
  const [pinned, pageable, far] = report.rows;
  return { device: report.devices[0], pinned, pageable, far };
}

const refused = (node: number) => `host memory of NUMA node ${node} is not to be had: `;
/** As in a container without CAP_SYS_NICE. */
const forbidden = (text = '') => /Operation not permitted|Permission denied|not implemented/.test(text);

describe('a card', () => {
  it("takes pinned and pageable memory of its own node, and is judged by it; another's may not be had", async ({
    skip,
  }) => {
    const { device, pinned, pageable, far } = await copies(0);
    expect(device?.numaNode).toBe(0);
    skip(forbidden(pinned?.kernel?.note), 'no process may choose a NUMA node here');
    for (const row of [pinned, pageable])
      expect(row?.kernel?.note).toMatch(/host memory on NUMA node 0, the device's own$/);
    expect(pinned).toMatchObject({ kernel: { resource: 'link' }, verdict: { status: 'pass' } });
    expect(far?.verdict).toEqual({
      status: 'unsupported',
      why: `${refused(nowhere)}set_mempolicy says Invalid argument`,
    });
  });

  it('of whose node the system gives no memory says so, and is not judged by any', async () => {
    const { pinned, pageable } = await copies(nowhere);
    const choice = `host memory on a node of the system's choice: ${refused(nowhere)}`;
    for (const row of [pinned, pageable]) {
      expect(row?.rate).toBeGreaterThan(0);
      expect(row?.kernel?.note).toContain(choice);
      expect(row).toMatchObject({
        kernel: { resource: 'none' },
        documented: null,
        verdict: { status: 'unjudged' },
      });
    }
  });

  it('is not judged by memory far from it', async ({ skip }) => {
    const { far } = await copies(nowhere);
    skip(forbidden(far?.verdict.why), 'no process may choose a NUMA node here');
    expect(far).toMatchObject({
      kernel: {
        resource: 'none',
        note: `host memory on NUMA node 0, at distance 32 of the device's node ${nowhere} (10: the same)`,
      },
      documented: null,
      verdict: { status: 'unjudged' },
      ratioToNear: null, // the pinned memory beside it is not known to be near
    });
    expect(far?.rate).toBeGreaterThan(0);
  });
});
