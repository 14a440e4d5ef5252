/* The control socket: a server of line-delimited JSON (protocol.h) in the daemon's event loop.
 *
 * It reads requests and hands each to the one handler, which answers now or later, exactly once.
 * It is bounded: connections, the length of a line, one request at a time of a connection, and how
 * long a connection may be idle. The process ignores SIGPIPE. */
#ifndef APPEAL_ROUTERD_CONTROL_H
#define APPEAL_ROUTERD_CONTROL_H

#include "control/peer.h"
#include "control/protocol.h"

#include <aro/error.h>

#include <event2/event.h>
#include <jansson.h>
#include <sys/socket.h>

struct control;

struct control_settings {
    const char *path; /* borrowed while control_new() runs, as all of this */
    gid_t group;      /* the socket's; its members may change things (peer.h) */
    bool is_open;     /* every user of this host may connect, and ask */
    unsigned connections_max;
};

/* The right and duty to answer one request. */
struct control_reply;

/* @args is a JSON object (empty where the request had none), borrowed until the handler returns;
 * take a reference to keep it. @reply is the handler's until it is answered. The command is known,
 * its arguments are as protocol.c says, and the caller may use it. The handler frees no control. */
typedef void control_handler(const char *command, json_t *args, struct control_reply *reply,
                             void *context);

/* Listens at the path of @settings, mode 0660, or 0666 where it is open. A socket that lies there
 * and nobody answers is replaced; one that somebody answers is refused (-EADDRINUSE), as is a
 * folder that others may write (-EPERM). @base and @context are borrowed. */
int control_new(struct event_base *base, const struct control_settings *settings,
                control_handler *handler, void *context, struct control **ret,
                struct aro_error *reterr);

/* Closes every connection, once what has been answered is sent, and removes the socket. Replies not
 * yet given stay valid and are then dropped. */
void control_free(struct control *control);

struct control_figures {
    unsigned connection_count, connections_max;
};
struct control_figures control_get_figures(const struct control *control);

/* Answer, once, and @reply is gone. Where the caller has hung up the answer is dropped. */
void control_reply_ok(struct control_reply *reply, json_t *result); /* takes @result */
void control_reply_error(struct control_reply *reply, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As control_reply_error(), with further members of the error: takes @details, an object. */
void control_reply_error_with(struct control_reply *reply, const char *code, json_t *details,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
