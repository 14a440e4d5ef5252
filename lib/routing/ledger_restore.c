/* Ledger records back into the router, in any order: an appeal may come before its agent, who is
 * then only a name until their own record comes. */
#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/assignment.h"
#include "routing/events.h"
#include "routing/filter.h"
#include "routing/ledger_record.h"
#include "routing/past.h"
#include "routing/router_state.h"

#include "support/arena.h"
#include "support/memory.h"

#include <aro/ledger.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A record being read. What is wrong with it is noted once and asked for at the end, so that the
 * reading itself is a plain list of members. */
struct reading {
    const json_t *record;
    struct arena arena;
    struct aro_languages *languages;
    const char *wrong; /* the first member that is not as it should be */
};

static void reading_fail(struct reading *reading, const char *member)
{
    if (!reading->wrong)
        reading->wrong = member;
}

static const char *read_text(struct reading *reading, const char *member)
{
    const json_t *value = json_object_get(reading->record, member);
    if (value && !json_is_string(value))
        reading_fail(reading, member);
    return json_string_value(value);
}

static const char *read_needed_text(struct reading *reading, const char *member)
{
    const char *text = read_text(reading, member);
    if (!text)
        reading_fail(reading, member);
    return text ? text : "";
}

static int64_t read_integer(struct reading *reading, const char *member, int64_t least,
                            int64_t greatest, int64_t usual)
{
    const json_t *value = json_object_get(reading->record, member);
    if (!value)
        return usual;
    int64_t integer = json_integer_value(value);
    if (!json_is_integer(value) || integer < least || integer > greatest) {
        reading_fail(reading, member);
        return usual;
    }
    return integer;
}

static struct aro_instant read_instant(struct reading *reading, const char *member)
{
    return (struct aro_instant){ read_integer(reading, member, INT64_MIN, INT64_MAX, INT64_MAX) };
}

static bool read_flag(struct reading *reading, const char *member)
{
    const json_t *value = json_object_get(reading->record, member);
    if (value && !json_is_boolean(value))
        reading_fail(reading, member);
    return json_is_true(value);
}

static size_t read_texts(struct reading *reading, const json_t *list, const char *member,
                         const char *const **ret)
{
    size_t count = json_array_size(list);
    const char **texts = arena_new_array(&reading->arena, count, sizeof *texts);

    for (size_t i = 0; i < count; i++) {
        texts[i] = json_string_value(json_array_get(list, i));
        if (!texts[i]) {
            reading_fail(reading, member);
            texts[i] = "";
        }
    }
    *ret = texts;
    return count;
}

static const struct aro_language *read_language(struct reading *reading, const char *tag,
                                                const char *member)
{
    const struct aro_language *language = NULL;
    struct aro_error error;
    if (!tag || aro_languages_intern(reading->languages, tag, &language, &error) < 0)
        reading_fail(reading, member);
    return language;
}

/* --- appeals --- */

static void read_attribute(struct reading *reading, const char *name, const json_t *value,
                           struct aro_attribute *ret)
{
    *ret = (struct aro_attribute){ .name = aro_text_of(name) };
    if (json_is_boolean(value)) {
        ret->kind = ARO_ATTRIBUTE_BOOL;
        ret->boolean = json_is_true(value);
    } else if (json_is_number(value)) {
        ret->kind = ARO_ATTRIBUTE_NUMBER;
        ret->number = json_number_value(value);
    } else if (json_is_array(value)) {
        ret->kind = ARO_ATTRIBUTE_LIST;
        ret->text_count = read_texts(reading, value, "attributes", &ret->texts);
    } else if (json_is_string(value)) {
        ret->kind = ARO_ATTRIBUTE_TEXT;
        ret->text = aro_text_of_bytes(json_string_value(value), json_string_length(value));
    } else {
        reading_fail(reading, "attributes");
    }
}

static void read_attributes(struct reading *reading, struct details_view *view)
{
    json_t *object = json_object_get(reading->record, "attributes");
    struct aro_attribute *attributes =
        arena_new_array(&reading->arena, json_object_size(object), sizeof *attributes);
    const char *name;
    json_t *value;
    size_t count = 0;

    json_object_foreach(object, name, value)
        read_attribute(reading, name, value, &attributes[count++]);
    aro_attributes_sort(attributes, count);
    view->attributes = attributes;
    view->attribute_count = count;
}

