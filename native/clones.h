// One function compiled for several instruction sets; the loader takes the widest that the processor has.
#pragma once

#include <cstddef>  // any header of the library tells whether it is glibc

// Before a function. The choice is made by an ifunc, which musl's loader does not have: elsewhere than on
// glibc there is the one that every processor can run. g++ 11 compiles for levels such as x86-64-v3 and
// cannot choose by them.
#if !defined(__x86_64__) || !defined(__GLIBC__) || defined(__clang__)
#define NAMEPLATE_CLONES
#elif __GNUC__ >= 12
#define NAMEPLATE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NAMEPLATE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
