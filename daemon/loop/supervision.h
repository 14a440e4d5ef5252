/* What systemd is told while the daemon runs: that it is alive, how it does, that a long start is
 * not a hung one.
 *
 * The watchdog is fed only while all moves (progress.h). A part counts as hung after half of
 * WatchdogSec (a second at least), and the timer looks four times in it: so the process is killed,
 * and begun anew, within twice WatchdogSec of whatever hangs. */
#ifndef APPEAL_ROUTERD_LOOP_SUPERVISION_H
#define APPEAL_ROUTERD_LOOP_SUPERVISION_H

#include "loop/progress.h"

#include <event2/event.h>
#include <stdint.h>

struct daemon;

struct supervision {
    const struct daemon *daemon;
    struct event *timer;
    int64_t watchdog_ms;                               /* 0: systemd does not watch */
    int64_t fed_at_ms;                                 /* monotonic */
    char *status;                                      /* as told last */
    char hung[sizeof(struct progress_hang){ 0 }.what]; /* the part that was said to; or empty */
};

/* Begins to tell; nothing where nobody listens (NOTIFY_SOCKET). -ENOMEM. */
int supervision_init(struct supervision *supervision, const struct daemon *daemon);
void supervision_done(struct supervision *supervision);

/* How long a part may stand still before it counts as hung. */
int64_t supervision_silence_ms_max(const struct supervision *supervision);

#endif
