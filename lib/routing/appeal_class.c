#include "routing/appeal_class.h"

#include "routing/agent_class.h"
#include "routing/criteria.h"
#include "routing/crowd.h"
#include "routing/ledger_record.h"
#include "routing/line.h"
#include "routing/router_state.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Linked classes that no open appeal is of; more than that are unlinked and freed. They are kept
 * because the next appeal is most likely of a class that has just been there. */
enum { IDLE_CLASSES_MAX = 4096 };

/* To ask so many classes of agents takes as long as to move one agent (arrangement.h). */
enum { AGENT_CLASSES_A_COST = 16 };

/* --- the class of an appeal --- */

static void key_add_number(struct buffer *key, char before, uint32_t number)
{
    buffer_add(key, &before, 1);
    buffer_add_integer(key, number);
}

static void class_key(struct buffer *key, const struct queue *queue, const char *market,
                      size_t language_count, const struct aro_language *const *languages,
                      unsigned step)
{
    buffer_clear(key);
    key_add_number(key, ' ', step);
    for (size_t i = 0; i < language_count; i++)
        key_add_number(key, ',', languages[i]->id);
    key_add_number(key, ' ', (uint32_t)strlen(market));
    buffer_add(key, ":", 1);
    buffer_add_text(key, market);
    buffer_add_text(key, queue->name); /* last, since it may hold anything */
}

static const char *appeal_class_key(const void *item)
{
    return ((const struct appeal_class *)item)->key;
}

void appeal_classes_init(struct aro_router *router)
{
    table_init(&router->appeal_classes, appeal_class_key);
    TAILQ_INIT(&router->linked_classes);
    TAILQ_INIT(&router->due_classes);
    TAILQ_INIT(&router->idle_classes);
}

/* Where the class of these is, if it was asked for lately. */
static struct appeal_class **recent_place(struct aro_router *router, const struct queue *queue,
                                          const char *market,
                                          const struct aro_language *const *languages,
                                          unsigned step)
{
    size_t mix = (uintptr_t)queue / sizeof *queue + (unsigned char)market[0] * 31u +
                 (unsigned char)(market[0] ? market[1] : 0) * 7u + languages[0]->id * 13u + step;
    return &router->recent_classes[mix % RECENT_CLASSES];
}

static bool class_is_of(const struct appeal_class *class, const struct queue *queue,
                        const char *market, size_t language_count,
                        const struct aro_language *const *languages, unsigned step)
{
    return class->queue == queue && class->step == step &&
           class->language_count == language_count && strcmp(class->market, market) == 0 &&
           memcmp(class->languages, languages, language_count * sizeof *languages) == 0;
}

static struct appeal_class *class_look_up(struct aro_router *router, struct queue *queue,
                                          const char *market, size_t language_count,
                                          const struct aro_language *const *languages,
                                          unsigned step)
{
    class_key(&router->key, queue, market, language_count, languages, step);
    struct appeal_class *class = table_find(&router->appeal_classes, router->key.data);
    if (class)
        return class;

    class = memory_new(sizeof *class);
    class->key = memory_copy_text(router->key.data);
    class->queue = queue;
    class->market = names_hold(&router->names, market);
    class->market_state = market_get(router, market);
    class->step = step;
    class->language_count = language_count;
    memcpy(class->languages, languages, language_count * sizeof *languages);
    ledger_write_appeal_class(class);
    table_add(&router->appeal_classes, class);
    TAILQ_INSERT_TAIL(&queue->classes, class, of_queue);
    class->is_idle = true;
    TAILQ_INSERT_TAIL(&router->idle_classes, class, idle);
    router->idle_count++;
    return class;
}

static struct appeal_class *class_get(struct aro_router *router, struct queue *queue,
                                      const char *market, size_t language_count,
                                      const struct aro_language *const *languages, unsigned step)
{
    struct appeal_class **recent = recent_place(router, queue, market, languages, step);
    if (!*recent || !class_is_of(*recent, queue, market, language_count, languages, step))
        *recent = class_look_up(router, queue, market, language_count, languages, step);
    return *recent;
}

struct appeal_class *appeal_class_at_step(struct aro_router *router,
                                          const struct appeal_class *class, unsigned step)
{
    return class_get(router, class->queue, class->market, class->language_count, class->languages,
                     step);
}