static const char *text_of(struct reading *reading, const json_t *object, const char *name,
                           const char *member)
{
    const json_t *value = json_object_get(object, name);
    if (value && !json_is_string(value))
        reading_fail(reading, member);
    return json_string_value(value);
}

/* @value, of @member, is a name, or an object with more. */
static struct person read_person(struct reading *reading, const json_t *value, const char *member)
{
    struct person person = { .id = json_string_value(value) };

    if (json_is_object(value))
        person = (struct person){
            .id = text_of(reading, value, "id", member),
            .has_decided = json_is_true(json_object_get(value, "decided")),
            .is_known = json_is_true(json_object_get(value, "known")),
            .team = text_of(reading, value, "team", member),
            .site = text_of(reading, value, "site", member),
            .lead = text_of(reading, value, "lead", member),
        };
    if (!person.id)
        reading_fail(reading, member);
    return person;
}

static void read_persons(struct reading *reading, struct details_view *view)
{
    const json_t *decided_by = json_object_get(reading->record, "decided_by");
    const json_t *list = json_object_get(reading->record, "exclude");
    size_t count = json_array_size(list);
    struct person *excluded = arena_new_array(&reading->arena, count, sizeof *excluded);

    if (decided_by) {
        view->decided_by = read_person(reading, decided_by, "decided_by");
        view->decided_by.has_decided = true;
    }
    for (size_t i = 0; i < count; i++)
        excluded[i] = read_person(reading, json_array_get(list, i), "exclude");
    view->excluded = excluded;
    view->excluded_count = count;
}

static struct details *read_details(struct reading *reading)
{
    struct details_view view = {
        .policy = read_text(reading, "policy"),
        .deadline = read_instant(reading, "event_deadline"),
        .joined_deadline = read_instant(reading, "joined_deadline"),
        .retry_at = read_instant(reading, "retry_at"),
        .traceparent = read_text(reading, "traceparent"),
        .tracestate = read_text(reading, "tracestate"),
    };
    read_persons(reading, &view);
    view.declined_count = read_texts(reading, json_object_get(reading->record, "declined"),
                                     "declined", &view.declined);
    read_attributes(reading, &view);
    return reading->wrong ? NULL : details_pack(&view);
}

/* @value, a member of a move besides its kind and time. */
static void read_past_member(struct reading *reading, const char *name, const json_t *value,
                             struct past_move *ret)
{
    size_t i = 0;

    while (i < PAST_MEMBER_COUNT && strcmp(past_members[i].name, name) != 0)
        i++;
    if (i == PAST_MEMBER_COUNT)
        reading_fail(reading, "past");
    else if (past_members[i].form == PAST_TEXT && json_is_string(value))
        past_set_text(ret, &past_members[i], json_string_value(value));
    else if (past_members[i].form != PAST_TEXT && json_integer_value(value) > 0)
        past_set_number(ret, &past_members[i], (uint64_t)json_integer_value(value));
    else
        reading_fail(reading, "past");
}

static struct past_move read_move(struct reading *reading, json_t *object)
{
    struct past_move move = { .kind = PAST_KIND_COUNT };
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        enum past_kind kind = past_kind_find(name);
        if (kind == PAST_KIND_COUNT) {
            read_past_member(reading, name, value, &move);
            continue;
        }
        if (move.kind != PAST_KIND_COUNT || !json_is_integer(value))
            reading_fail(reading, "past");
        move.kind = kind;
        move.at.ms = json_integer_value(value);
    }
    if (move.kind == PAST_KIND_COUNT)
        reading_fail(reading, "past");
    return move;
}

/* Into *@details, where there is one and it is well. */
static void read_past(struct reading *reading, struct details **details)
{
    const json_t *list = json_object_get(reading->record, "past");
    int64_t left_out = read_integer(reading, "past_left_out", 0, UINT32_MAX, 0);

    if (list && (json_array_size(list) == 0 || json_array_size(list) > PAST_MOVES_MAX))
        reading_fail(reading, "past");
    for (size_t i = 0; i < json_array_size(list) && !reading->wrong; i++) {
        struct past_move move = read_move(reading, json_array_get(list, i));
        if (!reading->wrong)
            past_add(details, &move, PAST_MOVES_MAX);
    }
    if (past_is_known(*details))
        past_set_left_out(*details, (uint64_t)left_out);
}

