/* A shard's board with its Redis, and a plain model of what the board must show. */
#ifndef TESTS_BOARD_WORLD_H
#define TESTS_BOARD_WORLD_H

#include "board/board.h"

#include "../support/redis_server.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

enum { MODEL_AGENTS = 24, MODEL_QUEUES = 5, MODEL_AGENT_QUEUES = 3, WORLD_DEADLINE_S = 60 };

struct model_agent {
    bool is_known, has_changed;
    enum aro_agent_status status;
    unsigned capacity, used, open;
    bool all_queues;
    unsigned queue_count, queues[MODEL_AGENT_QUEUES]; /* ascending; MODEL_QUEUES: an unknown one */
    int64_t offset;
};

struct model_queue {
    bool is_known, has_changed;
    uint64_t waiting, held;
    struct aro_instant oldest_submitted_at, next_deadline;
    int64_t offset;
};

struct world {
    struct event_base *base;
    struct event *tick; /* so that a wait looks again, whatever the board does */
    struct redis_server server;
    struct board_settings settings;
    struct board *board;
    uint64_t random;

    int64_t claim, offset;
    const char *owner, *rulebook;
    unsigned queue_count; /* of the rulebook: the first of the model's */
    struct model_agent agents[MODEL_AGENTS];
    struct model_queue queues[MODEL_QUEUES];
};

/* A running Redis and a board that has no term yet, with waits short enough for a test. Skips the
 * test where there is no redis-server. */
struct world *world_new(void);
/* The same without a Redis: the test says in its settings where one is, and remakes the board. */
struct world *world_new_without_redis(void);
void world_free(struct world *world);
/* Another board with @settings of the world, as changed since. */
void world_remake_board(struct world *world);

uint64_t world_random(struct world *world, uint64_t below);

/* Random rows for every agent and queue. */
void world_populate(struct world *world);
/* Begins a term with all rows. */
void world_begin_term(struct world *world);
/* Changes some rows, any way that the router may. */
void world_change(struct world *world);
/* Gives the changed rows to the board as one commit. */
void world_commit(struct world *world);

struct board_status world_status(const struct world *world);

/* Runs the loop until @holds; fails the test after the deadline, naming @what. */
#define world_wait(world, condition)                                                               \
    do {                                                                                           \
        int64_t deadline_ = world_deadline();                                                      \
        while (!(condition))                                                                       \
            world_turn(world, deadline_, #condition);                                              \
    } while (0)
int64_t world_deadline(void);
void world_turn(struct world *world, int64_t deadline, const char *what);

/* Waits until Redis holds exactly what the model says, key by key, and nothing else. */
void world_expect_board(struct world *world);
/* Waits for a failure whose text has @text in it. */
void world_expect_failure(struct world *world, const char *text);

/* The text of one reply; "" for none. Valid until the next call. */
const char *world_ask(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* How many keys match @pattern. */
size_t world_key_count(struct world *world, const char *pattern);

#endif
