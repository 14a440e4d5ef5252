/* The life of a shard in this process.
 *
 *   FOLDING -> STANDBY -> CLAIMING -> SETTLING -> OWNER <-> RESOLVING
 *                 ^___________|__________|__________|__________|
 *
 * Back to STANDBY from anywhere when the group takes the shard, or a fence says that it has; to
 * STOPPED from anywhere when going on would lose or repeat something.
 *
 * An owner has up to two batches: @in_flight, sealed and with the writer, and @collecting, which
 * takes the effects of what is read meanwhile. Nothing waits for a timer: the writer's return seals
 * the next one. Both can be undone, newest first, as each knows what it changed. */
#include "shard/shard.h"

#include "board/board.h"
#include "kafka/batch.h"
#include "kafka/reader.h"
#include "kafka/writer.h"
#include "log/log.h"
#include "loop/host_clock.h"
#include "shard/core_clock.h"
#include "shard/ledger_fold.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RELEASE_MS = 2000,    /* to finish what is under way when the group asks for the shard */
    CLAIM_RETRY_MS = 500, /* between tries to claim while Kafka does not answer */
    DOUBTS_MAX = 3,       /* in a row, then somebody fences us as fast as we begin */
    TIMERS_A_TURN = 200,
    HEADERS_MAX = 64, /* of a record, that are looked at */
    HOLD_RELEASE_PERCENT = 95,
};

struct shard {
    const struct config *config;
    const struct config_shard *settings;
    struct membership *membership;
    struct shard_callbacks callbacks;
    int64_t start_time_ms;

    struct reader *reader;
    struct writer *writer;
    struct board *board; /* NULL: none */
    struct event *tick_timer, *claim_timer, *release_timer;

    struct aro_event_reader *event_reader;
    struct aro_router *router;
    struct rulebook_file *rulebook;      /* the router's */
    struct rulebook_file *rulebook_next; /* loaded since; the router's from the next term on */
    struct ledger_fold fold;
    struct core_clock clock;

    enum shard_state state;
    char stop_reason[600];
    bool is_stopping;   /* as soon as the writer gives its batch back */
    bool has_caught_up; /* the ledger's end was reached: what comes is live */

    struct term *term;                           /* NULL: the group has not given us the shard */
    bool is_releasing;                           /* the group waits for us */
    bool accepts_partitions, accepts_new_ledger; /* an operator's word, for the next claim */
    char claim[64];
    unsigned claim_count;
    int64_t claim_offset;
    bool has_claimed;     /* the claim is committed; it may not be read yet */
    int64_t took_over_ms; /* from the assignment to the first record routed; -1: not yet */
    struct aro_instant assigned_at;

    struct aro_topics topics_now;    /* as the claim found them */
    struct aro_positions begins_now; /* where each source partition began then */

    struct batch *collecting, *in_flight;
    bool writer_has_batch; /* it is @in_flight, and not ours to change */
    struct board_change *in_flight_change;
    struct aro_positions in_flight_positions;
    int64_t ledger_next; /* after the last record known to be committed and in memory */
    uint64_t seq;
    unsigned doubt_count;                  /* in a row */
    struct aro_positions resume_positions; /* while resolving: where the sources are read on */

    bool wants_ends; /* a timer is due: may it fire? */
    struct aro_instant ends_asked_at;
    struct aro_positions ends; /* where the sources ended then */
    bool has_ends;

    uint64_t input_count, dead_letter_count, commit_count, take_over_count;
};

static void claim_start(struct shard *shard);
static void commit_next(struct shard *shard);
static void arm_tick(struct shard *shard);

const char *shard_state_name(enum shard_state state)
{
    static const char *const names[] = {
        [SHARD_FOLDING] = "folding",   [SHARD_STANDBY] = "standby", [SHARD_CLAIMING] = "claiming",
        [SHARD_SETTLING] = "settling", [SHARD_OWNER] = "owner",     [SHARD_RESOLVING] = "resolving",
        [SHARD_STOPPED] = "stopped",
    };
    return names[state];
}

static const struct log_subject *about(const struct shard *shard)
{
    static struct log_subject subject;
    subject = (struct log_subject){ .shard = shard->settings->name };
    return &subject;
}

static void shard_move(struct shard *shard, enum shard_state next)
{
    if (shard->state == next)
        return;
    log_info(about(shard), "%s, was %s", shard_state_name(next), shard_state_name(shard->state));
    shard->state = next;
}

/* ---- leaving a term ---- */

static void drop_batch(struct shard *shard, struct batch **batch)
{
    if (!*batch)
        return;
    aro_router_undo(shard->router, (*batch)->effects);
    batch_free(TAKE(*batch));
}

/* Back to the state of the last transaction known to be committed. */
static void undo_uncommitted(struct shard *shard)
{
    size_t count = (shard->collecting ? batch_record_count(shard->collecting) : 0) +
                   (shard->in_flight ? batch_record_count(shard->in_flight) : 0);
    if (count > 0)
        log_info(about(shard), "%zu records were not committed and are undone", count);
    drop_batch(shard, &shard->collecting);
    drop_batch(shard, &shard->in_flight);
    board_change_free(TAKE(shard->in_flight_change));
    aro_positions_done(&shard->in_flight_positions);
}

