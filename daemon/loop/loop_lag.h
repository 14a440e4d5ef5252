/* How late the event loop is: a timer that asks to be called at a time, and sees when it is. */
#ifndef APPEAL_ROUTERD_LOOP_LOOP_LAG_H
#define APPEAL_ROUTERD_LOOP_LOOP_LAG_H

#include "metrics/histogram.h"

#include <event2/event.h>
#include <stdint.h>

struct loop_lag {
    struct event *timer;
    int64_t due_ms; /* monotonic */
    struct histogram seconds;
    double seconds_max;
};

/* Begins to measure. -ENOMEM. */
int loop_lag_init(struct loop_lag *lag, struct event_base *base);
void loop_lag_done(struct loop_lag *lag);

#endif
