/* A queue: what the rulebook says of it, and how much is in it. */
#ifndef ARO_ROUTING_QUEUE_H
#define ARO_ROUTING_QUEUE_H

#include "routing/appeal.h"
#include "routing/census.h"
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
    uint64_t given_units, overdue_units; /* in agents' hands; of these, given when overdue */
    struct handling handling;            /* learnt; in its ledger record, as is the next */
    struct agent *served_last;           /* a stand-in that has only the id; or NULL; owned */
    uint32_t touched_in, saved_in;       /* batches: its counts changed; its record was saved */
    bool is_record_due;                  /* changed since that was written */
    bool is_shut; /* by a reload: nothing of it is given out until all are in their place */
    struct census_place census;
    TAILQ_HEAD(, appeal_class) classes;
};

/* Finds or makes it; it may be one that the rulebook does not name. */
struct queue *queue_get(struct aro_router *router, const char *name);
/* That of @terms, of the rulebook in force. */
struct queue *queue_of_terms(const struct aro_router *router, const struct aro_queue_terms *terms);
struct queue *queue_find(const struct aro_router *router, const char *name);
void queue_free(struct aro_router *router, struct queue *queue);

/* Is there anything in it that only a ledger record keeps? */
bool queue_has_record(const struct queue *queue);
void queue_forget(struct queue *queue);

/* Whom it served last: for those that take turns. NULL: nobody yet. */
void queue_set_served_last(struct queue *queue, const char *agent_id);

/* Do its overdue appeals wait apart, since they get a share of the capacity only? */
static inline bool queue_sets_overdue_apart(const struct aro_queue_terms *terms)
{
    return terms->overdue_share < 100;
}

/* Is an overdue appeal of @effort within its share of what the queue has in agents' hands? */
bool queue_has_overdue_share(const struct queue *queue, unsigned effort);

/* Adds @appeal to the counts of its queue, its market and the router, or takes it out of them. Each
 * change of state, hold or class happens between a taking out and an adding. */
void queue_count_in(struct aro_router *router, const struct appeal *appeal);
void queue_count_out(struct aro_router *router, const struct appeal *appeal);

#endif
