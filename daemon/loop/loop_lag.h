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

/* -ENOMEM. */
int loop_lag_init(struct loop_lag *lag, struct event_base *base);
/* Begins to measure: the loop runs from here on. Until then a start waits for Kafka, and the loop
 * has a turn now and then, late by seconds; that is no lag. -ENOMEM. */
int loop_lag_begin(struct loop_lag *lag);
void loop_lag_done(struct loop_lag *lag);

#endif
