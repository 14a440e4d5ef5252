#include "routing/events.h"

#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/appeal_past.h"
#include "routing/assignment.h"
#include "routing/exclusion.h"
#include "routing/independence.h"
#include "routing/ladder.h"
#include "routing/launch.h"
#include "routing/merging.h"
#include "routing/route.h"
#include "routing/router_state.h"

#include "support/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- submitted --- */

static struct details *details_of_event(const struct aro_router *router,
                                        const struct aro_event *event)
{
    struct arena arena = { 0 };
    struct details_view view = {
        .decided_by = person_of(router, event->decided_by, true),
        .policy = event->decision_policy,
        .deadline = event->deadline,
        .joined_deadline = ARO_INSTANT_NEVER,
        .retry_at = ARO_INSTANT_NEVER,
        .attribute_count = event->attribute_count,
        .attributes = event->attributes,
        .traceparent = event->traceparent,
        .tracestate = event->tracestate,
    };
    exclusions_add(router, &arena, &view, event);
    struct details *details = details_pack(&view);
    arena_done(&arena);
    return details;
}

static void set_source(struct aro_router *router, struct appeal *appeal,
                       const struct aro_source *source)
{
    static const char *const names[] = {
        [ARO_SOURCE_TIMER] = "timer", [ARO_SOURCE_CONTROL] = "control"
    };
    bool is_record = source->kind == ARO_SOURCE_RECORD;

    appeal->source_topic =
        names_hold_number(&router->names, is_record ? source->topic : names[source->kind]);
    appeal->source_partition = is_record ? source->partition : -1;
    appeal->source_offset = is_record ? source->offset : 0;
}

static void appeal_submit(struct turn *turn, const struct aro_event *event)
{
    struct aro_router *router = turn->router;
    struct routing routing;

    if (appeal_join(turn, event))
        return;
    struct appeal *appeal = appeal_new(event->appeal_id);
    appeal->tier = event->tier;
    appeal->effort = (uint8_t)event->effort;
    appeal->event_priority = (uint8_t)event->priority;
    appeal->reason = names_hold_number(&router->names, event->reason);
    appeal->submitted_at =
        aro_instant_is_never(event->submitted_at) ? turn->now : event->submitted_at;
    appeal->clock = turn->now.ms;
    appeal->details = details_of_event(router, event);
    appeal->arrival = ++router->arrival_last;
    set_source(router, appeal, turn->source);
    appeal_register(router, appeal);
    if (event->subject_type)
        appeal->subject = subject_get(router, event->subject_type, event->subject_id);
    subject_add_appeal(appeal);
    turn_touch_new_appeal(turn, appeal);
    route_submitted(router, appeal, event, &routing);
    turn_touch_queue(turn, appeal->class->queue);
    if (market_is_paused(appeal->class->market_state)) {
        appeal_past_begin(turn, appeal);
        appeal->is_market_paused = true;
    }
    appeal_set_clock(appeal, turn->now, false);
    launch_tell_shadow(turn, appeal, &routing);
    appeal_attach(router, appeal);
    appeal_enter(turn, appeal);
}

/* --- updated --- */

/* What an update makes of the details of an appeal, in memory of its own. */
struct update {
    struct arena arena;
    struct details_view view;
    bool is_changed;
    bool has_new_exclusions, has_new_languages;
};

static bool attribute_equals(const struct aro_attribute *a, const struct aro_attribute *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == ARO_ATTRIBUTE_NUMBER)
        return a->number == b->number;
    if (a->kind == ARO_ATTRIBUTE_BOOL)
        return a->boolean == b->boolean;
    if (a->kind == ARO_ATTRIBUTE_TEXT)
        return aro_text_equals(&a->text, &b->text);
    if (a->text_count != b->text_count)
        return false;
    for (size_t i = 0; i < a->text_count; i++) {
        if (strcmp(a->texts[i], b->texts[i]) != 0)
            return false;
    }
    return true;
}

