// A histogram of nanoseconds: 128 buckets for each power of two, so that a quantile is right within 0.8 %.
#pragma once
#include <stdint.h>
#include <stdlib.h>

#define HISTOGRAM_BITS 7
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

struct histogram {
  uint64_t count, sum, max;
  uint64_t buckets[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_bucket(uint64_t value) {
  if (value < (1u << HISTOGRAM_BITS)) return value;
  unsigned shift = 63 - __builtin_clzll(value) - HISTOGRAM_BITS;
  return (shift << HISTOGRAM_BITS) + (value >> shift);
}

// The middle of a bucket.
static inline uint64_t histogram_value(unsigned bucket) {
  if (bucket < (2u << HISTOGRAM_BITS)) return bucket;
  unsigned shift = (bucket >> HISTOGRAM_BITS) - 1;
  uint64_t low = (uint64_t)(bucket - (shift << HISTOGRAM_BITS)) << shift;
  return low + (1ull << shift) / 2;
}

static inline void histogram_record(struct histogram *histogram, uint64_t value) {
  histogram->count++;
  histogram->sum += value;
  if (value > histogram->max) histogram->max = value;
  histogram->buckets[histogram_bucket(value)]++;
}

static inline void histogram_add(struct histogram *to, const struct histogram *from) {
  to->count += from->count;
  to->sum += from->sum;
  if (from->max > to->max) to->max = from->max;
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) to->buckets[i] += from->buckets[i];
}

// The smallest value that a share of all values does not exceed; `share` is 0 to 1.
static inline uint64_t histogram_quantile(const struct histogram *histogram, double share) {
  uint64_t wanted = share * histogram->count + 0.5;
  if (wanted < 1) wanted = 1;
  uint64_t seen = 0;
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += histogram->buckets[i];
    if (seen >= wanted) {
      uint64_t value = histogram_value(i);
      return value < histogram->max ? value : histogram->max;
    }
  }
  return histogram->max;
}
