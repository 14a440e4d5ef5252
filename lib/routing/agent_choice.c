/* The best of a class for an appeal lies at the head of a *run*: agents in the order of the queue's
 * criteria. Where load is the first criterion that tells members of a class apart, its levels one
 * after the other are one run; otherwise each level is a run of its own. Choosing is then entering
 * the head of each run into a contest of two places, and a run goes on only while it wins one. */
#include "routing/agent_choice.h"

#include "routing/agent_class.h"
#include "routing/agent_turn.h"
#include "routing/appeal_class.h"
#include "routing/independence.h"
#include "routing/router_state.h"

#include <assert.h>
#include <string.h>

struct candidate {
    const struct agent *agent;
    const struct candidate_class *class;
    const struct aro_router *router;
    const struct appeal *appeal;
};

typedef int criterion_compare(const struct candidate *a, const struct candidate *b);

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* (used + effort) / capacity, multiplied out. */
static int compare_load(const struct candidate *a, const struct candidate *b)
{
    return compare_numbers(
        (uint64_t)(a->agent->used + a->appeal->effort) * agent_capacity(b->agent),
        (uint64_t)(b->agent->used + b->appeal->effort) * agent_capacity(a->agent));
}

static int compare_spare(const struct candidate *a, const struct candidate *b)
{
    return compare_numbers(agent_room(b->agent), agent_room(a->agent));
}

static int compare_idle(const struct candidate *a, const struct candidate *b)
{
    return (a->agent->idle_since.ms > b->agent->idle_since.ms) -
           (a->agent->idle_since.ms < b->agent->idle_since.ms);
}

static int compare_language(const struct candidate *a, const struct candidate *b)
{
    const struct language_fit *x = &a->class->fit, *y = &b->class->fit;
    if (x->rank != y->rank)
        return compare_numbers(x->rank, y->rank);
    if (x->level != y->level)
        return compare_numbers(y->level, x->level);
    return compare_numbers(y->is_same_region, x->is_same_region);
}

static int compare_skill(const struct candidate *a, const struct candidate *b)
{
    return compare_numbers(b->class->skill_sum, a->class->skill_sum);
}

static int compare_skill_count(const struct candidate *a, const struct candidate *b)
{
    return compare_numbers(a->class->agents->profile.skill_count,
                           b->class->agents->profile.skill_count);
}

static int compare_open(const struct candidate *a, const struct candidate *b)
{
    return compare_numbers(a->agent->open, b->agent->open);
}

/* Whose turn it is: from behind who was served last in the order of ids, around to them. */
static int compare_turn(const struct candidate *a, const struct candidate *b)
{
    const struct agent *last = a->appeal->class->queue->served_last;
    bool is_a_behind = !last || strcmp(a->agent->id, last->id) > 0;
    bool is_b_behind = !last || strcmp(b->agent->id, last->id) > 0;

    if (is_a_behind != is_b_behind)
        return is_a_behind ? -1 : 1;
    return strcmp(a->agent->id, b->agent->id);
}

static int compare_reserve(const struct candidate *a, const struct candidate *b)
{
    return compare_numbers(agent_class_rarest(b->router, b->class->agents),
                           agent_class_rarest(a->router, a->class->agents));
}

/* What can differ between two agents of one class. */
enum criterion_scope {
    SCOPE_CLASS, /* nothing: it looks at the profile */
    SCOPE_CROWD, /* nothing, but it may change between two classes with anybody's news */
    SCOPE_LEVEL, /* the level: the fewer units in use, the better */
    SCOPE_AGENT, /* the agent */
};

static const struct {
    criterion_compare *compare;
    enum criterion_scope scope;
} criteria[ARO_CRITERION_COUNT] = {
    [ARO_LOWEST_LOAD] = { compare_load, SCOPE_LEVEL },
    [ARO_MOST_SPARE] = { compare_spare, SCOPE_LEVEL },
    [ARO_LONGEST_IDLE] = { compare_idle, SCOPE_AGENT },
    [ARO_ROUND_ROBIN] = { compare_turn, SCOPE_AGENT },
    [ARO_BEST_LANGUAGE] = { compare_language, SCOPE_CLASS },
    [ARO_BEST_SKILL] = { compare_skill, SCOPE_CLASS },
    [ARO_FEWEST_SKILLS] = { compare_skill_count, SCOPE_CLASS },
    [ARO_FEWEST_OPEN] = { compare_open, SCOPE_AGENT },
    [ARO_RESERVE] = { compare_reserve, SCOPE_CROWD },
};

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

