/* Pages over HTTP, for machines that watch the daemon and for people who look at it: GET only.
 *
 * Bounded in everything: the connections at a time (who comes next waits), one request for each,
 * its length, and how long a connection may last, however slowly it talks. There is
 * no TLS and nobody is asked who they are, so it belongs on the loopback address or behind a proxy;
 * nothing can be changed by it. The process ignores SIGPIPE. */
#ifndef APPEAL_ROUTERD_HTTP_H
#define APPEAL_ROUTERD_HTTP_H

#include "config/config.h"
#include "support/buffer.h"

#include <aro/error.h>

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

struct http;

struct http_answer {
    int code;                 /* 200 unless the page says 503 */
    const char *content_type; /* borrowed */
    struct buffer body;
};

struct http_page {
    const char *path;
    void (*show)(void *context, struct http_answer *answer);
};

/* Listens at @address. All arguments but @reterr are borrowed and outlive the server. A failure is
 * a negative errno with @reterr: -EADDRINUSE, -EACCES and the like. */
int http_new(struct event_base *base, const struct config_address *address,
             unsigned connections_max, const struct http_page *pages, size_t page_count,
             void *context, struct http **ret, struct aro_error *reterr);
/* Closes every connection. To be called while @base of http_new() is still there. */
void http_free(struct http *http);

/* "127.0.0.1:9464": as it is bound, with the port that was chosen where port 0 was asked for. */
const char *http_address(const struct http *http);

enum { HTTP_CODE_COUNT = 6 };

struct http_figures {
    unsigned connection_count, connections_max;
    struct http_answers {
        int code;
        uint64_t count;
    } answers[HTTP_CODE_COUNT]; /* every status code there is */
};
void http_get_figures(const struct http *http, struct http_figures *ret);

#endif
