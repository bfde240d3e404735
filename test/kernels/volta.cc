// The kernels of simt.cu as the image for Volta holds them: without cp.async.
#undef NAMEPLATE_TARGET
#define NAMEPLATE_TARGET 70
#define gemm_simt_fp32_128x256 volta_simt_fp32_128x256
#define gemm_simt_fp32_64x64 volta_simt_fp32_64x64
#define gemm_simt_fp64_64x64 volta_simt_fp64_64x64
#define gemm_simt_int8_64x64 volta_simt_int8_64x64
#include "kernels/simt.cu"
