/* What a shard reads: sources into batches while it owns, the ledger into its router while not. */
#include "shard/shard_private.h"

#include "loop/host_clock.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADERS_MAX = 64, /* of a record, that are looked at */
    HOLD_RELEASE_PERCENT = 95,
};

static size_t read_headers(const rd_kafka_message_t *message,
                           struct aro_header headers[static HEADERS_MAX])
{
    rd_kafka_headers_t *list;
    size_t count = 0;

    if (rd_kafka_message_headers(message, &list))
        return 0;
    while (count < HEADERS_MAX &&
           !rd_kafka_header_get_all(list, count, &headers[count].name, &headers[count].value,
                                    &headers[count].length))
        count++;
    return count;
}

static const char *const verdicts[SHARD_VERDICT_COUNT] = {
    [SHARD_VERDICT_APPLIED] = "applied",
    "repeat",
    "stale",
    "unknown",
    "merged",
    "closed",
    "market_draft",
};

const char *shard_verdict_name(unsigned verdict)
{
    assert(verdict < SHARD_VERDICT_COUNT);
    return verdicts[verdict];
}

static unsigned find_verdict(const char *reason)
{
    unsigned verdict = SHARD_VERDICT_APPLIED + 1;
    while (verdict < SHARD_VERDICT_COUNT && strcmp(verdicts[verdict], reason))
        verdict++;
    assert(verdict < SHARD_VERDICT_COUNT); /* the router has a reason that the table lacks */
    return verdict;
}

/* Applies @event, and gives what became of it. */
static unsigned apply(struct shard *shard, struct aro_instant now, const struct aro_event *event,
                      const struct aro_source *source)
{
    struct aro_effects *effects = shard->collecting->effects;
    size_t note_count = aro_effects_note_count(effects);

    aro_router_apply(shard->router, now, event, source, effects);
    for (size_t i = note_count; i < aro_effects_note_count(effects); i++) {
        const struct aro_note *note = aro_effects_note_at(effects, i);
        if (note->kind == ARO_NOTE_IGNORED)
            return find_verdict(note->reason);
    }
    return SHARD_VERDICT_APPLIED;
}

/* When Kafka has it from its sender; where it does not tell, now. */
static struct aro_instant time_of(const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t ms = rd_kafka_message_timestamp(message, &type);
    return ms > 0 ? (struct aro_instant){ ms } : host_clock_now();
}

static void count_event(struct shard *shard, const struct aro_event *event, unsigned verdict,
                        const rd_kafka_message_t *message)
{
    if (event->appeal_id && aro_id_is_synthetic(event->appeal_id))
        return;
    shard->tally.event_counts[event->type][verdict]++;
    batch_add_arrival(shard->collecting, time_of(message));
}

void shard_on_source_record(const rd_kafka_message_t *message, enum aro_topic_kind kind,
                            void *context)
{
    struct shard *shard = context;
    struct aro_header headers[HEADERS_MAX];
    const struct aro_message input = {
        .topic_kind = kind,
        .key = message->key,
        .key_length = message->key_len,
        .value = message->payload,
        .value_length = message->len,
        .headers = headers,
        .header_count = read_headers(message, headers),
    };
    const struct aro_source source = { .kind = ARO_SOURCE_RECORD,
                                       .topic = rd_kafka_topic_name(message->rkt),
                                       .partition = message->partition,
                                       .offset = message->offset };
    struct aro_instant now = shard_now(shard);
    const struct aro_event *event;
    struct aro_error error;

    shard->tally.input_count++;
    shard->collecting->input_count++;
    if (shard->took_over_ms < 0)
        shard->took_over_ms = host_clock_now().ms - shard->assigned_at.ms;
    int r = aro_event_read(shard->event_reader, &input, &event, &error);
    if (r == 0)
        r = aro_rulebook_check_event(shard->rulebook->rulebook, event, &error);
    if (r == 0)
        r = aro_router_check_event(shard->router, event, &error);
    if (r == 0) {
        unsigned verdict = apply(shard, now, event, &source);
        count_event(shard, event, verdict, message);
        return;
    }
    if (r == -ENOMEM)
        memory_exhausted();
    shard->tally.dead_letter_counts[error.code]++;
    batch_add_dead_letter(shard->collecting, message, &error);
    char place[400];
    snprintf(place, sizeof place, "%s/%" PRId32 "/%" PRId64, source.topic, source.partition,
             source.offset);
    LOG(record_refused,
        ABOUT(.shard = shard->settings->name, .record = place,
              .trace = aro_event_reader_traceparent(shard->event_reader)),
        "cannot be read (%s), goes to the dead letters: %s", aro_error_code_name(error.code),
        error.message);
}

