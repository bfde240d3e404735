// The kernels of wmma.cu as the image for Volta holds them: without cp.async.
#undef NAMEPLATE_TARGET
#define NAMEPLATE_TARGET 70
#include "kernels/wmma.cu"
