// Stand-in for CUDA's header: shim.h, included before every source, defines its types.
#pragma once
