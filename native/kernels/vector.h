// Accesses of 16 and of 32 bytes to arrays that are touched once: they pass L1 by and are the first that L2
// lets go.
//
// As PTX, because C++ has no word for the hints, and volatile, because the order of the loads is the point.
// test/kernels/ runs the plain accesses in their place.
#pragma once

// 256-bit accesses need compute capability 10.0, and the PTX of CUDA 12.9.
#if NAMEPLATE_TARGET >= 100 && \
    (!defined(__CUDACC__) || __CUDACC_VER_MAJOR__ * 100 + __CUDACC_VER_MINOR__ >= 1209)
#define NAMEPLATE_WIDE
#endif

namespace nameplate {

template <unsigned bytes>
struct alignas(bytes) Vector {
  static constexpr unsigned size = bytes / 8;
  unsigned long long words[size];
};

class OnceTouched {
 public:
#if defined(__CUDACC__) && NAMEPLATE_TARGET >= 80
  __device__ __forceinline__ OnceTouched() {
    asm("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy_));
  }
#endif

  __device__ __forceinline__ Vector<16> load(const Vector<16>* from) const {
    Vector<16> v;
#if !defined(__CUDACC__)
    v = *from;
#elif NAMEPLATE_TARGET >= 80
    asm volatile("ld.global.nc.L1::no_allocate.L2::cache_hint.v2.b64 {%0, %1}, [%2], %3;"
                 : "=l"(v.words[0]), "=l"(v.words[1])
                 : "l"(from), "l"(policy_));
#else
    asm volatile("ld.global.nc.v2.b64 {%0, %1}, [%2];" : "=l"(v.words[0]), "=l"(v.words[1]) : "l"(from));
#endif
    return v;
  }

  __device__ __forceinline__ void store(Vector<16>* to, const Vector<16>& v) const {
#if !defined(__CUDACC__)
    *to = v;
#else
    asm volatile("st.global.v2.b64 [%0], {%1, %2};" ::"l"(to), "l"(v.words[0]), "l"(v.words[1]) : "memory");
#endif
  }

#ifdef NAMEPLATE_WIDE
  __device__ __forceinline__ Vector<32> load(const Vector<32>* from) const {
    Vector<32> v;
#if !defined(__CUDACC__)
    v = *from;
#else
    asm volatile("ld.global.nc.L1::no_allocate.L2::evict_first.v4.b64 {%0, %1, %2, %3}, [%4];"
                 : "=l"(v.words[0]), "=l"(v.words[1]), "=l"(v.words[2]), "=l"(v.words[3])
                 : "l"(from));
#endif
    return v;
  }

  __device__ __forceinline__ void store(Vector<32>* to, const Vector<32>& v) const {
#if !defined(__CUDACC__)
    *to = v;
#else
    asm volatile("st.global.v4.b64 [%0], {%1, %2, %3, %4};" ::"l"(to), "l"(v.words[0]), "l"(v.words[1]),
                 "l"(v.words[2]), "l"(v.words[3])
                 : "memory");
#endif
  }
#endif

 private:
#if defined(__CUDACC__) && NAMEPLATE_TARGET >= 80
  unsigned long long policy_;
#endif
};

}  // namespace nameplate
