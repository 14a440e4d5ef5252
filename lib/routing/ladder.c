#include "routing/ladder.h"

#include "routing/agent_choice.h"
#include "routing/agent_class.h"
#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/independence.h"
#include "routing/router_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* How long those who gave an appeal back are left alone where the queue makes no offers. */
enum { RETRY_AFTER_MS = 10 * 60 * 1000 };

/* --- who declined --- */

static size_t declined_count(const struct appeal *appeal)
{
    size_t position = 0, count = 0;
    enum details_bar bar;
    while (details_next_barred(appeal->details, &position, &bar))
        count += bar == DETAILS_BAR_DECLINED;
    return count;
}

/* Everybody may be asked anew, and nobody has to wait for it. */
static void forget_declined(struct appeal *appeal)
{
    struct arena arena = { 0 };
    struct details_view view;

    if (declined_count(appeal) == 0 && !appeal->is_retry_set)
        return;
    details_unpack(appeal->details, &arena, &view);
    view.declined_count = 0;
    view.retry_at = ARO_INSTANT_NEVER;
    appeal_set_details(appeal, &view);
    arena_done(&arena);
}

static struct aro_instant retry_after(const struct turn *turn, const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    struct aro_span usual = { RETRY_AFTER_MS };
    return aro_instant_add(turn->now,
                           terms && terms->makes_offers ? terms->offer.retry_after : usual);
}

void ladder_add_declined(struct turn *turn, struct appeal *appeal, const char *agent_id)
{
    struct arena arena = { 0 };
    struct details_view view;

    /* Who is barred has nothing to give back: it is revoked at once. */
    assert(independence_bar_of(appeal, agent_id) == DETAILS_BAR_NONE);
    details_unpack(appeal->details, &arena, &view);
    view.retry_at = retry_after(turn, appeal);
    const char **list = arena_new_array(&arena, view.declined_count + 1, sizeof *list);
    if (view.declined_count)
        memcpy(list, view.declined, view.declined_count * sizeof *list);
    list[view.declined_count++] = agent_id;
    view.declined = list;
    appeal_set_details(appeal, &view);
    arena_done(&arena);
}

static bool is_last_step(const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    return !terms || appeal->class->step >= terms->step_count;
}

bool ladder_retry(struct turn *turn, struct appeal *appeal)
{
    struct why why;

    if (!is_last_step(appeal)) {
        appeal_set_retry_at(appeal, ARO_INSTANT_NEVER); /* the next step asks everybody anew */
        return false;
    }
    if (appeal_class_step(appeal->class)) {
        choice_count(turn->router, appeal, &why);
        if (why.ready == 0) {
            forget_declined(appeal);
            return true;
        }
    }
    appeal_set_retry_at(appeal, retry_after(turn, appeal));
    return false;
}

/* --- steps --- */

/* The age at which the step of @appeal is over; INT64_MAX: never. */
static int64_t step_lasts(const struct appeal *appeal)
{
    const struct aro_step *step = appeal_class_step(appeal->class);
    return !step || is_last_step(appeal) ? INT64_MAX : step->lasts.ms;
}

struct aro_instant ladder_step_end(const struct appeal *appeal)
{
    int64_t lasts = step_lasts(appeal);
    if (appeal->state != APPEAL_WAITING || appeal_is_stopped(appeal) || lasts == INT64_MAX)
        return ARO_INSTANT_NEVER;
    return (struct aro_instant){ appeal->clock + lasts };
}

/* When the first shift of @agent begins, or has begun, that is not over. */
static struct aro_instant next_shift(const struct agent *agent, struct aro_instant now)
{
    struct aro_instant first = ARO_INSTANT_NEVER;

    for (size_t i = 0; i < agent->shift_count; i++) {
        if (agent->shifts[i].end.ms > now.ms && agent->shifts[i].start.ms < first.ms)
            first = agent->shifts[i].start;
    }
    return first;
}

/* Is anybody of @agents who may take @appeal on shift before @end? All are looked at where nobody
 * is, so what that tells of all is kept: at night every appeal asks, and time only goes on. */
static bool is_anybody_on_shift_before(const struct turn *turn, const struct appeal *appeal,
                                       struct agent_class *agents, struct aro_instant end)
{
    bool is_known = agents->next_shift.ms > 0;
    struct aro_instant first = ARO_INSTANT_NEVER;
    const struct agent *agent;

    if (is_known && agents->next_shift.ms >= end.ms)
        return false;
    LIST_FOREACH(agent, &agents->members, of_class)
    {
        struct aro_instant start = next_shift(agent, turn->now);
        if (start.ms < end.ms && independence_bar(turn->router, appeal, agent) == DETAILS_BAR_NONE)
            return true;
        if (start.ms < first.ms)
            first = start;
    }
    agents->next_shift = first;
    return false;
}

