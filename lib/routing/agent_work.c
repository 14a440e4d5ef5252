#include "routing/agent_work.h"

#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/router_state.h"

#include <string.h>

/* One more for each age step waited, so that nothing starves behind what is more urgent. */
static int64_t effective_priority(const struct appeal *appeal, const struct aro_router *router,
                                  struct aro_instant now)
{
    int64_t step = aro_rulebook_age_step(router->rulebook).ms;
    return appeal->priority + (step > 0 ? appeal_age(appeal, now).ms / step : 0);
}

int appeal_compare_urgency(const struct appeal *a, const struct appeal *b,
                           const struct aro_router *router, struct aro_instant now)
{
    int64_t a_priority = effective_priority(a, router, now);
    int64_t b_priority = effective_priority(b, router, now);

    if (a_priority != b_priority)
        return a_priority > b_priority ? -1 : 1;
    if (a->deadline.ms != b->deadline.ms)
        return a->deadline.ms < b->deadline.ms ? -1 : 1;
    if (a->arrival != b->arrival)
        return a->arrival < b->arrival ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* The best of a class for @agent, who has @room; @best is the best of that queue so far. */
static struct appeal *best_of_class(const struct appeal_class *class, const struct agent *agent,
                                    unsigned room, struct appeal *best)
{
    for (size_t i = 0; i < class->line_count && class->lines[i]->effort <= room; i++) {
        struct appeal *first = line_first_for(class->lines[i], agent->id);
        if (first && (!best || appeal_compare_place(first, best) < 0))
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
            if (agents->eligible[i]->waiting_count > 0)
                first = best_of_class(agents->eligible[i], agent, room, first);
        }
        if (first && (!best || appeal_compare_urgency(first, best, router, now) < 0))
            best = first;
    }
    return best;
}