/* What has to be looked up in the router, which is done once all is known to be well. */
struct appeal_links {
    const char *queue, *market, *agent_id, *topic;
    const char *subject_type, *subject_id; /* both or neither */
    const struct aro_language *language;
    size_t language_count;
    const struct aro_language *languages[ARO_LANGUAGES_MAX];
    unsigned step;
    struct aro_instant offer_expires_at, assigned_at;
    const char *why;
};

static void read_links(struct reading *reading, enum appeal_state state, struct appeal_links *ret)
{
    const json_t *languages = json_object_get(reading->record, "languages");
    bool is_given_out = state != APPEAL_WAITING;

    *ret = (struct appeal_links){
        .queue = read_needed_text(reading, "queue"),
        .market = read_needed_text(reading, "market"),
        .agent_id = read_text(reading, "agent_id"),
        .topic = read_text(reading, "topic"),
        .subject_type = read_text(reading, "subject_type"),
        .subject_id = read_text(reading, "subject_id"),
        .language_count = json_array_size(languages),
        .step = (unsigned)read_integer(reading, "step", 1, UINT8_MAX, 1),
        .offer_expires_at = read_instant(reading, "offer_expires_at"),
        .assigned_at = read_instant(reading, "assigned_at"),
        .why = read_text(reading, "why"),
    };
    if (ret->language_count < 1 || ret->language_count > ARO_LANGUAGES_MAX) {
        reading_fail(reading, "languages");
        ret->language_count = 0;
    }
    for (size_t i = 0; i < ret->language_count; i++)
        ret->languages[i] =
            read_language(reading, json_string_value(json_array_get(languages, i)), "languages");
    if (is_given_out)
        ret->language = read_language(reading, read_text(reading, "language"), "language");
    if ((state == APPEAL_OFFERED || state == APPEAL_ASSIGNED) != (ret->agent_id != NULL))
        reading_fail(reading, "agent_id");
    if ((ret->subject_type != NULL) != (ret->subject_id != NULL))
        reading_fail(reading, "subject_id");
    if (state == APPEAL_OFFERED && !ret->why)
        reading_fail(reading, "why");
}

static void read_numbers(struct reading *reading, struct appeal *appeal)
{
    appeal->epoch = (uint32_t)read_integer(reading, "epoch", 0, UINT32_MAX, 0);
    appeal->effort = (uint8_t)read_integer(reading, "effort", 1, ARO_EFFORT_MAX, 1);
    appeal->tier = (uint32_t)read_integer(reading, "tier", 0, UINT32_MAX, 1);
    appeal->priority = (uint8_t)read_integer(reading, "priority", 0, ARO_PRIORITY_MAX, 0);
    appeal->event_priority =
        (uint8_t)read_integer(reading, "event_priority", 0, ARO_PRIORITY_MAX, 0);
    appeal->arrival = (uint64_t)read_integer(reading, "arrival", 0, INT64_MAX, 0);
    appeal->submitted_at = read_instant(reading, "submitted_at");
    appeal->deadline = read_instant(reading, "deadline");
    appeal->clock = read_integer(reading, "clock", INT64_MIN, INT64_MAX, 0);
    appeal->source_partition = (int32_t)read_integer(reading, "source_partition", 0, INT32_MAX, -1);
    appeal->source_offset = read_integer(reading, "source_offset", 0, INT64_MAX, 0);
    appeal->output_count = (uint32_t)read_integer(reading, "outputs", 0, UINT32_MAX, 0);
    appeal->latest_start = read_instant(reading, "latest_start");
    appeal->is_overdue = read_flag(reading, "overdue");
    appeal->has_withdrawn = read_flag(reading, "withdrawn");
    appeal->is_given_overdue = read_flag(reading, "given_overdue");
    appeal->is_on_hold = read_flag(reading, "on_hold");
    appeal->is_market_paused = read_flag(reading, "market_paused");
    appeal->is_announced = read_flag(reading, "announced");
    appeal->is_held_announced = read_flag(reading, "held_announced");
}

