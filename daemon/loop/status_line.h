/* How the daemon does, in one line: `systemctl status` shows it. */
#ifndef APPEAL_ROUTERD_LOOP_STATUS_LINE_H
#define APPEAL_ROUTERD_LOOP_STATUS_LINE_H

#include "support/buffer.h"

struct daemon;

/* Appends "main: owner, 12 waiting, 0 records behind" and the like, shard by shard. */
void status_line_write(const struct daemon *daemon, struct buffer *line);

#endif
