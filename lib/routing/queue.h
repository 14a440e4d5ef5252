/* A queue: what the rulebook says of it, and how much is in it. */
#ifndef ARO_ROUTING_QUEUE_H
#define ARO_ROUTING_QUEUE_H

#include "routing/appeal.h"
#include "routing/handling.h"

#include <aro/rulebook.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct aro_router;
struct appeal_class;

struct queue {
    const char *name;                    /* a name */
    const struct aro_queue_terms *terms; /* NULL: the rulebook has no such queue (any more) */
    uint64_t waiting, held, given_out;   /* appeals */
    struct handling handling;            /* learnt; in its ledger record */
    uint32_t touched_in, saved_in;       /* batches: its counts changed; its record was saved */
    bool is_record_due;                  /* changed since that was written */
    TAILQ_HEAD(, appeal_class) classes;
};

/* Finds or makes it; it may be one that the rulebook does not name. */
struct queue *queue_get(struct aro_router *router, const char *name);
struct queue *queue_find(const struct aro_router *router, const char *name);
void queue_free(struct aro_router *router, struct queue *queue);

/* Is there anything in it that only a ledger record keeps? */
bool queue_has_record(const struct queue *queue);
void queue_forget(struct queue *queue);

/* Adds @appeal to the counts of its queue, its market and the router, or takes it out of them. Each
 * change of state, hold or class happens between a taking out and an adding. */
void queue_count_in(struct aro_router *router, const struct appeal *appeal);
void queue_count_out(struct aro_router *router, const struct appeal *appeal);

#endif
