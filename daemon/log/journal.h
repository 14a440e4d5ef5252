/* The journal's own socket, to which an entry goes as one datagram of fields.
 *
 * A few lines of our own in place of sd_journal_sendv(), which waits while the journal is busy: a
 * line of the log never holds up its caller. */
#ifndef APPEAL_ROUTERD_LOG_JOURNAL_H
#define APPEAL_ROUTERD_LOG_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Is stderr the journal's? It tells by device and inode which stream is its own, since stderr may
 * have been redirected. */
bool journal_has_stderr(void);

/* Gives it to the journal at @path. -EAGAIN: it takes no more now; another errno: there is none. */
int journal_send(const char *path, const void *data, size_t length);

#endif