static int compare(const struct aro_queue_terms *terms, const struct candidate *a,
                   const struct candidate *b, const char **ret_criterion)
{
    for (size_t i = 0; i < terms->criterion_count; i++) {
        int order = criteria[terms->criteria[i]].compare(a, b);
        if (order) {
            *ret_criterion = aro_criterion_name(terms->criteria[i]);
            return order;
        }
    }
    unsigned side = a->router->arrangement.side;
    *ret_criterion = a->agent->ties[side] != b->agent->ties[side] ? "seeded_hash" : "id";
    return agent_compare_tie(a->router, a->agent, b->agent);
}

int candidate_compare(const struct aro_router *router, const struct appeal *appeal,
                      const struct agent *a, const struct candidate_class *a_class,
                      const struct agent *b, const struct candidate_class *b_class,
                      const char **ret_criterion)
{
    return compare(appeal->class->queue->terms, &(struct candidate){ a, a_class, router, appeal },
                   &(struct candidate){ b, b_class, router, appeal }, ret_criterion);
}

/* --- the contest --- */

struct contest {
    const struct aro_router *router;
    const struct appeal *appeal;
    const struct aro_queue_terms *terms;
    enum agent_order order;        /* of the trees */
    struct candidate best, second; /* agent NULL: nobody yet */
};

static bool is_better(const struct contest *contest, const struct candidate *a,
                      const struct candidate *b)
{
    const char *criterion;
    return !b->agent || compare(contest->terms, a, b, &criterion) < 0;
}

/* Gives whether @candidate won a place, or may not compete: whether to go on with their run. */
static bool contest_enter(struct contest *contest, const struct candidate *candidate)
{
    if (contest->second.agent && !is_better(contest, candidate, &contest->second))
        return false;
    if (independence_bar_of(contest->appeal, candidate->agent->id) != DETAILS_BAR_NONE)
        return true;
    if (is_better(contest, candidate, &contest->best)) {
        contest->second = contest->best;
        contest->best = *candidate;
        return true;
    }
    contest->second = *candidate;
    return true;
}

/* One level of a class; gives whether the run goes on behind it. */
static bool contest_enter_level(struct contest *contest, const struct candidate_class *class,
                                size_t level)
{
    struct agent_tree *tree =
        agent_class_tree(contest->router, class->agents, level, contest->order);
    struct agent *served_last =
        contest->order >= AGENT_ORDER_TURN ? contest->appeal->class->queue->served_last : NULL;
    struct agent_walk walk;

    for (struct agent_place *place = agent_walk_begin(&walk, tree, served_last); place;
         place = agent_walk_next(&walk)) {
        struct candidate candidate = { place->agent, class, contest->router, contest->appeal };
        if (!contest_enter(contest, &candidate))
            return false;
    }
    return true;
}

/* Do the levels of a class, one after the other, make one run? */
static bool is_ordered_by_level(const struct aro_queue_terms *terms)
{
    for (size_t i = 0; i < terms->criterion_count; i++) {
        enum criterion_scope scope = criteria[terms->criteria[i]].scope;
        if (scope == SCOPE_LEVEL || scope == SCOPE_AGENT)
            return scope == SCOPE_LEVEL;
    }
    return false;
}

static void contest_enter_class(struct contest *contest, const struct candidate_class *class,
                                bool levels_are_one_run)
{
    const struct agent_class *agents = class->agents;
    unsigned effort = contest->appeal->effort;

    if (agents->available == 0 || effort > agents->profile.capacity)
        return;
    size_t end = agents->profile.capacity - effort + 1;
    if (end > agents->level_count)
        end = agents->level_count;
    for (size_t level = 0; level < end; level++) {
        if (agents->counts[level] > 0 && !contest_enter_level(contest, class, level) &&
            levels_are_one_run)
            return;
    }
}

/* Candidate classes are sorted by what the first criteria know of a class: behind the first that is
 * worse than the second best by that, all are. */
static void contest_run(struct contest *contest)
{
    const struct appeal_class *class = contest->appeal->class;
    bool levels_are_one_run = is_ordered_by_level(contest->terms);

    for (size_t i = 0; i < class->candidate_count; i++) {
        if (contest->second.agent && candidate_class_compare(contest->terms, &class->candidates[i],
                                                             contest->second.class) > 0)
            break;
        if (!independence_covers(contest->router, contest->appeal, class->candidates[i].agents))
            contest_enter_class(contest, &class->candidates[i], levels_are_one_run);
    }
}

