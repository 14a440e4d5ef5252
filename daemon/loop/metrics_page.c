#include "loop/metrics_page.h"

#include "log/log.h"
#include "loop/daemon.h"
#include "metrics/exposition.h"
#include "support/cleanup.h"
#include "version.h"

#include <inttypes.h>
#include <stdio.h>

#define LENGTH_OF(array) (sizeof(array) / sizeof *(array))

/* What the visits to a shard's queues and sources need. */
struct visit {
    struct exposition *exposition;
    const char *shard;
    struct aro_instant now;
};

static void add_states(struct exposition *exposition, const struct shard *shard)
{
    for (enum shard_state state = SHARD_FOLDING; state <= SHARD_STOPPED; state++)
        exposition_add(exposition, METRIC_shard_state,
                       LABELS(shard_name(shard), shard_state_name(state)),
                       shard_get_state(shard) == state);
}

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
    exposition_add(visit->exposition, METRIC_source_lag_records,
                   LABELS(visit->shard, source->topic, partition), (double)source->lag);
}

/* What only the owner shows, so that sums over instances are right. */
static void add_work(struct exposition *exposition, struct shard *shard,
                     const struct shard_figures *figures)
{
    struct visit visit = { .exposition = exposition,
                           .shard = shard_name(shard),
                           .now = shard_now(shard) };

    add_counts(exposition, visit.shard, &figures->counts);
    aro_router_each_queue(shard_router(shard), add_queue, &visit);
    shard_each_source(shard, add_source, &visit);
}

static void add_tally(struct exposition *exposition, const char *shard,
                      const struct shard_tally *tally)
{
    exposition_add(exposition, METRIC_inputs_total, LABELS(shard), (double)tally->input_count);
    for (enum aro_event_type type = ARO_EVENT_NONE + 1; type < ARO_EVENT_TYPE_COUNT; type++)
        exposition_add(exposition, METRIC_events_total, LABELS(shard, aro_event_type_name(type)),
                       (double)tally->event_counts[type]);
    for (enum aro_error_code code = ARO_ERROR_NONE + 1; code < LENGTH_OF(tally->dead_letter_counts);
         code++)
        exposition_add(exposition, METRIC_dead_letters_total,
                       LABELS(shard, aro_error_code_name(code)),
                       (double)tally->dead_letter_counts[code]);
    for (size_t i = 0; i < tally->output_type_count; i++)
        exposition_add(exposition, METRIC_outputs_total, LABELS(shard, tally->outputs[i].type),
                       (double)tally->outputs[i].count);
    exposition_add(exposition, METRIC_commits_total, LABELS(shard), (double)tally->commit_count);
    exposition_add(exposition, METRIC_doubts_total, LABELS(shard), (double)tally->doubt_count);
    exposition_add(exposition, METRIC_take_overs_total, LABELS(shard),
                   (double)tally->take_over_count);
    exposition_add_histogram(exposition, METRIC_transaction_seconds, LABELS(shard),
                             &tally->transaction_seconds);
    exposition_add_histogram(exposition, METRIC_transaction_records, LABELS(shard),
                             &tally->transaction_records);
}

static void add_bounds(struct exposition *exposition, const char *shard,
                       const struct config_limits *limits, const struct shard_figures *figures)
{
    const struct {
        enum metric metric;
        double value;
    } rows[] = {
        { METRIC_appeals_waiting_limit, (double)limits->waiting_appeals },
        { METRIC_batch_records, (double)figures->batch_record_count },
        { METRIC_batch_records_limit, (double)limits->batch_records },
        { METRIC_batch_bytes, (double)figures->batch_byte_count },
        { METRIC_batch_bytes_limit, (double)limits->batch_bytes },
        { METRIC_writer_silent_seconds, (double)figures->writer_silence_ms / 1000 },
        { METRIC_ledger_next_offset, (double)figures->ledger_next },
    };

    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        exposition_add(exposition, rows[i].metric, LABELS(shard), rows[i].value);
    if (figures->took_over_ms >= 0)
        exposition_add(exposition, METRIC_take_over_seconds, LABELS(shard),
                       (double)figures->took_over_ms / 1000);
}

static void add_board(struct exposition *exposition, const char *shard,
                      const struct board_status *board, int64_t backlog_max)
{
    const struct {
        enum metric metric;
        double value;
    } rows[] = {
        { METRIC_board_connected, board->is_connected },
        { METRIC_board_stale, board->is_stale },
        { METRIC_board_evicting, board->is_evicting },
        { METRIC_board_lag_offsets, (double)board->lag },
        { METRIC_board_pending_rows, (double)board->pending_row_count },
        { METRIC_board_pending_rows_limit, (double)backlog_max },
        { METRIC_board_written_rows_total, (double)board->written_row_count },
        { METRIC_board_rebuilds_total, (double)board->rebuild_count },
        { METRIC_board_connects_total, (double)board->connect_count },
        { METRIC_board_refusals_total, (double)board->refusal_count },
        { METRIC_board_dropped_backlogs_total, (double)board->dropped_backlog_count },
    };

    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        exposition_add(exposition, rows[i].metric, LABELS(shard), rows[i].value);
}

static void add_shard(struct exposition *exposition, const struct config *config,
                      struct shard *shard)
{
    struct shard_figures figures;
    const char *name = shard_name(shard);

    shard_get_figures(shard, &figures);
    add_states(exposition, shard);
    if (shard_is_owner(shard))
        add_work(exposition, shard, &figures);
    add_tally(exposition, name, figures.tally);
    add_bounds(exposition, name, &config->limits, &figures);
    if (figures.has_board)
        add_board(exposition, name, &figures.board, config->limits.redis_backlog);
}

static void add_http(struct exposition *exposition, const struct http *http)
{
    struct http_figures figures;

    http_get_figures(http, &figures);
    exposition_add(exposition, METRIC_http_connections, NULL, figures.connection_count);
    exposition_add(exposition, METRIC_http_connections_limit, NULL, figures.connections_max);
    for (size_t i = 0; i < HTTP_CODE_COUNT; i++) {
        char code[12];
        snprintf(code, sizeof code, "%d", figures.answers[i].code);
        exposition_add(exposition, METRIC_http_answers_total, LABELS(code),
                       (double)figures.answers[i].count);
    }
}

static void add_process(struct exposition *exposition, const struct daemon *daemon)
{
    exposition_add(exposition, METRIC_build_info, LABELS(ARO_VERSION), 1);
    exposition_add(exposition, METRIC_start_time_seconds, NULL,
                   (double)daemon->started_at.ms / 1000);
    exposition_add(exposition, METRIC_rulebook_info,
                   LABELS(aro_rulebook_name(daemon->rulebook->rulebook)), 1);
    exposition_add(exposition, METRIC_log_lines_dropped_total, NULL, (double)log_dropped_count());
    exposition_add(exposition, METRIC_log_lines_suppressed_total, NULL,
                   (double)log_suppressed_count());
    exposition_add_histogram(exposition, METRIC_loop_lag_seconds, NULL, &daemon->lag.seconds);
    exposition_add(exposition, METRIC_loop_lag_seconds_max, NULL, daemon->lag.seconds_max);
}

void metrics_page_write(const struct daemon *daemon, struct buffer *text)
{
    CLEANUP(exposition_done) struct exposition exposition = { 0 };

    add_process(&exposition, daemon);
    for (size_t i = 0; i < daemon->shard_count; i++)
        add_shard(&exposition, daemon->config, daemon->shards[i]);
    if (daemon->http)
        add_http(&exposition, daemon->http);
    exposition_write(&exposition, text);
}