static bool has_worked(const struct shard *shard)
{
    return shard->state == SHARD_OWNER || shard->state == SHARD_RESOLVING;
}

/* What only an owner has. The writer must be idle, or busy with no batch. */
static void leave_work(struct shard *shard)
{
    if (!has_worked(shard))
        return;
    undo_uncommitted(shard);
    ledger_fold_end_work(&shard->fold);
    if (shard->board)
        board_stop(shard->board);
    event_del(shard->tick_timer);
    shard->wants_ends = shard->has_ends = false;
}

static void stop(struct shard *shard, const char *reason)
{
    reader_stop(shard->reader);
    event_del(shard->claim_timer);
    snprintf(shard->stop_reason, sizeof shard->stop_reason, "%s", reason);
    if (shard->writer_has_batch) {
        shard->is_stopping = true; /* when the writer has given it back */
        return;
    }
    shard->is_stopping = false;
    leave_work(shard);
    shard_move(shard, SHARD_STOPPED);
    log_error(about(shard), "stopped: %s; when that is mended, 'appealctl start-shard %s' goes on",
              reason, shard->settings->name);
}

/* Reads on behind the last transaction that is in memory. */
static void follow_ledger(struct shard *shard)
{
    struct aro_error error;

    if (reader_follow(shard->reader, shard->ledger_next, &error) < 0)
        stop(shard, error.message);
}

static void become_standby(struct shard *shard)
{
    bool worked = has_worked(shard);

    leave_work(shard);
    event_del(shard->claim_timer);
    if (shard->state == SHARD_STOPPED || shard->state == SHARD_FOLDING)
        return;
    shard_move(shard, SHARD_STANDBY);
    if (worked)
        follow_ledger(shard);
}

static void finish_release(struct shard *shard)
{
    if (!shard->is_releasing)
        return;
    shard->is_releasing = false;
    event_del(shard->release_timer);
    shard->callbacks.on_released(shard, shard->callbacks.context);
}

/* The group takes the shard back, and nothing more will be committed. Waits for the writer, which
 * may still hold a batch. */
static void release_if_idle(struct shard *shard)
{
    if (!shard->is_releasing || !writer_is_idle(shard->writer))
        return;
    become_standby(shard);
    finish_release(shard);
}

void shard_end_term(struct shard *shard, bool is_lost)
{
    static const struct timeval release_span = { .tv_sec = RELEASE_MS / 1000,
                                                 .tv_usec = RELEASE_MS % 1000 * 1000 };
    if (!shard->term)
        return;
    term_unref(TAKE(shard->term));
    shard->is_releasing = true;
    event_del(shard->claim_timer);
    if (is_lost || shard->state != SHARD_OWNER)
        writer_cancel(shard->writer);
    else
        event_add(shard->release_timer, &release_span);
    if (shard->state == SHARD_OWNER && !is_lost)
        commit_next(shard);
    release_if_idle(shard);
}

static void on_release_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    (void)descriptor, (void)what;
    log_warning(about(shard), "what is under way has not been committed in %d ms, giving it up",
                RELEASE_MS);
    writer_cancel(shard->writer);
}

/* ---- taking over ---- */

static void claim_later(struct shard *shard)
{
    static const struct timeval span = { .tv_usec = CLAIM_RETRY_MS * 1000 };
    event_add(shard->claim_timer, &span);
}

static void on_claim_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    (void)descriptor, (void)what;
    claim_start(shard);
}

static bool is_foreign_group(const struct shard *shard)
{
    return shard->fold.has_owner && strcmp(shard->fold.owner.group, shard->config->kafka.group);
}

static void set_writer_topics(struct shard *shard)
{
    const struct aro_rulebook *rulebook = shard->rulebook_next->rulebook;
    size_t queue_count = aro_rulebook_queue_count(rulebook), count = 0;
    const char **topics = memory_new_array(queue_count, sizeof *topics);

    for (size_t i = 0; i < queue_count; i++) {
        const char *topic = aro_rulebook_queue_at(rulebook, i)->topic;
        if (topic)
            topics[count++] = topic;
    }
    writer_set_queue_topics(shard->writer, topics, count);
    free(topics);
}

