/* Prometheus' text format, version 0.0.4.
 *
 * Samples come in any order; the text has them metric by metric, as the table orders them, each
 * behind its HELP and TYPE. A metric without a sample is left out. */
#ifndef APPEAL_ROUTERD_METRICS_EXPOSITION_H
#define APPEAL_ROUTERD_METRICS_EXPOSITION_H

#include "metrics/histogram.h"
#include "metrics/metrics.h"
#include "support/buffer.h"

#define EXPOSITION_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* { 0 } is an empty one. */
struct exposition {
    struct buffer samples[METRIC_COUNT];
};

void exposition_done(struct exposition *exposition);

/* The values of a metric's labels, in the order of the table. */
#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* @labels: LABELS(...), UTF-8 and borrowed; NULL for a metric that has none. */
void exposition_add(struct exposition *exposition, enum metric metric, const char *const *labels,
                    double value);
void exposition_add_histogram(struct exposition *exposition, enum metric metric,
                              const char *const *labels, const struct histogram *histogram);

/* Appends the whole text to @text. */
void exposition_write(const struct exposition *exposition, struct buffer *text);

#endif
