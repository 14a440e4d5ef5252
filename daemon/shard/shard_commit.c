/* A batch on its way: sealed, with the writer, committed or in doubt. */
#include "shard/shard_private.h"

#include "loop/host_clock.h"
#include "loop/monotonic.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOUBTS_MAX = 3 /* in a row, then somebody fences us as fast as we begin */ };

const struct aro_position *shard_find_position(const struct aro_positions *positions,
                                               const char *topic, int32_t partition)
{
    for (size_t i = 0; i < positions->source_count; i++) {
        if (positions->sources[i].partition == partition &&
            strcmp(positions->sources[i].topic, topic) == 0)
            return &positions->sources[i];
    }
    return NULL;
}

static rd_kafka_topic_partition_list_t *offsets_to_commit(const struct shard *shard,
                                                          const struct aro_positions *positions)
{
    rd_kafka_topic_partition_list_t *offsets =
        rd_kafka_topic_partition_list_new((int)positions->source_count + 1);

    rd_kafka_topic_partition_list_add(offsets, shard->config->ledger_topic,
                                      (int32_t)shard->settings->partition)
        ->offset = shard->ledger_next;
    for (size_t i = 0; i < positions->source_count; i++) {
        const struct aro_position *position = &positions->sources[i];
        const struct aro_position *before =
            shard_find_position(&shard->fold.positions, position->topic, position->partition);
        if (!before || before->next_offset != position->next_offset)
            rd_kafka_topic_partition_list_add(offsets, position->topic, position->partition)
                ->offset = position->next_offset;
    }
    return offsets;
}

struct aro_positions shard_positions_copy(const struct aro_positions *positions)
{
    struct aro_positions copy = { .source_count = positions->source_count };
    copy.sources = memory_new_array(positions->source_count, sizeof *copy.sources);
    memcpy(copy.sources, positions->sources, positions->source_count * sizeof *copy.sources);
    return copy;
}

/* The rows that this batch changes, as they are now: later the router is ahead of the batch. */
static struct board_change *changed_rows(const struct shard *shard,
                                         const struct aro_effects *effects)
{
    struct board_change *change = board_change_new();

    for (size_t i = 0; i < aro_effects_changed_agent_count(effects); i++) {
        struct aro_agent_view view;
        const char *id = aro_effects_changed_agent_at(effects, i);
        bool is_there = aro_router_agent_view(shard->router, id, &view);
        board_change_add_agent(change, id, is_there ? &view : NULL);
    }
    for (size_t i = 0; i < aro_effects_changed_queue_count(effects); i++) {
        struct aro_queue_view view;
        const char *name = aro_effects_changed_queue_at(effects, i);
        bool is_there = aro_router_queue_view(shard->router, name, &view);
        board_change_add_queue(change, name, is_there ? &view : NULL);
    }
    return change;
}

static void batch_seal(struct shard *shard, struct batch *batch)
{
    struct aro_positions positions = shard_positions_copy(reader_positions(shard->reader));

    aro_router_seal(shard->router, batch->effects);
    batch->seq = ++shard->seq;
    positions.seq = batch->seq;
    positions.time = shard_now(shard);
    positions.counters = aro_router_counters_get(shard->router);
    snprintf(positions.claim, sizeof positions.claim, "%s", shard->claim);
    batch->positions = aro_positions_format(&positions);
    batch->offsets = offsets_to_commit(shard, &positions);
    if (shard->board)
        shard->in_flight_change = changed_rows(shard, batch->effects);
    shard->in_flight_positions = positions;
}

void shard_give_to_writer(struct shard *shard)
{
    shard->writer_has_batch = true;
    shard->sent_at_ms = monotonic_ms();
    writer_commit(shard->writer, shard->in_flight);
}

/* Every type is counted from 0 on: of a figure that comes up with its first event, no rate ever
 * sees that event. */
