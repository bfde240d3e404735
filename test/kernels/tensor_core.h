// What tensor cores do: mma.sync and ldmatrix by the tables of the PTX ISA, each lane looking up who holds
// what it needs. Written from the tables, not from the kernels.
#pragma once

namespace emulation {

// mma.sync of 16 x 8 by 32 bytes of K; `types` as PTX writes them: "f32.bf16.bf16.f32". Of tf32 only the bits
// that it has are read. FP8 sums keep `sumBits` bits.
void multiplyAdd(const char* types, float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]);
void multiplyAdd(const char* types, int (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]);
void multiplyAdd(const char* types, unsigned (&c)[2], const unsigned (&a)[4], const unsigned (&b)[2]);

// mma.sp of 16 x 8 by 32 bytes of compressed A. Throws std::logic_error for metadata that no arrangement has.
void multiplyAdd(const char* types, float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[4],
                 unsigned metadata, unsigned selector);
void multiplyAdd(const char* types, int (&c)[4], const unsigned (&a)[4], const unsigned (&b)[4],
                 unsigned metadata, unsigned selector);

// mma.sync over fp64: m8n8k4 with rows of 8, m16n8k16 with rows of 16.
void multiplyAddFp64(int rows, double* c, const double* a, const double* b);

// ldmatrix.x4; `at` counts bytes from the start of the shared memory that the launch asked for.
void loadMatrices(unsigned (&x)[4], unsigned at);
unsigned loadWord(unsigned at);

// Mantissa bits of an FP8 sum; 23 by default. Tensor cores are known to keep as few as 13.
extern int sumBits;

}  // namespace emulation
