/* The best of a class for an appeal lies at the head of a *run*: agents in the order of the queue's
 * criteria. Where load is the first criterion that tells members of a class apart, its levels one
 * after the other are one run; otherwise each level is a run of its own. Choosing is then entering
 * the head of each run into a contest of two places, and a run goes on only while it wins one.
 * Among many classes a crowd knows the one with the best head, and whom it was better than. */
#include "routing/agent_choice.h"

#include "routing/agent_class.h"
#include "routing/agent_turn.h"
#include "routing/appeal_class.h"
#include "routing/criteria.h"
#include "routing/crowd.h"
#include "routing/independence.h"
#include "routing/router_state.h"

/* Is every agent of @agents kept from @appeal, with those of their team, site or lead? */
static bool is_covered(const struct aro_router *router, const struct appeal *appeal,
                       const struct agent_class *agents)
{
    return appeal->class->queue->terms->independence && /* most have none */
           independence_covers(router, appeal, agents);
}

/* --- the contest --- */

struct contest {
    const struct aro_router *router;
    const struct appeal *appeal;
    const struct asked *asked;
    enum agent_order order; /* of the trees */
    bool levels_are_one_run;
    struct candidate best, second; /* agent NULL: nobody yet */
    struct measures measures;      /* in a crowd: of the next */
    const struct agent *measured;  /* the second best as it was asked about last */
};

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    const char *criterion;
    return !b->agent || candidate_compare(a, b, &criterion) < 0;
}

/* Gives whether @candidate won a place, or may not compete: whether to go on with their run. */
static bool contest_enter(struct contest *contest, const struct candidate *candidate)
{
    if (contest->second.agent && !is_better(candidate, &contest->second))
        return false;
    if (independence_bar_of(contest->appeal, candidate->agent->id) != DETAILS_BAR_NONE ||
        independence_is_lead(contest->router, contest->appeal, candidate->agent->id))
        return true;
    if (is_better(candidate, &contest->best)) {
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
        contest->order >= AGENT_ORDER_TURN ? contest->asked->queue->served_last : NULL;
    struct agent_walk walk;

    for (struct agent_place *place = agent_walk_begin(&walk, tree, served_last); place;
         place = agent_walk_next(&walk)) {
        struct candidate candidate = { place->agent, class, contest->asked };
        if (!contest_enter(contest, &candidate))
            return false;
    }
    return true;
}

static void contest_enter_class(struct contest *contest, const struct candidate_class *class)
{
    const struct agent_class *agents = class->agents;
    size_t end = agent_class_level_end(agents, contest->asked->effort);

    if (agents->available == 0 || is_covered(contest->router, contest->appeal, agents))
        return;
    for (size_t level = 0; level < end; level++) {
        if (agents->counts[level] > 0 && !contest_enter_level(contest, class, level) &&
            contest->levels_are_one_run)
            return;
    }
}

/* Candidate classes are sorted by what the first criteria know of a class: behind the first that is
 * worse than the second best by that, all are. */
static void contest_run(struct contest *contest)
{
    const struct appeal_class *class = contest->appeal->class;

    for (size_t i = 0; i < class->candidate_count; i++) {
        if (contest->second.agent &&
            candidate_class_compare(contest->asked->queue->terms, &class->candidates[i],
                                    contest->second.class) > 0)
            break;
        contest_enter_class(contest, &class->candidates[i]);
    }
}

/* Can nobody of a part of the tournament with @head win a place? By the criteria that last: where
 * people take turns, equals can. */
static bool is_lost(struct contest *contest, const struct candidate *head,
                    const struct measures *measures)
{
    if (!head->agent)
        return true;
    if (!contest->second.agent)
        return false;
    if (contest->measured != contest->second.agent) {
        contest->measures = candidate_measure(&contest->second);
        contest->measured = contest->second.agent;
    }
    int order = measures_compare(measures, &contest->measures);
    return (order ? order : candidate_compare_rest(head, &contest->second)) > 0;
}

/* The best of a part of the tournament, and on the way down to them those whom they won against. */
static void contest_run_part(struct contest *contest, const struct crowd *crowd, uint32_t part)
{
    uint32_t winner = crowd_winner(crowd, part);
    const struct crowd_place *place = &crowd->places[winner];
    struct candidate head = { place->head, &crowd->class->candidates[winner], contest->asked };

    if (is_lost(contest, &head, &place->measures))
        return;
    if (head.class->agents->known > 1)
        contest_enter_class(contest, head.class);
    else if (!is_covered(contest->router, contest->appeal, head.class->agents))
        contest_enter(contest, &head);
    if (contest->second.agent == head.agent && contest->order < AGENT_ORDER_TURN)
        return;
    while (part < crowd->size) {
        uint32_t won = 2 * part + (crowd_winner(crowd, 2 * part) != winner);
        contest_run_part(contest, crowd, won ^ 1);
        part = won;
    }
}

/* --- the counts --- */

/* The covered ones of a crowd. */
struct covered {
    const struct appeal_class *class;
    unsigned effort;
    struct headcount headcount;
};

static void count_covered(struct agent_class *agents, void *context)
{
    struct covered *covered = context;
    if (agent_class_find_eligible(agents, covered->class) < agents->eligible_count)
        headcount_add_class(&covered->headcount, agents, covered->effort);
}

static struct crowd *crowd_of(struct aro_router *router, struct appeal_class *class,
                              const struct appeal *appeal)
{
    return class->is_crowded ? crowd_get(router, class, appeal->effort) : NULL;
}

/* The agents of candidate classes of @class who may judge @appeal as far as their team goes, and
 * those who may not. @crowd is that of @class; NULL where it is not crowded. */
static void count_candidates(struct aro_router *router, const struct appeal *appeal,
                             const struct appeal_class *class, const struct crowd *crowd,
                             struct headcount *ret, struct headcount *ret_covered)
{
    struct covered covered = { .class = class, .effort = appeal->effort };

    *ret_covered = covered.headcount;
    if (!crowd) {
        *ret = covered.headcount;
        for (size_t i = 0; i < class->candidate_count; i++) {
            const struct agent_class *agents = class->candidates[i].agents;
            headcount_add_class(is_covered(router, appeal, agents) ? ret_covered : ret, agents,
                                appeal->effort);
        }
        return;
    }
    independence_each_covered(router, appeal, count_covered, &covered);
    *ret = crowd->headcount;
    *ret_covered = covered.headcount;
    headcount_subtract(ret, ret_covered);
}

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

    for (const char *id; (id = independence_next_barred(router, appeal, &walk, &bar)) != NULL;) {
        const struct agent *agent = table_find(&router->agents, id);
        if (!is_candidate(router, appeal, appeal->class, agent))
            continue;
        why->by_filter[bar == DETAILS_BAR_DECLINED ? FILTER_DECLINED : FILTER_INDEPENDENCE]++;
        why->ready -= agent_is_there(agent) && agent_capacity(agent) >= appeal->effort;
        if (!agent_is_there(agent))
            why->by_filter[FILTER_STATUS]--;
        else if (agent_room(agent) < appeal->effort)
            why->by_filter[FILTER_CAPACITY]--;
    }
}

