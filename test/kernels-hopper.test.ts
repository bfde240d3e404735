// The CUDA kernels for Hopper without a GPU: their source runs on an emulated machine, against plain loops, and mistakes put
// into it are found.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'nameplate-hopper-'));
afterAll(() => rmSync(folder, { recursive: true }));

const execute = promisify(execFile);

// What hopper.h's instructions do stands in test/kernels/hopper; the kernels' own source runs on that.
const hopperFlags = ['-std=c++20', '-fno-strict-aliasing', '-Wno-unknown-pragmas', '-Wno-psabi', '-x', 'c++'];
const hopperPlaces = ['-I', 'test/kernels/hopper', '-I', 'native', '-include', 'test/kernels/hopper/cuda.h'];
const compile = async (source: string, object: string, ...args: string[]): Promise<string> => {
  await execute('g++', [...args, ...hopperPlaces, ...hopperFlags, '-c', source, '-o', object]);
  return object;
};

/** Each a part of split_k.h, wgmma_format.h, wgmma_block.h or wgmma_gemm.h, and what somebody could have written instead. */
const mistakes: Record<string, [string, string][]> = {
  'the wrong parity': [
    ['waitFor(filled(at.stage), at.parity);', 'waitFor(filled(at.stage), at.parity ^ 1);'],
  ],
  'bytes that nobody expects': [['arriveExpecting(barrier, stageBytes)', 'arriveExpecting(barrier, 0)']],
  'fewer bytes expected than come': [
    ['arriveExpecting(barrier, stageBytes)', 'arriveExpecting(barrier, stageBytes - 128)'],
  ],
  'C swizzled by the next row': [['^ row % 8) * 16, words)', '^ (row + 1) % 8) * 16, words)']],
  'sums of 32 bits are stored to half of the banks': [['odd = lane / 4 % 2', 'odd = false']],
  'an odd row stores the other eight columns twice': [['other[0] : even[0]', 'even[0] : even[0]']],
  'a descriptor with another stride': [['1024ull / 16 << 32', '2048ull / 16 << 32']],
  'a descriptor without a swizzle': [['1ull << 62 |', '0ull << 62 |']],
  'the other block is not told that a stage is empty': [
    ['if (thread < cluster) arriveAt(empty(stage), thread)', 'if (thread == 0) arriveAt(empty(stage), rank)'],
  ],
  'a stage is filled before the other block is through with it': [
    ['if (thread < cluster) arriveAt(empty(stage), thread)', 'if (thread == 0) arriveAt(empty(stage), rank)'],
    ['begin(tile.consumers * cluster)', 'begin(tile.consumers)'],
  ],
  'a stage is given back while it is multiplied': [
    ['waitForMultiplies<pieces>()', 'waitForMultiplies<2 * pieces>()'],
  ],
  'sums are read before they are there': [['waitForMultiplies<0>();\n    if (steps > 0)', 'if (steps > 0)']],
  'the first step adds to the last tile': [['bAt(at.stage), step > 0)', 'bAt(at.stage), true)']],
  'the second consumer waits for what nobody tells': [['done == tile.lead &&', 'false &&']],
  'the first consumer leads by more than a turn': [
    ['tile.lead > 0 && steps >= stages', 'tile.lead > 0 && steps > 0'],
  ],
  'wgmma.fence is missing': [['    fenceSums();\n', '']],
  'the copy engine does not see the slot': [['        fenceForCopyEngine();\n', '']],
  'the slot leaves before all have filled it': [
    ['fenceForCopyEngine();\n        syncWarpgroup(1 + consumer);', 'fenceForCopyEngine();'],
  ],
  'a slot is filled again before it has left': [['waitForStoresToRead<1>()', 'waitForStoresToRead<2>()']],
  'every tile begins with the first slot': [
    ['storeSums(sums, turn.row', 'filling = 0;\n      storeSums(sums, turn.row'],
  ],
  'the block ends while its slots are read': [['    if (thread == 0) waitForStoresToRead<0>();\n', '']],
  'the block ends before the other': [['if constexpr (cluster > 1) syncCluster()', '']],
  'a block sends to the other before that one is ready': [['meetCluster()', 'syncBlock()']],
  'a block that is alone begins before its barriers are there': [['      syncBlock();\n', '      ;\n']],
  'more registers are asked for than the block has': [['producerRegisters = 40', 'producerRegisters = 48']],
  'barriers are used before they are seen': [['      fenceInitialized();\n', '']],
  'a part of K begins where another does': [['x = (turn.firstStep + step)', 'x = (step)']],
  'a part says that it has come before all of it is there': [['  syncWarpgroup(barrier);\n', '']],
  'the parts of K are added in the order in which they come': [
    ['= partials(ofPart)', '= partials((part + 1 + ofPart) % p.parts)'],
  ],
  'a part of K is not added': [['ofPart = 0; ofPart < p.parts', 'ofPart = 1; ofPart < p.parts']],
  'the parts are added to sums that are there already': [
    ['sums[i / count][i % count] = 0', 'sums[i / count][i % count] += 0'],
  ],
  'the counter of parts stays as it is': [['  if (thread == 0) p.arrivals[place] = 0;\n', '']],
  'every part of K stores what it has': [['barrier, last)) return false', 'barrier, last)) return true']],
  'the consumers of a tile share a counter': [['* tile.consumers + consumer', '* tile.consumers']],
  "the second block loads the first one's part": [
    ['const unsigned part = rank * rowsOfPart;', 'const unsigned part = 0;'],
  ],
};