static uint8_t read_waits_for(struct reading *reading)
{
    const char *name = read_text(reading, "waits_for");
    enum filter filter = name ? filter_find(name) : FILTER_NONE;

    if (name && filter == FILTER_NONE)
        reading_fail(reading, "waits_for");
    return (uint8_t)filter;
}

static void read_names(struct reading *reading, struct names *names, struct appeal *appeal)
{
    appeal->reason = names_hold_number(names, read_text(reading, "reason"));
    appeal->rule = names_hold_number(names, read_needed_text(reading, "rule"));
    appeal->rulebook = names_hold_number(names, read_needed_text(reading, "rulebook"));
    appeal->source_topic = names_hold_number(names, read_needed_text(reading, "source"));
}

static void drop_remembered(struct aro_router *router, const char *id)
{
    struct remembered *remembered = table_remove(&router->remembered, id);
    if (!remembered)
        return;
    timers_remove(&router->remembered_timers, &remembered->timer);
    remembered_free(remembered);
}

static void drop_appeal(struct aro_router *router, const char *id)
{
    struct appeal *appeal = table_find(&router->appeals, id);
    if (!appeal)
        return;
    appeal_unregister(router, appeal);
    struct agent *agent = appeal_agent(appeal);
    appeal_detach(router, appeal);
    appeal_free(router, appeal);
    if (agent)
        agent_forget_unknown(router, agent);
}

static void drop_appellant(struct aro_router *router, const char *id)
{
    struct appellant *appellant = table_find(&router->appellants, id);
    if (appellant)
        appellant_remove(router, appellant);
}

/* Whatever is known under @id. */
static void forget_appeal(struct aro_router *router, const char *id)
{
    drop_appeal(router, id);
    drop_appellant(router, id);
    drop_remembered(router, id);
}

static void appeal_link(struct aro_router *router, struct appeal *appeal,
                        const struct appeal_links *links)
{
    appeal_set_class(router, appeal, queue_get(router, links->queue), links->market,
                     links->language_count, links->languages, links->step);
    if (appeal_is_given_out(appeal)) {
        appeal->held = memory_new(sizeof *appeal->held);
        appeal->held->agent = links->agent_id ? agent_get(router, links->agent_id) : NULL;
        appeal->held->language = links->language;
        appeal->held->topic = names_hold(&router->names, links->topic);
        if (appeal->state == APPEAL_OFFERED)
            appeal->held->offer_expires_at = links->offer_expires_at;
        else
            appeal->held->assigned_at = links->assigned_at;
        appeal->held->why = memory_copy_text(links->why);
    }
    appeal_register(router, appeal);
    if (links->subject_type)
        appeal->subject = subject_get(router, links->subject_type, links->subject_id);
    subject_add_appeal(appeal);
    appeal_attach(router, appeal);
    appeal_timer_set(router, appeal);
    if (appeal->state == APPEAL_WAITING && !appeal_is_held(appeal) &&
        !appeal_is_synthetic(appeal)) {
        line_add(router, appeal);
        appeal_class_link_later(router, appeal->class);
    }
}

/* An arrival is never another's. */
static void check_arrival(const struct aro_router *router, const struct appeal *appeal,
                          struct reading *reading)
{
    const struct appeal *other = number_tree_first(&router->by_arrival, appeal->arrival);
    if (other && other->arrival == appeal->arrival && strcmp(other->id, appeal->id) != 0)
        reading_fail(reading, "arrival");
}

static void restore_open(struct aro_router *router, const char *id, enum appeal_state state,
                         struct reading *reading)
{
    struct appeal *appeal = appeal_new(id);
    struct appeal_links links;

    appeal->state = (uint8_t)state;
    read_numbers(reading, appeal);
    read_names(reading, &router->names, appeal);
    read_links(reading, state, &links);
    appeal->details = read_details(reading);
    appeal->is_retry_set = !aro_instant_is_never(details_retry_at(appeal->details));
    appeal->waits_for = read_waits_for(reading);
    read_past(reading, &appeal->details);
    check_arrival(router, appeal, reading);
    if (reading->wrong) {
        appeal_free(router, appeal);
        return;
    }
    forget_appeal(router, id);
    appeal_link(router, appeal, &links);
}