/* Both sorted by name; the new one's values win. */
static void update_attributes(struct update *update, const struct aro_event *event)
{
    struct details_view *view = &update->view;
    struct aro_attribute *merged = arena_new_array(
        &update->arena, view->attribute_count + event->attribute_count, sizeof *merged);
    size_t count = 0, old = 0;

    for (size_t i = 0; i < event->attribute_count; i++) {
        const struct aro_attribute *added = &event->attributes[i];
        while (old < view->attribute_count &&
               strcmp(view->attributes[old].name.text, added->name.text) < 0)
            merged[count++] = view->attributes[old++];
        if (old < view->attribute_count &&
            aro_text_equals(&view->attributes[old].name, &added->name))
            update->is_changed |= !attribute_equals(&view->attributes[old++], added);
        else
            update->is_changed = true;
        merged[count++] = *added;
    }
    while (old < view->attribute_count)
        merged[count++] = view->attributes[old++];
    view->attributes = merged;
    view->attribute_count = count;
}

static void update_work_out(const struct aro_router *router, struct update *update,
                            const struct appeal *appeal, const struct aro_event *event)
{
    const struct appeal_class *class = appeal->class;

    details_unpack(appeal->details, &update->arena, &update->view);
    if (event->has & ARO_HAS_EXCLUDE)
        update->has_new_exclusions = exclusions_add(router, &update->arena, &update->view, event);
    if (event->has & ARO_HAS_ATTRIBUTES)
        update_attributes(update, event);
    if (event->has & ARO_HAS_DEADLINE) {
        update->is_changed |= update->view.deadline.ms != event->deadline.ms;
        update->view.deadline = event->deadline;
    }
    if (event->has & ARO_HAS_REASON)
        update->is_changed |=
            !text_equals(names_text(&router->names, appeal->reason), event->reason);
    if (event->has & ARO_HAS_LANGUAGES)
        update->has_new_languages = event->language_count != class->language_count ||
                                    memcmp(event->languages, class->languages,
                                           class->language_count * sizeof *class->languages) != 0;
    update->is_changed |= update->has_new_exclusions || update->has_new_languages;
}

static void update_apply(struct turn *turn, struct appeal *appeal, const struct update *update,
                         const struct aro_event *event)
{
    struct aro_router *router = turn->router;

    appeal_set_details(appeal, &update->view);
    if (event->has & ARO_HAS_REASON) {
        names_set_number(&router->names, &appeal->reason, event->reason);
    }
}

/* Of one in somebody's hands. A rule that sets a deadline goes before the new one, as ever. */
static void follow_deadline(struct turn *turn, struct appeal *appeal)
{
    struct routing routing;

    route_look(turn->router, appeal, &routing);
    appeal_set_deadline(appeal, routing.deadline);
    if (appeal->deadline.ms > turn->now.ms)
        appeal->is_overdue = false; /* and will be once more when that has passed */
}

/* Those that wait are routed anew; those in somebody's hands only change. */
static void update_follow(struct turn *turn, struct appeal *appeal, const struct update *update,
                          const struct aro_event *event)
{
    struct language_list languages = { event->language_count, event->languages };

    if (appeal->state == APPEAL_WAITING) {
        appeal_reroute(turn, appeal, update->has_new_languages ? &languages : NULL, "updated");
        appeal_enter(turn, appeal);
        return;
    }
    if (update->has_new_languages)
        appeal_set_class(turn->router, appeal, appeal->class->queue, appeal->class->market,
                         languages.count, languages.languages, appeal->class->step);
    if (event->has & ARO_HAS_DEADLINE)
        follow_deadline(turn, appeal);
    if (update->has_new_exclusions)
        appeal_revoke_if_barred(turn, appeal);
}

/* What the event says, as far as an update may. */
static void note_update(struct turn *turn, struct appeal *appeal, const struct aro_event *event)
{
    static const struct {
        unsigned bit;
        const char *name;
    } members[] = {
        { ARO_HAS_LANGUAGES, "languages" },   { ARO_HAS_REASON, "reason" },
        { ARO_HAS_DEADLINE, "deadline" },     { ARO_HAS_EXCLUDE, "exclude" },
        { ARO_HAS_ATTRIBUTES, "attributes" }, { ARO_HAS_ON_HOLD, "on_hold" },
    };
    char changed[64] = "";

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!(event->has & members[i].bit))
            continue;
        if (*changed)
            strcat(changed, ", ");
        strcat(changed, members[i].name);
    }
    appeal_note(turn, appeal, (struct past_move){ .kind = PAST_UPDATED, .changed = changed });
}

