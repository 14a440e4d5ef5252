#include "board_world.h"

#include "cmocka_headers.h"
#include "support/buffer.h"
#include "support/memory.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The last is in no rulebook. */
static const char *const queue_names[MODEL_QUEUES + 1] = { "fraud-latam", "general", "ip",
                                                           "fraud-emea",  "vip",     "unheard-of" };

/* --- the loop --- */

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
}

int64_t world_deadline(void)
{
    return (int64_t)time(NULL) + WORLD_DEADLINE_S;
}

void world_turn(struct world *world, int64_t deadline, const char *what)
{
    if (time(NULL) > deadline)
        fail_msg("not so within %d s: %s; last error: '%s'", WORLD_DEADLINE_S, what,
                 world_status(world).last_error);
    event_base_loop(world->base, EVLOOP_ONCE);
}

/* --- life --- */

struct world *world_new_without_redis(void)
{
    static const struct timeval tick = { .tv_usec = 2000 };
    struct world *world = memory_new(sizeof *world);

    signal(SIGPIPE, SIG_IGN);
    world->base = event_base_new();
    world->tick = event_new(world->base, -1, EV_PERSIST, on_tick, NULL);
    event_add(world->tick, &tick);
    redis_server_init(&world->server);
    world->settings = (struct board_settings){ .unix_path = world->server.socket,
                                               .shard = "main",
                                               .timeout = { 10000 },
                                               .check_interval = { 20 },
                                               .retry_min = { 5 },
                                               .retry_max = { 40 },
                                               .refusal_wait = { 60 } };
    world->random = 1;
    world->claim = 100;
    world->offset = 100;
    world->owner = "router-a";
    world->rulebook = "2026-11-22.1";
    world->queue_count = MODEL_QUEUES;
    world_remake_board(world);
    return world;
}

struct world *world_new(void)
{
    if (!redis_server_is_installed())
        skip();
    struct world *world = world_new_without_redis();
    redis_server_start(&world->server);
    return world;
}

void world_free(struct world *world)
{
    board_free(world->board);
    event_free(world->tick);
    event_base_free(world->base);
    redis_server_done(&world->server);
    free(world);
}

void world_remake_board(struct world *world)
{
    board_free(world->board);
    assert_int_equal(board_new(world->base, &world->settings, &world->board), 0);
}

struct board_status world_status(const struct world *world)
{
    struct board_status status;
    board_describe(world->board, &status);
    return status;
}

uint64_t world_random(struct world *world, uint64_t below)
{
    world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (world->random >> 33) % below;
}

/* --- the model --- */

static void agent_change_queues(struct world *world, struct model_agent *agent)
{
    agent->all_queues = world_random(world, 3) == 0;
    agent->queue_count = 0;
    if (agent->all_queues)
        return;
    for (unsigned i = 0; i <= MODEL_QUEUES; i++) {
        if (agent->queue_count < MODEL_AGENT_QUEUES && world_random(world, 3) == 0)
            agent->queues[agent->queue_count++] = i;
    }
}

static void agent_change(struct world *world, struct model_agent *agent)
{
    bool was_known = agent->is_known;

    agent->is_known = world_random(world, 8) != 0;
    agent->capacity = (unsigned)world_random(world, 6);
    agent->used = (unsigned)world_random(world, 6);
    agent->open = (unsigned)world_random(world, agent->used + 1);
    agent->status = world_random(world, 2) ? ARO_AGENT_AVAILABLE
                                           : (enum aro_agent_status)world_random(world, 3);
    if (!was_known || world_random(world, 4) == 0)
        agent_change_queues(world, agent);
    agent->has_changed = true;
}

static void queue_change(struct world *world, struct model_queue *queue)
{
    queue->is_known = world_random(world, 10) != 0;
    queue->waiting = world_random(world, 3);
    queue->held = world_random(world, 5);
    queue->oldest_submitted_at = queue->next_deadline = ARO_INSTANT_NEVER;
    if (queue->waiting) {
        queue->oldest_submitted_at.ms = (int64_t)world_random(world, 1u << 30) * 1000;
        queue->next_deadline.ms = queue->oldest_submitted_at.ms + 3600 * 1000;
    }
    queue->has_changed = true;
}