static uint8_t read_outcome(struct reading *reading)
{
    const char *name = read_needed_text(reading, "outcome");
    for (unsigned outcome = ARO_UPHELD; outcome <= ARO_INVALID; outcome++) {
        if (strcmp(aro_outcome_name((enum aro_outcome)outcome), name) == 0)
            return (uint8_t)outcome;
    }
    reading_fail(reading, "outcome");
    return 0;
}

static void restore_remembered(struct aro_router *router, const char *id, struct reading *reading)
{
    struct aro_instant closed_at = read_instant(reading, "closed_at");
    bool is_withdrawn = read_flag(reading, "withdrawn");
    uint8_t outcome = is_withdrawn ? 0 : read_outcome(reading);
    uint32_t epoch = (uint32_t)read_integer(reading, "epoch", 0, UINT32_MAX, 0);

    struct details *past = NULL;

    read_past(reading, &past);
    if (aro_instant_is_never(closed_at))
        reading_fail(reading, "closed_at");
    if (reading->wrong) {
        free(past);
        return;
    }
    forget_appeal(router, id);
    struct remembered *remembered = remembered_new(id);
    remembered->epoch = epoch;
    remembered->is_withdrawn = is_withdrawn;
    remembered->outcome = outcome;
    remembered->details = past;
    table_add(&router->remembered, remembered);
    timers_set(&router->remembered_timers, &remembered->timer, closed_at);
}

static void restore_appellant(struct aro_router *router, const char *id, struct reading *reading)
{
    const char *lead = read_needed_text(reading, "lead");
    uint64_t arrival = (uint64_t)read_integer(reading, "arrival", 0, INT64_MAX, 0);
    const char *traceparent = read_text(reading, "traceparent");
    const char *tracestate = read_text(reading, "tracestate");
    struct details *details = details_pack_trace(traceparent, tracestate);

    read_past(reading, &details);
    if (reading->wrong) {
        free(details);
        return;
    }
    forget_appeal(router, id);
    appellant_add(router, id, lead, arrival, details);
}

static void restore_appeal(struct aro_router *router, const char *id, struct reading *reading)
{
    enum appeal_state state = appeal_state_find(read_needed_text(reading, "state"));

    if (state == APPEAL_STATE_COUNT)
        reading_fail(reading, "state");
    else if (state == APPEAL_CLOSED)
        restore_remembered(router, id, reading);
    else if (state == APPEAL_MERGED)
        restore_appellant(router, id, reading);
    else
        restore_open(router, id, state, reading);
}

/* --- agents --- */

static void read_agent_languages(struct reading *reading, struct aro_event *event)
{
    const json_t *list = json_object_get(reading->record, "languages");
    size_t count = json_array_size(list);
    struct aro_language_level *levels = arena_new_array(&reading->arena, count, sizeof *levels);

    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        const json_t *tag = json_is_object(item) ? json_object_get(item, "tag") : item;
        const json_t *level = json_object_get(item, "level");
        levels[i].language = read_language(reading, json_string_value(tag), "languages");
        levels[i].level = level ? (unsigned)json_integer_value(level) : ARO_LEVEL_MAX;
        if (levels[i].level < 1 || levels[i].level > ARO_LEVEL_MAX)
            reading_fail(reading, "languages");
    }
    event->agent_languages = levels;
    event->agent_language_count = count;
}

static void read_skills(struct reading *reading, struct aro_event *event)
{
    json_t *object = json_object_get(reading->record, "skills");
    struct aro_skill *skills =
        arena_new_array(&reading->arena, json_object_size(object), sizeof *skills);
    const char *name;
    json_t *level;
    size_t count = 0;

    json_object_foreach(object, name, level)
    {
        skills[count++] =
            (struct aro_skill){ .name = name, .level = (unsigned)json_integer_value(level) };
        if (!json_is_integer(level))
            reading_fail(reading, "skills");
    }
    event->skills = skills;
    event->skill_count = count;
}

