#include "routing/ledger_record.h"

#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/filter.h"
#include "routing/past.h"
#include "routing/router_state.h"

#include "codec/json_writer.h"

#include <aro/ledger.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static struct json_writer open_record(struct buffer *buffer)
{
    struct json_writer writer = { .buffer = buffer };
    buffer_clear(buffer);
    json_open_object(&writer, NULL);
    json_add_integer(&writer, "v", ARO_LEDGER_VERSION);
    return writer;
}

static inline void add_text(struct json_writer *writer, const char *name, const char *text)
{
    if (text)
        json_add_text(writer, name, text);
}

static inline void add_ms(struct json_writer *writer, const char *name, struct aro_instant at)
{
    if (!aro_instant_is_never(at))
        json_add_integer(writer, name, at.ms);
}

static inline void add_unless(struct json_writer *writer, const char *name, int64_t value,
                              int64_t usual)
{
    if (value != usual)
        json_add_integer(writer, name, value);
}

static inline void add_flag(struct json_writer *writer, const char *name, bool flag)
{
    if (flag)
        json_add_bool(writer, name, true);
}

static void add_texts(struct json_writer *writer, const char *name, size_t count,
                      const char *const *texts)
{
    json_open_list(writer, name);
    for (size_t i = 0; i < count; i++)
        json_add_text(writer, NULL, texts[i]);
    json_close_list(writer);
}

/* --- appeals --- */

static void add_attribute(struct json_writer *writer, const struct aro_attribute *attribute)
{
    json_add_name(writer, attribute->name.text);
    switch (attribute->kind) {
    case ARO_ATTRIBUTE_TEXT: json_add_text(writer, NULL, attribute->text.text); return;
    case ARO_ATTRIBUTE_NUMBER: json_add_number(writer, NULL, attribute->number); return;
    case ARO_ATTRIBUTE_BOOL: json_add_bool(writer, NULL, attribute->boolean); return;
    case ARO_ATTRIBUTE_LIST:
        add_texts(writer, NULL, attribute->text_count, attribute->texts);
        return;
    }
}

/* What the record says of an appeal, and what its fields only lead to. */
struct kept_appeal {
    const struct appeal *appeal;
    const char *class; /* the members that all of its class have */
    size_t class_length;
    const char *agent_id; /* NULL where absent, as are the next */
    const char *reason, *rule, *rulebook, *source;
    const char *subject_type, *subject_id;
};

/* Borrows all of it. */
static struct kept_appeal look_at_appeal(const struct aro_router *router,
                                         const struct appeal *appeal)
{
    const struct names *names = &router->names;
    const struct agent *agent = appeal_agent(appeal);
    const struct subject *subject = appeal->subject;

    return (struct kept_appeal){
        .appeal = appeal,
        .class = appeal->class->record.data,
        .class_length = appeal->class->record.length,
        .agent_id = agent ? agent->id : NULL,
        .reason = names_text(names, appeal->reason),
        .rule = names_text(names, appeal->rule),
        .rulebook = names_text(names, appeal->rulebook),
        .source = names_text(names, appeal->source_topic),
        .subject_type = subject ? subject->type : NULL,
        .subject_id = subject ? subject_id(subject) : NULL,
    };
}

static char *keep_text(const char *text, struct arena *arena)
{
    return text ? arena_copy_text(arena, text, strlen(text)) : NULL;
}

/* The fields alone of what lies elsewhere, and what the record needs of the rest. */
static const struct appeal *keep_fields(const struct appeal *appeal, struct arena *arena)
{
    struct appeal *kept = arena_copy(arena, appeal, offsetof(struct appeal, id));

    kept->details = details_copy(appeal->details, arena);
    if (appeal_is_given_out(appeal)) {
        kept->held = arena_copy(arena, appeal->held, sizeof *appeal->held);
        kept->held->topic = keep_text(appeal->held->topic, arena);
        kept->held->why = keep_text(appeal->held->why, arena);
    }
    return kept;
}