/* Claims the shard for a new term, or again when the last commit is in doubt. */
static void claim_start(struct shard *shard)
{
    bool is_new_term = shard->state != SHARD_RESOLVING;

    if (!shard->term || shard->state == SHARD_STOPPED)
        return;
    if (!writer_is_idle(shard->writer)) {
        claim_later(shard);
        return;
    }
    if (is_foreign_group(shard) && !shard->accepts_new_ledger) {
        char reason[900];
        snprintf(reason, sizeof reason,
                 "the ledger belongs to group '%s' (instance '%s'), this is group '%s': two groups "
                 "must not share a ledger partition",
                 shard->fold.owner.group, shard->fold.owner.instance, shard->config->kafka.group);
        stop(shard, reason);
        return;
    }
    if (is_new_term) {
        snprintf(shard->claim, sizeof shard->claim, "%" PRId64 "-%.30s-%u", shard->start_time_ms,
                 shard->config->instance, ++shard->claim_count);
        shard_move(shard, SHARD_CLAIMING);
    }
    shard->has_claimed = false;
    struct writer_claim claim = { .term = shard->term,
                                  .ledger_next = reader_ledger_next(shard->reader),
                                  .ledger_has_owner = shard->fold.has_owner,
                                  .is_new_term = is_new_term,
                                  .accepts_new_ledger = shard->accepts_new_ledger };
    snprintf(claim.owner.instance, sizeof claim.owner.instance, "%s", shard->config->instance);
    snprintf(claim.owner.group, sizeof claim.owner.group, "%s", shard->config->kafka.group);
    snprintf(claim.owner.claim, sizeof claim.owner.claim, "%s", shard->claim);
    claim.owner.time = shard_now(shard);
    set_writer_topics(shard);
    writer_claim(shard->writer, &claim);
}

void shard_begin_term(struct shard *shard, struct term *term)
{
    assert(!shard->term && !shard->is_releasing);
    shard->term = term_ref(term);
    shard->assigned_at = host_clock_now();
    shard->took_over_ms = -1;
    if (shard->state != SHARD_STOPPED)
        claim_start(shard);
}

static const struct aro_topic *find_topic(const struct aro_topics *topics, const char *name)
{
    for (size_t i = 0; i < topics->topic_count; i++) {
        if (strcmp(topics->topics[i].name, name) == 0)
            return &topics->topics[i];
    }
    return NULL;
}

/* Are the topics those that the ledger knows? 0; 1: nothing is recorded yet; -EINVAL. */
static int check_topics(const struct shard *shard, struct aro_error *reterr)
{
    const struct aro_topics *known = &shard->fold.topics, *now = &shard->topics_now;

    if (known->topic_count == 0 || shard->accepts_partitions)
        return 1;
    for (size_t i = 0; i < now->topic_count; i++) {
        const struct aro_topic *topic = find_topic(known, now->topics[i].name);
        int32_t before = topic ? topic->partition_count : 0;
        if (before != now->topics[i].partition_count)
            return aro_error_set(reterr, -EINVAL,
                                 "topic '%s' has %" PRId32 " partitions, had %" PRId32
                                 ": 'appealctl accept-partitions %s' accepts that",
                                 now->topics[i].name, now->topics[i].partition_count, before,
                                 shard->settings->name);
    }
    return 0;
}

static const struct aro_position *find_position(const struct aro_positions *positions,
                                                const char *topic, int32_t partition)
{
    for (size_t i = 0; i < positions->source_count; i++) {
        if (positions->sources[i].partition == partition &&
            strcmp(positions->sources[i].topic, topic) == 0)
            return &positions->sources[i];
    }
    return NULL;
}

/* Each source partition there is, at the ledger's position, or at its beginning where the ledger
 * has none yet. The caller owns the list. */
static struct aro_positions positions_to_work_from(const struct shard *shard)
{
    const struct aro_positions *begins = &shard->begins_now;
    struct aro_positions positions = { .source_count = begins->source_count };

    positions.sources = memory_new_array(begins->source_count, sizeof *positions.sources);
    for (size_t i = 0; i < begins->source_count; i++) {
        const struct aro_position *settled = find_position(
            &shard->fold.positions, begins->sources[i].topic, begins->sources[i].partition);
        positions.sources[i] = settled ? *settled : begins->sources[i];
    }
    return positions;
}

static void add_agent_row(const struct aro_agent_view *agent, void *context)
{
    board_change_add_agent(context, agent->id, agent);
}

static void add_queue_row(const struct aro_queue_view *queue, void *context)
{
    board_change_add_queue(context, queue->name, queue);
}

