#include "shard/core_clock.h"

#include <stdlib.h>

enum { STEADY_MS = 1000 }; /* records that come at least as often come without a pause */

/* What is left of the offset at @host: half of the time since then has been caught up. */
static int64_t offset_left(const struct core_clock *clock, struct aro_instant host)
{
    int64_t passed = host.ms - clock->offset_at.ms;
    int64_t caught_up = passed > 0 ? passed / 2 : 0;
    int64_t offset = clock->offset.ms;

    if (llabs(offset) <= caught_up)
        return 0;
    return offset > 0 ? offset - caught_up : offset + caught_up;
}

struct aro_instant core_clock_now(struct core_clock *clock, struct aro_instant host)
{
    int64_t now = host.ms + offset_left(clock, host);

    if (now > clock->last.ms)
        clock->last.ms = now;
    return clock->last;
}

struct aro_span core_clock_observe(struct core_clock *clock, struct aro_instant ledger,
                                   struct aro_instant host, struct aro_instant end_seen_at)
{
    int64_t least = ledger.ms - host.ms;
    int64_t offset = offset_left(clock, host);

    if (end_seen_at.ms) {
        /* Where one record follows close upon the other nobody sees an end, while the owner may be
         * falling behind at half the speed of time, as much as `offset` has come up meanwhile. */
        int64_t passed = host.ms - clock->offset_at.ms;
        if (passed > 0 && passed <= STEADY_MS)
            offset -= passed;
        int64_t most = ledger.ms - end_seen_at.ms;
        if (offset > most)
            offset = most;
    }
    if (offset < least)
        offset = least;
    if (ledger.ms > clock->last.ms)
        clock->last = ledger;
    clock->offset.ms = offset;
    clock->offset_at = host;
    return clock->offset;
}

struct aro_span core_clock_until(struct core_clock *clock, struct aro_instant due,
                                 struct aro_instant host)
{
    struct aro_instant now = core_clock_now(clock, host);
    int64_t span = due.ms - now.ms;

    if (span <= 0)
        return (struct aro_span){ 0 };
    int64_t offset = offset_left(clock, host);
    if (offset > 0) /* half as fast until the offset is gone */
        return (struct aro_span){ span <= offset ? 2 * span : span + offset };
    /* half as fast again until then */
    return (struct aro_span){ span <= -3 * offset ? (2 * span + 2) / 3 : span + offset };
}