void shard_outputs_init(struct shard_tally *tally)
{
    static const char *const types[SHARD_OUTPUT_TYPE_COUNT] = {
        "appeal.closed",  "appeal.escalated",   "appeal.held",        "appeal.merged",
        "appeal.overdue", "appeal.rerouted",    "appeal.resumed",     "appeal.waiting",
        "event.ignored",  "assignment.created", "assignment.offered", "assignment.revoked",
    };

    for (size_t i = 0; i < SHARD_OUTPUT_TYPE_COUNT; i++)
        tally->outputs[i].type = types[i];
}

/* Nearly always the very constant of the router that was met before. */
static struct shard_output *find_output(struct shard_tally *tally, const char *type)
{
    size_t i = 0;

    while (i < SHARD_OUTPUT_TYPE_COUNT && tally->outputs[i].type != type)
        i++;
    if (i < SHARD_OUTPUT_TYPE_COUNT)
        return &tally->outputs[i];
    for (i = 0; i < SHARD_OUTPUT_TYPE_COUNT && strcmp(tally->outputs[i].type, type) != 0;)
        i++;
    assert(i < SHARD_OUTPUT_TYPE_COUNT);
    tally->outputs[i].type = type;
    return &tally->outputs[i];
}

static void count_outputs(struct shard_tally *tally, const struct aro_effects *effects)
{
    for (size_t i = 0; i < aro_effects_record_count(effects); i++) {
        const struct aro_record *record = aro_effects_record_at(effects, i);
        if (record->type && !aro_id_is_synthetic(record->key))
            find_output(tally, record->type)->count++;
    }
}

static void log_output(const struct shard *shard, const struct aro_record *record)
{
    json_t *data = json_loadb(record->value, record->value_length, 0, NULL);
    bool is_caused_by_record = strchr(record->source, '/');

    LOG(event_published,
        ABOUT(.shard = shard->settings->name, .record = is_caused_by_record ? record->source : NULL,
              .queue = json_string_value(json_object_get(data, "queue")),
              .appeal = json_string_value(json_object_get(data, "appeal_id")),
              .agent = json_string_value(json_object_get(data, "agent_id")),
              .trace = record->traceparent),
        "%s%s", record->type, is_caused_by_record ? "" : ", by time or command");
    json_decref(data);
}

/* The life of each appeal, for who asks for that much. */
static void log_outputs(const struct shard *shard, const struct aro_effects *effects)
{
    if (!log_wants(MESSAGE_event_published))
        return;
    for (size_t i = 0; i < aro_effects_record_count(effects); i++) {
        const struct aro_record *record = aro_effects_record_at(effects, i);
        if (record->type)
            log_output(shard, record);
    }
}

static void count_notes(struct shard *shard, const struct aro_effects *effects,
                        struct aro_instant now)
{
    for (size_t i = 0; i < aro_effects_note_count(effects); i++) {
        const struct aro_note *note = aro_effects_note_at(effects, i);
        if (note->appeal_id)
            shard_on_synthetic_note(shard, note);
        else if (note->queue)
            queue_tallies_add(&shard->tally.queues, note, now);
    }
}

static void count_arrivals(struct shard_tally *tally, const struct batch *batch,
                           struct aro_instant now)
{
    for (size_t i = 0; i < batch->arrival_count; i++) {
        int64_t ms = now.ms - batch->arrivals[i].ms;
        histogram_add(&tally->event_to_commit_seconds, ms > 0 ? (double)ms / 1000 : 0);
    }
}

static void count_committed(struct shard *shard, const struct batch *batch)
{
    struct aro_instant now = host_clock_now();

    shard->tally.commit_count++;
    shard->committed_at_ms = monotonic_ms();
    count_outputs(&shard->tally, batch->effects);
    count_notes(shard, batch->effects, now);
    count_arrivals(&shard->tally, batch, now);
}

