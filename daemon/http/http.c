/* libevent's own HTTP server can bound neither the connections nor how long one lasts, and tells
 * nobody when one ends. One request a connection, of which the first line is all that counts, takes
 * less code than to make up for that. */
#include "http/http.h"

#include "log/log.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    REQUEST_LENGTH_MAX = 8 * 1024, /* its first line and its headers */
    CONNECTION_SECONDS = 10,       /* from its beginning to its end */
    ACCEPT_PAUSE_SECONDS = 1,
    BACKLOG = 64,
};

static const struct {
    int code;
    const char *reason;
} codes[] = {
    { 200, "OK" },
    { 400, "Bad Request" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 431, "Request Header Fields Too Large" },
    { 503, "Service Unavailable" },
};
static_assert(sizeof codes / sizeof *codes == HTTP_CODE_COUNT, "a counter for each code");

struct connection {
    struct http *http;
    struct bufferevent *stream;
    struct event *deadline_timer;
    bool is_answered; /* what still comes is thrown away */
    bool is_ending;   /* the other side has said all; closed once the answer is sent */
    LIST_ENTRY(connection) next;
};

struct http {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *accept_timer;
    const struct http_page *pages;
    size_t page_count;
    void *context;
    char address[NI_MAXHOST + NI_MAXSERV + 4];
    unsigned connection_count, connections_max;
    LIST_HEAD(connection_list, connection) connections;
    uint64_t answer_counts[HTTP_CODE_COUNT];
};

/* ---- answers ---- */

static size_t index_of_code(int code)
{
    size_t i = 0;
    while (codes[i].code != code) {
        i++;
        assert(i < HTTP_CODE_COUNT);
    }
    return i;
}

/* Nothing of it is to be kept, guessed at, or brought to life by a browser. */
static void connection_send(struct connection *connection, const struct http_answer *answer)
{
    struct evbuffer *output = bufferevent_get_output(connection->stream);
    size_t code = index_of_code(answer->code);

    connection->is_answered = true;
    connection->http->answer_counts[code]++;
    if (evbuffer_add_printf(output,
                            "HTTP/1.1 %d %s\r\n"
                            "Content-Type: %s\r\n"
                            "Content-Length: %zu\r\n"
                            "Connection: close\r\n"
                            "Cache-Control: no-store\r\n"
                            "Content-Security-Policy: default-src 'none'; "
                            "style-src 'unsafe-inline'\r\n"
                            "X-Content-Type-Options: nosniff\r\n"
                            "%s\r\n",
                            codes[code].code, codes[code].reason, answer->content_type,
                            answer->body.length, answer->code == 405 ? "Allow: GET\r\n" : "") < 0 ||
        evbuffer_add(output, answer->body.data, answer->body.length) < 0)
        memory_exhausted();
}

static void connection_refuse(struct connection *connection, int code, const char *text)
{
    struct http_answer answer = { .code = code, .content_type = "text/plain; charset=utf-8" };

    buffer_add_text(&answer.body, text);
    connection_send(connection, &answer);
    buffer_done(&answer.body);
}

static void connection_show(struct connection *connection, const struct http_page *page)
{
    struct http_answer answer = { .code = 200 };

    page->show(connection->http->context, &answer);
    connection_send(connection, &answer);
    buffer_done(&answer.body);
}

/* ---- requests ---- */

static const struct http_page *find_page(const struct http *http, const char *path)
{
    for (size_t i = 0; i < http->page_count; i++) {
        if (strcmp(http->pages[i].path, path) == 0)
            return &http->pages[i];
    }
    return NULL;
}

/* "GET /metrics?x=1 HTTP/1.1" into "GET" and "/metrics"; @line is cut up. */
static bool parse_request_line(char *line, const char **ret_method, const char **ret_path)
{
    char *rest = line, *method = strsep(&rest, " "), *target = strsep(&rest, " ");

    if (!rest || strncmp(rest, "HTTP/1.", 7) || strchr(rest, ' ') || !*method || target[0] != '/')
        return false;
    *ret_method = method;
    *ret_path = strsep(&target, "?");
    return true;
}

static void connection_answer(struct connection *connection, char *line, size_t length)
{
    const char *method, *path;

    if (strlen(line) != length || !parse_request_line(line, &method, &path)) {
        connection_refuse(connection, 400, "this is no request of HTTP/1\n");
        return;
    }
    const struct http_page *page = find_page(connection->http, path);
    if (strcmp(method, "GET"))
        connection_refuse(connection, 405, "GET only\n");
    else if (!page)
        connection_refuse(connection, 404, "no such page; / tells of those there are\n");
    else
        connection_show(connection, page);
}

static void on_input(struct bufferevent *stream, void *context)
{
    struct connection *connection = context;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t length;

    if (!connection->is_answered) {
        if (evbuffer_search(input, "\r\n\r\n", 4, NULL).pos < 0) {
            if (evbuffer_get_length(input) <= REQUEST_LENGTH_MAX)
                return; /* the rest is on its way, or the deadline */
            connection_refuse(connection, 431, "the request is too long\n");
        } else {
            char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_CRLF_STRICT);
            if (!line)
                memory_exhausted();
            connection_answer(connection, line, length);
            free(line);
        }
    }
    evbuffer_drain(input, evbuffer_get_length(input));
}

/* ---- connections ---- */

static void connection_free(struct connection *connection)
{
    struct http *http = connection->http;

    LIST_REMOVE(connection, next);
    event_free(connection->deadline_timer);
    bufferevent_free(connection->stream);
    free(connection);
    http->connection_count--;
    if (!event_pending(http->accept_timer, EV_TIMEOUT, NULL))
        evconnlistener_enable(http->listener);
}

