/* Tells systemd how the daemon does, where systemd runs it (NOTIFY_SOCKET). */
#ifndef APPEAL_ROUTERD_LOOP_NOTIFY_H
#define APPEAL_ROUTERD_LOOP_NOTIFY_H

void notify_ready(void);
void notify_reloading(void); /* followed by notify_ready() */
void notify_stopping(void);
void notify_status(const char *text); /* one line */

#endif