static const char **queue_names(const struct aro_rulebook *rulebook)
{
    size_t count = aro_rulebook_queue_count(rulebook);
    const char **names = memory_new_array(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = aro_rulebook_queue_at(rulebook, i)->name;
    return names;
}

static void begin_board(struct shard *shard)
{
    if (!shard->board)
        return;
    const struct aro_rulebook *rulebook = shard->rulebook->rulebook;
    CLEANUP(freep) const char **queues = queue_names(rulebook);
    struct board_change *all = board_change_new();
    const struct board_term term = {
        .claim = shard->claim_offset,
        .ledger_offset = reader_ledger_next(shard->reader) - 1,
        .owner = shard->config->instance,
        .rulebook = aro_rulebook_name(rulebook),
        .queue_count = aro_rulebook_queue_count(rulebook),
        .queues = queues,
    };
    aro_router_each_agent(shard->router, add_agent_row, all);
    aro_router_each_queue(shard->router, add_queue_row, all);
    board_begin_term(shard->board, &term, all);
}

/* Other queues are other sets of free agents on the board, once they are committed. */
static void on_rulebook_committed(bool is_committed, void *context)
{
    struct shard *shard = context;

    if (!is_committed || !shard->board)
        return;
    const struct aro_rulebook *rulebook = shard->rulebook->rulebook;
    CLEANUP(freep) const char **queues = queue_names(rulebook);
    board_set_rulebook(shard->board, aro_rulebook_name(rulebook),
                       aro_rulebook_queue_count(rulebook), queues);
}

static void swap_rulebook(struct shard *shard)
{
    const struct aro_source source = { .kind = ARO_SOURCE_CONTROL };

    aro_router_set_rulebook(shard->router, shard_now(shard), shard->rulebook_next->rulebook,
                            &source, shard->collecting->effects);
    rulebook_file_unref(shard->rulebook);
    shard->rulebook = rulebook_file_ref(shard->rulebook_next);
    batch_wait(shard->collecting, on_rulebook_committed, shard);
}

/* The rulebook in the ledger is another than ours: a reload, recorded and shown like any other. */
static void adopt_rulebook(struct shard *shard)
{
    const char *recorded = aro_router_recorded_rulebook_sha256(shard->router);
    const struct aro_rulebook *rulebook = shard->rulebook_next->rulebook;

    if (recorded && strcmp(recorded, aro_rulebook_sha256(rulebook)) == 0 &&
        shard->rulebook == shard->rulebook_next)
        return;
    if (recorded && strcmp(recorded, aro_rulebook_sha256(rulebook)))
        log_warning(about(shard),
                    "the ledger's rulebook is '%s', this instance routes by '%s' from here on",
                    aro_router_recorded_rulebook_name(shard->router), aro_rulebook_name(rulebook));
    swap_rulebook(shard);
}

/* Everything before our claim is settled and in memory. */
static void begin_work(struct shard *shard)
{
    struct aro_error error;

    if (strcmp(shard->fold.owner.claim, shard->claim)) {
        snprintf(error.message, sizeof error.message,
                 "instance '%s' has claimed this shard after us", shard->fold.owner.instance);
        stop(shard, error.message);
        return;
    }
    int topics = check_topics(shard, &error);
    if (topics < 0) {
        stop(shard, error.message);
        return;
    }
    struct aro_positions positions = positions_to_work_from(shard);
    int r = reader_work(shard->reader, &positions, &error);
    aro_positions_done(&positions);
    if (r < 0) {
        stop(shard, error.message);
        return;
    }
    ledger_fold_begin_work(&shard->fold, shard->claim);
    shard->ledger_next = reader_ledger_next(shard->reader);
    shard->seq = 0;
    shard->doubt_count = 0;
    shard->accepts_partitions = shard->accepts_new_ledger = false;
    shard->take_over_count++;
    shard_move(shard, SHARD_OWNER);
    shard->collecting = batch_new();
    shard->collecting->must_commit = true; /* the term's first positions */
    if (topics > 0)
        shard->collecting->topics = aro_topics_format(&shard->topics_now);
    begin_board(shard);
    adopt_rulebook(shard);
    commit_next(shard);
    arm_tick(shard);
}

static void give_to_writer(struct shard *shard)
{
    shard->writer_has_batch = true;
    writer_commit(shard->writer, shard->in_flight);
}

/* The batch in flight is in the ledger, whose last record of it is at @ledger_offset. */
static void settle_in_flight(struct shard *shard, int64_t ledger_offset)
{
    struct batch *batch = TAKE(shard->in_flight);

    shard->commit_count++;
    shard->ledger_next = ledger_offset + 1;
    ledger_fold_settle(&shard->fold, batch->seq, &shard->in_flight_positions);
    if (shard->board)
        board_write(shard->board, ledger_offset, TAKE(shard->in_flight_change));
    batch_tell_waiters(batch, true);
    batch_free(batch);
}

/* A commit was in doubt; the ledger up to the second claim says whether it took place. */
static void resolve(struct shard *shard)
{
    bool is_committed = shard->fold.seen_seq >= shard->in_flight->seq;
    struct aro_error error;

    log_warning(about(shard), "the transaction in doubt was %s",
                is_committed ? "committed" : "not committed, it is written again");
    int r = reader_work(shard->reader, &shard->resume_positions, &error);
    if (r < 0) {
        stop(shard, error.message);
        return;
    }
    shard_move(shard, SHARD_OWNER);
    if (is_committed) {
        settle_in_flight(shard, shard->claim_offset - 1);
        commit_next(shard);
    } else {
        give_to_writer(shard);
    }
}

static void go_on_after_claim(struct shard *shard)
{
    if (!shard->has_claimed || reader_ledger_next(shard->reader) <= shard->claim_offset)
        return;
    shard->has_claimed = false;
    if (shard->state == SHARD_SETTLING)
        begin_work(shard);
    else if (shard->state == SHARD_RESOLVING)
        resolve(shard);
}

static void on_claim_done(struct shard *shard, struct writer_result *result)
{
    switch (result->verdict) {
    case WRITER_DONE:
        aro_topics_done(&shard->topics_now);
        aro_positions_done(&shard->begins_now);
        shard->topics_now = result->topics;
        shard->begins_now = result->ends;
        result->topics = (struct aro_topics){ 0 };
        result->ends = (struct aro_positions){ 0 };
        shard->claim_offset = result->claim_offset;
        shard->has_claimed = true;
        if (shard->state == SHARD_CLAIMING)
            shard_move(shard, SHARD_SETTLING);
        go_on_after_claim(shard);
        break;
    case WRITER_NOT_OWNER:
        log_info(about(shard), "the group has given the shard to another instance");
        become_standby(shard);
        break;
    case WRITER_LEDGER_LOST:
    case WRITER_REFUSED: stop(shard, result->error.message); break;
    case WRITER_IN_DOUBT:
    case WRITER_FAILED:
    case WRITER_CANCELLED:
        if (result->verdict != WRITER_CANCELLED)
            log_warning(about(shard), "cannot claim the shard yet: %s", result->error.message);
        claim_later(shard);
        break;
    }
}

/* ---- working: input to batches ---- */

struct aro_instant shard_now(struct shard *shard)
{
    return core_clock_now(&shard->clock, host_clock_now());
}

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

static void on_source_record(const rd_kafka_message_t *message, enum aro_topic_kind kind,
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

    shard->input_count++;
    shard->collecting->input_count++;
    if (shard->took_over_ms < 0)
        shard->took_over_ms = host_clock_now().ms - shard->assigned_at.ms;
    int r = aro_event_read(shard->event_reader, &input, &event, &error);
    if (r == 0) {
        aro_router_apply(shard->router, now, event, &source, shard->collecting->effects);
        return;
    }
    if (r == -ENOMEM)
        memory_exhausted();
    shard->dead_letter_count++;
    batch_add_dead_letter(shard->collecting, message, &error);
    char place[400];
    snprintf(place, sizeof place, "%s/%" PRId32 "/%" PRId64, source.topic, source.partition,
             source.offset);
    log_warning(ABOUT(.shard = shard->settings->name, .record = place),
                "cannot be read (%s), goes to the dead letters: %s: %s",
                aro_error_code_name(error.code), error.field, error.message);
}

/* A full batch holds the sources back; the writer's return lets them go. */
static bool wants_more(void *context)
{
    const struct shard *shard = context;

    if (shard->state != SHARD_OWNER)
        return true;
    return !shard->is_releasing &&
           batch_record_count(shard->collecting) < (size_t)shard->config->limits.batch_records &&
           batch_byte_count(shard->collecting) < (size_t)shard->config->limits.batch_bytes;
}

/* Appeals wait in Kafka where too many wait here. Reviews and agents, which give capacity back, are
 * always read. */
static void hold_appeals_if_full(struct shard *shard)
{
    struct aro_router_counts counts;
    uint64_t limit = (uint64_t)shard->config->limits.waiting_appeals;

    aro_router_counts(shard->router, &counts);
    if (counts.waiting >= limit)
        reader_hold_appeals(shard->reader, true);
    else if (counts.waiting < limit * HOLD_RELEASE_PERCENT / 100 || limit == 0)
        reader_hold_appeals(shard->reader, false);
}

static void on_turn(void *context)
{
    struct shard *shard = context;

    go_on_after_claim(shard);
    if (shard->state != SHARD_OWNER)
        return;
    hold_appeals_if_full(shard);
    arm_tick(shard);
    commit_next(shard);
}

/* ---- working: batches to Kafka ---- */

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
            find_position(&shard->fold.positions, position->topic, position->partition);
        if (!before || before->next_offset != position->next_offset)
            rd_kafka_topic_partition_list_add(offsets, position->topic, position->partition)
                ->offset = position->next_offset;
    }
    return offsets;
}