const struct kept_appeal *ledger_keep_appeal(const struct aro_router *router,
                                             const struct appeal *appeal, struct arena *arena)
{
    struct kept_appeal kept = look_at_appeal(router, appeal);

    kept.appeal = keep_fields(appeal, arena);
    kept.class = arena_copy_text(arena, kept.class, kept.class_length);
    kept.agent_id = keep_text(kept.agent_id, arena);
    kept.reason = keep_text(kept.reason, arena);
    kept.rule = keep_text(kept.rule, arena);
    kept.rulebook = keep_text(kept.rulebook, arena);
    kept.source = keep_text(kept.source, arena);
    kept.subject_type = keep_text(kept.subject_type, arena);
    kept.subject_id = keep_text(kept.subject_id, arena);
    return arena_copy(arena, &kept, sizeof kept);
}

/* Who was not known when their name came is a name alone. */
static void add_person(struct json_writer *writer, const char *name, const struct person *person)
{
    if (!person->is_known && (name || !person->has_decided)) {
        json_add_text(writer, name, person->id);
        return;
    }
    json_open_object(writer, name);
    json_add_text(writer, "id", person->id);
    add_flag(writer, "decided", person->has_decided);
    add_flag(writer, "known", person->is_known);
    add_text(writer, "team", person->team);
    add_text(writer, "site", person->site);
    add_text(writer, "lead", person->lead);
    json_close_object(writer);
}

static void add_excluded(struct json_writer *writer, const struct details_view *view)
{
    json_open_list(writer, "exclude");
    for (size_t i = 0; i < view->excluded_count; i++)
        add_person(writer, NULL, &view->excluded[i]);
    json_close_list(writer);
}

static void add_details(struct json_writer *writer, const struct details *details)
{
    struct arena arena = { 0 };
    struct details_view view;

    if (details_size(details) == 0)
        return;
    details_unpack(details, &arena, &view);
    if (view.decided_by.id)
        add_person(writer, "decided_by", &view.decided_by);
    if (view.excluded_count)
        add_excluded(writer, &view);
    if (view.declined_count)
        add_texts(writer, "declined", view.declined_count, view.declined);
    add_text(writer, "policy", view.policy);
    add_ms(writer, "event_deadline", view.deadline);
    add_ms(writer, "joined_deadline", view.joined_deadline);
    add_text(writer, "traceparent", view.traceparent);
    add_text(writer, "tracestate", view.tracestate);
    if (view.attribute_count) {
        json_open_object(writer, "attributes");
        for (size_t i = 0; i < view.attribute_count; i++)
            add_attribute(writer, &view.attributes[i]);
        json_close_object(writer);
    }
    arena_done(&arena);
}

static void add_holder(struct json_writer *writer, const struct appeal *appeal,
                       const char *agent_id)
{
    if (!appeal_is_given_out(appeal))
        return;
    add_text(writer, "agent_id", agent_id);
    if (agent_id)
        add_flag(writer, "given_overdue", appeal->is_given_overdue);
    json_add_text(writer, "language", appeal->held->language->tag);
    add_text(writer, "topic", appeal->held->topic);
    if (appeal->state == APPEAL_ASSIGNED)
        add_ms(writer, "assigned_at", appeal->held->assigned_at);
    if (appeal->state != APPEAL_OFFERED)
        return;
    add_ms(writer, "offer_expires_at", appeal->held->offer_expires_at);
    json_add_text(writer, "why", appeal->held->why);
}

void ledger_write_appeal_class(struct appeal_class *class)
{
    struct json_writer writer = { .buffer = &class->record };

    json_add_text(&writer, "queue", class->queue->name);
    json_add_text(&writer, "market", class->market);
    class->place_length = class->record.length;
    json_open_list(&writer, "languages");
    for (size_t i = 0; i < class->language_count; i++)
        json_add_text(&writer, NULL, class->languages[i]->tag);
    json_close_list(&writer);
    add_unless(&writer, "step", class->step, 1);
}

static void add_source(struct json_writer *writer, const struct appeal *appeal, const char *source)
{
    json_add_text(writer, "source", source);
    if (appeal->source_partition < 0)
        return;
    json_add_integer(writer, "source_partition", appeal->source_partition);
    json_add_integer(writer, "source_offset", appeal->source_offset);
}

static void add_past(struct json_writer *writer, const struct details *details)
{
    if (!past_is_known(details))
        return;
    add_unless(writer, "past_left_out", (int64_t)past_left_out(details), 0);
    json_open_list(writer, "past");
    past_write(details, writer->buffer);
    json_close_list(writer);
}