void world_populate(struct world *world)
{
    for (unsigned i = 0; i < MODEL_AGENTS; i++)
        agent_change(world, &world->agents[i]);
    for (unsigned i = 0; i < MODEL_QUEUES; i++)
        queue_change(world, &world->queues[i]);
}

void world_change(struct world *world)
{
    for (unsigned i = 0; i < MODEL_AGENTS; i++) {
        if (world_random(world, 6) == 0)
            agent_change(world, &world->agents[i]);
    }
    for (unsigned i = 0; i < MODEL_QUEUES; i++) {
        if (world_random(world, 4) == 0)
            queue_change(world, &world->queues[i]);
    }
}

/* --- from the model to the board --- */

static void agent_name(unsigned index, char name[static 16])
{
    snprintf(name, 16, "agent-%02u", index);
}

static void agent_give(const struct world *world, unsigned index, struct board_change *change)
{
    static const struct aro_language language = { .tag = "pt-BR" };
    static const struct aro_language_level languages[] = { { .language = &language, .level = 4 } };
    const struct model_agent *agent = &world->agents[index];
    const char *queues[MODEL_AGENT_QUEUES];
    char name[16];

    agent_name(index, name);
    for (unsigned i = 0; i < agent->queue_count; i++)
        queues[i] = queue_names[agent->queues[i]];
    const struct aro_agent_view view = { .id = name,
                                         .is_known = agent->is_known,
                                         .status = agent->status,
                                         .capacity = agent->capacity,
                                         .used = agent->used,
                                         .open = agent->open,
                                         .all_queues = agent->all_queues,
                                         .queue_count = agent->queue_count,
                                         .queues = queues,
                                         .language_count = 1,
                                         .languages = languages };
    board_change_add_agent(change, name, &view);
}

static void queue_give(const struct world *world, unsigned index, struct board_change *change)
{
    const struct model_queue *queue = &world->queues[index];
    const struct aro_queue_view view = { .name = queue_names[index],
                                         .waiting = queue->waiting,
                                         .held = queue->held,
                                         .oldest_submitted_at = queue->oldest_submitted_at,
                                         .next_deadline = queue->next_deadline };
    board_change_add_queue(change, queue_names[index], queue->is_known ? &view : NULL);
}

static struct board_change *world_take_changes(struct world *world)
{
    struct board_change *change = board_change_new();

    for (unsigned i = 0; i < MODEL_AGENTS; i++) {
        struct model_agent *agent = &world->agents[i];
        if (!agent->has_changed)
            continue;
        agent_give(world, i, change);
        agent->offset = world->offset;
        agent->has_changed = false;
    }
    for (unsigned i = 0; i < MODEL_QUEUES; i++) {
        struct model_queue *queue = &world->queues[i];
        if (!queue->has_changed)
            continue;
        queue_give(world, i, change);
        queue->offset = world->offset;
        queue->has_changed = false;
    }
    return change;
}

void world_begin_term(struct world *world)
{
    const struct board_term term = { .claim = world->claim,
                                     .ledger_offset = world->offset,
                                     .owner = world->owner,
                                     .rulebook = world->rulebook,
                                     .queue_count = world->queue_count,
                                     .queues = queue_names };

    for (unsigned i = 0; i < MODEL_AGENTS; i++)
        world->agents[i].has_changed = world->agents[i].is_known;
    for (unsigned i = 0; i < MODEL_QUEUES; i++)
        world->queues[i].has_changed = world->queues[i].is_known;
    board_begin_term(world->board, &term, world_take_changes(world));
}

void world_commit(struct world *world)
{
    world->offset += 1 + (int64_t)world_random(world, 3);
    board_write(world->board, world->offset, world_take_changes(world));
}

/* --- two dumps of a board, one line a key --- */

struct dump {
    size_t count;
    char *lines[256];
};