/* The batch in flight is in the ledger, whose last record of it is at @ledger_offset. */
void shard_settle_in_flight(struct shard *shard, int64_t ledger_offset)
{
    struct batch *batch = TAKE(shard->in_flight);

    count_committed(shard, batch);
    log_outputs(shard, batch->effects);
    shard->ledger_next = ledger_offset + 1;
    ledger_fold_settle(&shard->fold, batch->seq, &shard->in_flight_positions);
    if (batch->topics)
        ledger_fold_set_topics(&shard->fold, &shard->topics_now);
    if (shard->board)
        board_write(shard->board, ledger_offset, TAKE(shard->in_flight_change));
    batch_tell_waiters(batch, true);
    batch_free(batch);
}

/* Hands the collected batch to the writer, where that is idle and there is something in it. */
void shard_commit_next(struct shard *shard)
{
    if (shard->state != SHARD_OWNER || shard->exit_pending || !writer_is_idle(shard->writer))
        return;
    if (shard->wants_ends && !shard->is_releasing) {
        shard->wants_ends = false;
        shard->ends_asked_at = shard_now(shard);
        writer_find_ends(shard->writer, reader_handle(shard->reader));
        return;
    }
    shard_work_on(shard);
    if (batch_is_empty(shard->collecting))
        return;
    shard->in_flight = TAKE(shard->collecting);
    batch_seal(shard, shard->in_flight);
    histogram_add(&shard->tally.transaction_records, (double)batch_record_count(shard->in_flight));
    histogram_add(&shard->tally.transaction_bytes, (double)batch_byte_count(shard->in_flight));
    shard->collecting = batch_new();
    shard_give_to_writer(shard);
    reader_continue(shard->reader);
}

static void on_doubt(struct shard *shard, const struct aro_error *error)
{
    if (!shard->term) {
        shard_become_standby(shard); /* the ledger will tell */
        return;
    }
    shard->tally.doubt_count++;
    if (++shard->doubt_count > DOUBTS_MAX) {
        char reason[700];
        snprintf(reason, sizeof reason,
                 "%d transactions in a row ended in doubt; does another process write with the "
                 "same ids? %s",
                 DOUBTS_MAX + 1, error->message);
        shard_stop(shard, reason);
        return;
    }
    LOG(transaction_in_doubt, shard_about(shard),
        "a transaction is in doubt, claiming the shard again to see: %s", error->message);
    shard_move(shard, SHARD_RESOLVING);
    /* The ledger alone is read until it has told; a batch must not grow meanwhile. */
    aro_positions_done(&shard->resume_positions);
    shard->resume_positions = shard_positions_copy(reader_positions(shard->reader));
    struct aro_error follow_error;
    if (reader_follow(shard->reader, reader_ledger_next(shard->reader), &follow_error) < 0)
        shard_stop(shard, follow_error.message);
    else
        shard_claim(shard);
}

void shard_on_commit_done(struct shard *shard, struct writer_result *result)
{
    assert(result->batch == shard->in_flight);
    shard->writer_has_batch = false;
    histogram_add(&shard->tally.transaction_seconds,
                  (double)(monotonic_ms() - shard->sent_at_ms) / 1000);
    shard->tally.fence_count += result->verdict == WRITER_NOT_OWNER;
    if (shard->exit_pending) {
        if (result->verdict == WRITER_DONE)
            shard_settle_in_flight(shard, result->batch->ledger_offset);
        shard_exit(shard);
        return;
    }
    switch (result->verdict) {
    case WRITER_DONE:
        shard->doubt_count = 0;
        shard_settle_in_flight(shard, result->batch->ledger_offset);
        shard_commit_next(shard);
        shard_arm_tick(shard); /* what is done some at a time may have set timers */
        break;
    case WRITER_NOT_OWNER:
        LOG(shard_lost, shard_about(shard), "the group has given the shard to another instance: %s",
            result->error.message);
        shard_become_standby(shard);
        break;
    case WRITER_LEDGER_LOST:
        shard->distrusts_memory = true;
        shard_stop(shard, result->error.message);
        break;
    case WRITER_REFUSED: shard_stop(shard, result->error.message); break;
    case WRITER_IN_DOUBT:
    case WRITER_CANCELLED:
    case WRITER_FAILED: on_doubt(shard, &result->error); break;
    }
}