static void appeal_update(struct turn *turn, struct appeal *appeal, const struct aro_event *event)
{
    struct update update = { 0 };
    bool changes_hold = (event->has & ARO_HAS_ON_HOLD) != 0 && event->on_hold != appeal->is_on_hold;

    update_work_out(turn->router, &update, appeal, event);
    if (!update.is_changed && !changes_hold) {
        announce_ignored(turn, event, "repeat", appeal->details, appeal->epoch);
    } else {
        turn_touch_appeal(turn, appeal);
        if (update.is_changed)
            update_apply(turn, appeal, &update, event);
        note_update(turn, appeal, event);
        if (update.is_changed)
            update_follow(turn, appeal, &update, event);
        if (changes_hold && event->on_hold && appeal->state == APPEAL_OFFERED)
            appeal_revoke(turn, appeal, "on_hold");
        if (changes_hold)
            appeal_set_hold(turn, appeal, event->on_hold);
    }
    arena_done(&update.arena);
}

/* --- the end of an appeal --- */

static void lead_or_all_withdraw(struct turn *turn, struct appeal *appeal,
                                 const struct aro_event *event)
{
    (void)event;
    if (review_appellant_count(turn->router, appeal->id) > 0)
        lead_withdraw(turn, appeal);
    else
        appeal_withdraw(turn, appeal);
}

static void appeal_decide(struct turn *turn, struct appeal *appeal, const struct aro_event *event)
{
    if ((event->has & ARO_HAS_EPOCH) && event->epoch != appeal->epoch) {
        announce_ignored(turn, event, "stale", appeal->details, appeal->epoch);
        return;
    }
    appeal_close(turn, appeal, event);
}

/* --- reviews --- */

/* A review counts if it is of this assignment and by whoever has it. */
static bool is_of_holder(const struct appeal *appeal, const struct aro_event *event)
{
    const struct agent *agent = appeal_agent(appeal);
    return event->epoch == appeal->epoch && (!agent || strcmp(agent->id, event->agent_id) == 0);
}

static void appeal_take_offer(struct turn *turn, struct appeal *appeal,
                              const struct aro_event *event)
{
    if (is_of_holder(appeal, event))
        appeal_accept(turn, appeal);
    else
        announce_ignored(turn, event, "stale", appeal->details, appeal->epoch);
}

static void appeal_accept_again(struct turn *turn, struct appeal *appeal,
                                const struct aro_event *event)
{
    announce_ignored(turn, event, is_of_holder(appeal, event) ? "repeat" : "stale", appeal->details,
                     appeal->epoch);
}

static void appeal_return(struct turn *turn, struct appeal *appeal, const struct aro_event *event)
{
    struct agent *agent = appeal_agent(appeal);

    if (!is_of_holder(appeal, event)) {
        announce_ignored(turn, event, "stale", appeal->details, appeal->epoch);
        return;
    }
    if (event->type == ARO_ASSIGNMENT_DECLINED && appeal->state == APPEAL_OFFERED)
        turn_note(turn, ARO_NOTE_DECLINED, appeal);
    turn_touch_appeal(turn, appeal);
    appeal_note(turn, appeal,
                (struct past_move){ .kind = event->type == ARO_ASSIGNMENT_DECLINED ? PAST_DECLINED
                                                                                   : PAST_RETURNED,
                                    .agent_id = agent ? agent->id : NULL });
    if (agent) {
        turn_touch_agent(turn, agent);
        agent->misses = 0;
        ladder_add_declined(turn, appeal, agent->id);
    }
    appeal_take_back(turn, appeal);
}

/* --- the table --- */

typedef void handler(struct turn *turn, struct appeal *appeal, const struct aro_event *event);

/* What happens: a handler, or nothing, for the reason named. */
struct cell {
    handler *handle;
    const char *ignored;
};
#define DO(handler_)                                                                               \
    {                                                                                              \
        .handle = (handler_)                                                                       \
    }
#define NO(reason_)                                                                                \
    {                                                                                              \
        .ignored = (reason_)                                                                       \
    }

/* Every event of an appeal in every state: waiting, offered, assigned, delivered, merged, closed.
 * Where it is merged, a handler gets the lead. */
