#include "routing/criteria.h"

#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/router_state.h"

#include <string.h>

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* --- each as a number, the less the better --- */

/* Loads (used + effort) / capacity that differ, do so by more than one in a million. */
_Static_assert(ARO_CAPACITY_MAX <= 1000, "more binary digits for a load");
enum { LOAD_BITS = 32 };

static uint64_t measure_load(const struct candidate *candidate)
{
    uint64_t used = candidate->agent->used + candidate->asked->effort;
    return (used << LOAD_BITS) / agent_capacity(candidate->agent);
}

static uint64_t measure_spare(const struct candidate *candidate)
{
    return UINT64_MAX - agent_room(candidate->agent);
}

static uint64_t measure_idle(const struct candidate *candidate)
{
    return (uint64_t)candidate->agent->idle_since.ms - (uint64_t)INT64_MIN;
}

/* Its place in order of preference, then the level, then the region. */
static uint64_t measure_language(const struct candidate *candidate)
{
    const struct language_fit *fit = &candidate->class->fit;
    return (uint64_t)fit->rank << 32 | (uint64_t)(UINT16_MAX - fit->level) << 1 |
           !fit->is_same_region;
}

static uint64_t measure_skill(const struct candidate *candidate)
{
    return UINT64_MAX - candidate->class->skill_sum;
}

static uint64_t measure_skill_count(const struct candidate *candidate)
{
    return candidate->class->agents->profile.skill_count;
}

static uint64_t measure_open(const struct candidate *candidate)
{
    return candidate->agent->open;
}

static uint64_t measure_reserve(const struct candidate *candidate)
{
    return UINT64_MAX - agent_class_rarest(candidate->asked->router, candidate->class->agents);
}

/* --- and as a comparison --- */

#define COMPARE_BY_MEASURE(name)                                                                   \
    static int compare_##name(const struct candidate *a, const struct candidate *b)                \
    {                                                                                              \
        return compare_numbers(measure_##name(a), measure_##name(b));                              \
    }
COMPARE_BY_MEASURE(spare)
COMPARE_BY_MEASURE(idle)
COMPARE_BY_MEASURE(language)
COMPARE_BY_MEASURE(skill)
COMPARE_BY_MEASURE(skill_count)
COMPARE_BY_MEASURE(open)
COMPARE_BY_MEASURE(reserve)

/* The same as by number, without a division. */
static int compare_load(const struct candidate *a, const struct candidate *b)
{
    return compare_numbers((uint64_t)(a->agent->used + a->asked->effort) * agent_capacity(b->agent),
                           (uint64_t)(b->agent->used + b->asked->effort) *
                               agent_capacity(a->agent));
}

/* Whose turn it is: from behind who was served last in the order of ids, around to them. */
static int compare_turn(const struct candidate *a, const struct candidate *b)
{
    const struct agent *last = a->asked->queue->served_last;
    bool is_a_behind = !last || strcmp(a->agent->id, last->id) > 0;
    bool is_b_behind = !last || strcmp(b->agent->id, last->id) > 0;

    if (is_a_behind != is_b_behind)
        return is_a_behind ? -1 : 1;
    return strcmp(a->agent->id, b->agent->id);
}

/* --- all of them --- */

/* What can differ between two agents of one class. */
enum criterion_scope {
    SCOPE_CLASS, /* nothing: it looks at the profile */
    SCOPE_CROWD, /* nothing, but it may change between two classes with anybody's news */
    SCOPE_LEVEL, /* the level: the fewer units in use, the better */
    SCOPE_AGENT, /* the agent */
};

static const struct {
    uint64_t (*measure)(const struct candidate *candidate); /* NULL: no number says it */
    int (*compare)(const struct candidate *a, const struct candidate *b);
    enum criterion_scope scope;
} criteria[ARO_CRITERION_COUNT] = {
    [ARO_LOWEST_LOAD] = { measure_load, compare_load, SCOPE_LEVEL },
    [ARO_MOST_SPARE] = { measure_spare, compare_spare, SCOPE_LEVEL },
    [ARO_LONGEST_IDLE] = { measure_idle, compare_idle, SCOPE_AGENT },
    [ARO_ROUND_ROBIN] = { NULL, compare_turn, SCOPE_AGENT },
    [ARO_BEST_LANGUAGE] = { measure_language, compare_language, SCOPE_CLASS },
    [ARO_BEST_SKILL] = { measure_skill, compare_skill, SCOPE_CLASS },
    [ARO_FEWEST_SKILLS] = { measure_skill_count, compare_skill_count, SCOPE_CLASS },
    [ARO_FEWEST_OPEN] = { measure_open, compare_open, SCOPE_AGENT },
    [ARO_RESERVE] = { measure_reserve, compare_reserve, SCOPE_CROWD },
};

int candidate_compare(const struct candidate *a, const struct candidate *b,
                      const char **ret_criterion)
{
    const struct aro_queue_terms *terms = a->asked->queue->terms;

    for (size_t i = 0; i < terms->criterion_count; i++) {
        int order = criteria[terms->criteria[i]].compare(a, b);
        if (order) {
            *ret_criterion = aro_criterion_name(terms->criteria[i]);
            return order;
        }
    }
    unsigned side = a->asked->router->arrangement.side;
    *ret_criterion = a->agent->ties[side] != b->agent->ties[side] ? "seeded_hash" : "id";
    return agent_compare_tie(a->asked->router, a->agent, b->agent);
}

int candidate_class_compare(const struct aro_queue_terms *terms, const struct candidate_class *a,
                            const struct candidate_class *b)
{
    struct candidate x = { .class = a }, y = { .class = b };

    for (size_t i = 0; i < terms->criterion_count; i++) {
        if (criteria[terms->criteria[i]].scope != SCOPE_CLASS)
            break;
        int order = criteria[terms->criteria[i]].compare(&x, &y);
        if (order)
            return order;
    }
    return 0;
}

struct measures candidate_measure(const struct candidate *candidate)
{
    const struct aro_queue_terms *terms = candidate->asked->queue->terms;
    struct measures measures = { { 0 } };

    for (size_t i = 0; i < MEASURES && i < terms->criterion_count; i++) {
        if (!criteria[terms->criteria[i]].measure)
            break;
        measures.of[i] = criteria[terms->criteria[i]].measure(candidate);
    }
    return measures;
}

int candidate_compare_rest(const struct candidate *a, const struct candidate *b)
{
    const struct aro_queue_terms *terms = a->asked->queue->terms;
    int order = 0;

    for (size_t i = 0; i < terms->criterion_count && order == 0; i++) {
        if (!criteria[terms->criteria[i]].measure)
            return 0;
        if (i >= MEASURES)
            order = criteria[terms->criteria[i]].compare(a, b);
    }
    return order ? order : agent_compare_tie(a->asked->router, a->agent, b->agent);
}

bool criteria_order_by_level(const struct aro_queue_terms *terms)
{
    for (size_t i = 0; i < terms->criterion_count; i++) {
        enum criterion_scope scope = criteria[terms->criteria[i]].scope;
        if (scope == SCOPE_LEVEL || scope == SCOPE_AGENT)
            return scope == SCOPE_LEVEL;
    }
    return false;
}

bool criteria_look_at_speakers(const struct aro_queue_terms *terms)
{
    for (size_t i = 0; i < terms->criterion_count; i++) {
        if (criteria[terms->criteria[i]].scope == SCOPE_CROWD)
            return true;
    }
    return false;
}
