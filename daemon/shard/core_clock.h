/* The shard's time: it goes on from where the ledger left it, and never back.
 *
 * Instances' clocks differ. A new owner begins at the last time in the ledger plus what has passed
 * since, and approaches its own clock from there at half the speed of time, so that a clock five
 * minutes ahead expires nothing early, all at once, and one five minutes behind stops nothing. */
#ifndef APPEAL_ROUTERD_SHARD_CORE_CLOCK_H
#define APPEAL_ROUTERD_SHARD_CORE_CLOCK_H

#include <aro/time.h>

#include <stdbool.h>

struct core_clock {
    struct aro_span offset; /* core time less this host's, when @offset_at was */
    struct aro_instant offset_at;
    struct aro_instant last; /* what was given last */
};

/* @host is this host's time: the wall clock at the start plus monotonic time since. */
struct aro_instant core_clock_now(struct core_clock *clock, struct aro_instant host);

/* The ledger holds a transaction of core time @ledger, which @host finds there. Nothing newer was
 * in it at @end_seen_at, host's time (0: its end has not been seen yet). So it was written in
 * between, and how far the clocks are apart is known so far: a time ahead of @host is theirs, one
 * behind may be that of an old record that this instance, asleep or cut off, finds only now. Of
 * what is possible the next to what was known is taken. Returns by how much core time differs from
 * @host. */
struct aro_span core_clock_observe(struct core_clock *clock, struct aro_instant ledger,
                                   struct aro_instant host, struct aro_instant end_seen_at);

/* How long from @host until core time reaches @due; 0 where it has. */
struct aro_span core_clock_until(struct core_clock *clock, struct aro_instant due,
                                 struct aro_instant host);

#endif
