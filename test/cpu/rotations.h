// How much a GEMM row allocates on a made-up device.
#pragma once

#include <cstddef>

// Prints the bytes that a row of gemm.fp32 holds when all of its trials are made, its rotations and its note.
void printRotations(double cacheBytes, std::size_t freeBytes, std::size_t providers, std::size_t side);