/* A full batch holds the sources back; the writer's return lets them go. */
bool shard_wants_more(void *context)
{
    const struct shard *shard = context;

    if (shard->state != SHARD_OWNER)
        return true;
    return !shard->is_releasing &&
           shard->collecting->input_count < (size_t)shard->config->limits.batch_records &&
           batch_byte_count(shard->collecting) < (size_t)shard->config->limits.batch_bytes;
}

/* Appeals wait in Kafka where too many wait here. Reviews and agents, which give capacity back, are
 * always read. */
static void hold_appeals_if_full(struct shard *shard)
{
    struct aro_router_counts counts;
    uint64_t limit = (uint64_t)shard->config->limits.waiting_appeals;

    aro_router_counts(shard->router, &counts);
    uint64_t waiting = counts.waiting + counts.merged;
    if (waiting >= limit)
        reader_hold_appeals(shard->reader, true);
    else if (waiting <= limit * HOLD_RELEASE_PERCENT / 100)
        reader_hold_appeals(shard->reader, false);
}

void shard_on_turn(void *context)
{
    struct shard *shard = context;

    shard_go_on_after_claim(shard);
    if (shard->state != SHARD_OWNER)
        return;
    hold_appeals_if_full(shard);
    shard_arm_tick(shard);
    shard_commit_next(shard);
}

static void observe_time(struct shard *shard)
{
    struct aro_instant end_seen_at = { shard->has_caught_up ? shard->was_at_end_at.ms : 0 };
    struct aro_span difference = core_clock_observe(&shard->clock, shard->fold.positions.time,
                                                    host_clock_now(), end_seen_at);
    bool is_apart = llabs(difference.ms) > shard->config->limits.clock_jump.ms;

    if (is_apart && !shard->is_clock_apart)
        LOG(clocks_apart, shard_about(shard),
            "this host's clock and the owner's are %" PRId64 " ms apart", difference.ms);
    shard->is_clock_apart = is_apart;
}

void shard_on_ledger_record(const rd_kafka_message_t *message, void *context)
{
    struct shard *shard = context;
    struct aro_error error = { 0 };
    enum ledger_record_kind kind = LEDGER_RECORD_STATE;

    if (shard->exit_pending)
        return; /* it is read again from the last transaction that is settled */
    int r = ledger_fold_record(&shard->fold, message->key, message->key_len, message->payload,
                               message->len, &kind, &error);
    if (r == -EPERM) {
        shard_lose_to_other(shard, &error);
        return;
    }
    if (r < 0) {
        char reason[700];
        snprintf(reason, sizeof reason, "%s/%" PRId32 "/%" PRId64 ": %s",
                 shard->config->ledger_topic, message->partition, message->offset, error.message);
        shard_stop(shard, reason);
        return;
    }
    if (shard_has_worked(shard))
        return;
    shard->ledger_next = message->offset + 1;
    if (kind == LEDGER_RECORD_POSITIONS)
        observe_time(shard);
}

void shard_on_ledger_end(void *context)
{
    struct shard *shard = context;

    if (!shard_has_worked(shard))
        shard->ledger_next = reader_ledger_next(shard->reader);
    shard->has_caught_up = true;
    shard->was_at_end_at = host_clock_now();
    if (shard->state == SHARD_FOLDING) {
        shard_move(shard, SHARD_STANDBY);
        shard->callbacks.on_caught_up(shard, shard->callbacks.context);
    }
    shard_go_on_after_claim(shard);
}

void shard_on_broken(const char *text, void *context)
{
    struct shard *shard = context;

    shard->distrusts_memory |= shard->state != SHARD_OWNER; /* who reads the ledger */
    shard_stop(shard, text);
}