/* Is there anybody who has not declined, has the capacity for it, and is available or will be on
 * shift before the step ends? */
static bool can_be_filled(struct turn *turn, struct appeal *appeal, const struct why *why)
{
    struct aro_instant end = ladder_step_end(appeal);

    if (why->ready > 0)
        return true;
    if (why->by_filter[FILTER_STATUS] == 0)
        return false;
    for (size_t i = 0; i < appeal->class->candidate_count; i++) {
        struct agent_class *agents = appeal->class->candidates[i].agents;
        if (agents->profile.capacity >= appeal->effort &&
            is_anybody_on_shift_before(turn, appeal, agents, end))
            return true;
    }
    return false;
}

static void put_at_step(struct aro_router *router, struct appeal *appeal, unsigned step)
{
    const struct appeal_class *class = appeal->class;
    appeal_set_class(router, appeal, class->queue, class->market, class->language_count,
                     class->languages, step);
}

static void set_step(struct turn *turn, struct appeal *appeal, unsigned step)
{
    turn_touch_appeal(turn, appeal);
    put_at_step(turn->router, appeal, step);
}

/* Could a later step be filled by somebody who has not declined? On paper. */
static bool can_be_filled_later(struct turn *turn, struct appeal *appeal)
{
    unsigned own = appeal->class->step;
    bool can_be = false;
    struct why why;

    while (!can_be && !is_last_step(appeal)) {
        put_at_step(turn->router, appeal, appeal->class->step + 1);
        choice_count(turn->router, appeal, &why);
        can_be = can_be_filled(turn, appeal, &why);
    }
    put_at_step(turn->router, appeal, own);
    return can_be;
}

void ladder_lower(struct turn *turn, struct appeal *appeal)
{
    size_t last = appeal->class->queue->terms->step_count;
    if (appeal->class->step > last)
        set_step(turn, appeal, (unsigned)last);
}

/* Too many declined it at this step: it need not wait for the step's end. */
static bool is_worn_out(const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    return terms->makes_offers && declined_count(appeal) >= terms->offer.declines_max;
}

/* Why a step is over, and how its past calls that. */
enum step_end {
    STEP_GOES_ON,
    STEP_TIME_IS_OVER,
    STEP_DECLINED_TOO_OFTEN,
    STEP_DECLINED_BY_ALL,
    STEP_NOBODY_THERE,
};
static const char *const step_end_names[] = {
    [STEP_TIME_IS_OVER] = "time",
    [STEP_DECLINED_TOO_OFTEN] = "declines_max",
    [STEP_DECLINED_BY_ALL] = "all_declined",
    [STEP_NOBODY_THERE] = "nobody_there",
};

/* Where all that could be asked have declined it is over at once, if a later step has somebody else
 * to ask; otherwise there is nothing to be had by climbing. */
static enum step_end step_end(struct turn *turn, struct appeal *appeal)
{
    struct why why;

    if (is_last_step(appeal))
        return STEP_GOES_ON;
    if (appeal_age(appeal, turn->now).ms >= step_lasts(appeal))
        return STEP_TIME_IS_OVER;
    choice_count(turn->router, appeal, &why);
    if (can_be_filled(turn, appeal, &why))
        return STEP_GOES_ON;
    if (declined_count(appeal) == 0)
        return STEP_NOBODY_THERE;
    if (!can_be_filled_later(turn, appeal))
        return STEP_GOES_ON;
    return why.by_filter[FILTER_DECLINED] > 0 ? STEP_DECLINED_BY_ALL : STEP_NOBODY_THERE;
}

/* Up one step. Everybody may be asked anew there, but not at once: where the step ended early since
 * all had declined, they stay excluded at the next. */
static void step_up(struct turn *turn, struct appeal *appeal, enum step_end end)
{
    set_step(turn, appeal, appeal->class->step + 1);
    if (end != STEP_TIME_IS_OVER && end != STEP_DECLINED_TOO_OFTEN)
        return;
    forget_declined(appeal);
}

void ladder_climb(struct turn *turn, struct appeal *appeal)
{
    unsigned skipped[ARO_STEPS_MAX];
    size_t skipped_count = 0;

    ladder_lower(turn, appeal);
    enum step_end first = !is_last_step(appeal) && is_worn_out(appeal) ? STEP_DECLINED_TOO_OFTEN
                                                                       : step_end(turn, appeal);
    for (enum step_end end = first; end != STEP_GOES_ON; end = step_end(turn, appeal)) {
        if (end == STEP_NOBODY_THERE)
            skipped[skipped_count++] = appeal->class->step;
        step_up(turn, appeal, end);
    }
    if (first != STEP_GOES_ON)
        announce_escalated(turn, appeal, skipped_count, skipped, step_end_names[first]);
}
