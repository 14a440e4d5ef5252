#include "loop/host_clock.h"

#include "loop/monotonic.h"

#include <time.h>

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct aro_instant host_clock_now(void)
{
    static int64_t wall_at_zero; /* wall clock less monotonic clock, at the start */

    int64_t monotonic = monotonic_ms();
    if (wall_at_zero == 0)
        wall_at_zero = wall_ms() - monotonic;
    return (struct aro_instant){ .ms = wall_at_zero + monotonic };
}
