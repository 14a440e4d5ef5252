/* What the board, the control socket and the metrics read. Nothing here changes anything but what
 * the router works out when it is first asked. */
#include "routing/agent_choice.h"
#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

static struct aro_agent_view agent_view(const struct agent *agent)
{
    struct aro_agent_view view = {
        .id = agent->id,
        .is_known = agent_is_known(agent),
        .status = (enum aro_agent_status)agent->status,
        .is_off_shift = agent->is_off_shift,
        .capacity = agent_capacity(agent),
        .used = agent->used,
        .open = agent->open,
    };
    if (!view.is_known)
        return view;
    const struct agent_profile *profile = &agent->class->profile;
    view.all_queues = profile->has_all_queues;
    view.queue_count = profile->queue_count;
    view.queues = profile->queues;
    view.language_count = profile->language_count;
    view.languages = profile->languages;
    return view;
}

static struct aro_queue_view queue_view(const struct queue *queue)
{
    return (struct aro_queue_view){
        .name = queue->name,
        .waiting = queue->waiting,
        .held = queue->held,
        .assigned = queue->given_out,
        .oldest_submitted_at = queue_earliest_submitted(queue),
        .next_deadline = queue_earliest_deadline(queue),
    };
}

bool aro_router_agent_view(const struct aro_router *router, const char *id,
                           struct aro_agent_view *ret)
{
    const struct agent *agent = table_find(&router->agents, id);
    if (agent)
        *ret = agent_view(agent);
    return agent != NULL;
}

bool aro_router_queue_view(const struct aro_router *router, const char *name,
                           struct aro_queue_view *ret)
{
    const struct queue *queue = queue_find(router, name);
    if (queue)
        *ret = queue_view(queue);
    return queue != NULL;
}

static int compare_agent_ids(const void *a, const void *b)
{
    return strcmp((*(struct agent *const *)a)->id, (*(struct agent *const *)b)->id);
}

static int compare_queue_names(const void *a, const void *b)
{
    return strcmp((*(struct queue *const *)a)->name, (*(struct queue *const *)b)->name);
}

/* The items of @table, sorted. */
static struct gathered gather_sorted(const struct table *table,
                                     int (*compare)(const void *a, const void *b))
{
    struct gathered gathered = { 0 };
    size_t position = 0;

    for (void *item; (item = table_next(table, &position)) != NULL;)
        gathered_add(&gathered, item);
    gathered_sort(&gathered, compare);
    return gathered;
}

void aro_router_each_agent(const struct aro_router *router,
                           void (*visit)(const struct aro_agent_view *agent, void *context),
                           void *context)
{
    struct gathered agents = gather_sorted(&router->agents, compare_agent_ids);

    for (size_t i = 0; i < agents.count; i++) {
        struct aro_agent_view view = agent_view(agents.items[i]);
        if (view.is_known)
            visit(&view, context);
    }
    free(agents.items);
}

void aro_router_each_queue(const struct aro_router *router,
                           void (*visit)(const struct aro_queue_view *queue, void *context),
                           void *context)
{
    struct gathered queues = gather_sorted(&router->queues, compare_queue_names);

    for (size_t i = 0; i < queues.count; i++) {
        const struct queue *queue = queues.items[i];
        struct aro_queue_view view = queue_view(queue);
        if (queue->terms || queue->waiting + queue->held + queue->given_out > 0)
            visit(&view, context);
    }
    free(queues.items);
}

void aro_router_counts(const struct aro_router *router, struct aro_router_counts *ret)
{
    *ret = (struct aro_router_counts){
        .agents = router->known_count,
        .waiting = router->state_counts[APPEAL_WAITING] - router->held_count,
        .held = router->held_count,
        .offered = router->state_counts[APPEAL_OFFERED],
        .assigned = router->state_counts[APPEAL_ASSIGNED],
        .delivered = router->state_counts[APPEAL_DELIVERED],
        .remembered = router->remembered.count,
        .merged = router->appellants.count,
    };
}