void ledger_write_appeal(const struct aro_router *router, const struct appeal *appeal,
                         struct buffer *buffer)
{
    const struct kept_appeal looked_at = look_at_appeal(router, appeal);
    ledger_write_kept_appeal(&looked_at, buffer);
}

void ledger_write_kept_appeal(const struct kept_appeal *kept, struct buffer *buffer)
{
    const struct appeal *appeal = kept->appeal;
    struct json_writer writer = open_record(buffer);

    json_add_text(&writer, "state", appeal_state_name((enum appeal_state)appeal->state));
    json_add_members(&writer, kept->class, kept->class_length);
    add_unless(&writer, "epoch", appeal->epoch, 0);
    add_holder(&writer, appeal, kept->agent_id);
    add_unless(&writer, "effort", appeal->effort, 1);
    add_unless(&writer, "tier", appeal->tier, 1);
    add_unless(&writer, "priority", appeal->priority, 0);
    add_unless(&writer, "event_priority", appeal->event_priority, 0);
    add_text(&writer, "reason", kept->reason);
    json_add_text(&writer, "rule", kept->rule);
    json_add_text(&writer, "rulebook", kept->rulebook);
    json_add_integer(&writer, "arrival", (int64_t)appeal->arrival);
    add_ms(&writer, "submitted_at", appeal->submitted_at);
    add_ms(&writer, "deadline", appeal->deadline);
    json_add_integer(&writer, "clock", appeal->clock);
    add_ms(&writer, "latest_start", appeal->latest_start);
    add_ms(&writer, "retry_at", appeal_retry_at(appeal));
    add_flag(&writer, "overdue", appeal->is_overdue);
    add_flag(&writer, "withdrawn", appeal->has_withdrawn);
    add_flag(&writer, "on_hold", appeal->is_on_hold);
    add_flag(&writer, "market_paused", appeal->is_market_paused);
    add_flag(&writer, "announced", appeal->is_announced);
    add_flag(&writer, "held_announced", appeal->is_held_announced);
    add_source(&writer, appeal, kept->source);
    add_unless(&writer, "outputs", appeal->output_count, 0);
    add_text(&writer, "subject_type", kept->subject_type);
    add_text(&writer, "subject_id", kept->subject_id);
    add_details(&writer, appeal->details);
    add_text(&writer, "waits_for", filter_name((enum filter)appeal->waits_for));
    add_past(&writer, appeal->details);
    json_close_object(&writer);
}

void ledger_write_appellant(const struct appellant *appellant, struct buffer *buffer)
{
    struct json_writer writer = open_record(buffer);
    const char *traceparent, *tracestate;

    details_trace(appellant->trace, &traceparent, &tracestate);
    json_add_text(&writer, "state", appeal_state_name(APPEAL_MERGED));
    json_add_text(&writer, "lead", appellant->review->lead);
    json_add_integer(&writer, "arrival", (int64_t)appellant->arrival);
    add_text(&writer, "traceparent", traceparent);
    add_text(&writer, "tracestate", tracestate);
    add_past(&writer, appellant->trace);
    json_close_object(&writer);
}

/* --- subjects --- */

void ledger_write_subject(const struct subject *subject, struct buffer *buffer)
{
    struct json_writer writer = open_record(buffer);

    json_open_list(&writer, "deciders");
    for (size_t i = 0; i < subject->decider_count; i++) {
        const struct decider *decider = &subject->deciders[i];
        json_open_object(&writer, NULL);
        json_add_text(&writer, "agent_id", decider->agent_id);
        json_add_integer(&writer, "at", decider->at.ms);
        add_text(&writer, "team", decider->team);
        add_text(&writer, "site", decider->site);
        add_text(&writer, "lead", decider->lead);
        json_close_object(&writer);
    }
    json_close_list(&writer);
    json_close_object(&writer);
}

void ledger_write_remembered(const struct aro_router *router, const struct remembered *remembered,
                             struct buffer *buffer)
{
    struct json_writer writer = open_record(buffer);