static void set_idle(struct aro_router *router, struct appeal_class *class, bool is_idle)
{
    if (class->is_idle == is_idle)
        return;
    class->is_idle = is_idle;
    if (is_idle) {
        TAILQ_INSERT_TAIL(&router->idle_classes, class, idle);
        router->idle_count++;
    } else {
        TAILQ_REMOVE(&router->idle_classes, class, idle);
        router->idle_count--;
    }
}

static void class_forget_due(struct aro_router *router, struct appeal_class *class)
{
    if (class->is_due)
        TAILQ_REMOVE(&router->due_classes, class, linked);
    class->is_due = false;
}

static void class_unlink(struct aro_router *router, struct appeal_class *class);

void appeal_class_free(struct aro_router *router, struct appeal_class *class)
{
    assert(class->appeal_count == 0 && class->waiting_count == 0);
    class_unlink(router, class);
    class_forget_due(router, class);
    set_idle(router, class, false);
    table_remove(&router->appeal_classes, class->key);
    struct appeal_class **recent =
        recent_place(router, class->queue, class->market, class->languages, class->step);
    if (*recent == class)
        *recent = NULL;
    TAILQ_REMOVE(&class->queue->classes, class, of_queue);
    names_drop(&router->names, class->market);
    lines_free(class);
    free(class->candidates);
    buffer_done(&class->record);
    free(class->key);
    free(class);
}

void appeal_set_class(struct aro_router *router, struct appeal *appeal, struct queue *queue,
                      const char *market, size_t language_count,
                      const struct aro_language *const *languages, unsigned step)
{
    assert(!appeal->is_in_line);
    struct appeal_class *class = class_get(router, queue, market, language_count, languages, step);
    class->appeal_count++;
    set_idle(router, class, false);
    if (appeal->class)
        appeal_leave_class(router, appeal);
    appeal->class = class;
}

void appeal_leave_class(struct aro_router *router, struct appeal *appeal)
{
    struct appeal_class *class = TAKE(appeal->class);

    assert(class->appeal_count > 0);
    if (--class->appeal_count > 0)
        return;
    set_idle(router, class, true);
    if (router->idle_count > IDLE_CLASSES_MAX)
        appeal_class_free(router, TAILQ_FIRST(&router->idle_classes));
}

bool appeal_class_is_shut(const struct appeal_class *class)
{
    return market_is_shut(class->market_state) || class->queue->is_shut;
}

const struct aro_step *appeal_class_step(const struct appeal_class *class)
{
    const struct aro_queue_terms *terms = class->queue->terms;
    if (!terms || terms->delivers_to_queue)
        return NULL;
    return &terms->steps[(class->step < terms->step_count ? class->step : terms->step_count) - 1];
}

/* --- which agents may take its appeals --- */

static unsigned skill_sum_of(const struct agent_class *agents, const struct aro_step *step)
{
    unsigned sum = 0;
    for (size_t i = 0; i < step->skill_count; i++)
        sum += agent_class_skill_level(agents, step->skills[i].name);
    return sum;
}

void candidate_class_init(const struct aro_router *router, struct candidate_class *ret,
                          struct agent_class *agents, const struct appeal_class *class,
                          enum filter *ret_filter)
{
    *ret = (struct candidate_class){ .agents = agents };
    *ret_filter = filter_class(router, agents, class, &ret->fit);
    if (*ret_filter == FILTER_NONE)
        ret->skill_sum = skill_sum_of(agents, appeal_class_step(class));
}

static void class_add_candidate(struct appeal_class *class, const struct candidate_class *candidate)
{
    class->candidates = memory_reach(class->candidates, class->candidate_count,
                                     &class->candidate_size, sizeof *class->candidates);
    class->candidates[class->candidate_count++] = *candidate;
}

static int compare_candidates(const void *a, const void *b, void *terms)
{
    return candidate_class_compare(terms, a, b);
}

static void class_sort_candidates(struct appeal_class *class)
{
    if (class->candidate_count)
        qsort_r(class->candidates, class->candidate_count, sizeof *class->candidates,
                compare_candidates, (void *)(uintptr_t) class->queue->terms);
}

