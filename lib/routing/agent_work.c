#include "routing/agent_work.h"

#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/router_state.h"

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
    return a->arrival < b->arrival ? -1 : 1; /* which are never equal */
}

/* Who looks for work, and what they have found so far. */
struct search {
    const struct aro_router *router;
    struct aro_instant now;
    const struct agent *agent;
    unsigned room;
    struct appeal *in_time, *overdue; /* the first of the queue at hand; the second where apart */
    struct appeal *best;              /* of all queues looked at */
    struct appeal *beyond;            /* of what is overdue beyond the share of its queue */
};

static void search_line(struct search *search, struct line *line)
{
    struct appeal **first = line->is_overdue ? &search->overdue : &search->in_time;
    struct appeal *found = line_first_for(line, search->agent, search->router, search->now);

    if (found && (!*first || appeal_compare_place(found, *first, search->router, search->now) < 0))
        *first = found;
}

static void search_class(struct search *search, const struct appeal_class *class)
{
    if (class->waiting_count == 0 || appeal_class_is_shut(class))
        return;
    for (size_t i = 0; i < class->line_count && class->lines[i]->effort <= search->room; i++)
        search_line(search, class->lines[i]);
}

static void keep_more_urgent(const struct search *search, struct appeal **best,
                             struct appeal *found)
{
    if (found && (!*best || appeal_compare_urgency(found, *best, search->router, search->now) < 0))
        *best = found;
}

/* Within its share, what is overdue stands in the queue's order like everything else. */
static void search_end_queue(struct search *search, const struct queue *queue)
{
    struct appeal *in_time = search->in_time, *overdue = search->overdue;

    search->in_time = search->overdue = NULL;
    if (overdue && !queue_has_overdue_share(queue, overdue->effort))
        keep_more_urgent(search, &search->beyond, overdue);
    else if (overdue &&
             (!in_time || appeal_compare_place(overdue, in_time, search->router, search->now) < 0))
        in_time = overdue;
    keep_more_urgent(search, &search->best, in_time);
}

static bool may_take(const struct aro_router *router, struct agent_class *agents,
                     const struct appeal_class *class)
{
    struct candidate_class candidate;
    enum filter filter;

    if (!appeal_class_step(class) || !agent_class_serves_queue(agents, class->queue->name))
        return false;
    candidate_class_init(router, &candidate, agents, class, &filter);
    return filter == FILTER_NONE;
}

static int compare_queues(const void *a, const void *b)
{
    const struct appeal_class *x = *(struct appeal_class *const *)a;
    const struct appeal_class *y = *(struct appeal_class *const *)b;
    return (x->queue > y->queue) - (x->queue < y->queue);
}

/* The classes that @agents may take, sorted by queue: those linked, and those that are to be. */
static struct appeal_class **find_classes(struct aro_router *router, struct agent_class *agents,
                                          size_t *ret_count)
{
    struct gathered *searched = &router->searched;
    struct appeal_class *class;

    *ret_count = agents->eligible_count;
    if (TAILQ_EMPTY(&router->due_classes))
        return agents->eligible;
    searched->count = 0;
    for (size_t i = 0; i < agents->eligible_count; i++)
        gathered_add(searched, agents->eligible[i]);
    TAILQ_FOREACH(class, &router->due_classes, linked)
    {
        if (class->waiting_count > 0 && may_take(router, agents, class))
            gathered_add(searched, class);
    }
    gathered_sort(searched, compare_queues);
    *ret_count = searched->count;
    return (struct appeal_class **)searched->items;
}

struct appeal *agent_find_work(struct aro_router *router, const struct agent *agent,
                               struct aro_instant now)
{
    size_t count;
    struct search search = {
        .router = router, .now = now, .agent = agent, .room = agent_room(agent)
    };

    if (search.room == 0)
        return NULL;
    struct appeal_class **classes = find_classes(router, agent->class, &count);
    for (size_t i = 0; i < count;) {
        const struct queue *queue = classes[i]->queue;
        for (; i < count && classes[i]->queue == queue; i++)
            search_class(&search, classes[i]);
        search_end_queue(&search, queue);
    }
    return search.best ? search.best : search.beyond;
}