static void count(struct aro_router *router, const struct appeal *appeal, const struct crowd *crowd,
                  struct why *ret)
{
    const struct appeal_class *class = appeal->class;
    struct headcount candidates, covered;

    count_candidates(router, appeal, class, crowd, &candidates, &covered);
    *ret = (struct why){ .pool = class->pool, .ready = candidates.ready, .step = class->step };
    for (unsigned i = 0; i < FILTER_OF_CLASS_COUNT; i++)
        ret->by_filter[i] = class->rejected[i];
    ret->by_filter[FILTER_INDEPENDENCE] = covered.known;
    ret->by_filter[FILTER_STATUS] = candidates.known - candidates.available;
    ret->by_filter[FILTER_CAPACITY] = candidates.full;
    count_barred(router, appeal, ret);
}

void choice_count(struct aro_router *router, const struct appeal *appeal, struct why *ret)
{
    appeal_class_link(router, appeal->class);
    count(router, appeal, crowd_of(router, appeal->class, appeal), ret);
}

static uint64_t count_at_last_step(struct aro_router *router, const struct appeal *appeal)
{
    size_t last = appeal->class->queue->terms->step_count;
    struct appeal_class *class = appeal_class_at_step(router, appeal->class, (unsigned)last);
    struct barred_walk walk = { 0 };
    struct headcount candidates, covered;
    enum details_bar bar;

    appeal_class_link(router, class);
    count_candidates(router, appeal, class, crowd_of(router, class, appeal), &candidates, &covered);
    for (const char *id; (id = independence_next_barred(router, appeal, &walk, &bar)) != NULL;) {
        const struct agent *agent = table_find(&router->agents, id);
        if (bar == DETAILS_BAR_INDEPENDENCE && is_candidate(router, appeal, class, agent) &&
            agent_capacity(agent) >= appeal->effort)
            candidates.able--;
    }
    return candidates.able;
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
    const struct queue *queue = appeal->class->queue;
    const struct asked asked = { router, queue, appeal->effort };
    struct contest contest = {
        .router = router,
        .appeal = appeal,
        .asked = &asked,
        .order = agent_order_of(queue->terms),
        .levels_are_one_run = criteria_order_by_level(queue->terms),
    };

    appeal_class_link(router, appeal->class);
    const struct crowd *crowd = crowd_of(router, appeal->class, appeal);
    *ret = (struct choice){ 0 };
    count(router, appeal, crowd, &ret->why);
    if (crowd)
        contest_run_part(&contest, crowd, 1);
    else
        contest_run(&contest);
    if (!contest.best.agent)
        return;
    ret->agent = (struct agent *)(uintptr_t)contest.best.agent;
    ret->language = contest.best.class->fit.language;
    if (contest.second.agent) {
        candidate_compare(&contest.best, &contest.second, &ret->why.criterion);
        ret->why.runner_up = contest.second.agent;
    }
}
