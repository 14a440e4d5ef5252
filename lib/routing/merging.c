#include "routing/merging.h"

#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/appeal_past.h"
#include "routing/assignment.h"
#include "routing/exclusion.h"
#include "routing/independence.h"
#include "routing/route.h"
#include "routing/router_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- joining --- */

static struct aro_instant earlier(struct aro_instant a, struct aro_instant b)
{
    return a.ms < b.ms ? a : b;
}

void appeal_revoke_if_barred(struct turn *turn, struct appeal *appeal)
{
    struct agent *agent = appeal_agent(appeal);

    if (agent && independence_bar(turn->router, appeal, agent) == DETAILS_BAR_INDEPENDENCE)
        appeal_revoke(turn, appeal, "independence");
}

static void enter_anew(struct turn *turn, struct appeal *appeal)
{
    if (!appeal->is_in_line)
        return;
    turn_touch_appeal(turn, appeal); /* its latest start may be worked out now */
    line_remove(appeal);
    appeal_enter(turn, appeal);
}

/* What @event brings to the review of @lead: whom it excludes, and an earlier deadline. Gives
 * whether that is anything new. */
static bool review_take(struct turn *turn, struct appeal *lead, const struct aro_event *event,
                        struct aro_instant deadline)
{
    struct arena arena = { 0 };
    struct details_view view;

    details_unpack(lead->details, &arena, &view);
    bool has_new_exclusions = exclusions_add(turn->router, &arena, &view, event);
    bool is_earlier = deadline.ms < view.joined_deadline.ms;
    view.joined_deadline = earlier(deadline, view.joined_deadline);
    if (has_new_exclusions || is_earlier) {
        turn_touch_appeal(turn, lead);
        turn_touch_queue(turn, lead->class->queue);
        enter_anew(turn, lead);
        appeal_set_deadline(lead, earlier(lead->deadline, view.joined_deadline));
        appeal_set_details(lead, &view);
        appeal_note(turn, lead,
                    (struct past_move){ .kind = PAST_JOINED, .appeal_id = event->appeal_id });
    }
    if (has_new_exclusions)
        appeal_revoke_if_barred(turn, lead);
    arena_done(&arena);
    return has_new_exclusions || is_earlier;
}

static struct appeal *lead_for(struct aro_router *router, const struct aro_event *event)
{
    if (!event->subject_type)
        return NULL;
    const struct subject *subject = subject_find(router, event->subject_type, event->subject_id);
    struct appeal *lead = subject ? subject_find_lead(subject, event->tier) : NULL;
    bool has_room = lead && review_appellant_count(router, lead->id) < APPELLANTS_MAX &&
                    exclusions_have_room(lead, event);
    return has_room ? lead : NULL;
}

bool appeal_join(struct turn *turn, const struct aro_event *event)
{
    struct aro_router *router = turn->router;
    struct appeal *lead = lead_for(router, event);

    if (!lead)
        return false;
    struct appellant *appellant =
        appellant_add(router, event->appeal_id, lead->id, ++router->arrival_last,
                      details_pack_trace(event->traceparent, event->tracestate));
    turn_touch_new_appellant(turn, appellant);
    announce_merged(turn, appellant);
    review_take(turn, lead, event, route_deadline(router, event, turn->now));
    return true;
}

/* --- what becomes of those that joined --- */

/* It excludes more people, or brings an earlier deadline; the rest is the lead's to say. */
void appellant_update(struct turn *turn, struct appeal *lead, const struct aro_event *event)
{
    const struct appellant *appellant = table_find(&turn->router->appellants, event->appeal_id);
    struct aro_instant deadline =
        event->has & ARO_HAS_DEADLINE ? event->deadline : ARO_INSTANT_NEVER;

    if (!review_take(turn, lead, event, deadline))
        announce_ignored(turn, event, "merged", appellant->trace, 0);
}

void appellant_withdraw(struct turn *turn, struct appeal *lead, const struct aro_event *event)
{
    struct appellant *appellant = table_find(&turn->router->appellants, event->appeal_id);

    if (lead->has_withdrawn && appellant->review->count == 1) {
        appeal_withdraw(turn, lead);
        return;
    }
    turn_touch_appellant(turn, appellant);
    announce_appellant_closed(turn, appellant, lead, NULL);
    remember_appellant(turn, appellant, lead->epoch, NULL);
}

void lead_withdraw(struct turn *turn, struct appeal *lead)
{
    turn_touch_appeal(turn, lead);
    announce_closed(turn, lead, NULL);
    lead->has_withdrawn = true;
    appeal_set_hold(turn, lead, false); /* which nobody could end any more */
}

/* --- who decided --- */

/* In the order of their arrival. */
static struct gathered open_appeals_of(const struct subject *subject)
{
    struct gathered open = { 0 };
    struct appeal *appeal;

    SLIST_FOREACH(appeal, &subject->appeals, of_subject)
    {
        gathered_add(&open, appeal);
    }
    gathered_sort(&open, appeal_compare_arrivals);
    return open;
}

static void add_deciders(struct turn *turn, struct appeal *appeal, const char *agent_id)
{
    struct aro_router *router = turn->router;
    struct person person;

    for (size_t position = 0; details_next_person(appeal->details, &position, &person);) {
        if (person.has_decided && !person.is_known)
            person = person_of(router, person.id, true);
        if (person.has_decided)
            subject_add_decider(router, appeal->subject, &person, turn->now);
    }
    if (agent_id) {
        person = person_of(router, agent_id, true);
        subject_add_decider(router, appeal->subject, &person, turn->now);
    }
}

void subject_note_decision(struct turn *turn, struct appeal *appeal,
                           const struct aro_event *decision)
{
    struct subject *subject = appeal->subject;
    const struct agent *holder = appeal_agent(appeal);
    const char *agent_id = decision->has & ARO_HAS_AGENT_ID ? decision->agent_id
                           : holder                         ? holder->id
                                                            : NULL;
    if (!subject)
        return;
    turn_touch_subject(turn, subject);
    add_deciders(turn, appeal, agent_id);
    turn_write_subject(turn, subject);

    struct gathered open = open_appeals_of(subject);
    for (size_t i = 0; i < open.count; i++) {
        if (open.items[i] != appeal)
            appeal_revoke_if_barred(turn, open.items[i]);
    }
    free(open.items);
}

void subject_forget_due(struct turn *turn, struct subject *subject, struct aro_instant until)
{
    turn_touch_subject(turn, subject);
    subject_forget_deciders(turn->router, subject, until);
    turn_write_subject(turn, subject);

    struct gathered open = open_appeals_of(subject);
    for (size_t i = 0; i < open.count; i++)
        enter_anew(turn, open.items[i]);
    free(open.items);
    subject_release(turn->router, subject);
}
