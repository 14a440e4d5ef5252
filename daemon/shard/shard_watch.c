/* What nothing else would notice: a reader that stands still, a standby that knows less than it
 * thinks. */
#include "shard/shard_private.h"

#include "loop/host_clock.h"

#include <inttypes.h>

enum { LOOK_AT_TOPICS_MS = 30 * 1000 };

/* librdkafka has been seen to stop delivering a partition for good. Read anew from the same place;
 * where that does not help either, a new process may. */
static void watch_stall(struct shard *shard, struct aro_instant now)
{
    struct aro_error error;
    char place[300];

    if (shard->state != SHARD_OWNER || shard->is_releasing || !shard_wants_more(shard))
        return;
    if (!reader_find_stalled(shard->reader, now, shard->config->limits.stall, place)) {
        shard->has_read_anew = false;
        return;
    }
    if (shard->has_read_anew) {
        LOG(reader_dead, shard_about(shard),
            "%s gives nothing though it has records, even when read anew; ending", place);
        shard->callbacks.on_failed(shard, shard->callbacks.context);
        return;
    }
    LOG(reader_stalled, shard_about(shard),
        "%s has given nothing for %" PRId64 " s though it has records; reading anew", place,
        shard->config->limits.stall.ms / 1000);
    shard->has_read_anew = true;
    if (reader_restart(shard->reader, &error) < 0)
        shard_stop(shard, error.message);
}

/* What is gone from the ledger is marked so for a while only. A standby that has not been at its
 * end for longer may keep appeals that are gone: it forgets everything and folds from the
 * beginning. */
static void fold_anew(struct shard *shard)
{
    struct aro_error error;

    LOG(ledger_read_anew, shard_about(shard),
        "has not followed the ledger for too long, reading it from the beginning");
    if (shard_begin_fold(shard, &error) < 0)
        shard_stop(shard, error.message);
    else
        shard_follow_ledger(shard);
}

static void watch_standby(struct shard *shard, struct aro_instant now)
{
    int64_t away_ms = now.ms - shard->was_at_end_at.ms;

    if (shard->state != SHARD_STANDBY || shard->term)
        return;
    if (away_ms > shard->tombstones_last.ms / 2) {
        shard->was_at_end_at = now;
        fold_anew(shard);
        return;
    }
    if (away_ms > shard->tombstones_last.ms / 8 && writer_is_idle(shard->writer)) {
        shard->is_asking_for_end = true;
        writer_find_ends(shard->writer, reader_handle(shard->reader));
    }
}

void shard_on_standby_ends(struct shard *shard, const struct writer_result *result)
{
    shard->is_asking_for_end = false;
    if (result->verdict == WRITER_DONE && reader_ledger_next(shard->reader) >= result->ledger_end)
        shard->was_at_end_at = host_clock_now();
}

/* Partitions that are added while we work are read by nobody until somebody looks. Where the
 * sources end is asked together with how many partitions they have. */
static void watch_topics(struct shard *shard, struct aro_instant now)
{
    if (shard->state != SHARD_OWNER || now.ms - shard->looked_at_topics_at.ms < LOOK_AT_TOPICS_MS)
        return;
    shard->looked_at_topics_at = now;
    shard->wants_ends = !shard->has_ends;
    shard_commit_next(shard);
}

void shard_on_watch_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    struct aro_instant now = host_clock_now();
    (void)descriptor, (void)what;

    watch_stall(shard, now);
    watch_topics(shard, now);
    watch_standby(shard, now);
    reader_watch(shard->reader);
    shard_watch_synthetic(shard, now);
}
