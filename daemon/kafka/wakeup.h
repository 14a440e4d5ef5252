/* Lets another thread, or librdkafka, wake the event loop. */
#ifndef APPEAL_ROUTERD_KAFKA_WAKEUP_H
#define APPEAL_ROUTERD_KAFKA_WAKEUP_H

#include <event2/event.h>
#include <librdkafka/rdkafka.h>

struct wakeup {
    int descriptor; /* a non-blocking eventfd */
    struct event *event;
};

/* @callback runs on the loop after each wake (several wakes may be one call). */
int wakeup_init(struct wakeup *wakeup, struct event_base *base, event_callback_fn callback,
                void *context);
void wakeup_done(struct wakeup *wakeup);
void wakeup_send(struct wakeup *wakeup); /* from any thread */

/* To be called first in the callback. */
void wakeup_clear(struct wakeup *wakeup);

/* Wakes when @queue goes from empty to not empty. */
void wakeup_watch_queue(struct wakeup *wakeup, rd_kafka_queue_t *queue);

#endif