static void read_shifts(struct reading *reading, struct aro_event *event)
{
    const json_t *list = json_object_get(reading->record, "shifts");
    size_t count = json_array_size(list) / 2;
    struct aro_shift *shifts = arena_new_array(&reading->arena, count, sizeof *shifts);

    for (size_t i = 0; i < count; i++) {
        shifts[i].start.ms = json_integer_value(json_array_get(list, 2 * i));
        shifts[i].end.ms = json_integer_value(json_array_get(list, 2 * i + 1));
    }
    event->shifts = shifts;
    event->shift_count = count;
}

static void read_status(struct reading *reading, struct aro_event *event)
{
    const char *name = read_needed_text(reading, "status");
    for (unsigned status = ARO_AGENT_AVAILABLE; status <= ARO_AGENT_AWAY; status++) {
        if (strcmp(aro_agent_status_name((enum aro_agent_status)status), name) == 0) {
            event->status = (enum aro_agent_status)status;
            return;
        }
    }
    reading_fail(reading, "status");
}

static void read_agent(struct reading *reading, struct aro_event *event)
{
    const json_t *markets = json_object_get(reading->record, "markets");
    const json_t *queues = json_object_get(reading->record, "queues");

    *event = (struct aro_event){
        .capacity = (unsigned)read_integer(reading, "capacity", 0, ARO_CAPACITY_MAX, 0),
        .team = read_text(reading, "team"),
        .site = read_text(reading, "site"),
        .lead = read_text(reading, "lead"),
        .time_zone = read_text(reading, "time_zone"),
    };
    read_status(reading, event);
    event->market_count = read_texts(reading, markets, "markets", &event->markets);
    event->all_markets = event->market_count == 1 && strcmp(event->markets[0], "*") == 0;
    if (queues) {
        event->has |= ARO_HAS_QUEUES;
        event->queue_count = read_texts(reading, queues, "queues", &event->queues);
    }
    read_agent_languages(reading, event);
    read_skills(reading, event);
    read_shifts(reading, event);
}

static void restore_agent(struct aro_router *router, const char *id, struct reading *reading)
{
    struct aro_event event;
    struct aro_instant idle_since = read_instant(reading, "idle_since");
    struct aro_instant away_since = read_instant(reading, "away_since");
    struct aro_instant shift_due = read_instant(reading, "shift_due");
    bool is_off_shift = read_flag(reading, "off_shift");
    uint32_t misses = (uint32_t)read_integer(reading, "misses", 0, UINT32_MAX, 0);

    read_agent(reading, &event);
    if (reading->wrong)
        return;
    struct agent *agent = agent_get(router, id);
    agent_lift(agent);
    agent->status = (uint8_t)event.status;
    agent->idle_since = idle_since;
    agent->away_since = away_since;
    agent->is_off_shift = is_off_shift;
    agent->misses = misses;
    agent->is_record_due = false;
    agent_set_calendar(agent, &event);
    agent_set_people(router, agent, &event);
    agent_set_class(router, agent, agent_class_of_event(router, &event));
    timers_set(&router->shift_timers, &agent->shift_timer, shift_due);
    agent_set_timers(router, agent);
}

static void forget_agent(struct aro_router *router, const char *id)
{
    struct agent *agent = table_find(&router->agents, id);
    if (!agent)
        return;
    agent_set_class(router, agent, NULL);
    agent->is_record_due = false;
    agent_forget_unknown(router, agent);
}

/* --- queues --- */

static void read_handling(struct reading *reading, struct handling *ret)
{
    const json_t *list = json_object_get(reading->record, "handling");
    json_t *span;
    size_t i;

    *ret = (struct handling){ 0 };
    json_array_foreach((json_t *)(uintptr_t)list, i, span)
    {
        if (!json_is_integer(span) || json_integer_value(span) < 0)
            reading_fail(reading, "handling");
        handling_add(ret, (struct aro_span){ json_integer_value(span) });
    }
}