static struct aro_positions positions_copy(const struct aro_positions *positions)
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
    struct aro_positions positions = positions_copy(reader_positions(shard->reader));

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

/* Hands the collected batch to the writer, where that is idle and there is something in it. */
static void commit_next(struct shard *shard)
{
    if (shard->state != SHARD_OWNER || shard->is_stopping || !writer_is_idle(shard->writer))
        return;
    if (shard->wants_ends && !shard->is_releasing) {
        shard->wants_ends = false;
        shard->ends_asked_at = shard_now(shard);
        writer_find_ends(shard->writer);
        return;
    }
    if (batch_is_empty(shard->collecting))
        return;
    shard->in_flight = TAKE(shard->collecting);
    batch_seal(shard, shard->in_flight);
    shard->collecting = batch_new();
    give_to_writer(shard);
    reader_continue(shard->reader);
}

static void on_doubt(struct shard *shard, const struct aro_error *error)
{
    if (!shard->term) {
        become_standby(shard); /* the ledger will tell */
        return;
    }
    if (++shard->doubt_count > DOUBTS_MAX) {
        char reason[700];
        snprintf(reason, sizeof reason,
                 "%d transactions in a row ended in doubt; does another process write with the "
                 "same ids? %s",
                 DOUBTS_MAX + 1, error->message);
        stop(shard, reason);
        return;
    }
    log_warning(about(shard), "a transaction is in doubt, claiming the shard again to see: %s",
                error->message);
    shard_move(shard, SHARD_RESOLVING);
    /* The ledger alone is read until it has told; a batch must not grow meanwhile. */
    aro_positions_done(&shard->resume_positions);
    shard->resume_positions = positions_copy(reader_positions(shard->reader));
    struct aro_error follow_error;
    if (reader_follow(shard->reader, reader_ledger_next(shard->reader), &follow_error) < 0)
        stop(shard, follow_error.message);
    else
        claim_start(shard);
}

