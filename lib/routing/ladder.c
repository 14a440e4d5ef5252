#include "routing/ladder.h"

#include "routing/agent_choice.h"
#include "routing/agent_class.h"
#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/independence.h"
#include "routing/router_state.h"

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

    details_unpack(appeal->details, &arena, &view);
    view.retry_at = retry_after(turn, appeal);
    if (independence_bar_of(appeal, agent_id) == DETAILS_BAR_NONE) {
        const char **list = arena_new_array(&arena, view.declined_count + 1, sizeof *list);
        if (view.declined_count)
            memcpy(list, view.declined, view.declined_count * sizeof *list);
        list[view.declined_count++] = agent_id;
        view.declined = list;
    }
    appeal_set_details(appeal, &view);
    arena_done(&arena);
}

static bool is_last_step(const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    return !terms || appeal->class->step >= terms->step_count;
}

/* Agents who might take it at this step, whatever their status and room. */
static uint64_t left_count(const struct why *why)
{
    uint64_t left = why->pool;
    for (unsigned i = 0; i <= FILTER_DECLINED; i++)
        left -= why->by_filter[i];
    return left;
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
        if (left_count(&why) == 0) {
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

static bool is_on_shift_before(const struct agent *agent, struct aro_instant now,
                               struct aro_instant end)
{
    for (size_t i = 0; i < agent->shift_count; i++) {
        if (agent->shifts[i].start.ms < end.ms && agent->shifts[i].end.ms > now.ms)
            return true;
    }
    return false;
}

/* Somebody who is available, or will be on shift before the step ends. Whoever declined at this
 * step could have filled it; so that they are not asked again at once, a step up. */
static bool can_be_filled(struct turn *turn, struct appeal *appeal)
{
    struct aro_instant end = ladder_step_end(appeal);
    const struct agent *agent;
    struct why why;

    if (declined_count(appeal) > 0)
        return true;
    choice_count(turn->router, appeal, &why);
    uint64_t left = left_count(&why);
    if (left > why.by_filter[FILTER_STATUS])
        return true;
    for (size_t i = 0; left > 0 && i < appeal->class->candidate_count; i++) {
        LIST_FOREACH(agent, &appeal->class->candidates[i].agents->members, of_class)
        {
            if (is_on_shift_before(agent, turn->now, end) &&
                independence_bar(turn->router, appeal, agent) == DETAILS_BAR_NONE)
                return true;
        }
    }
    return false;
}

static void set_step(struct turn *turn, struct appeal *appeal, unsigned step)
{
    const struct appeal_class *class = appeal->class;

    turn_touch_appeal(turn, appeal);
    appeal_set_class(turn->router, appeal, class->queue, class->market, class->language_count,
                     class->languages, step);
}

void ladder_lower(struct turn *turn, struct appeal *appeal)
{
    size_t last = appeal->class->queue->terms->step_count;
    if (appeal->class->step > last)
        set_step(turn, appeal, (unsigned)last);
}

/* Up one step, where everybody may be asked anew. */
static void step_up(struct turn *turn, struct appeal *appeal)
{
    set_step(turn, appeal, appeal->class->step + 1);
    forget_declined(appeal);
}

/* Too many declined it at this step: it need not wait for the step's end. */
static bool is_worn_out(const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    return terms->makes_offers && declined_count(appeal) >= terms->offer.declines_max;
}

void ladder_climb(struct turn *turn, struct appeal *appeal)
{
    int64_t age = appeal_age(appeal, turn->now).ms;
    unsigned start, skipped[ARO_STEPS_MAX];
    size_t skipped_count = 0;

    ladder_lower(turn, appeal);
    start = appeal->class->step;
    for (bool is_over = is_worn_out(appeal); !is_last_step(appeal); is_over = false) {
        is_over |= age >= step_lasts(appeal);
        if (!is_over && can_be_filled(turn, appeal))
            break;
        if (!is_over)
            skipped[skipped_count++] = appeal->class->step;
        step_up(turn, appeal);
    }
    if (appeal->class->step > start)
        announce_escalated(turn, appeal, skipped_count, skipped);
}
