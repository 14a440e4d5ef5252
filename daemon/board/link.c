#include "board/link.h"

#include "loop/monotonic.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <hiredis/async.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* What a server may send at most: its largest honest answers are INFO and a slice of SCAN. */
enum { REPLY_BYTES_MAX = 4 * 1024 * 1024, REPLY_ELEMENTS_MAX = 65536, REPLY_NESTING_MAX = 3 };

/* A command on its way. Replies come in the order of the commands, so the first has the nearest
 * deadline. */
struct request {
    struct link *link;
    link_on_reply *on_reply;
    void *tag;
    link_free_tag *free_tag;
    size_t bytes;
    int64_t deadline_ms;
    TAILQ_ENTRY(request) by_order;
};

/* A question to the name server: it outlives a link that no longer wants to know. */
struct resolution {
    struct link *link; /* NULL: nobody waits for the answer */
};

/* The descriptor of one connection in libevent. hiredis ends it with the connection, which may be
 * later than link_close(). */
struct socket_watch {
    struct link *link;
    redisAsyncContext *connection;
    struct event *readable, *writable;
};

struct link {
    struct event_base *base;
    char *host, *unix_path;
    uint16_t port;
    struct tls_settings tls; /* its texts are the link's own */
    struct aro_span timeout;
    struct link_events events;

    bool is_open, is_connected;
    struct evdns_base *dns;        /* made when a name is first met */
    struct resolution *resolution; /* under way; NULL otherwise */
    unsigned open_count;           /* takes the addresses of a name in turn */
    redisAsyncContext *connection; /* NULL until there is an address, and once closed */
    struct tls *secrecy;           /* of that; NULL without TLS */
    struct event *deadline;        /* to connect, then of the first request in flight */
    struct event *news;            /* something to tell the owner from the loop */
    char failure[256];             /* to be told; empty where none */

    struct buffer wire;
    TAILQ_HEAD(, request) flight;
    size_t flight_count, flight_bytes;
};

static void deadline_arm(struct link *link, int64_t wait_ms)
{
    if (wait_ms < 0)
        wait_ms = 0;
    const struct timeval wait = { wait_ms / 1000, wait_ms % 1000 * 1000 };
    event_add(link->deadline, &wait);
}

/* Tells the owner soon: whoever notices a failure may be deep in a call of the owner's. */
static void link_fail(struct link *link, const char *reason)
{
    if (!link->is_open || link->failure[0])
        return;
    snprintf(link->failure, sizeof link->failure, "%s", reason);
    event_active(link->news, EV_TIMEOUT, 0);
}

static void on_news(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct link *link = context;

    if (!link->is_open)
        return;
    if (!link->failure[0]) {
        link->events.on_connected(link->events.context);
        return;
    }
    char reason[sizeof link->failure];
    memcpy(reason, link->failure, sizeof reason);
    link_close(link);
    link->events.on_failed(link->events.context, reason);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct link *link = context;
    char reason[96];
    const char *missing = !link->is_connected                              ? "no connection"
                          : link->secrecy && !tls_is_agreed(link->secrecy) ? "no TLS"
                                                                           : "no answer";

    snprintf(reason, sizeof reason, "%s within %lld ms", missing, (long long)link->timeout.ms);
    link_fail(link, reason);
}

/* --- limits on what a server may make us take ---
 *
 * hiredis takes memory for as many elements as a reply claims to have, before it has read any; and
 * it ends the process at a reply that answers no command. Both are refused where it makes the parts
 * of a reply: it takes that for a lack of memory, and gives the connection up. */

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

/* hiredis' own functions, the same for every reader. */
static const redisReplyObjectFunctions *reply_functions;

/* Without a command, only an error is sound: hiredis knows what to do with that. */
static bool reply_is_awaited(const redisReadTask *task)
{
    const struct link *link = task->privdata;
    return task->parent || task->type == REDIS_REPLY_ERROR || link->flight_count > 0;
}

static void *bounded_string_new(const redisReadTask *task, char *text, size_t length)
{
    return reply_is_awaited(task) ? reply_functions->createString(task, text, length) : NULL;
}

