/* A connection reads one request, waits for its answer, and reads the next: so what it holds is
 * bounded by one request and one answer. A reply outlives its connection, which then is NULL. */
#include "control/control.h"

#include "control/socket.h"

#include "log/log.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

enum { IDLE_SECONDS = 60, ACCEPT_PAUSE_SECONDS = 1 };

struct connection {
    struct control *control;
    struct bufferevent *stream;
    struct event *idle_timer;    /* from one answer to the next whole request */
    struct control_reply *reply; /* not yet given; owned by the handler */
    struct peer peer;
    bool is_reading; /* in connection_read(): it is on the stack */
    bool is_ending;  /* no more requests: close when all is answered and sent */
    LIST_ENTRY(connection) next;
};

struct control {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *accept_timer;
    char *path;
    gid_t group;
    unsigned connection_count, connections_max;
    control_handler *handler;
    void *context;
    LIST_HEAD(, connection) connections;
};

struct control_reply {
    struct connection *connection; /* NULL: the caller has gone */
    json_t *id;
};

static void connection_free(struct connection *connection)
{
    if (connection->reply)
        connection->reply->connection = NULL;
    LIST_REMOVE(connection, next);
    connection->control->connection_count--;
    event_free(connection->idle_timer);
    bufferevent_free(connection->stream);
    free(connection);
}

static void connection_send(struct connection *connection, const json_t *answer)
{
    struct evbuffer *output = bufferevent_get_output(connection->stream);
    const struct timeval idle = { .tv_sec = IDLE_SECONDS };
    char *text = json_dumps(answer, JSON_COMPACT);

    if (!text)
        memory_exhausted();
    evbuffer_add(output, text, strlen(text));
    evbuffer_add(output, "\n", 1);
    free(text);
    event_add(connection->idle_timer, &idle);
}

static json_t *error_new(const char *code, const char *message, json_t *details)
{
    json_t *error = details ? details : json_object();
    json_object_set_new(error, "code", json_string(code));
    json_object_set_new(error, "message", control_text_new(message));
    return error;
}

/* Takes @id and @payload. */
static json_t *answer_new(json_t *id, bool is_ok, json_t *payload)
{
    return json_pack("{s:i, s:o, s:b, s:o}", "v", CONTROL_VERSION, "id", id ? id : json_null(),
                     "ok", (int)is_ok, is_ok ? "result" : "error", payload);
}

static void connection_send_error(struct connection *connection, json_t *id, const char *code,
                                  const char *message)
{
    json_t *answer = answer_new(id, false, error_new(code, message, NULL));
    connection_send(connection, answer);
    json_decref(answer);
}

/* Reads the members of @request; gives what is wrong with it, or NULL. */
static const char *check_request(const json_t *request, const char **ret_command, json_t **ret_args)
{
    const json_t *version = json_object_get(request, "v");
    json_t *args = json_object_get(request, "args");

    if (!json_is_object(request))
        return "expected one JSON object a line";
    if (!json_is_integer(version) || json_integer_value(version) != CONTROL_VERSION)
        return "'v': expected 1";
    *ret_command = json_string_value(json_object_get(request, "command"));
    if (!*ret_command)
        return "'command': expected a text";
    if (args && !json_is_object(args))
        return "'args': expected an object";
    *ret_args = args;
    return NULL;
}

static void hand_over(struct connection *connection, json_t *id, const char *command, json_t *args)
{
    struct control *control = connection->control;
    struct control_reply *reply = memory_new(sizeof *reply);

    reply->connection = connection;
    reply->id = id;
    connection->reply = reply;
    event_del(connection->idle_timer);
    control->handler(command, args, reply, control->context);
}

/* Who changes something is told of in the log, and so is who may not. */
static bool check_right(const struct connection *connection, const struct control_command *command,
                        struct aro_error *reterr)
{
    const struct peer *peer = &connection->peer;

