/* Long work of the router, a market paused or much rerouted: a slice goes with each transaction, so
 * that neither the loop nor the writer is ever held by it. What an appeal takes differs a thousand
 * times, so a slice has as many as lately took a few milliseconds. */
#include "shard/shard_private.h"

#include "loop/monotonic.h"
#include "support/cleanup.h"

#include <errno.h>

enum { SLICE_LEAST = 4, SLICE_MOST = 256, SLICE_MS = 3 };

bool shard_pause_market(struct shard *shard, const char *market, bool is_paused,
                        void (*done)(bool is_committed, void *context), void *context)
{
    bool has_changed = aro_router_pause(shard->router, shard_now(shard), market, is_paused,
                                        shard->collecting->effects);
    batch_wait(shard->collecting, done, context);
    shard_commit_next(shard);
    return has_changed;
}

int shard_reroute(struct shard *shard, const struct aro_reroute_filter *filter,
                  void (*done)(bool is_committed, void *context), void *context)
{
    if (!aro_router_reroute(shard->router, shard_now(shard), filter, shard->collecting->effects))
        return -EBUSY;
    shard->on_rerouted = done;
    shard->on_rerouted_context = context;
    shard_commit_next(shard);
    return 0;
}

void shard_each_rerouted(struct shard *shard,
                         void (*visit)(const struct aro_reroute_move *move, void *context),
                         void *context)
{
    aro_router_each_rerouted(shard->router, visit, context);
}

/* Gives whether there is more. */
static bool work_on_a_slice(struct shard *shard)
{
    unsigned *slice = &shard->work_slice;
    int64_t began_ms = monotonic_ms();

    if (*slice == 0)
        *slice = SLICE_LEAST;
    bool has_more =
        aro_router_work(shard->router, shard_now(shard), *slice, shard->collecting->effects);
    int64_t took_ms = monotonic_ms() - began_ms;
    if (took_ms >= SLICE_MS && *slice > SLICE_LEAST)
        *slice /= 2;
    else if (took_ms < SLICE_MS && *slice < SLICE_MOST)
        *slice *= 2;
    return has_more;
}

void shard_work_on(struct shard *shard)
{
    if (shard->is_releasing || !aro_router_has_work(shard->router))
        return;
    if (!work_on_a_slice(shard))
        shard->work_slice = 0; /* what comes next may be of another kind */
    if (shard->on_rerouted && !aro_router_is_rerouting(shard->router))
        batch_wait(shard->collecting, TAKE(shard->on_rerouted), shard->on_rerouted_context);
}

void shard_end_waiting_for_work(struct shard *shard)
{
    if (shard->on_rerouted)
        TAKE(shard->on_rerouted)(false, shard->on_rerouted_context);
}