/** The same of sparse_wgmma_gemm.h. */
const sparseMistakes: Record<string, [string, string][]> = {
  'metadata is overwritten while it is read': [
    [
      'waitForMultiplies<pieces>();\n        metadata.fetchStep(words[1 - odd], step + odd + 1);',
      'metadata.fetchStep(words[1 - odd], step + odd + 1);\n        waitForMultiplies<pieces>();',
    ],
  ],
  'all multiplies read the words of the same lanes': [['multiplyAdd<i % perBlock>', 'multiplyAdd<0>']],
  'the second half of B is not read': [['i / perPartOfB * tile.n', '0 * tile.n']],
  'A and B step on alike': [['i % perPartOfB * stepOfB', 'i % perPartOfB * stepBytes']],
  'every piece has the metadata of the first': [
    ['row + piece * pieceRows) / sparseRows', 'row) / sparseRows'],
  ],
  'every warp has the metadata of the first': [['/ sparseRows + thread / 32', '/ sparseRows']],
  'metadata is read below the last rows': [['wanted < p.down ? wanted : p.down - 1', 'wanted']],
  'metadata is read behind K': [['wanted < last ? wanted : last', 'wanted']],
  'a part of K has the metadata of the first': [['+ firstStep * blocks) * sparseWords', ') * sparseWords']],
};

