#include "routing/line.h"

#include "routing/appeal_class.h"
#include "routing/independence.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int compare_arrivals(const struct appeal *a, const struct appeal *b)
{
    return (a->arrival > b->arrival) - (a->arrival < b->arrival);
}

/* What orders a tree must never change while something lies in it, and effective priorities grow
 * each at its own moment. So a line of those is in order of ripening: at any moment the most urgent
 * have the least, and of equals in whole steps the first to come is searched for. */
static int line_compare(const struct appeal *a, const struct appeal *b)
{
    if (a->order_key != b->order_key)
        return a->order_key < b->order_key ? -1 : 1;
    return compare_arrivals(a, b);
}

static bool is_by_priority(const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    return terms && terms->order == ARO_ORDER_PRIORITY;
}

int appeal_compare_place(const struct appeal *a, const struct appeal *b,
                         const struct aro_router *router, struct aro_instant now)
{
    if (!is_by_priority(a))
        return line_compare(a, b);
    struct aro_span age_step = aro_rulebook_age_step(router->rulebook);
    int64_t a_priority = appeal_effective_priority(a, age_step, now);
    int64_t b_priority = appeal_effective_priority(b, age_step, now);
    if (a_priority != b_priority)
        return a_priority > b_priority ? -1 : 1;
    return compare_arrivals(a, b);
}

void lines_free(struct appeal_class *class)
{
    for (size_t i = 0; i < class->line_count; i++) {
        line_tree_done(&class->lines[i]->tree);
        free(class->lines[i]);
    }
    free(class->lines);
}

/* Where a line of these is or would be; the old ones of them come behind. */
static size_t line_place(const struct appeal_class *class, unsigned effort, bool is_overdue)
{
    size_t at = 0;
    while (at < class->line_count &&
           (class->lines[at]->effort < effort ||
            (class->lines[at]->effort == effort && class->lines[at]->is_overdue < is_overdue)))
        at++;
    return at;
}

static bool line_is_of(const struct line *line, unsigned effort, bool is_overdue)
{
    return line->effort == effort && line->is_overdue == is_overdue;
}

static struct line *class_line(struct appeal_class *class, unsigned effort, bool is_overdue)
{
    size_t at = line_place(class, effort, is_overdue);
    if (at < class->line_count && line_is_of(class->lines[at], effort, is_overdue) &&
        !class->lines[at]->is_old)
        return class->lines[at];

    struct line *line = memory_new(sizeof *line);
    line->effort = effort;
    line->is_overdue = is_overdue;
    line_tree_init(&line->tree);
    class->lines = memory_resize(class->lines, (class->line_count + 1) * sizeof(struct line *));
    memmove(&class->lines[at + 1], &class->lines[at],
            (class->line_count - at) * sizeof(struct line *));
    class->lines[at] = line;
    class->line_count++;
    return line;
}

/* The one that @appeal lies in. */
static struct line *line_of(const struct appeal *appeal)
{
    const struct appeal_class *class = appeal->class;
    size_t at = line_place(class, appeal->effort, appeal->is_apart), next = at + 1;

    while (next < class->line_count &&
           line_is_of(class->lines[next], appeal->effort, appeal->is_apart) &&
           !line_tree_has(&class->lines[at]->tree, appeal))
        at = next++;
    return class->lines[at];
}

/* What the queue orders by, before arrival: smaller comes first. One that is held has no place yet.
 */
static int64_t order_key(const struct aro_router *router, const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;

    switch (terms && !appeal_is_stopped(appeal) ? terms->order : ARO_ORDER_ARRIVAL) {
    case ARO_ORDER_DEADLINE: return appeal->deadline.ms;
    case ARO_ORDER_PRIORITY:
        return appeal_ripening(appeal, aro_rulebook_age_step(router->rulebook));
    case ARO_ORDER_SLACK: return appeal_latest_start(appeal).ms;
    case ARO_ORDER_ARRIVAL: break;
    }
    return 0;
}

