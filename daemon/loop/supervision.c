#include "loop/supervision.h"

#include "log/log.h"
#include "loop/daemon.h"
#include "loop/last_words.h"
#include "loop/monotonic.h"
#include "loop/notify.h"
#include "loop/progress.h"
#include "loop/status_line.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_MS_MAX = 1000,
    SILENCE_MS_UNWATCHED = 60 * 1000, /* where systemd names no time of its own */
    SILENCE_MS_LEAST = 1000,          /* a consumer with nothing to tell is asked twice a second */
    EXTENSION_SECONDS = 60,           /* of the start, each time while it goes on */
};

static void feed_watchdog(struct supervision *supervision)
{
    struct progress_hang hang;
    int64_t now = monotonic_ms();

    if (supervision->watchdog_ms == 0 ||
        now - supervision->fed_at_ms < supervision->watchdog_ms / 4)
        return;
    if (!progress_find_hang(supervision->daemon, supervision_silence_ms_max(supervision), &hang)) {
        notify_alive();
        supervision->fed_at_ms = now;
        supervision->hung[0] = '\0';
    } else if (strcmp(supervision->hung, hang.what) != 0) {
        LOG(part_hangs, NULL,
            "%s has not moved for %" PRId64 " ms; systemd is no longer told that "
            "this process is alive, and will begin it anew",
            hang.what, hang.silent_ms);
        snprintf(supervision->hung, sizeof supervision->hung, "%s", hang.what);
    }
}

static void tell_status(struct supervision *supervision)
{
    CLEANUP(buffer_done) struct buffer line = { 0 };

    status_line_write(supervision->daemon, &line);
    buffer_add(&line, "", 1);
    if (supervision->status && strcmp(supervision->status, line.data) == 0)
        return;
    notify_status(line.data);
    free(supervision->status);
    supervision->status = memory_copy_text(line.data);
}

static void on_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct supervision *supervision = context;
    (void)descriptor, (void)what;

    last_words_note_turn();
    tell_status(supervision);
    if (supervision->daemon->is_joining && !supervision->daemon->is_ending)
        notify_extend_start(EXTENSION_SECONDS);
    feed_watchdog(supervision);
}

int supervision_init(struct supervision *supervision, const struct daemon *daemon)
{
    *supervision = (struct supervision){ .daemon = daemon };
    if (!notify_is_heard())
        return 0;
    last_words_watch(supervision->hung);
    last_words_prepare();
    supervision->watchdog_ms = notify_watchdog_ms();
    int64_t interval_ms = supervision->watchdog_ms > 0 && supervision->watchdog_ms / 4 < LOOK_MS_MAX
                              ? supervision->watchdog_ms / 4
                              : LOOK_MS_MAX;
    const struct timeval interval = { .tv_sec = interval_ms / 1000,
                                      .tv_usec = interval_ms % 1000 * 1000 };
    supervision->timer = event_new(daemon->base, -1, EV_PERSIST, on_timer, supervision);
    return supervision->timer && event_add(supervision->timer, &interval) == 0 ? 0 : -ENOMEM;
}

void supervision_done(struct supervision *supervision)
{
    if (supervision->timer)
        event_free(supervision->timer);
    free(supervision->status);
}

int64_t supervision_silence_ms_max(const struct supervision *supervision)
{
    int64_t limit_ms = supervision->watchdog_ms / 2;

    if (supervision->watchdog_ms == 0)
        return SILENCE_MS_UNWATCHED;
    return limit_ms > SILENCE_MS_LEAST ? limit_ms : SILENCE_MS_LEAST;
}