    if (!command->is_change)
        return true;
    if (peer->may_change) {
        LOG(change_asked, ABOUT(.peer = "control"), "'%s' is asked for by uid %u, gid %u, pid %d",
            command->name, peer->credentials.uid, peer->credentials.gid, peer->credentials.pid);
        return true;
    }
    LOG(change_refused, ABOUT(.peer = "control"), "refused '%s' to uid %u, gid %u, pid %d",
        command->name, peer->credentials.uid, peer->credentials.gid, peer->credentials.pid);
    aro_error_set(reterr, -EPERM,
                  "'%s' is for root, the daemon's own user (uid %u) and members of the socket's "
                  "group (gid %u); you are uid %u, and may only ask",
                  command->name, geteuid(), connection->control->group, peer->credentials.uid);
    return false;
}

static void connection_take_request(struct connection *connection, const char *line, size_t length)
{
    struct aro_error error;
    const char *name = NULL;
    json_t *args = NULL;
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
    const char *wrong = check_request(request, &name, &args);
    json_t *id = json_incref(json_object_get(request, "id"));
    const struct control_command *command = wrong ? NULL : control_command_find(name);

    args = args ? json_incref(args) : json_object();
    if (wrong)
        connection_send_error(connection, id, CONTROL_ERROR_REQUEST, wrong);
    else if (!command)
        connection_send_error(connection, id, CONTROL_ERROR_COMMAND, "there is no such command");
    else if (control_command_check(command, args, &error) < 0)
        connection_send_error(connection, id, CONTROL_ERROR_REQUEST, error.message);
    else if (!check_right(connection, command, &error))
        connection_send_error(connection, id, CONTROL_ERROR_FORBIDDEN, error.message);
    else
        hand_over(connection, id, command->name, args);
    json_decref(args);
    json_decref(request);
}

/* All that can be answered is; closes what has ended and has nothing left to send. */
static void connection_read(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->stream);
    size_t length;

    connection->is_reading = true;
    while (!connection->reply) {
        char *line = evbuffer_readln(input, &length, EVBUFFER_EOL_LF);
        if (!line)
            break;
        connection_take_request(connection, line, length);
        free(line);
    }
    connection->is_reading = false;
    if (!connection->reply && evbuffer_get_length(input) > CONTROL_REQUEST_LENGTH_MAX) {
        evbuffer_drain(input, evbuffer_get_length(input));
        bufferevent_disable(connection->stream, EV_READ);
        connection_send_error(connection, NULL, CONTROL_ERROR_REQUEST, "the line is too long");
        connection->is_ending = true;
    }
    if (connection->is_ending && !connection->reply &&
        evbuffer_get_length(bufferevent_get_output(connection->stream)) == 0)
        connection_free(connection);
}

static void on_input(struct bufferevent *stream, void *context)
{
    (void)stream;
    connection_read(context);
}

static void on_output_sent(struct bufferevent *stream, void *context)
{
    (void)stream;
    connection_read(context);
}

/* The end of its input may be a caller that only awaits its answers; anything else is the end. */
static void on_stream_event(struct bufferevent *stream, short events, void *context)
{
    struct connection *connection = context;
    (void)stream;

    if (!(events & BEV_EVENT_EOF)) {
        connection_free(connection);
        return;
    }
    connection->is_ending = true;
    connection_read(connection);
}

static void on_idle(evutil_socket_t descriptor, short events, void *context)
{
    (void)descriptor;
    (void)events;
    connection_free(context);
}

static void connection_new(struct control *control, evutil_socket_t descriptor)
{
    const struct timeval idle = { .tv_sec = IDLE_SECONDS };
    struct connection *connection = memory_new(sizeof *connection);

    connection->control = control;
    connection->stream = bufferevent_socket_new(control->base, descriptor, BEV_OPT_CLOSE_ON_FREE);
    connection->idle_timer = evtimer_new(control->base, on_idle, connection);
    if (!connection->stream || !connection->idle_timer)
        memory_exhausted();
    connection->peer = peer_of(descriptor, control->group);
    LIST_INSERT_HEAD(&control->connections, connection, next);
    control->connection_count++;

    bufferevent_setcb(connection->stream, on_input, on_output_sent, on_stream_event, connection);
    /* One byte over the limit is enough to see that a line is too long. */
    bufferevent_setwatermark(connection->stream, EV_READ, 0, CONTROL_REQUEST_LENGTH_MAX + 1);
    bufferevent_set_timeouts(connection->stream, NULL, &idle);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
    event_add(connection->idle_timer, &idle);
    if (control->connection_count > control->connections_max) {
        connection->is_ending = true;
        bufferevent_disable(connection->stream, EV_READ);
        connection_send_error(connection, NULL, CONTROL_ERROR_BUSY, "too many callers at once");
    }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t descriptor,
                      struct sockaddr *address, int address_length, void *context)
{
    (void)listener;
    (void)address;
    (void)address_length;
    connection_new(context, descriptor);
}

