/* Every metric that /metrics shows, as one table: its name, kind, labels and help.
 *
 * The exposition, `appealctl metrics` and docs/metrics.md come from it. */
#ifndef APPEAL_ROUTERD_METRICS_H
#define APPEAL_ROUTERD_METRICS_H

#define METRIC_PREFIX "appeal_router_"

enum metric_kind { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };
/* "gauge", as Prometheus says it */
const char *metric_kind_name(enum metric_kind kind);

enum metric {
#define METRIC(name, kind, labels, help) METRIC_##name,
#include "metrics/metrics.def"
#undef METRIC
    METRIC_COUNT,
};

struct metric_terms {
    const char *name; /* with its prefix */
    enum metric_kind kind;
    const char *labels; /* their names, separated by commas; empty where there are none */
    const char *help;   /* sentences */
};

const struct metric_terms *metric_get(enum metric metric);

#endif
