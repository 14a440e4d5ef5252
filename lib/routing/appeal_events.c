#include "routing/events.h"

#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/assignment.h"
#include "routing/ladder.h"
#include "routing/launch.h"
#include "routing/route.h"
#include "routing/router_state.h"

#include "support/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- submitted --- */

/* @list without repeats of @known or @first. */
static size_t add_new_ids(const char **list, size_t count, const char *first, size_t more_count,
                          const char *const *more)
{
    for (size_t i = 0; i < more_count; i++) {
        bool is_known = first && strcmp(first, more[i]) == 0;
        for (size_t j = 0; j < count && !is_known; j++)
            is_known = strcmp(list[j], more[i]) == 0;
        if (!is_known)
            list[count++] = more[i];
    }
    return count;
}

static struct details *details_of_event(const struct aro_event *event)
{
    const char *excluded[ARO_EXCLUDE_MAX];
    struct details_view view = {
        .decided_by = event->decided_by,
        .excluded_count =
            add_new_ids(excluded, 0, event->decided_by, event->exclude_count, event->exclude),
        .excluded = excluded,
        .subject_type = event->subject_type,
        .subject_id = event->subject_id,
        .policy = event->decision_policy,
        .deadline = event->deadline,
        .attribute_count = event->attribute_count,
        .attributes = event->attributes,
        .traceparent = event->traceparent,
        .tracestate = event->tracestate,
    };
    return details_pack(&view);
}

static void set_source(struct aro_router *router, struct appeal *appeal,
                       const struct aro_source *source)
{
    static const char *const names[] = {
        [ARO_SOURCE_TIMER] = "timer", [ARO_SOURCE_CONTROL] = "control"
    };
    bool is_record = source->kind == ARO_SOURCE_RECORD;

    appeal->source_topic =
        names_hold(&router->names, is_record ? source->topic : names[source->kind]);
    appeal->source_partition = is_record ? source->partition : -1;
    appeal->source_offset = is_record ? source->offset : 0;
}

static void appeal_submit(struct turn *turn, const struct aro_event *event)
{
    struct aro_router *router = turn->router;
    struct appeal *appeal = appeal_new(event->appeal_id);
    struct routing routing;

    appeal->tier = event->tier;
    appeal->effort = (uint8_t)event->effort;
    appeal->event_priority = (uint8_t)event->priority;
    appeal->reason = names_hold(&router->names, event->reason);
    appeal->submitted_at =
        aro_instant_is_never(event->submitted_at) ? turn->now : event->submitted_at;
    appeal->clock = turn->now.ms;
    appeal->details = details_of_event(event);
    appeal->arrival = ++router->arrival_last;
    set_source(router, appeal, turn->source);
    appeal_register(router, appeal);
    turn_touch_new_appeal(turn, appeal);
    route_submitted(router, appeal, event, &routing);
    turn_touch_queue(turn, appeal->class->queue);
    appeal->is_market_paused = market_is_paused(appeal->class->market_state);
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
    bool has_new_languages;
};

static void update_exclude(struct update *update, const struct aro_event *event)
{
    struct details_view *view = &update->view;
    size_t old_count = view->excluded_count;
    const char **list =
        arena_new_array(&update->arena, old_count + event->exclude_count, sizeof *list);

    if (old_count)
        memcpy(list, view->excluded, old_count * sizeof *list);
    view->excluded_count =
        add_new_ids(list, old_count, view->decided_by, event->exclude_count, event->exclude);
    view->excluded = list;
    update->is_changed |= view->excluded_count > old_count;
}

/* Whoever is excluded for good need not be remembered as having declined. */
static void update_declined(struct update *update)
{
    struct details_view *view = &update->view;
    const char **list = arena_new_array(&update->arena, view->declined_count, sizeof *list);
    size_t count = 0;

    for (size_t i = 0; i < view->declined_count; i++) {
        bool is_excluded = false;
        for (size_t j = 0; j < view->excluded_count && !is_excluded; j++)
            is_excluded = strcmp(view->declined[i], view->excluded[j]) == 0;
        if (!is_excluded)
            list[count++] = view->declined[i];
    }
    view->declined = list;
    view->declined_count = count;
}