/* Out of descriptors, most likely: the listener would wake the loop again at once, and for ever. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    const struct timeval pause = { .tv_sec = ACCEPT_PAUSE_SECONDS };
    struct control *control = context;

    LOG(caller_not_accepted, ABOUT(.peer = "control"),
        "cannot accept a caller: %m; trying again in %d s", ACCEPT_PAUSE_SECONDS);
    evconnlistener_disable(listener);
    event_add(control->accept_timer, &pause);
}

static void on_accept_again(evutil_socket_t descriptor, short events, void *context)
{
    struct control *control = context;
    (void)descriptor;
    (void)events;
    evconnlistener_enable(control->listener);
}

int control_new(struct event_base *base, const struct control_settings *settings,
                control_handler *handler, void *context, struct control **ret,
                struct aro_error *reterr)
{
    int descriptor;
    int r = socket_listen(settings->path, settings->group, settings->is_open, &descriptor, reterr);
    if (r < 0)
        return r;

    struct control *control = memory_new(sizeof *control);
    control->base = base;
    control->path = memory_copy_text(settings->path);
    control->group = settings->group;
    control->connections_max = settings->connections_max;
    control->handler = handler;
    control->context = context;
    LIST_INIT(&control->connections);
    control->accept_timer = evtimer_new(base, on_accept_again, control);
    control->listener = evconnlistener_new(
        base, on_accept, control, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, descriptor);
    if (!control->accept_timer || !control->listener)
        memory_exhausted();
    evconnlistener_set_error_cb(control->listener, on_accept_error);
    *ret = control;
    return 0;
}

struct control_figures control_get_figures(const struct control *control)
{
    return (struct control_figures){ .connection_count = control->connection_count,
                                     .connections_max = control->connections_max };
}

/* Sends what has been answered as far as the socket takes it at once. The stream keeps its buffer
 * from others' hands; it will not use it any more. */
static void connection_flush(struct connection *connection)
{
    struct evbuffer *output = bufferevent_get_output(connection->stream);
    evbuffer_unfreeze(output, 1);
    evbuffer_write(output, bufferevent_getfd(connection->stream));
}

void control_free(struct control *control)
{
    if (!control)
        return;
    while (!LIST_EMPTY(&control->connections)) {
        connection_flush(LIST_FIRST(&control->connections));
        connection_free(LIST_FIRST(&control->connections));
    }
    evconnlistener_free(control->listener);
    event_free(control->accept_timer);
    unlink(control->path);
    free(control->path);
    free(control);
}

/* Takes @payload. */
static void reply_give(struct control_reply *reply, bool is_ok, json_t *payload)
{
    struct connection *connection = reply->connection;
    json_t *answer = answer_new(reply->id, is_ok, payload);

    assert(answer); /* @payload was no JSON */
    if (connection) {
        assert(connection->reply == reply);
        connection->reply = NULL;
        connection_send(connection, answer);
        if (!connection->is_reading)
            connection_read(connection);
    }
    json_decref(answer);
    free(reply);
}

void control_reply_ok(struct control_reply *reply, json_t *result)
{
    reply_give(reply, true, result);
}

static void reply_give_error(struct control_reply *reply, const char *code, json_t *details,
                             const char *format, va_list arguments)
{
    char message[1024];
    vsnprintf(message, sizeof message, format, arguments);
    reply_give(reply, false, error_new(code, message, details));
}

void control_reply_error(struct control_reply *reply, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    reply_give_error(reply, code, NULL, format, arguments);
    va_end(arguments);
}

void control_reply_error_with(struct control_reply *reply, const char *code, json_t *details,
                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    reply_give_error(reply, code, details, format, arguments);
    va_end(arguments);
}
