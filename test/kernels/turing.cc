// The kernels of mma.cu as the image for Turing holds them: with its smaller instructions, and without
// cp.async.
#undef NAMEPLATE_TARGET
#define NAMEPLATE_TARGET 75
#define gemm_mma_fp16_128x128_64x32 turing_mma_fp16_128x128_64x32
#define gemm_mma_fp16_64x64_32x32 turing_mma_fp16_64x64_32x32
#define gemm_mma_fp16_acc16_128x128_64x32 turing_mma_fp16_acc16_128x128_64x32
#define gemm_mma_fp16_acc16_64x64_32x32 turing_mma_fp16_acc16_64x64_32x32
#define gemm_mma_int8_128x128_64x32 turing_mma_int8_128x128_64x32
#define gemm_mma_int8_64x64_32x32 turing_mma_int8_64x64_32x32
#include "kernels/mma.cu"
