#include "routing/agent.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>

struct queue *queue_find(const struct aro_router *router, const char *name)
{
    return table_find(&router->queues, name);
}

struct queue *queue_of_terms(const struct aro_router *router, const struct aro_queue_terms *terms)
{
    return router->rulebook_queues[terms->index];
}

struct queue *queue_get(struct aro_router *router, const char *name)
{
    struct queue *queue = queue_find(router, name);
    if (queue)
        return queue;
    queue = memory_new(sizeof *queue);
    queue->name = names_hold(&router->names, name);
    queue->terms = aro_rulebook_find_queue(router->rulebook, name);
    TAILQ_INIT(&queue->classes);
    table_add(&router->queues, queue);
    return queue;
}

void queue_free(struct aro_router *router, struct queue *queue)
{
    assert(TAILQ_EMPTY(&queue->classes));
    names_drop(&router->names, queue->name);
    queue_set_served_last(queue, NULL);
    free(queue);
}

bool queue_has_record(const struct queue *queue)
{
    return queue->handling.count > 0 || queue->served_last || queue->is_shut;
}

void queue_forget(struct queue *queue)
{
    queue->handling = (struct handling){ 0 };
    queue_set_served_last(queue, NULL);
    queue->is_record_due = false;
    queue->is_shut = false;
}

void queue_set_served_last(struct queue *queue, const char *agent_id)
{
    if (queue->served_last)
        agent_free(queue->served_last);
    queue->served_last = agent_id ? agent_new(agent_id) : NULL;
}

bool queue_has_overdue_share(const struct queue *queue, unsigned effort)
{
    return 100 * (queue->overdue_units + effort) <=
           queue->terms->overdue_share * (queue->given_units + effort);
}

static void queue_count(struct aro_router *router, const struct appeal *appeal, uint64_t one)
{
    struct queue *queue = appeal->class->queue;
    struct market *market = appeal->class->market_state;

    if (appeal_is_synthetic(appeal))
        return;
    router->state_counts[appeal->state] += one;
    if (appeal_has_agent(appeal)) {
        queue->given_units += one * appeal->effort;
        queue->overdue_units += appeal->is_given_overdue ? one * appeal->effort : 0;
    }
    if (appeal_is_given_out(appeal)) {
        queue->given_out += one;
        market->given_out += one;
    } else if (appeal_is_held(appeal)) {
        queue->held += one;
        market->held += one;
        router->held_count += one;
    } else {
        queue->waiting += one;
        market->waiting += one;
    }
}

void queue_count_in(struct aro_router *router, const struct appeal *appeal)
{
    queue_count(router, appeal, 1);
}

void queue_count_out(struct aro_router *router, const struct appeal *appeal)
{
    queue_count(router, appeal, UINT64_MAX); /* less one, in the arithmetic of unsigned */
}
