/* How often something was how large: counts between fixed bounds. */
#ifndef APPEAL_ROUTERD_METRICS_HISTOGRAM_H
#define APPEAL_ROUTERD_METRICS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 16 };

struct histogram_bounds {
    size_t count;
    double items[HISTOGRAM_BOUNDS_MAX]; /* ascending; each is the largest that still counts */
};

extern const struct histogram_bounds histogram_seconds; /* 1 ms to 30 s */
extern const struct histogram_bounds histogram_waits;   /* 100 ms to 7 days */
extern const struct histogram_bounds histogram_records; /* 1 to 50,000 */
extern const struct histogram_bounds histogram_bytes;   /* 1 KiB to 1 GiB */

struct histogram {
    const struct histogram_bounds *bounds;
    uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* the last: above every bound */
    double sum;
};

/* @bounds is borrowed. */
void histogram_init(struct histogram *histogram, const struct histogram_bounds *bounds);
void histogram_add(struct histogram *histogram, double value);

#endif