static void restore_queue(struct aro_router *router, const char *name, struct reading *reading)
{
    const char *served_last = read_text(reading, "served_last");
    bool is_shut = read_flag(reading, "shut");
    struct handling handling;

    read_handling(reading, &handling);
    if (reading->wrong)
        return;
    struct queue *queue = queue_get(router, name);
    queue->is_shut = is_shut;
    queue->handling = handling;
    queue_set_served_last(queue, served_last);
    queue->is_record_due = false;
}

static void forget_queue(struct aro_router *router, const char *name)
{
    struct queue *queue = queue_find(router, name);

    if (queue)
        queue_forget(queue);
}

/* --- markets --- */

static void restore_reroute(struct aro_router *router, struct reading *reading)
{
    const char *job = read_needed_text(reading, "job");
    const char *market = read_text(reading, "market"), *queue = read_text(reading, "queue");
    uint64_t cursor = (uint64_t)read_integer(reading, "cursor", 0, INT64_MAX, 0);

    if (strcmp(job, LEDGER_JOB_REROUTE) != 0)
        reading_fail(reading, "job");
    if (!reading->wrong)
        reroute_restore(&router->reroute, true, market, queue, cursor);
}

static void restore_market(struct aro_router *router, const char *id, struct reading *reading)
{
    if (strcmp(id, "*") == 0) {
        restore_reroute(router, reading);
        return;
    }
    const char *launch = read_text(reading, "launch"), *job = read_text(reading, "job");
    const struct market state = {
        .is_paused_by_operator = read_flag(reading, "paused"),
        .is_paused_by_rulebook = launch != NULL,
        .job = job ? market_job_find(job) : MARKET_JOB_NONE,
        .cursor = (uint64_t)read_integer(reading, "cursor", 0, INT64_MAX, 0),
    };
    if (launch && strcmp(launch, LEDGER_LAUNCH_PAUSED) != 0)
        reading_fail(reading, "launch");
    if (state.job == MARKET_JOB_COUNT)
        reading_fail(reading, "job");
    if (!reading->wrong)
        market_restore(router, market_get(router, id), &state);
}

static void forget_market(struct aro_router *router, const char *id)
{
    const struct market nothing = { 0 };
    if (strcmp(id, "*") == 0)
        reroute_restore(&router->reroute, false, NULL, NULL, 0);
    else
        market_restore(router, market_get(router, id), &nothing);
}

/* --- subjects --- */

/* The subject of a key "TYPE:ID"; NULL, with nothing made, where it is none. */
static struct subject *subject_of_key(struct aro_router *router, const char *key)
{
    const char *colon = strchr(key, ':');
    char type[ARO_ID_LENGTH_MAX + 1];

    if (!colon || (size_t)(colon - key) >= sizeof type)
        return NULL;
    memcpy(type, key, (size_t)(colon - key));
    type[colon - key] = '\0';
    return subject_get(router, type, colon + 1);
}

static void forget_subject(struct aro_router *router, const char *id)
{
    struct subject *subject = table_find(&router->subjects, id);
    if (!subject)
        return;
    subject_forget_deciders(router, subject, ARO_INSTANT_NEVER);
    subject_release(router, subject);
}

struct read_decider {
    struct person person;
    struct aro_instant at;
};

static size_t read_deciders(struct reading *reading, struct read_decider **ret)
{
    const json_t *list = json_object_get(reading->record, "deciders");
    size_t count = json_array_size(list);
    struct read_decider *deciders = arena_new_array(&reading->arena, count, sizeof *deciders);

    if (count == 0)
        reading_fail(reading, "deciders");
    for (size_t i = 0; i < count; i++) {
        const json_t *object = json_array_get(list, i);
        deciders[i].person = (struct person){
            .id = text_of(reading, object, "agent_id", "deciders"),
            .team = text_of(reading, object, "team", "deciders"),
            .site = text_of(reading, object, "site", "deciders"),
            .lead = text_of(reading, object, "lead", "deciders"),
        };
        deciders[i].at.ms = json_integer_value(json_object_get(object, "at"));
        if (!deciders[i].person.id || !json_is_integer(json_object_get(object, "at")))
            reading_fail(reading, "deciders");
    }
    *ret = deciders;
    return count;
}