static void *bounded_integer_new(const redisReadTask *task, long long value)
{
    return reply_is_awaited(task) ? reply_functions->createInteger(task, value) : NULL;
}

static void *bounded_nil_new(const redisReadTask *task)
{
    return reply_is_awaited(task) ? reply_functions->createNil(task) : NULL;
}

static void *bounded_array_new(const redisReadTask *task, element_count count)
{
    unsigned nesting = 0;
    for (const redisReadTask *outer = task->parent; outer; outer = outer->parent)
        nesting++;
    if (!reply_is_awaited(task) || nesting >= REPLY_NESTING_MAX || count > REPLY_ELEMENTS_MAX)
        return NULL;
    return reply_functions->createArray(task, count);
}

#if HIREDIS_MAJOR >= 1
/* Types of RESP3, which we never speak. */
static void *double_refuse(const redisReadTask *task, double value, char *text, size_t length)
{
    (void)task, (void)value, (void)text, (void)length;
    return NULL;
}

static void *bool_refuse(const redisReadTask *task, int value)
{
    (void)task, (void)value;
    return NULL;
}
#endif

static void connection_limit(struct link *link, redisAsyncContext *connection)
{
    static redisReplyObjectFunctions bounded = {
        .createString = bounded_string_new,
        .createArray = bounded_array_new,
        .createInteger = bounded_integer_new,
        .createNil = bounded_nil_new,
#if HIREDIS_MAJOR >= 1
        .createDouble = double_refuse,
        .createBool = bool_refuse,
#endif
    };
    if (!reply_functions) {
        reply_functions = connection->c.reader->fn;
        bounded.freeObject = reply_functions->freeObject;
    }
    connection->c.reader->fn = &bounded;
    connection->c.reader->privdata = link;
}

/* --- the descriptor in libevent --- */

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    const struct socket_watch *watch = context;
    struct link *link = watch->link;
    redisAsyncContext *connection = watch->connection;

    tls_forget_errors();
    redisAsyncHandleRead(connection); /* may end the watch */
    if (link->connection == connection && connection->c.reader->len > REPLY_BYTES_MAX)
        link_fail(link, "an answer without end");
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    const struct socket_watch *watch = context;
    tls_forget_errors();
    redisAsyncHandleWrite(watch->connection);
}

static void watch_add_read(void *context)
{
    struct socket_watch *watch = context;
    event_add(watch->readable, NULL);
}

static void watch_remove_read(void *context)
{
    struct socket_watch *watch = context;
    event_del(watch->readable);
}

static void watch_add_write(void *context)
{
    struct socket_watch *watch = context;
    event_add(watch->writable, NULL);
}

static void watch_remove_write(void *context)
{
    struct socket_watch *watch = context;
    event_del(watch->writable);
}

static void watch_free(void *context)
{
    struct socket_watch *watch = context;
    event_free(watch->readable);
    event_free(watch->writable);
    free(watch);
}

static void connection_watch(struct link *link, redisAsyncContext *connection)
{
    struct socket_watch *watch = memory_new(sizeof *watch);

    watch->link = link;
    watch->connection = connection;
    watch->readable =
        event_new(link->base, connection->c.fd, EV_READ | EV_PERSIST, on_readable, watch);
    watch->writable =
        event_new(link->base, connection->c.fd, EV_WRITE | EV_PERSIST, on_writable, watch);
    if (!watch->readable || !watch->writable)
        memory_exhausted();
    connection->ev.data = watch;
    connection->ev.addRead = watch_add_read;
    connection->ev.delRead = watch_remove_read;
    connection->ev.addWrite = watch_add_write;
    connection->ev.delWrite = watch_remove_write;
    connection->ev.cleanup = watch_free;
}

/* --- connecting --- */

/* hiredis frees the connection itself after either of these. */
static void connection_lost(const redisAsyncContext *connection)
{
    struct link *link = connection->data;

    if (link->connection != connection)
        return; /* closed by us */
    link->connection = NULL;
    const char *reason = tls_failure(link->secrecy);
    if (!reason)
        reason = connection->err ? connection->errstr : "closed";
    link_fail(link, reason);
}