/* Moves the last one, new among sorted ones, to its place. */
static void class_place_last_candidate(struct appeal_class *class)
{
    size_t at = class->candidate_count - 1;
    struct candidate_class last = class->candidates[at];

    while (at > 0 &&
           candidate_class_compare(class->queue->terms, &last, &class->candidates[at - 1]) < 0) {
        class->candidates[at] = class->candidates[at - 1];
        at--;
    }
    class->candidates[at] = last;
}

static size_t class_find_candidate(const struct appeal_class *class,
                                   const struct agent_class *agents)
{
    if (class->is_crowded)
        return agents->candidate_indices[agent_class_find_eligible(agents, class)];
    size_t at = 0;
    while (class->candidates[at].agents != agents)
        at++;
    return at;
}

static void class_set_index(struct appeal_class *class, size_t index)
{
    struct agent_class *agents = class->candidates[index].agents;
    agents->candidate_indices[agent_class_find_eligible(agents, class)] = (uint32_t)index;
    crowds_note_candidate(class, index);
}

/* In a crowd the last one takes its place. */
static void class_drop_candidate(struct appeal_class *class, const struct agent_class *agents)
{
    size_t at = class_find_candidate(class, agents), last = --class->candidate_count;

    if (!class->is_crowded) {
        memmove(&class->candidates[at], &class->candidates[at + 1],
                (last - at) * sizeof *class->candidates);
        return;
    }
    crowds_note_candidate(class, last);
    if (at == last)
        return;
    class->candidates[at] = class->candidates[last];
    class_set_index(class, at);
}

static void class_set_crowded(struct aro_router *router, struct appeal_class *class,
                              bool is_crowded)
{
    class->is_crowded = is_crowded;
    if (!is_crowded) {
        crowds_free(&router->crowds, class);
        class_sort_candidates(class);
        return;
    }
    for (size_t i = 0; i < class->candidate_count; i++)
        class_set_index(class, i);
}

static void agents_add_eligible(struct agent_class *agents, struct appeal_class *class)
{
    size_t size = agents->eligible_size;
    agents->eligible = memory_reach(agents->eligible, agents->eligible_count,
                                    &agents->eligible_size, sizeof(struct appeal_class *));
    if (agents->eligible_size > size)
        agents->candidate_indices = memory_resize(
            agents->candidate_indices, agents->eligible_size * sizeof *agents->candidate_indices);
    size_t at = agents->eligible_count++;
    while (at > 0 && agents->eligible[at - 1]->queue > class->queue) {
        agents->eligible[at] = agents->eligible[at - 1];
        agents->candidate_indices[at] = agents->candidate_indices[at - 1];
        at--;
    }
    agents->eligible[at] = class;
}

static void agents_drop_eligible(struct agent_class *agents, const struct appeal_class *class)
{
    size_t at = agent_class_find_eligible(agents, class);
    size_t behind = --agents->eligible_count - at;
    memmove(&agents->eligible[at], &agents->eligible[at + 1],
            behind * sizeof(struct appeal_class *));
    memmove(&agents->candidate_indices[at], &agents->candidate_indices[at + 1],
            behind * sizeof *agents->candidate_indices);
}

static void class_enter_candidate(struct aro_router *router, struct appeal_class *class,
                                  const struct candidate_class *candidate)
{
    class_add_candidate(class, candidate);
    agents_add_eligible(candidate->agents, class);
    if (class->is_crowded)
        class_set_index(class, class->candidate_count - 1);
    else if (class->candidate_count > router->crowds.above)
        class_set_crowded(router, class, true);
    else
        class_place_last_candidate(class);
}

/* Not at the very number from which it is crowded, or who comes and goes there would cost much. */
static void class_leave_candidate(struct aro_router *router, struct appeal_class *class,
                                  struct agent_class *agents)
{
    class_drop_candidate(class, agents);
    agents_drop_eligible(agents, class);
    if (class->is_crowded && class->candidate_count <= router->crowds.above / 2)
        class_set_crowded(router, class, false);
}

/* Counts @known agents of @agents (fewer where negative); true, with how they fit, where none of
 * the filters of a class keeps them from @class. */
static bool class_count(struct aro_router *router, struct appeal_class *class,
                        struct agent_class *agents, int64_t known, struct candidate_class *ret)
{
    enum filter filter;

    if (!agent_class_serves_queue(agents, class->queue->name))
        return false;
    candidate_class_init(router, ret, agents, class, &filter);
    class->pool += (uint64_t)known;
    if (filter == FILTER_NONE)
        return true;
    class->rejected[filter] += (uint64_t)known;
    return false;
}

