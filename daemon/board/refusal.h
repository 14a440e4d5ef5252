/* What each error reply of Redis means for the board: one table, and the only place that reads
 * the text of an error. */
#ifndef DAEMON_BOARD_REFUSAL_H
#define DAEMON_BOARD_REFUSAL_H

#include "log/log.h"

enum refusal_pace {
    REFUSAL_SOON, /* passes by itself, or with another server: try again, less and less often */
    REFUSAL_LATE, /* a human must act first: try again now and then, so that no storm comes of it */
};

struct refusal {
    const char *code; /* how the reply begins */
    enum refusal_pace pace;
    enum message message;
    const char *meaning; /* for the log: what it is, or what to do */
};

/* Never NULL: an error that is not in the table is tried again soon. */
const struct refusal *refusal_find(const char *reply);

/* What may be shown of @reply, in @ret: a server that does not know a command repeats what it was
 * sent with it, and AUTH is sent with @password. NULL: there is none. */
enum { REFUSAL_SHOWN_SIZE = 121 };
void refusal_show(const char *reply, const char *password, char ret[static REFUSAL_SHOWN_SIZE]);

#endif