static void on_connect(const redisAsyncContext *connection, int status)
{
    struct link *link = connection->data;

    if (status != REDIS_OK) {
        connection_lost(connection);
        return;
    }
    if (link->connection != connection)
        return;
    link->is_connected = true;
    event_del(link->deadline);
    event_active(link->news, EV_TIMEOUT, 0);
}

static void on_disconnect(const redisAsyncContext *connection, int status)
{
    (void)status;
    connection_lost(connection);
}

static void link_adopt(struct link *link, redisAsyncContext *connection)
{
    if (!connection) {
        link_fail(link, "no memory for a connection");
        return;
    }
    if (connection->err) {
        link_fail(link, connection->errstr);
        redisAsyncFree(connection);
        return;
    }
    struct aro_error error;
    if (link->tls.is_used &&
        tls_begin(&connection->c, &link->tls, link->host, &link->secrecy, &error) < 0) {
        link_fail(link, error.message);
        redisAsyncFree(connection);
        return;
    }
    connection->data = link;
    connection_limit(link, connection);
    connection_watch(link, connection);
    link->connection = connection;
    redisAsyncSetConnectCallback(connection, on_connect);
    redisAsyncSetDisconnectCallback(connection, on_disconnect);
}

static const struct evutil_addrinfo *address_pick(const struct evutil_addrinfo *addresses,
                                                  unsigned turn)
{
    unsigned count = 0;
    for (const struct evutil_addrinfo *each = addresses; each; each = each->ai_next)
        count++;
    const struct evutil_addrinfo *picked = addresses;
    for (unsigned left = turn % count; left > 0; left--)
        picked = picked->ai_next;
    return picked;
}

static void on_resolved(int result, struct evutil_addrinfo *addresses, void *context)
{
    struct resolution *resolution = context;
    struct link *link = resolution->link;
    char reason[256], numeric[INET6_ADDRSTRLEN + 16];

    free(resolution);
    if (link) {
        link->resolution = NULL;
        if (result != 0 || !addresses) {
            snprintf(reason, sizeof reason, "'%s' not resolved: %s", link->host,
                     evutil_gai_strerror(result));
            link_fail(link, reason);
        } else {
            const struct evutil_addrinfo *address = address_pick(addresses, link->open_count);
            if (getnameinfo(address->ai_addr, (socklen_t)address->ai_addrlen, numeric,
                            sizeof numeric, NULL, 0, NI_NUMERICHOST) == 0)
                link_adopt(link, redisAsyncConnect(numeric, link->port));
            else
                link_fail(link, "an address of no known kind");
        }
    }
    if (addresses)
        evutil_freeaddrinfo(addresses);
}