    json_add_text(&writer, "state", appeal_state_name(APPEAL_CLOSED));
    json_add_integer(&writer, "closed_at",
                     timers_due(&router->remembered_timers, &remembered->timer).ms);
    add_unless(&writer, "epoch", remembered->epoch, 0);
    if (remembered->is_withdrawn)
        json_add_bool(&writer, "withdrawn", true);
    else
        json_add_text(&writer, "outcome", aro_outcome_name((enum aro_outcome)remembered->outcome));
    add_past(&writer, remembered->details);
    json_close_object(&writer);
}

/* --- agents --- */

static void add_languages(struct json_writer *writer, const struct agent_profile *profile)
{
    json_open_list(writer, "languages");
    for (size_t i = 0; i < profile->language_count; i++) {
        if (profile->languages[i].level == ARO_LEVEL_MAX) {
            json_add_text(writer, NULL, profile->languages[i].language->tag);
            continue;
        }
        json_open_object(writer, NULL);
        json_add_text(writer, "tag", profile->languages[i].language->tag);
        json_add_integer(writer, "level", profile->languages[i].level);
        json_close_object(writer);
    }
    json_close_list(writer);
}

void ledger_write_agent_class(struct agent_class *class)
{
    const struct agent_profile *profile = &class->profile;
    struct json_writer writer = { .buffer = &class->record };

    json_add_integer(&writer, "capacity", profile->capacity);
    add_languages(&writer, profile);
    if (profile->has_all_markets)
        add_texts(&writer, "markets", 1, (const char *const[]){ "*" });
    else
        add_texts(&writer, "markets", profile->market_count, profile->markets);
    if (!profile->has_all_queues)
        add_texts(&writer, "queues", profile->queue_count, profile->queues);
    if (profile->skill_count) {
        json_open_object(&writer, "skills");
        for (size_t i = 0; i < profile->skill_count; i++) {
            json_add_name(&writer, profile->skills[i].name);
            json_add_integer(&writer, NULL, profile->skills[i].level);
        }
        json_close_object(&writer);
    }
}

void ledger_write_agent(const struct aro_router *router, const struct agent *agent,
                        struct buffer *buffer)
{
    struct json_writer writer = open_record(buffer);

    json_add_text(&writer, "status", aro_agent_status_name((enum aro_agent_status)agent->status));
    json_add_members(&writer, agent->class->record.data, agent->class->record.length);
    add_text(&writer, "team", agent->team);
    add_text(&writer, "site", agent->site);
    add_text(&writer, "lead", agent->lead);
    add_text(&writer, "time_zone", agent->time_zone);
    if (agent->shift_count) {
        json_open_list(&writer, "shifts");
        for (size_t i = 0; i < agent->shift_count; i++) {
            json_add_integer(&writer, NULL, agent->shifts[i].start.ms);
            json_add_integer(&writer, NULL, agent->shifts[i].end.ms);
        }
        json_close_list(&writer);
    }
    add_flag(&writer, "off_shift", agent->is_off_shift);
    add_ms(&writer, "shift_due", timers_due(&router->shift_timers, &agent->shift_timer));
    json_add_integer(&writer, "idle_since", agent->idle_since.ms);
    add_ms(&writer, "away_since", agent->away_since);
    add_unless(&writer, "misses", agent->misses, 0);
    json_close_object(&writer);
}

void ledger_write_queue(const struct queue *queue, struct buffer *buffer)
{
    struct json_writer writer = open_record(buffer);

    json_open_list(&writer, "handling");
    for (size_t i = 0; i < queue->handling.count; i++)
        json_add_integer(&writer, NULL, queue->handling.spans_ms[i]);
    json_close_list(&writer);
    add_text(&writer, "served_last", queue->served_last ? queue->served_last->id : NULL);
    add_flag(&writer, "shut", queue->is_shut);
    json_close_object(&writer);
}

/* --- jobs --- */

void ledger_write_market(const struct market *market, struct buffer *buffer)
{
    struct json_writer writer = open_record(buffer);

    add_flag(&writer, "paused", market->is_paused_by_operator);
    if (market->is_paused_by_rulebook)
        json_add_text(&writer, "launch", LEDGER_LAUNCH_PAUSED);
    if (market->job != MARKET_JOB_NONE) {
        json_add_text(&writer, "job", market_job_name(market->job));
        json_add_integer(&writer, "cursor", (int64_t)market->cursor);
    }
    json_close_object(&writer);
}

