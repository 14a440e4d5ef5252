/* Timers of appeals: they fire for what was due when everything sent in time had been read. */
#include "shard/shard_private.h"

#include "loop/host_clock.h"

enum { TIMERS_A_TURN = 200 };

static bool has_read_to(const struct shard *shard, const struct aro_positions *ends)
{
    for (size_t i = 0; i < ends->source_count; i++) {
        const struct aro_position *position = shard_find_position(
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
    shard_commit_next(shard);
}

void shard_arm_tick(struct shard *shard)
{
    fire_timers(shard);
    struct aro_instant due = aro_router_next_due(shard->router);
    if (aro_instant_is_never(due) || shard->wants_ends || shard->has_ends)
        return;
    struct aro_span wait = core_clock_until(&shard->clock, due, host_clock_now());
    const struct timeval span = { .tv_sec = wait.ms / 1000, .tv_usec = wait.ms % 1000 * 1000 };
    event_add(shard->tick_timer, &span);
}

void shard_on_tick_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    (void)descriptor, (void)what;

    if (shard->state != SHARD_OWNER || shard->has_ends)
        return;
    if (aro_router_next_due(shard->router).ms > shard_now(shard).ms) {
        shard_arm_tick(shard);
        return;
    }
    shard->wants_ends = true;
    shard_commit_next(shard);
}

void shard_on_ends_done(struct shard *shard, struct writer_result *result)
{
    struct aro_error error;

    if (shard->is_asking_for_end) {
        shard_on_standby_ends(shard, result);
        return;
    }
    if (shard->state != SHARD_OWNER)
        return;
    if (result->verdict != WRITER_DONE) {
        LOG(timers_held, shard_about(shard),
            "cannot tell whether timers may fire, asking again: %s", result->error.message);
        shard->wants_ends = true;
    } else if (shard_check_topics(shard, &result->topics, &error) < 0) {
        shard_stop(shard, error.message); /* what lies in a new partition would wait unread */
        return;
    } else {
        aro_positions_done(&shard->ends);
        shard->ends = result->ends;
        result->ends = (struct aro_positions){ 0 };
        shard->has_ends = true;
        shard_arm_tick(shard);
    }
    shard_commit_next(shard);
}
