/* One connection to Redis that cannot hang, grow without bound or fail behind one's back.
 *
 * hiredis 0.14 knows no deadlines and no limits in its asynchronous part, so they are here: a
 * deadline to resolve and connect, one for each command, and limits on what a server may send.
 * There is no reconnecting: a link that failed is closed, and its owner opens it again. */
#ifndef DAEMON_BOARD_LINK_H
#define DAEMON_BOARD_LINK_H

#include "board/command.h"
#include "board/tls.h"

#include <aro/time.h>

#include "support/cleanup.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

struct link;

struct link_address {
    const char *host; /* a name or a numeric address; NULL with a unix_path */
    uint16_t port;
    const char *unix_path;
    struct tls_settings tls; /* with a host only */
};

/* Both come from the loop, never from within a call. */
struct link_events {
    /* Commands may be sent from here on. */
    void (*on_connected)(void *context);
    /* The link is closed; @reason says why. */
    void (*on_failed)(void *context, const char *reason);
    void *context;
};

/* @reply is never NULL and lasts for the call. @context is the link's, @tag the command's. */
typedef void link_on_reply(void *context, const redisReply *reply, void *tag);
/* Frees a tag whose reply never came, or came and was handled. */
typedef void link_free_tag(void *tag);

/* @address is copied, @base borrowed. -ENOMEM. */
int link_new(struct event_base *base, const struct link_address *address, struct aro_span timeout,
             const struct link_events *events, struct link **ret);
/* Not from within one of the link's own callbacks. */
void link_free(struct link *link);

/* Begins to connect; a closed link only. */
void link_open(struct link *link);
/* Hands what was sent to the kernel now, as far as it takes it: before a last link_close(). */
void link_flush(struct link *link);
/* No callback comes after this; what was sent may still be carried out. */
void link_close(struct link *link);
bool link_is_connected(const struct link *link);

/* Sends @command; @tag is the link's from here on (@free_tag may be NULL). Only where connected. */
void link_send(struct link *link, const struct command *command, link_on_reply *on_reply, void *tag,
               link_free_tag *free_tag);

/* Sent and not yet answered. */
size_t link_flight_count(const struct link *link);
size_t link_flight_bytes(const struct link *link);

DEFINE_CLEANUP(struct link, link_free)

#endif