/* --- the counts --- */

/* Would nothing but a bar of their own, or the moment, keep @agent from @appeal, were it of @class?
 */
static bool is_candidate(const struct aro_router *router, const struct appeal *appeal,
                         const struct appeal_class *class, const struct agent *agent)
{
    struct language_fit fit;
    return agent && agent_is_known(agent) &&
           agent_class_serves_queue(agent->class, class->queue->name) &&
           filter_class(router, agent->class, class, &fit) == FILTER_NONE &&
           !independence_covers(router, appeal, agent->class);
}

/* Agents who are barred are counted as such, and so not by their status or room. */
static void count_barred(const struct aro_router *router, const struct appeal *appeal,
                         struct why *why)
{
    struct barred_walk walk = { 0 };
    enum details_bar bar;

    for (const char *id; (id = independence_next_barred(appeal, &walk, &bar)) != NULL;) {
        const struct agent *agent = table_find(&router->agents, id);
        if (!is_candidate(router, appeal, appeal->class, agent))
            continue;
        why->by_filter[bar == DETAILS_BAR_DECLINED ? FILTER_DECLINED : FILTER_INDEPENDENCE]++;
        if (!agent_is_there(agent))
            why->by_filter[FILTER_STATUS]--;
        else if (agent_room(agent) < appeal->effort)
            why->by_filter[FILTER_CAPACITY]--;
    }
}

void choice_count(struct aro_router *router, const struct appeal *appeal, struct why *ret)
{
    struct appeal_class *class = appeal->class;

    appeal_class_link(router, class);
    *ret = (struct why){ .pool = class->pool, .step = class->step };
    for (unsigned i = 0; i < FILTER_OF_CLASS_COUNT; i++)
        ret->by_filter[i] = class->rejected[i];
    for (size_t i = 0; i < class->candidate_count; i++) {
        const struct agent_class *agents = class->candidates[i].agents;
        if (independence_covers(router, appeal, agents)) {
            ret->by_filter[FILTER_INDEPENDENCE] += agents->known;
            continue;
        }
        ret->by_filter[FILTER_STATUS] += agents->known - agents->available;
        ret->by_filter[FILTER_CAPACITY] += agent_class_full_count(agents, appeal->effort);
    }
    count_barred(router, appeal, ret);
}

static uint64_t count_at_last_step(struct aro_router *router, const struct appeal *appeal)
{
    size_t last = appeal->class->queue->terms->step_count;
    struct appeal_class *class = appeal_class_at_step(router, appeal->class, (unsigned)last);
    struct barred_walk walk = { 0 };
    enum details_bar bar;
    uint64_t count = 0;

    appeal_class_link(router, class);
    for (size_t i = 0; i < class->candidate_count; i++) {
        const struct agent_class *agents = class->candidates[i].agents;
        if (agents->profile.capacity >= appeal->effort &&
            !independence_covers(router, appeal, agents))
            count += agents->known;
    }
    for (const char *id; (id = independence_next_barred(appeal, &walk, &bar)) != NULL;) {
        const struct agent *agent = table_find(&router->agents, id);
        if (bar == DETAILS_BAR_INDEPENDENCE && is_candidate(router, appeal, class, agent) &&
            agent_capacity(agent) >= appeal->effort)
            count--;
    }
    return count;
}

void choice_count_of_waiting(struct aro_router *router, const struct appeal *appeal,
                             struct why *ret)
{
    choice_count(router, appeal, ret);
    ret->is_of_waiting = true;
    ret->eligible_at_last_step = count_at_last_step(router, appeal);
}

void choice_make(struct aro_router *router, const struct appeal *appeal, struct choice *ret)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    struct contest contest = {
        .router = router,
        .appeal = appeal,
        .terms = terms,
        .order = agent_order_of(terms),
    };

    *ret = (struct choice){ 0 };
    choice_count(router, appeal, &ret->why);
    contest_run(&contest);
    if (!contest.best.agent)
        return;
    ret->agent = (struct agent *)(uintptr_t)contest.best.agent;
    ret->language = contest.best.class->fit.language;
    if (contest.second.agent) {
        compare(terms, &contest.best, &contest.second, &ret->why.criterion);
        ret->why.runner_up = contest.second.agent;
    }
}