static void on_commit_done(struct shard *shard, struct writer_result *result)
{
    assert(result->batch == shard->in_flight);
    shard->writer_has_batch = false;
    if (shard->is_stopping) {
        char reason[sizeof shard->stop_reason];
        if (result->verdict == WRITER_DONE)
            settle_in_flight(shard, result->batch->ledger_offset);
        memcpy(reason, shard->stop_reason, sizeof reason);
        stop(shard, reason);
        return;
    }
    switch (result->verdict) {
    case WRITER_DONE:
        shard->doubt_count = 0;
        settle_in_flight(shard, result->batch->ledger_offset);
        commit_next(shard);
        break;
    case WRITER_NOT_OWNER:
        log_warning(about(shard), "the group has given the shard to another instance: %s",
                    result->error.message);
        become_standby(shard);
        break;
    case WRITER_REFUSED:
    case WRITER_LEDGER_LOST: stop(shard, result->error.message); break;
    case WRITER_IN_DOUBT:
    case WRITER_CANCELLED:
    case WRITER_FAILED: on_doubt(shard, &result->error); break;
    }
}

/* ---- timers of appeals ---- */

static bool has_read_to(const struct shard *shard, const struct aro_positions *ends)
{
    for (size_t i = 0; i < ends->source_count; i++) {
        const struct aro_position *position = find_position(
            reader_positions(shard->reader), ends->sources[i].topic, ends->sources[i].partition);
        if (position && position->next_offset < ends->sources[i].next_offset)
            return false;
    }
    return true;
}

/* A timer fires only when the sources have been read to where they ended after it was due: an
 * accept that lay in Kafka in time counts, whatever was slow. */
static void fire_timers(struct shard *shard)
{
    if (!shard->has_ends || !has_read_to(shard, &shard->ends))
        return;
    shard->has_ends = false;
    aro_positions_done(&shard->ends);
    bool has_more = aro_router_tick(shard->router, shard_now(shard), shard->ends_asked_at,
                                    TIMERS_A_TURN, shard->collecting->effects);
    if (has_more)
        shard->wants_ends = true;
    commit_next(shard);
}

static void arm_tick(struct shard *shard)
{
    fire_timers(shard);
    struct aro_instant due = aro_router_next_due(shard->router);
    if (aro_instant_is_never(due) || shard->wants_ends || shard->has_ends)
        return;
    struct aro_span wait = core_clock_until(&shard->clock, due, host_clock_now());
    const struct timeval span = { .tv_sec = wait.ms / 1000, .tv_usec = wait.ms % 1000 * 1000 };
    event_add(shard->tick_timer, &span);
}

static void on_tick_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    (void)descriptor, (void)what;

    if (shard->state != SHARD_OWNER || shard->has_ends)
        return;
    if (aro_router_next_due(shard->router).ms > shard_now(shard).ms) {
        arm_tick(shard);
        return;
    }
    shard->wants_ends = true;
    commit_next(shard);
}

static void on_ends_done(struct shard *shard, struct writer_result *result)
{
    if (shard->state != SHARD_OWNER)
        return;
    if (result->verdict != WRITER_DONE) {
        log_warning(about(shard), "cannot tell whether timers may fire, asking again: %s",
                    result->error.message);
        shard->wants_ends = true;
    } else {
        aro_positions_done(&shard->ends);
        shard->ends = result->ends;
        result->ends = (struct aro_positions){ 0 };
        shard->has_ends = true;
        arm_tick(shard);
    }
    commit_next(shard);
}

static void on_writer_done(struct writer_result *result, void *context)
{
    struct shard *shard = context;

    /* While the group waits, a claim's outcome no longer matters. */
    switch (result->job) {
    case WRITER_CLAIM:
        if (shard->term)
            on_claim_done(shard, result);
        break;
    case WRITER_COMMIT: on_commit_done(shard, result); break;
    case WRITER_ENDS: on_ends_done(shard, result); break;
    case WRITER_IDLE: break;
    }
    release_if_idle(shard);
}

/* ---- the ledger as it comes ---- */

