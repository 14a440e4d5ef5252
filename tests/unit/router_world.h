/* A router with its rulebook, fed with events as JSON, whose answers come back as short lines. */
#ifndef ROUTER_WORLD_H
#define ROUTER_WORLD_H

#include "cmocka_headers.h"

#include "support/buffer.h"

#include <aro/router.h>
#include <jansson.h>

enum { WORLD_RULEBOOKS_MAX = 8 };

struct world {
    struct aro_languages *languages;
    struct aro_event_reader *reader;
    struct aro_rulebook *rulebooks[WORLD_RULEBOOKS_MAX];
    size_t rulebook_count;
    struct aro_router *router;
    struct aro_effects *effects; /* the batch at hand */
    struct aro_instant now;
    int64_t offset;        /* of the next record */
    size_t seen;           /* records of @effects that were already read */
    struct buffer answers; /* scratch of world_answers() */
};

/* @rulebook: YAML. The clock stands at 2026-11-22T10:00:00Z. */
struct world *world_new(const char *rulebook);
void world_free(struct world *world);

/* An event of any type, `type` beside its members; one record of the topic "in". */
void world_send(struct world *world, const char *json);
void world_pass(struct world *world, int64_t ms);
bool world_tick(struct world *world); /* all that is due now */
/* Pauses a market or resumes it, with all that follows. */
void world_pause(struct world *world, const char *market, bool is_paused);
/* Sets another rulebook, with all that follows. */
void world_reload(struct world *world, const char *rulebook);
/* Reads one, which lasts as long as @world. */
struct aro_rulebook *world_parse(struct world *world, const char *text);

/* Every assignment and outcome since the last call, a line each: "created a-1 ana 1" (type without
 * its first word, key, agent, epoch, reason; what is absent is left out). */
const char *world_answers(struct world *world);
void world_expect(struct world *world, const char *answers);

/* The newest record of @type in the batch at hand, and its body (to be freed by json_decref). */
const struct aro_record *world_find(struct world *world, const char *type);
json_t *world_body(struct world *world, const char *type);
const struct aro_record *world_find_ledger(struct world *world, const char *key);

/* What the router tells of @appeal_id, with the usual page of agents; NULL: nothing. */
json_t *world_explain(struct world *world, const char *appeal_id);

/* Seals the batch at hand and begins another. */
void world_seal(struct world *world);

/* Every ledger record of the router as text; to be freed. */
char *world_dump(const struct aro_router *router);

#endif