static void dump_add(struct dump *dump, char *line)
{
    assert_true(dump->count < sizeof dump->lines / sizeof *dump->lines);
    dump->lines[dump->count++] = line;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts and joins the lines, which are freed. */
static char *dump_finish(struct dump *dump)
{
    struct buffer text = { 0 };

    qsort(dump->lines, dump->count, sizeof *dump->lines, compare_lines);
    buffer_add_text(&text, "");
    for (size_t i = 0; i < dump->count; i++) {
        buffer_add_format(&text, "%s\n", dump->lines[i]);
        free(dump->lines[i]);
    }
    return buffer_take(&text);
}

static void instant_add(struct buffer *line, const char *name, struct aro_instant at)
{
    char text[ARO_INSTANT_TEXT_SIZE] = "";
    if (!aro_instant_is_never(at))
        aro_instant_format(at, text);
    buffer_add_format(line, " %s=%s", name, text);
}

static void agent_expect(const struct world *world, unsigned index, const char *prefix,
                         struct dump *dump)
{
    static const char *const statuses[] = { "available", "draining", "away" };
    const struct model_agent *agent = &world->agents[index];
    struct buffer line = { 0 };
    char name[16];

    agent_name(index, name);
    buffer_add_format(&line, "%s:agent:%s capacity=%u used=%u open=%u status=%s queues=[", prefix,
                      name, agent->capacity, agent->used, agent->open, statuses[agent->status]);
    if (agent->all_queues)
        buffer_add_text(&line, "\"*\"");
    for (unsigned i = 0; i < agent->queue_count; i++)
        buffer_add_format(&line, "%s\"%s\"", i ? "," : "", queue_names[agent->queues[i]]);
    buffer_add_format(&line, "] languages=[{\"tag\":\"pt-BR\",\"level\":4}] offset=%" PRId64,
                      agent->offset);
    dump_add(dump, buffer_take(&line));
}

static void queue_expect(const struct world *world, unsigned index, const char *prefix,
                         struct dump *dump)
{
    const struct model_queue *queue = &world->queues[index];
    struct buffer line = { 0 };

    buffer_add_format(&line, "%s:queue:%s waiting=%" PRIu64 " held=%" PRIu64, prefix,
                      queue_names[index], queue->waiting, queue->held);
    instant_add(&line, "oldest_submitted_at", queue->oldest_submitted_at);
    instant_add(&line, "next_deadline", queue->next_deadline);
    buffer_add_format(&line, " offset=%" PRId64, queue->offset);
    dump_add(dump, buffer_take(&line));
}

static bool agent_serves(const struct model_agent *agent, unsigned queue)
{
    bool serves = agent->all_queues;
    for (unsigned i = 0; i < agent->queue_count; i++)
        serves |= agent->queues[i] == queue;
    return serves;
}

/* The free of one queue, as Redis orders them: by units, then by id. */
static void free_expect(const struct world *world, unsigned queue, const char *prefix,
                        struct dump *dump)
{
    struct buffer line = { 0 };

    buffer_add_format(&line, "%s:free:%s", prefix, queue_names[queue]);
    size_t head_length = line.length;
    for (unsigned units = 1; units < 10; units++) {
        for (unsigned i = 0; i < MODEL_AGENTS; i++) {
            const struct model_agent *agent = &world->agents[i];
            if (agent->is_known && agent->status == ARO_AGENT_AVAILABLE &&
                agent->capacity == agent->used + units && agent_serves(agent, queue))
                buffer_add_format(&line, " agent-%02u=%u", i, units);
        }
    }
    if (line.length > head_length)
        dump_add(dump, buffer_take(&line));
    buffer_done(&line);
}

static char *world_expected(const struct world *world)
{
    struct dump dump = { 0 };
    struct buffer line = { 0 };
    char prefix[128];

    snprintf(prefix, sizeof prefix, "aro:{main}:%s", world_status(world).epoch);
    buffer_add_format(&line,
                      "aro:{main}:meta epoch=%s claim=%" PRId64 " owner=%s offset=%" PRId64
                      " updated_at=... rulebook=%s",
                      world_status(world).epoch, world->claim, world->owner, world->offset,
                      world->rulebook);
    dump_add(&dump, buffer_take(&line));
    for (unsigned i = 0; i < MODEL_AGENTS; i++) {
        if (world->agents[i].is_known)
            agent_expect(world, i, prefix, &dump);
    }
    for (unsigned i = 0; i < MODEL_QUEUES; i++) {
        if (world->queues[i].is_known)
            queue_expect(world, i, prefix, &dump);
    }
    for (unsigned i = 0; i < world->queue_count; i++)
        free_expect(world, i, prefix, &dump);
    return dump_finish(&dump);
}

/* The fields of a hash in the order in which the contract names them. */
static const char *const fields[] = {
    "epoch",         "claim",  "owner",      "capacity", "used", "open",
    "status",        "queues", "languages",  "waiting",  "held", "oldest_submitted_at",
    "next_deadline", "offset", "updated_at", "rulebook",
};

static void hash_add(struct buffer *line, const redisReply *reply)
{
    size_t shown = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        for (size_t j = 0; j + 1 < reply->elements; j += 2) {
            if (strcmp(reply->element[j]->str, fields[i]) != 0)
                continue;
            bool is_clock = strcmp(fields[i], "updated_at") == 0;
            buffer_add_format(line, " %s=%s", fields[i],
                              is_clock ? "..." : reply->element[j + 1]->str);
            shown++;
        }
    }
    if (shown * 2 != reply->elements)
        buffer_add_text(line, " and fields that nobody knows");
}

