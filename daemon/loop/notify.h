/* Tells systemd how the daemon does, where systemd runs it (NOTIFY_SOCKET). */
#ifndef APPEAL_ROUTERD_LOOP_NOTIFY_H
#define APPEAL_ROUTERD_LOOP_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Does anybody listen? */
bool notify_is_heard(void);

void notify_ready(void);
void notify_reloading(void); /* followed by notify_ready() */
void notify_stopping(void);
void notify_status(const char *text); /* one line */

/* The start goes on, and will for up to @seconds more. */
void notify_extend_start(unsigned seconds);

/* WatchdogSec: how often notify_alive() has to come; 0 where nobody watches. */
int64_t notify_watchdog_ms(void);
void notify_alive(void);

#endif
