#include "loop/metrics_page.h"

#include "log/log.h"
#include "loop/daemon.h"
#include "loop/metrics_work.h"
#include "metrics/exposition.h"
#include "support/cleanup.h"
#include "version.h"

#include <inttypes.h>
#include <stdio.h>

#define LENGTH_OF(array) (sizeof(array) / sizeof *(array))

static void add_states(struct exposition *exposition, const struct shard *shard)
{
    for (enum shard_state state = SHARD_FOLDING; state <= SHARD_STOPPED; state++)
        exposition_add(exposition, METRIC_shard_state,
                       LABELS(shard_name(shard), shard_state_name(state)),
                       shard_get_state(shard) == state);
}

static void add_verdicts(struct exposition *exposition, const char *shard, const char *type,
                         const uint64_t counts[static SHARD_VERDICT_COUNT])
{
    for (unsigned i = 0; i < SHARD_VERDICT_COUNT; i++)
        exposition_add(exposition, METRIC_events_total, LABELS(shard, type, shard_verdict_name(i)),
                       (double)counts[i]);
}

static void add_queue_tally(struct exposition *exposition, const char *shard,
                            const struct queue_tally *tally)
{
    const char *const *labels = LABELS(shard, tally->queue);

    for (unsigned i = 0; i < ARO_STEPS_MAX; i++) {
        char step[12];
        snprintf(step, sizeof step, "%u", i + 1);
        if (tally->assigned[i] > 0)
            exposition_add(exposition, METRIC_assignments_total, LABELS(shard, tally->queue, step),
                           (double)tally->assigned[i]);
    }
    exposition_add_histogram(exposition, METRIC_submitted_to_assigned_seconds, labels,
                             &tally->submitted_to_assigned);
    exposition_add(exposition, METRIC_offers_made_total, labels, (double)tally->offered);
    exposition_add(exposition, METRIC_offers_accepted_total, labels, (double)tally->accepted);
    exposition_add(exposition, METRIC_offers_declined_total, labels, (double)tally->declined);
    exposition_add(exposition, METRIC_offers_expired_total, labels, (double)tally->expired);
}

static void add_tally(struct exposition *exposition, const char *shard,
                      const struct shard_tally *tally)
{
    exposition_add(exposition, METRIC_inputs_total, LABELS(shard), (double)tally->input_count);
    for (enum aro_event_type type = ARO_EVENT_NONE + 1; type < ARO_EVENT_TYPE_COUNT; type++)
        add_verdicts(exposition, shard, aro_event_type_name(type), tally->event_counts[type]);
    for (enum aro_error_code code = ARO_ERROR_NONE + 1; code < LENGTH_OF(tally->dead_letter_counts);
         code++)
        exposition_add(exposition, METRIC_dead_letters_total,
                       LABELS(shard, aro_error_code_name(code)),
                       (double)tally->dead_letter_counts[code]);
    for (size_t i = 0; i < SHARD_OUTPUT_TYPE_COUNT; i++)
        exposition_add(exposition, METRIC_outputs_total, LABELS(shard, tally->outputs[i].type),
                       (double)tally->outputs[i].count);
    exposition_add(exposition, METRIC_commits_total, LABELS(shard), (double)tally->commit_count);
    exposition_add(exposition, METRIC_doubts_total, LABELS(shard), (double)tally->doubt_count);
    exposition_add(exposition, METRIC_transactions_fenced_total, LABELS(shard),
                   (double)tally->fence_count);
    exposition_add(exposition, METRIC_take_overs_total, LABELS(shard),
                   (double)tally->take_over_count);
    exposition_add_histogram(exposition, METRIC_take_over_duration_seconds, LABELS(shard),
                             &tally->take_over_seconds);
    exposition_add_histogram(exposition, METRIC_transaction_seconds, LABELS(shard),
                             &tally->transaction_seconds);
    exposition_add_histogram(exposition, METRIC_transaction_records, LABELS(shard),
                             &tally->transaction_records);
    exposition_add_histogram(exposition, METRIC_transaction_bytes, LABELS(shard),
                             &tally->transaction_bytes);
    exposition_add_histogram(exposition, METRIC_event_to_commit_seconds, LABELS(shard),
                             &tally->event_to_commit_seconds);
    for (size_t i = 0; i < tally->queues.count; i++)
        add_queue_tally(exposition, shard, tally->queues.items[i]);
}

static void add_synthetic(struct exposition *exposition, const char *shard,
                          const struct config *config, const struct shard_figures *figures)
{
    if (!figures->sends_synthetic)
        return;
    exposition_add(exposition, METRIC_synthetic_interval_seconds, LABELS(shard),
                   (double)config->synthetic_interval.ms / 1000);
    exposition_add(exposition, METRIC_synthetic_silent_seconds, LABELS(shard),
                   (double)figures->synthetic_silence_ms / 1000);
    exposition_add(exposition, METRIC_synthetic_sent_total, LABELS(shard),
                   (double)figures->tally->synthetic_sent_count);
    exposition_add_histogram(exposition, METRIC_synthetic_round_trip_seconds, LABELS(shard),
                             &figures->tally->synthetic_seconds);
}

static void add_bounds(struct exposition *exposition, const char *shard,
                       const struct config_limits *limits, const struct shard_figures *figures)
{
    const struct {
        enum metric metric;
        double value;
    } rows[] = {
        { METRIC_transactions_begun_total, (double)figures->begun_count },
        { METRIC_transactions_aborted_total, (double)figures->aborted_count },
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
    if (figures->committed_ms >= 0)
        exposition_add(exposition, METRIC_last_commit_seconds, LABELS(shard),
                       (double)figures->committed_ms / 1000);
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
        { METRIC_board_server_changes_total, (double)board->server_change_count },
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
        metrics_work_add(exposition, shard, &figures);
    add_tally(exposition, name, figures.tally);
    add_bounds(exposition, name, &config->limits, &figures);
    add_synthetic(exposition, name, config, &figures);
    if (figures.has_board)
        add_board(exposition, name, &figures.board, config->limits.redis_backlog);
}

static void add_control(struct exposition *exposition, const struct control *control)
{
    struct control_figures figures = control_get_figures(control);

    exposition_add(exposition, METRIC_control_connections, NULL, figures.connection_count);
    exposition_add(exposition, METRIC_control_connections_limit, NULL, figures.connections_max);
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

static void add_rebalances(struct exposition *exposition, const struct daemon_rebalances *counts)
{
    const struct {
        const char *kind;
        uint64_t count;
    } rows[] = { { "assigned", counts->assigned },
                 { "revoked", counts->revoked },
                 { "lost", counts->lost } };

    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        exposition_add(exposition, METRIC_rebalances_total, LABELS(rows[i].kind),
                       (double)rows[i].count);
}

static void add_process(struct exposition *exposition, const struct daemon *daemon)
{
    exposition_add(exposition, METRIC_build_info, LABELS(ARO_VERSION), 1);
    exposition_add(exposition, METRIC_start_time_seconds, NULL,
                   (double)daemon->started_at.ms / 1000);
    exposition_add(exposition, METRIC_rulebook_info,
                   LABELS(aro_rulebook_name(daemon->rulebook->rulebook)), 1);
    add_rebalances(exposition, &daemon->rebalances);
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
    if (daemon->control)
        add_control(&exposition, daemon->control);
    if (daemon->http)
        add_http(&exposition, daemon->http);
    exposition_write(&exposition, text);
}