static void set_add(struct buffer *line, const redisReply *reply)
{
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        buffer_add_format(line, " %s=%s", reply->element[i]->str, reply->element[i + 1]->str);
}

static void key_dump(struct world *world, const char *key, struct dump *dump)
{
    struct buffer line = { 0 };
    redisReply *reply = redis_server_command(&world->server, "HGETALL %s", key);

    buffer_add_text(&line, key);
    if (reply && reply->type == REDIS_REPLY_ARRAY) {
        hash_add(&line, reply);
    } else if (reply) {
        freeReplyObject(reply);
        reply = redis_server_command(&world->server, "ZRANGE %s 0 -1 WITHSCORES", key);
        if (reply && reply->type == REDIS_REPLY_ARRAY)
            set_add(&line, reply);
    }
    if (reply)
        freeReplyObject(reply);
    dump_add(dump, buffer_take(&line));
}

static char *world_actual(struct world *world)
{
    struct dump dump = { 0 };
    redisReply *keys = redis_server_command(&world->server, "KEYS *");

    for (size_t i = 0; keys && keys->type == REDIS_REPLY_ARRAY && i < keys->elements; i++)
        key_dump(world, keys->element[i]->str, &dump);
    if (keys)
        freeReplyObject(keys);
    return dump_finish(&dump);
}

void world_expect_board(struct world *world)
{
    int64_t deadline = world_deadline();

    for (;;) {
        struct board_status status = world_status(world);
        char *expected = world_expected(world), *actual = world_actual(world);
        bool is_equal = !status.is_stale && status.lag == 0 && strcmp(expected, actual) == 0;
        if (!is_equal && time(NULL) >= deadline)
            fail_msg("stale %d, lag %" PRIu64 ", last error '%s'\nexpected:\n%s\nfound:\n%s",
                     status.is_stale, status.lag, status.last_error, expected, actual);
        free(expected);
        free(actual);
        if (is_equal)
            return;
        event_base_loop(world->base, EVLOOP_ONCE);
    }
}

void world_expect_failure(struct world *world, const char *text)
{
    world_wait(world, world_status(world).is_stale && strstr(world_status(world).last_error, text));
}

const char *world_ask(struct world *world, const char *format, ...)
{
    static char text[512];
    va_list arguments;
    char command[512];

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    redisReply *reply = redis_server_command(&world->server, command);
    snprintf(text, sizeof text, "%s", reply && reply->str ? reply->str : "");
    if (reply)
        freeReplyObject(reply);
    return text;
}

size_t world_key_count(struct world *world, const char *pattern)
{
    redisReply *reply = redis_server_command(&world->server, "KEYS %s", pattern);
    size_t count = reply ? reply->elements : 0;
    if (reply)
        freeReplyObject(reply);
    return count;
}