void appeal_class_link(struct aro_router *router, struct appeal_class *class)
{
    class_forget_due(router, class);
    if (class->is_linked || !appeal_class_step(class))
        return;
    size_t position = 0;
    struct candidate_class candidate;
    for (struct agent_class *agents;
         (agents = table_next(&router->agent_classes, &position)) != NULL;) {
        if (agents->known == 0 ||
            !class_count(router, class, agents, (int64_t)agents->known, &candidate))
            continue;
        class_add_candidate(class, &candidate);
        agents_add_eligible(agents, class);
    }
    class_set_crowded(router, class, class->candidate_count > router->crowds.above);
    class->is_linked = true;
    TAILQ_INSERT_TAIL(&router->linked_classes, class, linked);
}

void appeal_class_link_later(struct aro_router *router, struct appeal_class *class)
{
    if (class->is_linked || class->is_due)
        return;
    class->is_due = true;
    TAILQ_INSERT_TAIL(&router->due_classes, class, linked);
}

bool appeal_classes_link_due(struct aro_router *router, int64_t *budget)
{
    for (struct appeal_class *class; (class = TAILQ_FIRST(&router->due_classes)) != NULL;) {
        if (*budget <= 0)
            return true;
        appeal_class_link(router, class);
        *budget -= 1 + (int64_t)(router->agent_classes.count / AGENT_CLASSES_A_COST);
    }
    return false;
}

/* What the class knows of agents; they are not told. */
static void class_forget_agents(struct aro_router *router, struct appeal_class *class)
{
    crowds_free(&router->crowds, class);
    class->candidate_count = 0;
    class->is_crowded = false;
    class->pool = 0;
    memset(class->rejected, 0, sizeof class->rejected);
    class->is_linked = false;
    TAILQ_REMOVE(&router->linked_classes, class, linked);
}

static void class_unlink(struct aro_router *router, struct appeal_class *class)
{
    if (!class->is_linked)
        return;
    for (size_t i = 0; i < class->candidate_count; i++)
        agents_drop_eligible(class->candidates[i].agents, class);
    class_forget_agents(router, class);
}

void appeal_classes_relink(struct aro_router *router)
{
    struct appeal_class *class;
    struct agent_class *agents;
    size_t position = 0;

    while ((class = TAILQ_FIRST(&router->linked_classes)) != NULL)
        class_forget_agents(router, class);
    while ((agents = table_next(&router->agent_classes, &position)) != NULL)
        agents->eligible_count = 0;
    position = 0;
    while ((class = table_next(&router->appeal_classes, &position)) != NULL) {
        if (class->waiting_count > 0)
            appeal_class_link_later(router, class);
    }
}

void appeal_classes_count_agents(struct aro_router *router, struct agent_class *agents, int count)
{
    bool is_only_one = agents->known == 1;
    struct appeal_class *class;
    struct candidate_class candidate;

    crowds_note(&router->crowds, agents);
    TAILQ_FOREACH(class, &router->linked_classes, linked)
    {
        if (!class_count(router, class, agents, count, &candidate) || !is_only_one)
            continue;
        if (count > 0)
            class_enter_candidate(router, class, &candidate);
        else
            class_leave_candidate(router, class, agents);
    }
}

/* What it costs to enter a candidate or to drop one. */
static size_t look_count(const struct appeal_class *class)
{
    return class->is_crowded ? 1 : class->candidate_count;
}

size_t appeal_classes_share_links(struct aro_router *router, struct agent_class *of,
                                  struct agent_class *agents)
{
    size_t looked_at = 0;

    for (size_t i = 0; i < of->eligible_count; i++) {
        struct appeal_class *class = of->eligible[i];
        struct candidate_class candidate = class->candidates[class_find_candidate(class, of)];
        candidate.agents = agents;
        class_enter_candidate(router, class, &candidate);
        looked_at += look_count(class);
    }
    return looked_at;
}

size_t appeal_classes_end_links(struct aro_router *router, struct agent_class *agents)
{
    size_t looked_at = 0;

    while (agents->eligible_count > 0) {
        struct appeal_class *class = agents->eligible[agents->eligible_count - 1];
        looked_at += look_count(class);
        class_leave_candidate(router, class, agents);
    }
    return looked_at;
}