static const struct cell cells[ARO_EVENT_TYPE_COUNT][APPEAL_STATE_COUNT] = {
    [ARO_APPEAL_SUBMITTED] = { NO("repeat"), NO("repeat"), NO("repeat"), NO("repeat"), NO("repeat"),
                               NO("repeat") },
    [ARO_APPEAL_UPDATED] = { DO(appeal_update), DO(appeal_update), DO(appeal_update),
                             DO(appeal_update), DO(appellant_update), NO("closed") },
    [ARO_APPEAL_WITHDRAWN] = { DO(lead_or_all_withdraw), DO(lead_or_all_withdraw),
                               DO(lead_or_all_withdraw), DO(lead_or_all_withdraw),
                               DO(appellant_withdraw), NO("closed") },
    [ARO_ASSIGNMENT_ACCEPTED] = { NO("stale"), DO(appeal_take_offer), DO(appeal_accept_again),
                                  NO("stale"), NO("merged"), NO("stale") },
    [ARO_ASSIGNMENT_DECLINED] = { NO("stale"), DO(appeal_return), DO(appeal_return),
                                  DO(appeal_return), NO("merged"), NO("stale") },
    [ARO_ASSIGNMENT_RETURNED] = { NO("stale"), DO(appeal_return), DO(appeal_return),
                                  DO(appeal_return), NO("merged"), NO("stale") },
    [ARO_APPEAL_DECIDED] = { DO(appeal_decide), DO(appeal_decide), DO(appeal_decide),
                             DO(appeal_decide), NO("merged"), NO("closed") },
};

/* What @event finds under its appeal's id. */
struct known {
    enum appeal_state state;
    struct appeal *appeal;       /* open; of a merged one the lead; NULL: closed */
    const struct details *trace; /* of its submission; none where closed */
    uint32_t epoch;
};

static bool find_known(const struct aro_router *router, const struct aro_event *event,
                       struct known *ret)
{
    struct table_key id = table_key_of(event->appeal_id);
    struct appeal *appeal = table_find_key(&router->appeals, &id);
    if (appeal) {
        *ret = (struct known){ (enum appeal_state)appeal->state, appeal, appeal->details,
                               appeal->epoch };
        return true;
    }
    const struct appellant *appellant = table_find_key(&router->appellants, &id);
    if (appellant) {
        *ret = (struct known){ APPEAL_MERGED, table_find(&router->appeals, appellant->review->lead),
                               appellant->trace, 0 };
        return true;
    }
    const struct remembered *remembered = table_find_key(&router->remembered, &id);
    if (remembered)
        *ret = (struct known){ APPEAL_CLOSED, NULL, NULL, remembered->epoch };
    return remembered;
}

/* The review goes on under its id, but it is over for the appellant. */
static bool is_over(const struct known *known, const struct aro_event *event)
{
    return known->state != APPEAL_MERGED && known->appeal && known->appeal->has_withdrawn &&
           (event->type == ARO_APPEAL_UPDATED || event->type == ARO_APPEAL_WITHDRAWN);
}

static void apply_to_known(struct turn *turn, const struct known *known,
                           const struct aro_event *event)
{
    const struct cell *cell =
        &cells[event->type][is_over(known, event) ? APPEAL_CLOSED : known->state];

    assert(cell->handle || cell->ignored);
    if (cell->handle)
        cell->handle(turn, known->appeal, event);
    else
        announce_ignored(turn, event, cell->ignored, known->trace, known->epoch);
}

/* Nothing is kept of it; its own trace goes with the answer. */
static void ignore_draft(struct turn *turn, const struct aro_event *event)
{
    struct details *trace = details_pack_trace(event->traceparent, event->tracestate);

    announce_ignored(turn, event, "market_draft", trace, 0);
    free(trace);
}

void appeal_event_apply(struct turn *turn, const struct aro_event *event)
{
    struct known known;

    if (find_known(turn->router, event, &known))
        apply_to_known(turn, &known, event);
    else if (event->type == ARO_APPEAL_SUBMITTED && launch_is_draft(turn->router, event->market))
        ignore_draft(turn, event);
    else if (event->type == ARO_APPEAL_SUBMITTED)
        appeal_submit(turn, event);
    else
        announce_ignored(turn, event, "unknown", NULL, 0);
}