static bool host_is_numeric(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* hiredis would resolve a name itself, and hold the loop up for as long as that takes. */
static void link_resolve(struct link *link)
{
    const struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };

    if (!link->dns) {
        link->dns = evdns_base_new(link->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
        if (!link->dns)
            memory_exhausted();
        /* Without the file it asks the name server of this host. */
        evdns_base_resolv_conf_parse(link->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    }
    link->resolution = memory_new(sizeof *link->resolution);
    link->resolution->link = link;
    evdns_getaddrinfo(link->dns, link->host, NULL, &hints, on_resolved, link->resolution);
}

void link_open(struct link *link)
{
    assert(!link->is_open);
    link->is_open = true;
    link->open_count++;
    deadline_arm(link, link->timeout.ms);
    if (link->unix_path)
        link_adopt(link, redisAsyncConnectUnix(link->unix_path));
    else if (host_is_numeric(link->host))
        link_adopt(link, redisAsyncConnect(link->host, link->port));
    else
        link_resolve(link);
}

void link_flush(struct link *link)
{
    if (!link->is_connected || !link->connection)
        return;
    tls_forget_errors();
    redisAsyncHandleWrite(link->connection);
}

void link_close(struct link *link)
{
    redisAsyncContext *connection = TAKE(link->connection);

    link->is_open = link->is_connected = false;
    link->failure[0] = '\0';
    event_del(link->deadline);
    event_del(link->news);
    if (link->resolution)
        TAKE(link->resolution)->link = NULL;
    if (connection)
        redisAsyncFree(connection); /* ends every request */
    tls_free(TAKE(link->secrecy));
}

bool link_is_connected(const struct link *link)
{
    return link->is_connected;
}

/* --- commands --- */

static void request_land(struct request *request)
{
    struct link *link = request->link;

    TAILQ_REMOVE(&link->flight, request, by_order);
    link->flight_count--;
    link->flight_bytes -= request->bytes;
}

static void request_free(struct request *request)
{
    if (request->free_tag)
        request->free_tag(request->tag);
    free(request);
}

static void deadline_follow(struct link *link)
{
    const struct request *first = TAILQ_FIRST(&link->flight);

    if (first)
        deadline_arm(link, first->deadline_ms - monotonic_ms());
    else
        event_del(link->deadline);
}

/* Once for each command, always: with NULL where the connection went first. */
static void on_reply(redisAsyncContext *connection, void *reply, void *context)
{
    struct request *request = context;
    struct link *link = request->link;

    request_land(request); /* what is sent from within the callback finds its place free */
    if (reply && link->connection == connection && !link->failure[0])
        request->on_reply(link->events.context, reply, request->tag);
    request_free(request);
    if (link->is_connected)
        deadline_follow(link);
}

void link_send(struct link *link, const struct command *command, link_on_reply *on_command_reply,
               void *tag, link_free_tag *free_tag)
{
    assert(link->is_connected);
    struct request *request = memory_new(sizeof *request);

    buffer_clear(&link->wire);
    command_format(command, &link->wire);
    *request = (struct request){ .link = link,
                                 .on_reply = on_command_reply,
                                 .tag = tag,
                                 .free_tag = free_tag,
                                 .bytes = link->wire.length,
                                 .deadline_ms = monotonic_ms() + link->timeout.ms };
    TAILQ_INSERT_TAIL(&link->flight, request, by_order);
    link->flight_count++;
    link->flight_bytes += request->bytes;
    /* Gone already, not told yet: the request ends here as one whose reply never came. */
    if (!link->connection ||
        redisAsyncFormattedCommand(link->connection, on_reply, request, link->wire.data,
                                   link->wire.length) != REDIS_OK) {
        request_land(request);
        request_free(request);
        link_fail(link, "the connection takes no more commands");
        return;
    }
    if (link->flight_count == 1)
        deadline_follow(link);
}

size_t link_flight_count(const struct link *link)
{
    return link->flight_count;
}

size_t link_flight_bytes(const struct link *link)
{
    return link->flight_bytes;
}

/* --- life --- */

int link_new(struct event_base *base, const struct link_address *address, struct aro_span timeout,
             const struct link_events *events, struct link **ret)
{
    CLEANUP(link_freep) struct link *link = calloc(1, sizeof *link);
    if (!link)
        return -ENOMEM;
    TAILQ_INIT(&link->flight);
    link->base = base;
    link->timeout = timeout;
    link->events = *events;
    link->port = address->port;
    link->host = memory_copy_text(address->host);
    link->unix_path = memory_copy_text(address->unix_path);
    link->tls = (struct tls_settings){
        .is_used = address->tls.is_used,
        .ca_file = memory_copy_text(address->tls.ca_file),
        .certificate_file = memory_copy_text(address->tls.certificate_file),
        .key_file = memory_copy_text(address->tls.key_file),
    };
    link->deadline = evtimer_new(base, on_deadline, link);
    link->news = evtimer_new(base, on_news, link);
    if (!link->deadline || !link->news)
        return -ENOMEM;
    *ret = TAKE(link);
    return 0;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    if (link->deadline && link->news)
        link_close(link);
    if (link->dns)
        evdns_base_free(link->dns, 1);
    if (link->deadline)
        event_free(link->deadline);
    if (link->news)
        event_free(link->news);
    buffer_done(&link->wire);
    free(link->host);
    free(link->unix_path);
    free((char *)link->tls.ca_file);
    free((char *)link->tls.certificate_file);
    free((char *)link->tls.key_file);
    free(link);
}
