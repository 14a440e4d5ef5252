#include "metrics/histogram.h"

const struct histogram_bounds histogram_seconds = {
    .count = 13,
    .items = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30 },
};

const struct histogram_bounds histogram_waits = {
    .count = 13,
    .items = { 0.1, 0.5, 1, 10, 60, 300, 900, 3600, 14400, 43200, 86400, 259200, 604800 },
};

const struct histogram_bounds histogram_bytes = {
    .count = 11,
    .items = { 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26,
               1 << 28, 1 << 30 },
};

const struct histogram_bounds histogram_records = {
    .count = 11,
    .items = { 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 50000 },
};

void histogram_init(struct histogram *histogram, const struct histogram_bounds *bounds)
{
    *histogram = (struct histogram){ .bounds = bounds };
}

void histogram_add(struct histogram *histogram, double value)
{
    const struct histogram_bounds *bounds = histogram->bounds;
    size_t i = 0;

    while (i < bounds->count && value > bounds->items[i])
        i++;
    histogram->counts[i]++;
    histogram->sum += value;
}