/* Says that this was all, and waits for the other side to close: closing first, with something
 * unread, could take the answer away from it. */
static void on_output_sent(struct bufferevent *stream, void *context)
{
    struct connection *connection = context;

    if (connection->is_ending)
        connection_free(connection);
    else if (connection->is_answered)
        shutdown(bufferevent_getfd(stream), SHUT_WR);
}

/* The end of input may come ahead of the answer; anything else is the end. */
static void on_stream_event(struct bufferevent *stream, short events, void *context)
{
    struct connection *connection = context;

    connection->is_ending = true;
    if (!(events & BEV_EVENT_EOF) || evbuffer_get_length(bufferevent_get_output(stream)) == 0)
        connection_free(connection);
}

static void on_deadline(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    connection_free(context);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t descriptor,
                      struct sockaddr *address, int address_length, void *context)
{
    static const struct timeval lifetime = { .tv_sec = CONNECTION_SECONDS };
    struct http *http = context;
    struct connection *connection = memory_new(sizeof *connection);
    (void)address, (void)address_length;

    connection->http = http;
    connection->stream = bufferevent_socket_new(http->base, descriptor, BEV_OPT_CLOSE_ON_FREE);
    connection->deadline_timer = evtimer_new(http->base, on_deadline, connection);
    if (!connection->stream || !connection->deadline_timer ||
        event_add(connection->deadline_timer, &lifetime) < 0)
        memory_exhausted();
    LIST_INSERT_HEAD(&http->connections, connection, next);
    if (++http->connection_count >= http->connections_max)
        evconnlistener_disable(listener); /* who comes next waits in the kernel */
    bufferevent_setcb(connection->stream, on_input, on_output_sent, on_stream_event, connection);
    /* One byte over the limit is enough to see that a request is too long. */
    bufferevent_setwatermark(connection->stream, EV_READ, 0, REQUEST_LENGTH_MAX + 1);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

/* ---- listening ---- */

/* Out of descriptors, most likely: the listener would wake the loop again at once, and for ever. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    static const struct timeval pause = { .tv_sec = ACCEPT_PAUSE_SECONDS };
    struct http *http = context;

    LOG(caller_not_accepted, ABOUT(.peer = "http"),
        "cannot accept a caller: %m; trying again in %d s", ACCEPT_PAUSE_SECONDS);
    evconnlistener_disable(listener);
    event_add(http->accept_timer, &pause);
}

static void on_accept_again(evutil_socket_t descriptor, short what, void *context)
{
    struct http *http = context;
    (void)descriptor, (void)what;
    if (http->connection_count < http->connections_max)
        evconnlistener_enable(http->listener);
}

/* A listening socket at the first of @candidates that can be had, or a negative errno. */
static int listen_at(const struct addrinfo *candidates)
{
    static const int yes = 1;
    int r = -EADDRNOTAVAIL;

    for (const struct addrinfo *info = candidates; info; info = info->ai_next) {
        int descriptor = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                info->ai_protocol);
        if (descriptor >= 0 &&
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
            bind(descriptor, info->ai_addr, info->ai_addrlen) == 0 &&
            listen(descriptor, BACKLOG) == 0)
            return descriptor;
        r = -errno;
        if (descriptor >= 0)
            close(descriptor);
    }
    return r;
}

static int open_socket(const struct config_address *address, int *ret, struct aro_error *reterr)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *candidates;
    char port[8];

    snprintf(port, sizeof port, "%u", (unsigned)address->port);
    int failure = getaddrinfo(address->host, port, &hints, &candidates);
    if (failure != 0)
        return aro_error_set(reterr, -EADDRNOTAVAIL, "http.listen: '%s': %s", address->host,
                             gai_strerror(failure));
    int descriptor = listen_at(candidates);
    freeaddrinfo(candidates);
    if (descriptor < 0)
        return aro_error_set(
            reterr, descriptor, "http.listen: cannot listen at %s, port %s: %s%s", address->host,
            port, strerror(-descriptor),
            descriptor == -EADDRINUSE ? "; another process does, or this one runs twice" : "");
    *ret = descriptor;
    return 0;
}

static void note_address(struct http *http, int descriptor)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getsockname(descriptor, (struct sockaddr *)&address, &length) < 0 ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(http->address, sizeof http->address, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
             port);
}

int http_new(struct event_base *base, const struct config_address *address,
             unsigned connections_max, const struct http_page *pages, size_t page_count,
             void *context, struct http **ret, struct aro_error *reterr)
{
    int descriptor;
    int r = open_socket(address, &descriptor, reterr);
    if (r < 0)
        return r;

    struct http *http = memory_new(sizeof *http);
    http->base = base;
    http->pages = pages;
    http->page_count = page_count;
    http->context = context;
    http->connections_max = connections_max;
    LIST_INIT(&http->connections);
    note_address(http, descriptor);
    http->accept_timer = evtimer_new(base, on_accept_again, http);
    http->listener = evconnlistener_new(
        base, on_accept, http, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, descriptor);
    if (!http->accept_timer || !http->listener)
        memory_exhausted();
    evconnlistener_set_error_cb(http->listener, on_accept_error);
    *ret = http;
    return 0;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    while (!LIST_EMPTY(&http->connections))
        connection_free(LIST_FIRST(&http->connections));
    evconnlistener_free(http->listener);
    event_free(http->accept_timer);
    free(http);
}

const char *http_address(const struct http *http)
{
    return http->address;
}

void http_get_figures(const struct http *http, struct http_figures *ret)
{
    *ret = (struct http_figures){ .connection_count = http->connection_count,
                                  .connections_max = http->connections_max };
    for (size_t i = 0; i < HTTP_CODE_COUNT; i++)
        ret->answers[i] = (struct http_answers){ codes[i].code, http->answer_counts[i] };
}
