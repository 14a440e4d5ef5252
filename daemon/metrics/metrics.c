#include "metrics/metrics.h"

#include <assert.h>

const char *metric_kind_name(enum metric_kind kind)
{
    static const char *const names[] = {
        [METRIC_GAUGE] = "gauge",
        [METRIC_COUNTER] = "counter",
        [METRIC_HISTOGRAM] = "histogram",
    };
    return names[kind];
}

const struct metric_terms *metric_get(enum metric metric)
{
    static const struct metric_terms rows[] = {
#define METRIC(name_, kind_, labels_, help_)                                                       \
    { .name = METRIC_PREFIX #name_, .kind = METRIC_##kind_, .labels = labels_, .help = help_ },
#include "metrics/metrics.def"
#undef METRIC
    };
    assert(metric < METRIC_COUNT);
    return &rows[metric];
}