void line_find_place(const struct aro_router *router, struct appeal *appeal)
{
    appeal->order_key = order_key(router, appeal);
}

void line_add(const struct aro_router *router, struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    bool is_apart = appeal->is_overdue && terms && queue_sets_overdue_apart(terms);
    struct line *line = class_line(appeal->class, appeal->effort, is_apart);

    assert(!appeal->is_in_line && appeal->state == APPEAL_WAITING);
    line_find_place(router, appeal);
    line_tree_add(&line->tree, appeal);
    appeal->class->waiting_count++;
    appeal->is_in_line = true;
    appeal->is_apart = is_apart;
}

void line_remove(struct appeal *appeal)
{
    assert(appeal->is_in_line);
    line_tree_remove(&line_of(appeal)->tree, appeal);
    appeal->class->waiting_count--;
    appeal->is_in_line = false;
}

void lines_set_aside(struct queue *queue)
{
    struct appeal_class *class;

    TAILQ_FOREACH(class, &queue->classes, of_queue)
    {
        for (size_t i = 0; i < class->line_count; i++)
            class->lines[i]->is_old = true;
    }
}

static void class_drop_old(struct appeal_class *class)
{
    size_t kept = 0;

    for (size_t i = 0; i < class->line_count; i++) {
        struct line *line = class->lines[i];
        if (line->is_old) {
            line_tree_done(&line->tree);
            free(line);
        } else {
            class->lines[kept++] = line;
        }
    }
    class->line_count = kept;
}

void lines_drop_old(struct queue *queue)
{
    struct appeal_class *class;

    TAILQ_FOREACH(class, &queue->classes, of_queue)
    {
        class_drop_old(class);
    }
}

void line_put_back(const struct aro_router *router, struct appeal *appeal)
{
    if (!appeal->is_in_line || !line_of(appeal)->is_old)
        return;
    line_remove(appeal);
    line_add(router, appeal);
}

struct aro_instant appeal_latest_start(const struct appeal *appeal)
{
    return aro_instant_is_never(appeal->latest_start) ? appeal->deadline : appeal->latest_start;
}

/* Who looks for the first in line that they may decide. */
struct search {
    const struct aro_router *router;
    const struct agent *agent;
};

static bool may_decide(const struct appeal *appeal, const void *context)
{
    const struct search *search = context;
    return independence_bar(search->router, appeal, search->agent) == DETAILS_BAR_NONE;
}

struct appeal *line_first_for(struct line *line, const struct agent *agent,
                              const struct aro_router *router, struct aro_instant now)
{
    struct aro_span age_step = aro_rulebook_age_step(router->rulebook);
    const struct search search = { router, agent };
    const struct line_filter filter = { may_decide, &search };
    struct appeal *first = line_tree_first(&line->tree, &filter);

    if (!first || !is_by_priority(first) || age_step.ms == 0)
        return first;
    int64_t priority = ripening_priority(first->order_key, age_step, now);
    return line_tree_first_to_arrive(&line->tree, now.ms - priority * age_step.ms, &filter, first);
}

static struct line_earliest queue_earliest(const struct queue *queue)
{
    struct line_earliest earliest = LINE_EARLIEST_NONE;
    const struct appeal_class *class;

    TAILQ_FOREACH(class, &queue->classes, of_queue)
    {
        for (size_t i = 0; i < class->line_count; i++) {
            struct line_earliest own = line_tree_earliest(&class->lines[i]->tree);
            line_earliest_add(&earliest, &own);
        }
    }
    return earliest;
}

struct aro_instant queue_earliest_submitted(const struct queue *queue)
{
    return (struct aro_instant){ queue_earliest(queue).submitted };
}

struct aro_instant queue_earliest_deadline(const struct queue *queue)
{
    return (struct aro_instant){ queue_earliest(queue).deadline };
}
