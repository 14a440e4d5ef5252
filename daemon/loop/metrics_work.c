#include "loop/metrics_work.h"

#include <inttypes.h>
#include <stdio.h>

/* What the visits to a shard's queues, markets and sources need. */
struct visit {
    struct exposition *exposition;
    const char *shard;
    struct aro_instant now;
};

#define LENGTH_OF(array) (sizeof(array) / sizeof *(array))

static void add_counts(struct exposition *exposition, const char *shard,
                       const struct aro_router_counts *counts)
{
    const struct {
        const char *state;
        uint64_t count;
    } rows[] = {
        { "waiting", counts->waiting },     { "held", counts->held },
        { "offered", counts->offered },     { "assigned", counts->assigned },
        { "delivered", counts->delivered }, { "remembered", counts->remembered },
        { "merged", counts->merged },
    };

    exposition_add(exposition, METRIC_agents, LABELS(shard), (double)counts->agents);
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        exposition_add(exposition, METRIC_appeals, LABELS(shard, rows[i].state),
                       (double)rows[i].count);
}

static double seconds_since(struct aro_instant then, struct aro_instant now)
{
    return aro_instant_is_never(then) || then.ms > now.ms ? 0 : (double)(now.ms - then.ms) / 1000;
}

static void add_queue(const struct aro_queue_view *queue, void *context)
{
    const struct visit *visit = context;
    const char *const *labels = LABELS(visit->shard, queue->name);

    exposition_add(visit->exposition, METRIC_queue_waiting, labels, (double)queue->waiting);
    exposition_add(visit->exposition, METRIC_queue_held, labels, (double)queue->held);
    exposition_add(visit->exposition, METRIC_queue_assigned, labels, (double)queue->assigned);
    exposition_add(visit->exposition, METRIC_queue_oldest_seconds, labels,
                   seconds_since(queue->oldest_submitted_at, visit->now));
}

static void add_source(const struct shard_source *source, void *context)
{
    const struct visit *visit = context;
    char partition[12];

    snprintf(partition, sizeof partition, "%" PRId32, source->partition);
    const char *const *labels = LABELS(visit->shard, source->topic, partition);
    exposition_add(visit->exposition, METRIC_source_lag_records, labels, (double)source->lag);
    exposition_add(visit->exposition, METRIC_source_lag_seconds, labels,
                   (double)source->lag_ms / 1000);
    exposition_add(visit->exposition, METRIC_source_last_stable_age_seconds, labels,
                   (double)source->unstable_ms / 1000);
}

/* ---- what the census tells ---- */

/* Rows beyond this are one, the others: labels come from outside, and must not be without bound. */
enum { ROWS_MAX = 200 };
#define OTHERS "other"

struct census_visit {
    const struct visit *visit;
    void (*add)(const struct visit *visit, const struct aro_census_row *row);
    size_t count;
    struct aro_census_row others;
};

static void add_to_others(struct aro_census_row *others, const struct aro_census_row *row)
{
    others->waiting += row->waiting;
    others->overdue += row->overdue;
    others->at_risk += row->at_risk;
    others->capacity += row->capacity;
    others->used += row->used;
    if (row->oldest_submitted_at.ms < others->oldest_submitted_at.ms)
        others->oldest_submitted_at = row->oldest_submitted_at;
}

static void visit_census_row(const struct aro_census_row *row, void *context)
{
    struct census_visit *census = context;

    if (census->count++ < ROWS_MAX)
        census->add(census->visit, row);
    else
        add_to_others(&census->others, row);
}

static void add_queue_row(const struct visit *visit, const struct aro_census_row *row)
{
    const struct {
        enum metric metric;
        uint64_t value;
    } rows[] = {
        { METRIC_queue_overdue, row->overdue },
        { METRIC_queue_at_risk, row->at_risk },
        { METRIC_queue_capacity, row->capacity },
        { METRIC_queue_capacity_used, row->used },
        { METRIC_queue_capacity_free, row->capacity - row->used },
    };

    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        exposition_add(visit->exposition, rows[i].metric, LABELS(visit->shard, row->name),
                       (double)rows[i].value);
}

static void add_market_row(const struct visit *visit, const struct aro_census_row *row)
{
    const char *const *labels = LABELS(visit->shard, row->name);

    exposition_add(visit->exposition, METRIC_market_waiting, labels, (double)row->waiting);
    exposition_add(visit->exposition, METRIC_market_oldest_seconds, labels,
                   seconds_since(row->oldest_submitted_at, visit->now));
}

static void add_language_row(const struct visit *visit, const struct aro_census_row *row)
{
    const char *const *labels = LABELS(visit->shard, row->name);

    exposition_add(visit->exposition, METRIC_language_waiting, labels, (double)row->waiting);
    exposition_add(visit->exposition, METRIC_language_oldest_seconds, labels,
                   seconds_since(row->oldest_submitted_at, visit->now));
}

static void add_census(const struct visit *visit, const struct aro_router *router)
{
    const struct {
        enum aro_census_kind kind;
        void (*add)(const struct visit *visit, const struct aro_census_row *row);
    } rows[] = {
        { ARO_CENSUS_QUEUES, add_queue_row },
        { ARO_CENSUS_MARKETS, add_market_row },
        { ARO_CENSUS_LANGUAGES, add_language_row },
    };

    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct census_visit census = { .visit = visit,
                                       .add = rows[i].add,
                                       .others = { .name = OTHERS,
                                                   .oldest_submitted_at = ARO_INSTANT_NEVER } };
        aro_router_each_census_row(router, rows[i].kind, visit_census_row, &census);
        if (census.count > ROWS_MAX)
            rows[i].add(visit, &census.others);
    }
}

void metrics_work_add(struct exposition *exposition, struct shard *shard,
                      const struct shard_figures *figures)
{
    struct visit visit = { .exposition = exposition,
                           .shard = shard_name(shard),
                           .now = shard_now(shard) };

    add_counts(exposition, visit.shard, &figures->counts);
    aro_router_each_queue(shard_router(shard), add_queue, &visit);
    add_census(&visit, shard_router(shard));
    shard_each_source(shard, add_source, &visit);
}
