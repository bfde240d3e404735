// Our own GEMM kernels by the parts of their names that tell them apart within a format, with their tile of C: what the GPU
// check asks for one by one. test/check-gpu.test.ts holds the list against the images.
export const tiles = [
  ['_128x256_2x1', [128, 256]],
  ['_256x128_1x2', [256, 128]],
  ['_256x192_1x2', [256, 192]],
  ['_256x256_2x1', [256, 256]],
  ['_128x192_2x1', [128, 192]],
  ['_128x128_2x1', [128, 128]],
  ['_128x128_1x2', [128, 128]],
  ['_128x64_1x1', [128, 64]],
  ['_64x128_1x1', [64, 128]],
  ['dmma_fp64_128x128', [128, 128]],
  ['dmma_fp64_128x64', [128, 64]],
  ['dmma_fp64_64x64', [64, 64]],
  ['simt_fp64_64x64', [64, 64]],
  ['simt_int8_64x64', [64, 64]],
  ['simt_fp32_128x256', [128, 256]],
  ['simt_fp32_128x128', [128, 128]],
  ['simt_fp32_64x64', [64, 64]],
  ['gemm_wmma_', [64, 64]],
  ['gemm_mma_', [64, 64]],
];
