#include "loop/loop_lag.h"

#include "loop/monotonic.h"

#include <errno.h>

enum { INTERVAL_MS = 250 };

static int arm(struct loop_lag *lag)
{
    static const struct timeval interval = { .tv_usec = INTERVAL_MS * 1000 };
    lag->due_ms = monotonic_ms() + INTERVAL_MS;
    return event_add(lag->timer, &interval);
}

static void on_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct loop_lag *lag = context;
    int64_t late_ms = monotonic_ms() - lag->due_ms;
    double seconds = late_ms > 0 ? (double)late_ms / 1000 : 0;
    (void)descriptor, (void)what;

    histogram_add(&lag->seconds, seconds);
    if (seconds > lag->seconds_max)
        lag->seconds_max = seconds;
    arm(lag);
}

int loop_lag_init(struct loop_lag *lag, struct event_base *base)
{
    histogram_init(&lag->seconds, &histogram_seconds);
    lag->timer = event_new(base, -1, 0, on_timer, lag);
    return lag->timer ? 0 : -ENOMEM;
}

int loop_lag_begin(struct loop_lag *lag)
{
    return arm(lag) == 0 ? 0 : -ENOMEM;
}

void loop_lag_done(struct loop_lag *lag)
{
    if (lag->timer)
        event_free(lag->timer);
}
