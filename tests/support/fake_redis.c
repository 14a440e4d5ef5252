#include "fake_redis.h"

#include <arpa/inet.h>
#include <err.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

static const char sound_info[] = "run_id:0123456789\r\nrole:master\r\nmaster_replid:abcdef\r\n"
                                 "loading:0\r\nmaxmemory_policy:noeviction\r\nevicted_keys:0\r\n";

struct client {
    struct fake_redis *fake;
    struct bufferevent *stream;
    TAILQ_ENTRY(client) by_age;
};

struct fake_redis {
    struct event_base *base;
    struct evconnlistener *listener;
    struct fake_answers answers;
    unsigned connection_count;
    TAILQ_HEAD(, client) clients;
};

static void client_free(struct client *client)
{
    TAILQ_REMOVE(&client->fake->clients, client, by_age);
    bufferevent_free(client->stream);
    free(client);
}

static void answer_write(struct client *client, const char *text)
{
    size_t length = client->fake->answers.length;
    bufferevent_write(client->stream, text, length ? length : strlen(text));
}

static void bulk_write(struct client *client, const char *text)
{
    evbuffer_add_printf(bufferevent_get_output(client->stream), "$%zu\r\n%s\r\n", strlen(text),
                        text);
}

static void command_answer(struct client *client, const char *name)
{
    const struct fake_answers *answers = &client->fake->answers;
    const struct {
        const char *name, *answer, *sound;
    } rows[] = {
        { "AUTH", answers->auth, "+OK\r\n" },
        { "SELECT", NULL, "+OK\r\n" },
        { "INFO", answers->info, NULL },
        { "SCRIPT", answers->script, "$40\r\n0123456789012345678901234567890123456789\r\n" },
        { "EVALSHA", answers->evalsha, "$4\r\nDONE\r\n" },
        { "SCAN", answers->scan, "*2\r\n$1\r\n0\r\n*0\r\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcasecmp(name, rows[i].name) != 0)
            continue;
        if (rows[i].answer)
            answer_write(client, rows[i].answer);
        else if (rows[i].sound)
            bufferevent_write(client->stream, rows[i].sound, strlen(rows[i].sound));
        else
            bulk_write(client, sound_info);
        return;
    }
    errx(1, "the fake Redis was asked for '%s'", name);
}

/* The name of the first whole command in @input, which is taken out. False where there is none. */
static bool command_read(struct evbuffer *input, char *name, size_t size)
{
    size_t length = evbuffer_get_length(input);
    const char *start = (const char *)evbuffer_pullup(input, -1);
    const char *at = start, *end = start + length;
    long words = 0;

    for (long word = -1; word < words; word++) {
        const char *line_end = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (!line_end)
            return false;
        long number = strtol(at + 1, NULL, 10);
        at = line_end + 1;
        if (word < 0) {
            words = number;
            continue;
        }
        if (end - at < number + 2)
            return false;
        if (word == 0)
            snprintf(name, size, "%.*s", (int)number, at);
        at += number + 2;
    }
    evbuffer_drain(input, (size_t)(at - start));
    return true;
}

static void on_drained(struct bufferevent *stream, void *context)
{
    (void)stream;
    client_free(context);
}

static void on_commands(struct bufferevent *stream, void *context)
{
    struct client *client = context;
    char name[32];

    while (command_read(bufferevent_get_input(stream), name, sizeof name)) {
        command_answer(client, name);
        if (!client->fake->answers.closes)
            continue;
        bufferevent_disable(stream, EV_READ);
        bufferevent_setcb(stream, NULL, on_drained, NULL, client);
        return;
    }
}

static void on_client_event(struct bufferevent *stream, short what, void *context)
{
    (void)stream;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        client_free(context);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int length, void *context)
{
    (void)listener, (void)address, (void)length;
    struct fake_redis *fake = context;
    struct client *client = calloc(1, sizeof *client);

    if (!client)
        err(1, "client");
    client->fake = fake;
    client->stream = bufferevent_socket_new(fake->base, fd, BEV_OPT_CLOSE_ON_FREE);
    TAILQ_INSERT_TAIL(&fake->clients, client, by_age);
    fake->connection_count++;
    bufferevent_setcb(client->stream, on_commands, NULL, on_client_event, client);
    bufferevent_enable(client->stream, EV_READ | EV_WRITE);
    if (!fake->answers.greeting)
        return;
    answer_write(client, fake->answers.greeting);
    if (fake->answers.closes) {
        bufferevent_disable(client->stream, EV_READ);
        bufferevent_setcb(client->stream, NULL, on_drained, NULL, client);
    }
}

struct fake_redis *fake_redis_new(struct event_base *base)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct fake_redis *fake = calloc(1, sizeof *fake);
    if (!fake)
        err(1, "fake Redis");
    fake->base = base;
    TAILQ_INIT(&fake->clients);
    fake->listener = evconnlistener_new_bind(base, on_accept, fake, LEV_OPT_CLOSE_ON_FREE, 16,
                                             (const struct sockaddr *)&address, sizeof address);
    if (!fake->listener)
        err(1, "fake Redis");
    return fake;
}

void fake_redis_free(struct fake_redis *fake)
{
    if (!fake)
        return;
    while (!TAILQ_EMPTY(&fake->clients))
        client_free(TAILQ_FIRST(&fake->clients));
    evconnlistener_free(fake->listener);
    free(fake);
}

uint16_t fake_redis_port(const struct fake_redis *fake)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;

    getsockname(evconnlistener_get_fd(fake->listener), (struct sockaddr *)&address, &length);
    return ntohs(address.sin_port);
}

void fake_redis_answer(struct fake_redis *fake, const struct fake_answers *answers)
{
    fake->answers = *answers;
}

unsigned fake_redis_connection_count(const struct fake_redis *fake)
{
    return fake->connection_count;
}