static bool attribute_equals(const struct aro_attribute *a, const struct aro_attribute *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == ARO_ATTRIBUTE_NUMBER)
        return a->number == b->number;
    if (a->kind == ARO_ATTRIBUTE_BOOL)
        return a->boolean == b->boolean;
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
        while (old < view->attribute_count && strcmp(view->attributes[old].name, added->name) < 0)
            merged[count++] = view->attributes[old++];
        if (old < view->attribute_count && strcmp(view->attributes[old].name, added->name) == 0)
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

static void update_work_out(struct update *update, const struct appeal *appeal,
                            const struct aro_event *event)
{
    const struct appeal_class *class = appeal->class;

    details_unpack(appeal->details, &update->arena, &update->view);
    if (event->has & ARO_HAS_EXCLUDE)
        update_exclude(update, event);
    update_declined(update);
    if (event->has & ARO_HAS_ATTRIBUTES)
        update_attributes(update, event);
    if (event->has & ARO_HAS_DEADLINE) {
        update->is_changed |= update->view.deadline.ms != event->deadline.ms;
        update->view.deadline = event->deadline;
    }
    if (event->has & ARO_HAS_REASON)
        update->is_changed |= !text_equals(appeal->reason, event->reason);
    if (event->has & ARO_HAS_LANGUAGES)
        update->has_new_languages = event->language_count != class->language_count ||
                                    memcmp(event->languages, class->languages,
                                           class->language_count * sizeof *class->languages) != 0;
    update->is_changed |= update->has_new_languages;
}

static void update_apply(struct turn *turn, struct appeal *appeal, const struct update *update,
                         const struct aro_event *event)
{
    struct aro_router *router = turn->router;
    struct details *details = details_pack(&update->view);

    free(appeal->details);
    appeal->details = details;
    if (event->has & ARO_HAS_REASON) {
        names_set(&router->names, &appeal->reason, event->reason);
    }
}

/* Those that wait are routed anew; those in somebody's hands only change. */
static void update_follow(struct turn *turn, struct appeal *appeal, const struct update *update,
                          const struct aro_event *event)
{
    struct language_list languages = { event->language_count, event->languages };
    struct agent *agent = appeal_agent(appeal);

    if (appeal->state == APPEAL_WAITING) {
        appeal_reroute(turn, appeal, update->has_new_languages ? &languages : NULL, "updated");
        appeal_enter(turn, appeal);
        return;
    }
    if (update->has_new_languages)
        appeal_set_class(turn->router, appeal, appeal->class->queue, appeal->class->market,
                         languages.count, languages.languages, appeal->class->step);
    if (agent && details_bar_of(appeal->details, agent->id) == DETAILS_BAR_INDEPENDENCE) {
        announce_revoked(turn, appeal, "independence");
        appeal_take_back(turn, appeal);
    }
}

static void appeal_update(struct turn *turn, struct appeal *appeal, const struct aro_event *event)
{
    struct update update = { 0 };
    bool changes_hold = (event->has & ARO_HAS_ON_HOLD) != 0 && event->on_hold != appeal->is_on_hold;

    update_work_out(&update, appeal, event);
    if (!update.is_changed && !changes_hold) {
        announce_ignored(turn, event, "repeat", appeal, appeal->epoch);
    } else {
        turn_touch_appeal(turn, appeal);
        if (update.is_changed) {
            update_apply(turn, appeal, &update, event);
            update_follow(turn, appeal, &update, event);
        }
        if (changes_hold && event->on_hold && appeal->state == APPEAL_OFFERED) {
            announce_revoked(turn, appeal, "on_hold");
            appeal_take_back(turn, appeal);
        }
        if (changes_hold)
            appeal_set_hold(turn, appeal, event->on_hold);
    }
    arena_done(&update.arena);
}

/* --- the end of an appeal --- */