describe('the Hopper kernels, on an emulated machine', () => {
  const place = mkdtempSync(join(folder, 'hopper-'));
  const few = ['-I', place];
  let machine: string[] = [];
  let shortTest = '';
  let sparseTest: string[] = [];
  beforeAll(async () => {
    // Three kernels show a mistake: one whose blocks are alone, one whose blocks share A, and one of 32-bit results.
    const three = `NAMEPLATE_WGMMA_KERNELS(kernel) \\
      kernel(bf16, 128, 64, 8, 1, 1) kernel(bf16, 256, 128, 4, 1, 2) kernel(tf32, 128, 64, 8, 1, 1)`;
    const header = readFileSync('native/kernels/wgmma.h', 'utf8');
    mkdirSync(join(place, 'kernels'));
    writeFileSync(
      join(place, 'kernels/wgmma.h'),
      header.replace(/NAMEPLATE_WGMMA_KERNELS\(kernel\)[\s\S]*?\n\n/, `${three}\n\n`),
    );
    writeFileSync(
      join(place, 'kernels/ladder.h'),
      readFileSync('native/kernels/ladder.h', 'utf8').replace(/(NAMEPLATE_LADDER\(step\)).*/, '$1'),
    );
    const sparseThree = `NAMEPLATE_SPARSE_WGMMA_KERNELS(kernel) \\
      kernel(bf16, 128, 64, 6, 1, 1) kernel(tf32, 256, 128, 3, 1, 2) kernel(int8, 64, 128, 5, 1, 1)`;
    writeFileSync(
      join(place, 'kernels/sparse_wgmma.h'),
      readFileSync('native/kernels/sparse_wgmma.h', 'utf8').replace(
        /NAMEPLATE_SPARSE_WGMMA_KERNELS\(kernel\)[\s\S]*?\n\/\//,
        `${sparseThree}\n//`,
      ),
    );
    machine = await Promise.all(
      ['machine', 'copies', 'multiplies'].map((part) =>
        compile(`test/kernels/hopper/${part}.cc`, join(place, `${part}.o`), '-O2'),
      ),
    );
    shortTest = await compile('test/kernels/hopper/emulate.cc', join(place, 'short.o'), '-O2', ...few);
    sparseTest = await Promise.all([
      compile('test/kernels/hopper/sparse.cc', join(place, 'short-sparse.o'), '-O2', ...few),
      compile('native/pruning.cc', join(place, 'pruning.o'), '-O2'),
    ]);
  }, 120_000);

  it('are right at every edge, for every format and tile, whatever the machine does first', async () => {
    const sanitised = ['-O2', '-fsanitize=undefined', '-fno-sanitize-recover'];
    const program = join(place, 'program');
    const objects = await Promise.all([
      compile('native/kernels/wgmma.cu', join(place, 'wgmma.o'), ...sanitised),
      compile('native/kernels/ladder.cu', join(place, 'ladder.o'), ...sanitised),
      compile('test/kernels/hopper/emulate.cc', join(place, 'emulate.o'), '-O2'),
    ]);
    await execute('g++', ['-fsanitize=undefined', ...objects, ...machine, '-o', program]);
    const { stdout } = await execute(program, { timeout: 400_000 });
    for (const format of ['bf16', 'fp16', 'fp16_acc16', 'tf32', 'int8', 'fp8e4m3', 'fp8e5m2_fast'])
      expect(stdout).toMatch(new RegExp(`ok gemm_wgmma_${format}_128x128_2x1 `));
    expect(stdout).toMatch(/ok gemm_wgmma_fp8e4m3_128x128_1x2 +promotes/);
    expect(stdout.match(/^ok gemm_ladder_bf16_\d/gm)).toHaveLength(8);
  }, 500_000);

  it('are right where A is sparse', async () => {
    const sanitised = ['-O2', '-fsanitize=undefined', '-fno-sanitize-recover'];
    const program = join(place, 'sparse');
    const objects = await Promise.all([
      compile('native/kernels/sparse_wgmma.cu', join(place, 'sparse_wgmma.o'), ...sanitised),
      compile('test/kernels/hopper/sparse.cc', join(place, 'sparse.o'), '-O2'),
    ]);
    const [, pruning = ''] = sparseTest;
    await execute('g++', ['-fsanitize=undefined', ...objects, pruning, ...machine, '-o', program]);
    const { stdout } = await execute(program, { timeout: 200_000 });
    for (const format of ['bf16', 'fp16', 'tf32', 'int8', 'fp8e4m3_fast'])
      expect(stdout).toMatch(new RegExp(`ok gemm_sparse_wgmma_${format}_128x128_2x1 `));
  }, 300_000);

  /** The short test of a source that is all in one; what it ends with. */
  async function shortly(source: string, name: string, ...test: string[]): Promise<unknown> {
    writeFileSync(join(place, `${name}.cu`), source);
    const compiled = await compile(join(place, `${name}.cu`), join(place, `${name}.o`), '-O1', ...few);
    const program = join(place, name);
    await execute('g++', [compiled, ...test, ...machine, '-o', program]);
    return execute(program, { timeout: 60_000 }).catch((error: unknown) => error);
  }
  const inOne = (...files: string[]): string =>
    files
      .map((file) => readFileSync(join('native/kernels', file), 'utf8'))
      .join('')
      .replace(/#pragma once|#include "kernels.(split_k|(sparse_)?wgmma_(format|block|gemm)).h"/g, '');
  const dense = inOne('split_k.h', 'wgmma_format.h', 'wgmma_block.h', 'wgmma_gemm.h', 'wgmma.cu');
  const sparse = inOne(
    ...['split_k.h', 'wgmma_format.h', 'wgmma_block.h', 'wgmma_gemm.h'],
    ...['sparse_wgmma_gemm.h', 'sparse_wgmma.cu'],
  );
  function mistaken(source: string, changes: [string, string][] = []): string {
    for (const [right, wrong] of changes) {
      expect(source).toContain(right);
      source = source.replace(right, wrong);
    }
    return source;
  }

  it.each(Object.keys(mistakes))(
    'would be found wrong: %s',
    async (name) => {
      const failure = await shortly(mistaken(dense, mistakes[name]), 'mistaken', shortTest);
      expect(failure).toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED: gemm_wgmma_') });
    },
    120_000,
  );

  it.each(Object.keys(sparseMistakes))(
    'would be found wrong where A is sparse: %s',
    async (name) => {
      const failure = await shortly(mistaken(sparse, sparseMistakes[name]), 'mistaken', ...sparseTest);
      expect(failure).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('FAILED: gemm_sparse_wgmma_'),
      });
    },
    120_000,
  );

  it('are right in the same short tests without a mistake', async () => {
    for (const [source, test] of [
      [dense, [shortTest]],
      [sparse, sparseTest],
    ] as const) {
      const right = await shortly(source, 'right', ...test);
      expect(right).toMatchObject({ stdout: expect.stringMatching(/^(ok .*\n){3}$/) });
    }
  }, 120_000);
});