static void observe_time(struct shard *shard)
{
    struct aro_span difference = core_clock_observe(&shard->clock, shard->fold.positions.time,
                                                    host_clock_now(), shard->has_caught_up);
    if (llabs(difference.ms) > shard->config->limits.clock_jump.ms)
        log_warning(about(shard), "this host's clock and the owner's are %" PRId64 " ms apart",
                    difference.ms);
}

static void on_ledger_record(const rd_kafka_message_t *message, void *context)
{
    struct shard *shard = context;
    struct aro_error error = { 0 };
    enum ledger_record_kind kind = LEDGER_RECORD_STATE;

    int r = ledger_fold_record(&shard->fold, message->key, message->key_len, message->payload,
                               message->len, &kind, &error);
    if (r < 0) {
        char reason[700];
        snprintf(reason, sizeof reason, "%s/%" PRId32 "/%" PRId64 ": %s",
                 shard->config->ledger_topic, message->partition, message->offset, error.message);
        stop(shard, reason);
        return;
    }
    if (has_worked(shard))
        return;
    shard->ledger_next = message->offset + 1;
    if (kind == LEDGER_RECORD_POSITIONS)
        observe_time(shard);
}

static void on_ledger_end(void *context)
{
    struct shard *shard = context;

    if (!has_worked(shard))
        shard->ledger_next = reader_ledger_next(shard->reader);
    shard->has_caught_up = true;
    if (shard->state == SHARD_FOLDING) {
        shard_move(shard, SHARD_STANDBY);
        shard->callbacks.on_caught_up(shard, shard->callbacks.context);
    }
    go_on_after_claim(shard);
}

static void on_broken(const char *text, void *context)
{
    struct shard *shard = context;
    stop(shard, text);
}

/* ---- commands ---- */

void shard_set_rulebook(struct shard *shard, struct rulebook_file *rulebook,
                        void (*done)(bool is_committed, void *context), void *context)
{
    rulebook_file_unref(shard->rulebook_next);
    shard->rulebook_next = rulebook_file_ref(rulebook);
    if (!has_worked(shard)) {
        done(true, context);
        return;
    }
    swap_rulebook(shard);
    batch_wait(shard->collecting, done, context);
    commit_next(shard);
}

void shard_accept_new_ledger(struct shard *shard)
{
    shard->accepts_new_ledger = true;
}

int shard_start(struct shard *shard, bool accepts_partitions, bool accepts_new_ledger,
                struct aro_error *reterr)
{
    if (shard->state != SHARD_STOPPED)
        return aro_error_set(reterr, -EINVAL, "shard '%s' is not stopped, it is %s",
                             shard->settings->name, shard_state_name(shard->state));
    shard->accepts_partitions = accepts_partitions;
    shard->accepts_new_ledger = accepts_new_ledger;
    shard->stop_reason[0] = '\0';
    shard_move(shard, SHARD_STANDBY);
    follow_ledger(shard);
    if (shard->state == SHARD_STANDBY)
        claim_start(shard);
    return 0;
}

/* ---- making and looking ---- */

static int board_open(struct shard *shard, struct event_base *base)
{
    const struct config_redis *redis = &shard->config->redis;
    const struct board_settings settings = {
        .host = redis->host,
        .port = redis->port,
        .unix_path = redis->unix_path,
        .database = redis->database,
        .prefix = redis->prefix,
        .username = redis->username,
        .password = redis->password,
        .shard = shard->settings->name,
        .backlog_rows_max = (size_t)shard->config->limits.redis_backlog,
    };
    return redis->url ? board_new(base, &settings, &shard->board) : 0;
}

static int shard_open(struct shard *shard, struct event_base *base, struct aro_languages *languages,
                      struct aro_error *reterr)
{
    const struct reader_callbacks callbacks = {
        .on_ledger_record = on_ledger_record,
        .on_source_record = on_source_record,
        .on_ledger_end = on_ledger_end,
        .on_turn = on_turn,
        .wants_more = wants_more,
        .on_broken = on_broken,
        .context = shard,
    };

    shard->tick_timer = event_new(base, -1, 0, on_tick_timer, shard);
    shard->claim_timer = event_new(base, -1, 0, on_claim_timer, shard);
    shard->release_timer = event_new(base, -1, 0, on_release_timer, shard);
    if (!shard->tick_timer || !shard->claim_timer || !shard->release_timer)
        return aro_error_set(reterr, -ENOMEM, "no memory for the shard's timers");
    int r = aro_event_reader_new(languages, &shard->event_reader);
    if (r == 0)
        r = aro_router_new(languages, shard->rulebook->rulebook, &shard->router);
    if (r < 0)
        return aro_error_set(reterr, r, "no memory for the shard's router");
    ledger_fold_init(&shard->fold, shard->router);
    r = reader_new(base, shard->config, shard->settings, &callbacks, &shard->reader, reterr);
    if (r == 0)
        r = writer_new(base, shard->config, shard->settings, shard->membership, on_writer_done,
                       shard, &shard->writer, reterr);
    if (r == 0)
        r = board_open(shard, base);
    return r == 0 ? reader_follow(shard->reader, 0, reterr) : r;
}

