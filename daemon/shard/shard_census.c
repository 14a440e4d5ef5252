/* The census of what waits and of who could take it: a slice now and then, one hundredth of the
 * loop's time, so that metrics never cost more however many appeals there are. */
#include "shard/shard_private.h"

enum {
    APPEALS_A_SLICE = 5000, /* a quarter of a millisecond */
    SLICE_MS = 25,          /* between two of one census */
    CENSUS_MS = 2000,       /* between the end of one and the next */
};

static void arm(struct shard *shard, int ms)
{
    const struct timeval span = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
    event_add(shard->census_timer, &span);
}

void shard_begin_census(struct shard *shard)
{
    arm(shard, 0);
}

void shard_on_census_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    (void)descriptor, (void)what;

    if (!shard_has_worked(shard))
        return; /* begun again with the next term */
    if (aro_router_take_census(shard->router, shard_now(shard), APPEALS_A_SLICE)) {
        arm(shard, SLICE_MS);
        return;
    }
    shard_look_for_synthetic(shard);
    arm(shard, CENSUS_MS);
}
