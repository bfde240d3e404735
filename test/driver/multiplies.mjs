// Multiplies small int8 matrices on cuda:0, each {m, n, k, extra, offset} of its argument: `extra` elements between the rows,
// `offset` 32-bit words before C and as many bytes before A and B. Prints a line of JSON for each: the kernel, and how many
// elements of C or beside it are wrong.

import { loadNative } from '../../dist/native.js';

const native = loadNative();
const { device } = await native.open({ device: 'cuda:0' });
const untouched = 0x5a5a5a5a;

async function placed(data) {
  const { buffer } = await native.allocate({ device, bytes: Math.max(data.byteLength, 4) });
  if (data.byteLength > 0) await native.write({ buffer, offset: 0, data });
  return buffer;
}

for (const { m, n, k, extra, offset } of JSON.parse(process.argv[2])) {
  const [lda, ldc] = [k + extra, n + extra];
  const a = Int8Array.from({ length: offset + m * lda }, (_, i) => (i * 7) % 11);
  const b = Int8Array.from({ length: offset + n * lda }, (_, i) => (i * 5) % 13);
  const expected = new Int32Array(offset + m * ldc).fill(untouched);
  for (let i = 0; i < m; ++i)
    for (let j = 0; j < n; ++j) {
      let sum = 0;
      for (let l = 0; l < k; ++l) sum += a[offset + i * lda + l] * b[offset + j * lda + l];
      expected[offset + i * ldc + j] = sum;
    }
  const buffers = [
    await placed(a),
    await placed(b),
    await placed(new Int32Array(expected.length).fill(untouched)),
  ];
  const [left, right, out] = buffers;
  const { kernel } = await native.multiply({
    dtype: 'int8',
    accumulator: 'full',
    layout: 'NxK',
    provider: 'builtin',
    ...{ m, n, k },
    a: { buffer: left, offset, leading: lda },
    b: { buffer: right, offset, leading: lda },
    c: { buffer: out, offset: 4 * offset, leading: ldc },
  });
  const bytes = expected.byteLength;
  const found = new Int32Array(await native.read({ buffer: out, offset: 0, bytes }));
  const wrong = found.reduce((count, value, i) => count + (value === expected[i] ? 0 : 1), 0);
  process.stdout.write(`${JSON.stringify({ kernel, wrong })}\n`);
  for (const buffer of buffers) await native.release({ buffer });
}
await native.close({ device });