static void restore_subject(struct aro_router *router, const char *id, struct reading *reading)
{
    struct read_decider *deciders;
    size_t count = read_deciders(reading, &deciders);

    if (reading->wrong)
        return;
    struct subject *subject = subject_of_key(router, id);
    if (!subject) {
        reading_fail(reading, "key");
        return;
    }
    subject_forget_deciders(router, subject, ARO_INSTANT_NEVER);
    for (size_t i = 0; i < count; i++)
        subject_add_decider(router, subject, &deciders[i].person, deciders[i].at);
}

/* --- the rulebook's record --- */

static void set_recorded(struct aro_router *router, const char *name, const char *sha256)
{
    free(router->recorded_name);
    free(router->recorded_sha256);
    router->recorded_name = memory_copy_text(name);
    router->recorded_sha256 = memory_copy_text(sha256);
}

static void restore_rulebook(struct aro_router *router, const char *id, struct reading *reading)
{
    const char *name = read_needed_text(reading, "name");
    const char *sha256 = read_needed_text(reading, "sha256");
    const char *stage_name = read_text(reading, "stage");
    enum reload_stage stage = stage_name ? reload_stage_find(stage_name) : RELOAD_NONE;
    uint64_t cursor = (uint64_t)read_integer(reading, "cursor", 0, INT64_MAX, 0);

    (void)id;
    if (stage == RELOAD_STAGE_COUNT)
        reading_fail(reading, "stage");
    if (reading->wrong)
        return;
    set_recorded(router, name, sha256);
    reload_restore(router, stage, cursor);
}

static void forget_rulebook(struct aro_router *router, const char *id)
{
    (void)id;
    set_recorded(router, NULL, NULL);
    reload_restore(router, RELOAD_NONE, 0);
}

/* --- the way in --- */

/* What a key begins with, or is. */
static const struct {
    const char *prefix;
    void (*restore)(struct aro_router *router, const char *id, struct reading *reading);
    void (*forget)(struct aro_router *router, const char *id);
} kinds[] = {
    { "appeal:", restore_appeal, forget_appeal },
    { "agent:", restore_agent, forget_agent },
    { "queue:", restore_queue, forget_queue },
    { "market:", restore_market, forget_market },
    { "subject:", restore_subject, forget_subject },
    { "rulebook", restore_rulebook, forget_rulebook },
};

static int restore_record(struct aro_router *router, size_t kind, const char *key,
                          const json_t *record, struct aro_error *reterr)
{
    struct reading reading = { .record = record, .languages = router->languages };
    json_int_t version = json_integer_value(json_object_get(record, "v"));
    int r = 0;

    if (version != ARO_LEDGER_VERSION)
        return aro_error_set(reterr, -EINVAL,
                             "ledger record '%s' is of format version %lld, which is not known",
                             key, (long long)version);
    kinds[kind].restore(router, key + strlen(kinds[kind].prefix), &reading);
    if (reading.wrong)
        r = aro_error_set(reterr, -EINVAL, "ledger record '%s' has a wrong '%s'", key,
                          reading.wrong);
    arena_done(&reading.arena);
    return r;
}

static int restore_value(struct aro_router *router, size_t kind, const char *key, const char *value,
                         size_t length, struct aro_error *reterr)
{
    json_error_t error;
    json_t *record = json_loadb(value, length, JSON_REJECT_DUPLICATES, &error);
    if (!record)
        return aro_error_set(reterr, -EINVAL, "ledger record '%s' is not JSON: %s", key,
                             error.text);
    int r = restore_record(router, kind, key, record, reterr);
    json_decref(record);
    return r;
}

int aro_router_restore(struct aro_router *router, const char *key, const char *value,
                       size_t value_length, struct aro_error *reterr)
{
    size_t kind = 0, kind_count = sizeof kinds / sizeof *kinds;

    while (kind < kind_count && strncmp(key, kinds[kind].prefix, strlen(kinds[kind].prefix)) != 0)
        kind++;
    if (kind == kind_count)
        return aro_error_set(reterr, -EINVAL, "ledger key '%s' is of no known kind", key);
    if (value)
        return restore_value(router, kind, key, value, value_length, reterr);
    kinds[kind].forget(router, key + strlen(kinds[kind].prefix));
    return 0;
}