int shard_new(struct event_base *base, const struct config *config,
              const struct config_shard *settings, struct membership *membership,
              struct aro_languages *languages, struct rulebook_file *rulebook,
              int64_t start_time_ms, const struct shard_callbacks *callbacks, struct shard **ret,
              struct aro_error *reterr)
{
    struct shard *shard = memory_new(sizeof *shard);

    shard->config = config;
    shard->settings = settings;
    shard->membership = membership;
    shard->callbacks = *callbacks;
    shard->start_time_ms = start_time_ms;
    shard->rulebook = rulebook_file_ref(rulebook);
    shard->rulebook_next = rulebook_file_ref(rulebook);
    shard->took_over_ms = -1;
    int r = shard_open(shard, base, languages, reterr);
    if (r < 0) {
        shard_free(shard);
        return r;
    }
    *ret = shard;
    return 0;
}

void shard_free(struct shard *shard)
{
    if (!shard)
        return;
    writer_free(shard->writer); /* with the batch that it has */
    if (!shard->writer_has_batch)
        batch_free(shard->in_flight);
    batch_free(shard->collecting);
    reader_free(shard->reader);
    board_change_free(shard->in_flight_change);
    board_free(shard->board);
    if (shard->router)
        ledger_fold_done(&shard->fold);
    aro_router_free(shard->router);
    aro_event_reader_free(shard->event_reader);
    struct event *timers[] = { shard->tick_timer, shard->claim_timer, shard->release_timer };
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        if (timers[i])
            event_free(timers[i]);
    }
    rulebook_file_unref(shard->rulebook);
    rulebook_file_unref(shard->rulebook_next);
    term_unref(shard->term);
    aro_topics_done(&shard->topics_now);
    aro_positions_done(&shard->begins_now);
    aro_positions_done(&shard->in_flight_positions);
    aro_positions_done(&shard->resume_positions);
    aro_positions_done(&shard->ends);
    free(shard);
}

const char *shard_name(const struct shard *shard)
{
    return shard->settings->name;
}

int32_t shard_partition(const struct shard *shard)
{
    return (int32_t)shard->settings->partition;
}

enum shard_state shard_get_state(const struct shard *shard)
{
    return shard->state;
}

bool shard_is_owner(const struct shard *shard)
{
    return has_worked(shard);
}

bool shard_is_released(const struct shard *shard)
{
    return !shard->is_releasing;
}

const char *shard_owner_name(const struct shard *shard)
{
    return shard->fold.owner.instance;
}

const struct aro_router *shard_router(const struct shard *shard)
{
    return shard->router;
}

static json_t *describe_sources(const struct shard *shard)
{
    const struct aro_positions *positions = reader_positions(shard->reader);
    json_t *list = json_array();

    for (size_t i = 0; i < positions->source_count; i++) {
        int64_t end = reader_known_end(shard->reader, i), next = positions->sources[i].next_offset;
        json_array_append_new(
            list, json_pack("{s:s, s:i, s:I, s:I}", "topic", positions->sources[i].topic,
                            "partition", (int)positions->sources[i].partition, "next_offset",
                            (json_int_t)next, "lag", (json_int_t)(end > next ? end - next : 0)));
    }
    return list;
}

static json_t *describe_board(const struct shard *shard)
{
    struct board_status status;

    if (!shard->board)
        return json_null();
    board_describe(shard->board, &status);
    return json_pack("{s:b, s:b, s:b, s:I, s:I, s:s, s:s}", "connected", status.is_connected,
                     "stale", status.is_stale, "evicting", status.is_evicting, "lag",
                     (json_int_t)status.lag, "rebuilds", (json_int_t)status.rebuild_count, "epoch",
                     status.epoch, "last_error", status.last_error);
}

json_t *shard_describe(struct shard *shard)
{
    struct aro_router_counts counts;
    const char *rulebook = aro_router_recorded_rulebook_name(shard->router);

    aro_router_counts(shard->router, &counts);
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s?, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:I, s:o, "
        "s:o}",
        "name", shard->settings->name, "partition", (int)shard->settings->partition, "state",
        shard_state_name(shard->state), "reason", shard->stop_reason, "owner",
        shard->fold.owner.instance, "rulebook", rulebook, "claim", shard->fold.owner.claim,
        "agents", (json_int_t)counts.agents, "waiting", (json_int_t)counts.waiting, "held",
        (json_int_t)counts.held, "offered", (json_int_t)counts.offered, "assigned",
        (json_int_t)counts.assigned, "delivered", (json_int_t)counts.delivered, "remembered",
        (json_int_t)counts.remembered, "inputs", (json_int_t)shard->input_count, "dead_letters",
        (json_int_t)shard->dead_letter_count, "commits", (json_int_t)shard->commit_count,
        "take_over_ms", (json_int_t)shard->took_over_ms, "ledger_next",
        (json_int_t)reader_ledger_next(shard->reader), "sources", describe_sources(shard), "board",
        describe_board(shard));
}