static void appeal_withdraw(struct turn *turn, struct appeal *appeal, const struct aro_event *event)
{
    (void)event;
    turn_touch_appeal(turn, appeal);
    if (appeal_is_given_out(appeal))
        announce_revoked(turn, appeal, "withdrawn");
    appeal_close(turn, appeal, NULL);
}

static void appeal_decide(struct turn *turn, struct appeal *appeal, const struct aro_event *event)
{
    if ((event->has & ARO_HAS_EPOCH) && event->epoch != appeal->epoch) {
        announce_ignored(turn, event, "stale", appeal, appeal->epoch);
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
        announce_ignored(turn, event, "stale", appeal, appeal->epoch);
}

static void appeal_accept_again(struct turn *turn, struct appeal *appeal,
                                const struct aro_event *event)
{
    announce_ignored(turn, event, is_of_holder(appeal, event) ? "repeat" : "stale", appeal,
                     appeal->epoch);
}

static void appeal_return(struct turn *turn, struct appeal *appeal, const struct aro_event *event)
{
    struct agent *agent = appeal_agent(appeal);

    if (!is_of_holder(appeal, event)) {
        announce_ignored(turn, event, "stale", appeal, appeal->epoch);
        return;
    }
    turn_touch_appeal(turn, appeal);
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

/* Every event of an appeal in every state: waiting, offered, assigned, delivered, closed. */
static const struct cell cells[ARO_EVENT_TYPE_COUNT][APPEAL_STATE_COUNT] = {
    [ARO_APPEAL_SUBMITTED] = { NO("repeat"), NO("repeat"), NO("repeat"), NO("repeat"),
                               NO("repeat") },
    [ARO_APPEAL_UPDATED] = { DO(appeal_update), DO(appeal_update), DO(appeal_update),
                             DO(appeal_update), NO("closed") },
    [ARO_APPEAL_WITHDRAWN] = { DO(appeal_withdraw), DO(appeal_withdraw), DO(appeal_withdraw),
                               DO(appeal_withdraw), NO("closed") },
    [ARO_ASSIGNMENT_ACCEPTED] = { NO("stale"), DO(appeal_take_offer), DO(appeal_accept_again),
                                  NO("stale"), NO("stale") },
    [ARO_ASSIGNMENT_DECLINED] = { NO("stale"), DO(appeal_return), DO(appeal_return),
                                  DO(appeal_return), NO("stale") },
    [ARO_ASSIGNMENT_RETURNED] = { NO("stale"), DO(appeal_return), DO(appeal_return),
                                  DO(appeal_return), NO("stale") },
    [ARO_APPEAL_DECIDED] = { DO(appeal_decide), DO(appeal_decide), DO(appeal_decide),
                             DO(appeal_decide), NO("closed") },
};

static void apply_to_known(struct turn *turn, enum appeal_state state, struct appeal *appeal,
                           uint32_t epoch, const struct aro_event *event)
{
    const struct cell *cell = &cells[event->type][state];

    assert(cell->handle || cell->ignored);
    if (cell->handle)
        cell->handle(turn, appeal, event);
    else
        announce_ignored(turn, event, cell->ignored, appeal, epoch);
}

void appeal_event_apply(struct turn *turn, const struct aro_event *event)
{
    struct aro_router *router = turn->router;
    struct appeal *appeal = table_find(&router->appeals, event->appeal_id);
    const struct remembered *remembered =
        appeal ? NULL : table_find(&router->remembered, event->appeal_id);

    if (appeal)
        apply_to_known(turn, (enum appeal_state)appeal->state, appeal, appeal->epoch, event);
    else if (remembered)
        apply_to_known(turn, APPEAL_CLOSED, NULL, remembered->epoch, event);
    else if (event->type == ARO_APPEAL_SUBMITTED && launch_is_draft(router, event->market))
        announce_ignored(turn, event, "market_draft", NULL, 0);
    else if (event->type == ARO_APPEAL_SUBMITTED)
        appeal_submit(turn, event);
    else
        announce_ignored(turn, event, "unknown", NULL, 0);
}