void ledger_write_reroute(const struct reroute *reroute, struct buffer *buffer)
{
    struct json_writer writer = open_record(buffer);

    json_add_text(&writer, "job", LEDGER_JOB_REROUTE);
    json_add_integer(&writer, "cursor", (int64_t)reroute->cursor);
    add_text(&writer, "market", reroute->market);
    add_text(&writer, "queue", reroute->queue);
    json_close_object(&writer);
}

void ledger_write_rulebook(const struct aro_router *router, struct buffer *buffer)
{
    struct json_writer writer = open_record(buffer);

    json_add_text(&writer, "name", router->recorded_name);
    json_add_text(&writer, "sha256", router->recorded_sha256);
    if (router->reload.stage != RELOAD_NONE) {
        json_add_text(&writer, "stage", reload_stage_name(router->reload.stage));
        json_add_integer(&writer, "cursor", (int64_t)router->reload.cursor);
    }
    json_close_object(&writer);
}

/* --- all of them --- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct dump {
    struct buffer line, record;
    struct gathered lines; /* malloc'd */
};

static void dump_add(struct dump *dump, const char *kind, const char *id)
{
    buffer_clear(&dump->line);
    buffer_add_format(&dump->line, "%s%s ", kind, id);
    buffer_add(&dump->line, dump->record.data, dump->record.length);
    gathered_add(&dump->lines, buffer_take(&dump->line));
}

void ledger_dump(const struct aro_router *router, struct buffer *buffer)
{
    struct dump dump = { 0 };
    size_t position = 0;

    for (struct appeal *appeal; (appeal = table_next(&router->appeals, &position)) != NULL;) {
        ledger_write_appeal(router, appeal, &dump.record);
        dump_add(&dump, "appeal:", appeal->id);
    }
    position = 0;
    for (struct remembered *remembered;
         (remembered = table_next(&router->remembered, &position)) != NULL;) {
        ledger_write_remembered(router, remembered, &dump.record);
        dump_add(&dump, "appeal:", remembered->id);
    }
    position = 0;
    for (struct appellant *appellant;
         (appellant = table_next(&router->appellants, &position)) != NULL;) {
        ledger_write_appellant(appellant, &dump.record);
        dump_add(&dump, "appeal:", appellant->id);
    }
    position = 0;
    for (struct subject *subject; (subject = table_next(&router->subjects, &position)) != NULL;) {
        if (subject->decider_count == 0)
            continue;
        ledger_write_subject(subject, &dump.record);
        dump_add(&dump, "subject:", subject->key);
    }
    position = 0;
    for (struct agent *agent; (agent = table_next(&router->agents, &position)) != NULL;) {
        if (!agent_is_known(agent))
            continue;
        ledger_write_agent(router, agent, &dump.record);
        dump_add(&dump, "agent:", agent->id);
    }
    position = 0;
    for (struct queue *queue; (queue = table_next(&router->queues, &position)) != NULL;) {
        if (!queue_has_record(queue))
            continue;
        ledger_write_queue(queue, &dump.record);
        dump_add(&dump, "queue:", queue->name);
    }
    position = 0;
    for (struct market *market; (market = table_next(&router->markets, &position)) != NULL;) {
        if (!market_has_record(market))
            continue;
        ledger_write_market(market, &dump.record);
        dump_add(&dump, "market:", market->name);
    }
    if (router->reroute.is_under_way) {
        ledger_write_reroute(&router->reroute, &dump.record);
        dump_add(&dump, "market:", "*");
    }
    gathered_sort(&dump.lines, compare_lines);
    buffer_clear(buffer);
    if (router->recorded_name) {
        ledger_write_rulebook(router, &dump.record);
        buffer_add_format(buffer, "rulebook %s\n", dump.record.data);
    }
    for (size_t i = 0; i < dump.lines.count; i++) {
        buffer_add_format(buffer, "%s\n", (char *)dump.lines.items[i]);
        free(dump.lines.items[i]);
    }
    buffer_add_format(buffer, "arrival %llu\n", (unsigned long long)router->arrival_last);
    free(dump.lines.items);
    buffer_done(&dump.line);
    buffer_done(&dump.record);
}
