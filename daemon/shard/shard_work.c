/* Long work of the router, a market paused or much rerouted: a slice goes with each transaction, so
 * that neither the loop nor the writer is ever held by it. */
#include "shard/shard_private.h"

#include "support/cleanup.h"

#include <errno.h>

enum { APPEALS_A_SLICE = 250 /* a few milliseconds */ };

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

void shard_work_on(struct shard *shard)
{
    if (shard->is_releasing || !aro_router_has_work(shard->router))
        return;
    aro_router_work(shard->router, shard_now(shard), APPEALS_A_SLICE, shard->collecting->effects);
    if (shard->on_rerouted && !aro_router_is_rerouting(shard->router))
        batch_wait(shard->collecting, TAKE(shard->on_rerouted), shard->on_rerouted_context);
}

void shard_end_waiting_for_work(struct shard *shard)
{
    if (shard->on_rerouted)
        TAKE(shard->on_rerouted)(false, shard->on_rerouted_context);
}
