#include "kafka/wakeup.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int wakeup_init(struct wakeup *wakeup, struct event_base *base, event_callback_fn callback,
                void *context)
{
    wakeup->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wakeup->descriptor < 0)
        return -errno;
    wakeup->event = event_new(base, wakeup->descriptor, EV_READ | EV_PERSIST, callback, context);
    if (!wakeup->event || event_add(wakeup->event, NULL) < 0) {
        wakeup_done(wakeup);
        return -ENOMEM;
    }
    return 0;
}

void wakeup_done(struct wakeup *wakeup)
{
    if (wakeup->event)
        event_free(wakeup->event);
    if (wakeup->descriptor >= 0)
        close(wakeup->descriptor);
    *wakeup = (struct wakeup){ .descriptor = -1 };
}

void wakeup_send(struct wakeup *wakeup)
{
    uint64_t one = 1;
    /* It fails only where the counter is full, and then the loop is awake anyway. */
    ssize_t ignored = write(wakeup->descriptor, &one, sizeof one);
    (void)ignored;
}

void wakeup_clear(struct wakeup *wakeup)
{
    uint64_t count;
    ssize_t ignored = read(wakeup->descriptor, &count, sizeof count);
    (void)ignored;
}

void wakeup_watch_queue(struct wakeup *wakeup, rd_kafka_queue_t *queue)
{
    static const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue, wakeup->descriptor, &one, sizeof one);
}
