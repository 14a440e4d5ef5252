/* Long work of the router, a market paused or much rerouted: a slice goes with each transaction, so
 * that neither the loop nor the writer is ever held by it. */
#include "shard/shard_private.h"

enum { APPEALS_A_SLICE = 250 /* a few milliseconds */ };

void shard_work_on(struct shard *shard)
{
    if (shard->is_releasing || !aro_router_has_work(shard->router))
        return;
    aro_router_work(shard->router, shard_now(shard), APPEALS_A_SLICE, shard->collecting->effects);
}
