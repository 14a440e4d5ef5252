/* Taking over a shard, in the order on which exactly-once rests. */
#include "shard/shard_private.h"

#include "loop/host_clock.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLAIM_RETRY_MS = 500, /* between tries to claim while Kafka does not answer */
    DUELS_MAX = 3,
};

void shard_claim_later(struct shard *shard)
{
    static const struct timeval span = { .tv_usec = CLAIM_RETRY_MS * 1000 };
    event_add(shard->claim_timer, &span);
}

void shard_on_claim_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    (void)descriptor, (void)what;
    shard_claim(shard);
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
void shard_claim(struct shard *shard)
{
    bool is_new_term = shard->state != SHARD_RESOLVING;

    if (!shard->term || shard->state == SHARD_STOPPED)
        return;
    if (shard->exit_pending || !writer_is_idle(shard->writer)) {
        shard_claim_later(shard);
        return;
    }
    if (is_foreign_group(shard) && !shard->accepts_new_ledger) {
        char reason[900];
        snprintf(reason, sizeof reason,
                 "the ledger belongs to group '%s' (instance '%s'), this is group '%s': two groups "
                 "must not share a ledger partition",
                 shard->fold.owner.group, shard->fold.owner.instance, shard->config->kafka.group);
        shard_stop(shard, reason);
        return;
    }
    if (is_new_term) {
        snprintf(shard->claim, sizeof shard->claim, "%" PRId64 "-%.30s-%u", shard->start_time_ms,
                 shard->config->instance, ++shard->claim_count);
        shard_move(shard, SHARD_CLAIMING);
    }
    shard->has_claimed = false;
    struct writer_claim claim = { .term = shard->term,
                                  .reads_with = reader_handle(shard->reader),
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
    shard->duel_count = 0;
    if (shard->state != SHARD_STOPPED)
        shard_claim(shard);
}

static const struct aro_topic *find_topic(const struct aro_topics *topics, const char *name)
{
    for (size_t i = 0; i < topics->topic_count; i++) {
        if (strcmp(topics->topics[i].name, name) == 0)
            return &topics->topics[i];
    }
    return NULL;
}

int shard_check_topics(const struct shard *shard, const struct aro_topics *now,
                       struct aro_error *reterr)
{
    for (size_t i = 0; i < now->topic_count; i++) {
        const struct aro_topic *topic = find_topic(&shard->fold.topics, now->topics[i].name);
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

/* Each source partition there is, at the ledger's position, or at its beginning where the ledger
 * has none yet. The caller owns the list. */
static struct aro_positions positions_to_work_from(const struct shard *shard)
{
    const struct aro_positions *begins = &shard->begins_now;
    struct aro_positions positions = { .source_count = begins->source_count };

    positions.sources = memory_new_array(begins->source_count, sizeof *positions.sources);
    for (size_t i = 0; i < begins->source_count; i++) {
        const struct aro_position *settled = shard_find_position(
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

void shard_swap_rulebook(struct shard *shard)
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
        LOG(rulebook_changed, shard_about(shard),
            "the ledger's rulebook is '%s', this instance routes by '%s' from here on",
            aro_router_recorded_rulebook_name(shard->router), aro_rulebook_name(rulebook));
    shard_swap_rulebook(shard);
}

/* Another instance has claimed the shard: this one slept through its session, and the group's word
 * comes in a moment. Where none comes, we ask: the claim begins with a probe. */
void shard_lose_to_other(struct shard *shard, const struct aro_error *error)
{
    if (shard->term && ++shard->duel_count > DUELS_MAX) {
        shard_stop(shard, error->message);
        return;
    }
    LOG(shard_claimed_elsewhere, shard_about(shard), "%s; standing by", error->message);
    shard_become_standby(shard);
    if (shard->term)
        shard_claim_later(shard);
}

/* Everything before our claim is settled and in memory. */
static void begin_work(struct shard *shard)
{
    struct aro_error error;

    if (strcmp(shard->fold.owner.claim, shard->claim)) {
        snprintf(error.message, sizeof error.message,
                 "instance '%s' has claimed this shard after us", shard->fold.owner.instance);
        shard_lose_to_other(shard, &error);
        return;
    }
    bool records_topics = shard->fold.topics.topic_count == 0 || shard->accepts_partitions;
    if (!records_topics && shard_check_topics(shard, &shard->topics_now, &error) < 0) {
        shard_stop(shard, error.message);
        return;
    }
    struct aro_positions positions = positions_to_work_from(shard);
    int r = reader_work(shard->reader, &positions, &error);
    aro_positions_done(&positions);
    if (r < 0) {
        shard_stop(shard, error.message);
        return;
    }
    ledger_fold_begin_work(&shard->fold, shard->claim);
    shard->ledger_next = reader_ledger_next(shard->reader);
    shard->seq = 0;
    shard->doubt_count = 0;
    shard->accepts_partitions = shard->accepts_new_ledger = false;
    struct aro_instant now = host_clock_now();
    shard->tally.take_over_count++;
    histogram_add(&shard->tally.take_over_seconds, (double)(now.ms - shard->assigned_at.ms) / 1000);
    shard->looked_at_topics_at = now; /* the claim has */
    shard_move(shard, SHARD_OWNER);
    shard->collecting = batch_new();
    shard->collecting->must_commit = true; /* the term's first positions */
    if (records_topics)
        shard->collecting->topics = aro_topics_format(&shard->topics_now);
    begin_board(shard);
    adopt_rulebook(shard);
    shard_commit_next(shard);
    shard_arm_tick(shard);
    shard_prepare(shard); /* what the fold has left */
    shard_begin_census(shard);
    shard_begin_synthetic(shard);
}

/* A commit was in doubt; the ledger up to the second claim says whether it took place. */
static void resolve(struct shard *shard)
{
    bool is_committed = shard->fold.seen_seq >= shard->in_flight->seq;
    struct aro_error error;

    LOG(doubt_resolved, shard_about(shard), "the transaction in doubt was %s",
        is_committed ? "committed" : "not committed, it is written again");
    int r = reader_work(shard->reader, &shard->resume_positions, &error);
    if (r < 0) {
        shard_stop(shard, error.message);
        return;
    }
    shard_move(shard, SHARD_OWNER);
    if (is_committed) {
        shard_settle_in_flight(shard, shard->claim_offset - 1);
        shard_commit_next(shard);
    } else {
        shard_give_to_writer(shard);
    }
}

void shard_go_on_after_claim(struct shard *shard)
{
    if (!shard->has_claimed || reader_ledger_next(shard->reader) <= shard->claim_offset)
        return;
    shard->has_claimed = false;
    if (shard->state == SHARD_SETTLING)
        begin_work(shard);
    else if (shard->state == SHARD_RESOLVING)
        resolve(shard);
}

void shard_on_claim_done(struct shard *shard, struct writer_result *result)
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
        shard_go_on_after_claim(shard);
        break;
    case WRITER_NOT_OWNER:
        LOG(shard_given_away, shard_about(shard),
            "the group has given the shard to another instance");
        shard_become_standby(shard);
        break;
    case WRITER_LEDGER_LOST:
        shard->distrusts_memory = true;
        shard_stop(shard, result->error.message);
        break;
    case WRITER_REFUSED: shard_stop(shard, result->error.message); break;
    case WRITER_IN_DOUBT:
    case WRITER_FAILED:
    case WRITER_CANCELLED:
        if (result->verdict != WRITER_CANCELLED)
            LOG(claim_failed, shard_about(shard), "cannot claim the shard yet: %s",
                result->error.message);
        shard_claim_later(shard);
        break;
    }
}
