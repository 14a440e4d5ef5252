#include "routing/agent_work.h"

#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/router_state.h"

#include <string.h>

/* When it should be begun, at the latest. */
static struct aro_instant due_start(const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    return terms && terms->order == ARO_ORDER_SLACK ? appeal_latest_start(appeal)
                                                    : appeal->deadline;
}

int appeal_compare_urgency(const struct appeal *a, const struct appeal *b,
                           const struct aro_router *router, struct aro_instant now)
{
    struct aro_span age_step = aro_rulebook_age_step(router->rulebook);
    int64_t a_priority = appeal_effective_priority(a, age_step, now);
    int64_t b_priority = appeal_effective_priority(b, age_step, now);
    struct aro_instant a_start = due_start(a), b_start = due_start(b);

    if (a_priority != b_priority)
        return a_priority > b_priority ? -1 : 1;
    if (a_start.ms != b_start.ms)
        return a_start.ms < b_start.ms ? -1 : 1;
    if (a->arrival != b->arrival)
        return a->arrival < b->arrival ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* The best of a class for @agent, who has @room; @best is the best of that queue so far. */
static struct appeal *best_of_class(const struct appeal_class *class, const struct agent *agent,
                                    unsigned room, const struct aro_router *router,
                                    struct aro_instant now, struct appeal *best)
{
    for (size_t i = 0; i < class->line_count && class->lines[i]->effort <= room; i++) {
        struct appeal *first = line_first_for(class->lines[i], agent, router, now);
        if (first && (!best || appeal_compare_place(first, best, router, now) < 0))
            best = first;
    }
    return best;
}

struct appeal *agent_find_work(const struct aro_router *router, const struct agent *agent,
                               struct aro_instant now)
{
    const struct agent_class *agents = agent->class;
    unsigned room = agent_room(agent);
    struct appeal *best = NULL;

    if (room == 0)
        return NULL;
    for (size_t i = 0; i < agents->eligible_count;) {
        const struct queue *queue = agents->eligible[i]->queue;
        struct appeal *first = NULL;
        for (; i < agents->eligible_count && agents->eligible[i]->queue == queue; i++) {
            if (agents->eligible[i]->waiting_count > 0 &&
                !market_is_shut(agents->eligible[i]->market_state))
                first = best_of_class(agents->eligible[i], agent, room, router, now, first);
        }
        if (first && (!best || appeal_compare_urgency(first, best, router, now) < 0))
            best = first;
    }
    return best;
}
