// The kernels of dmma.cu as the image for Hopper holds them: with the larger instruction.
#undef NAMEPLATE_TARGET
#define NAMEPLATE_TARGET 90
#define gemm_dmma_fp64_128x128 hopper_dmma_fp64_128x128
#define gemm_dmma_fp64_128x64 hopper_dmma_fp64_128x64
#define gemm_dmma_fp64_64x64 hopper_dmma_fp64_64x64
#include "kernels/dmma.cu"
