// Sixteen samples at a time: the compiler's vectors, which become what the processor has.
//
// Comparisons give masks, 0 or -1 a lane. Products and sums are fused only where fma() says so, as
// XLA's CPU compiler fuses them: so pictures equal those of the JAX renderer.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <immintrin.h>
#define CROSS_JAX_AVX512 1
#endif

namespace cross_jax {

constexpr int kLanes = 16;
typedef float F __attribute__((vector_size(4 * kLanes)));
typedef int32_t I __attribute__((vector_size(4 * kLanes)));
typedef uint32_t U __attribute__((vector_size(4 * kLanes)));

inline F all(float a) { return F{} + a; }
inline I all(int32_t a) { return I{} + a; }

template <class To, class From>
inline To bits(From a) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To out;
  std::memcpy(&out, &a, sizeof out);
  return out;
}

template <class V>
inline V load(const void* from) {
  V out;
  std::memcpy(&out, from, sizeof out);
  return out;
}

inline F to_f(I a) { return __builtin_convertvector(a, F); }
inline I right(I a, I by) { return bits<I>(bits<U>(a) >> bits<U>(by)); }  // zeros come in

#ifdef CROSS_JAX_AVX512
inline I to_i(F a) { return (I)_mm512_cvttps_epi32((__m512)a); }
inline F fma(F a, F b, F c) { return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
inline F floor(F a) {
  return (F)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
// Entries of a table of 8, by the three lowest bits.
inline F pick(I index, const float* table) {
  const __m512 both = _mm512_broadcast_f32x8(_mm256_loadu_ps(table));
  return (F)_mm512_permutexvar_ps((__m512i)index, both);
}
inline I pick(I index, const int32_t* table) {
  const __m512i both = _mm512_broadcast_i32x8(_mm256_loadu_si256((const __m256i*)table));
  return (I)_mm512_permutexvar_epi32((__m512i)index, both);
}
inline int mask_bits(I mask) { return _mm512_movepi32_mask((__m512i)mask); }
inline bool any(I mask) { return mask_bits(mask) != 0; }
inline bool every(I mask) { return mask_bits(mask) == 0xFFFF; }

inline I gather(const int32_t* table, I index) {
  // Loads and inserts take three fifths of the time of the processor's own gather (Zen 5).
  alignas(64) int32_t at[kLanes];
  std::memcpy(at, &index, sizeof at);
  asm("" : "+m"(at));  // keeps the indices in memory: taking them out of a register takes longer
  __m128i part[4];
  for (int j = 0; j < 4; j++) {
    part[j] = _mm_cvtsi32_si128(table[at[4 * j]]);
    part[j] = _mm_insert_epi32(part[j], table[at[4 * j + 1]], 1);
    part[j] = _mm_insert_epi32(part[j], table[at[4 * j + 2]], 2);
    part[j] = _mm_insert_epi32(part[j], table[at[4 * j + 3]], 3);
  }
  const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(part[0]), part[1], 1);
  const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(part[2]), part[3], 1);
  return (I)_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}
#else
inline I to_i(F a) { return __builtin_convertvector(a, I); }
inline F fma(F a, F b, F c) {
  float x[kLanes], y[kLanes], z[kLanes];
  std::memcpy(x, &a, sizeof x);
  std::memcpy(y, &b, sizeof y);
  std::memcpy(z, &c, sizeof z);
  for (int i = 0; i < kLanes; i++) z[i] = __builtin_fmaf(x[i], y[i], z[i]);
  return load<F>(z);
}
inline F floor(F a) {
  const F whole = to_f(to_i(a));
  return whole > a ? whole - 1.0f : whole;
}
template <class T>
inline auto pick(I index, const T* table) {
  T out[kLanes];
  for (int i = 0; i < kLanes; i++) out[i] = table[index[i] & 7];
  return load<std::conditional_t<std::is_same_v<T, float>, F, I>>(out);
}
inline bool any(I mask) {
  int32_t bits = 0;
  for (int i = 0; i < kLanes; i++) bits |= mask[i];
  return bits != 0;
}
inline bool every(I mask) { return !any(~mask); }
inline I gather(const int32_t* table, I index) {
  int32_t out[kLanes];
  for (int i = 0; i < kLanes; i++) out[i] = table[index[i]];
  return load<I>(out);
}
#endif

inline F lesser(F a, F b) { return a < b ? a : b; }
inline F greater(F a, F b) { return a > b ? a : b; }
inline I lesser(I a, I b) { return a < b ? a : b; }
inline I greater(I a, I b) { return a > b ? a : b; }
// Whether all lanes are alike.
inline bool is_one(I a) { return every(a == a[0]); }
inline F clip(F a, float low, float high) { return lesser(greater(a, all(low)), all(high)); }
inline F magnitude(F a) { return bits<F>(bits<I>(a) & 0x7FFFFFFF); }

}  // namespace cross_jax
