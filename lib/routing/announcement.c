#include "routing/announcement.h"

#include "codec/trace_context.h"
#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/appeal_past.h"
#include "routing/router_state.h"

/* Absent texts and times are left out. */
static inline void add_text(struct json_writer *writer, const char *name, const char *text)
{
    if (text)
        json_add_text(writer, name, text);
}

static inline void add_instant(struct json_writer *writer, const char *name, struct aro_instant at)
{
    if (!aro_instant_is_never(at))
        json_add_instant(writer, name, at);
}

/* The id in the trace that @appeal came with: why goes its way apart from headers. */
static void add_trace_id(struct json_writer *writer, const struct appeal *appeal)
{
    const char *traceparent, *tracestate;
    char id[TRACE_ID_SIZE];

    details_trace(appeal->details, &traceparent, &tracestate);
    if (traceparent)
        json_add_text(writer, "trace", trace_id(traceparent, id));
}

static void add_why(struct json_writer *writer, const char *name, const struct appeal *appeal,
                    const struct why *why, bool is_assignment)
{
    json_open_object(writer, name);
    json_add_integer(writer, "pool", (int64_t)why->pool);
    json_open_object(writer, "by_filter");
    for (unsigned i = 0; i < FILTER_COUNT; i++) {
        if (why->by_filter[i] > 0)
            json_add_integer(writer, filter_name((enum filter)i), (int64_t)why->by_filter[i]);
    }
    json_close_object(writer);
    if (is_assignment) {
        json_add_integer(writer, "step", why->step);
        add_text(writer, "criterion", why->criterion);
        add_text(writer, "runner_up", why->runner_up ? why->runner_up->id : NULL);
    }
    if (why->is_of_waiting)
        json_add_integer(writer, "eligible_at_last_step", (int64_t)why->eligible_at_last_step);
    add_trace_id(writer, appeal);
    json_close_object(writer);
}

char *why_format(const struct appeal *appeal, const struct why *why)
{
    struct buffer buffer = { 0 };
    struct json_writer writer = { .buffer = &buffer };
    add_why(&writer, NULL, appeal, why, true);
    return buffer_take(&buffer);
}

static struct json_writer open_about(struct turn *turn, const struct appeal *appeal)
{
    struct json_writer writer = turn_open_body(turn);
    json_add_text(&writer, "appeal_id", appeal->id);
    return writer;
}

static void emit_outcome(struct turn *turn, struct appeal *appeal, const char *type,
                         struct json_writer *writer)
{
    turn_emit(turn, ARO_RECORD_OUTCOME, NULL, type, appeal->id, appeal, writer);
}

/* Those merged into @appeal, as they arrived. */
static void add_appellants(const struct turn *turn, struct json_writer *writer,
                           const struct appeal *appeal)
{
    const struct review *review = review_find(turn->router, appeal->id);
    const struct appellant *appellant;

    if (!review)
        return;
    json_open_list(writer, "appellants");
    TAILQ_FOREACH(appellant, &review->appellants, of_review)
    {
        json_add_text(writer, NULL, appellant->id);
    }
    json_close_list(writer);
}

/* NULL: delivered to its queue. */
static const char *holder_id(const struct appeal *appeal)
{
    const struct agent *agent = appeal_agent(appeal);
    return agent ? agent->id : NULL;
}

/* Its queue and its market. */
static void add_place(struct json_writer *writer, const struct appeal *appeal)
{
    json_add_members(writer, appeal->class->record.data, appeal->class->place_length);
}

/* What created, offered and revoked have in common. */
static struct json_writer open_assignment(struct turn *turn, const struct appeal *appeal)
{
    struct json_writer writer = open_about(turn, appeal);

    json_add_text(&writer, "agent_id", holder_id(appeal));
    add_place(&writer, appeal);
    json_add_text(&writer, "language", appeal->held->language->tag);
    json_add_integer(&writer, "epoch", appeal->epoch);
    json_add_integer(&writer, "effort", appeal->effort);
    json_add_integer(&writer, "priority", appeal->priority);
    json_add_integer(&writer, "tier", appeal->tier);
    json_add_instant(&writer, "submitted_at", appeal->submitted_at);
    add_instant(&writer, "deadline", appeal->deadline);
    json_add_text(&writer, "rule", names_text(&turn->router->names, appeal->rule));
    json_add_text(&writer, "rulebook", names_text(&turn->router->names, appeal->rulebook));
    json_add_integer(&writer, "step", appeal->class->step);
    add_appellants(turn, &writer, appeal);
    return writer;
}

static void emit_assignment(struct turn *turn, struct appeal *appeal, const char *type,
                            struct json_writer *writer)
{
    turn_emit(turn, ARO_RECORD_ASSIGNMENT, appeal->held->topic, type, appeal->id, appeal, writer);
}

/* It is given out, and @why to them. */
static void note_given(struct turn *turn, struct appeal *appeal, enum past_kind kind,
                       const struct why *why)
{
    appeal_note(turn, appeal,
                (struct past_move){ .kind = kind,
                                    .agent_id = holder_id(appeal),
                                    .criterion = why->criterion,
                                    .runner_up = why->runner_up ? why->runner_up->id : NULL,
                                    .epoch = appeal->epoch });
}

void announce_created(struct turn *turn, struct appeal *appeal, const struct why *why)
{
    struct json_writer writer = open_assignment(turn, appeal);
    add_why(&writer, "why", appeal, why, true);
    emit_assignment(turn, appeal, "assignment.created", &writer);
    note_given(turn, appeal, appeal->held->agent ? PAST_ASSIGNED : PAST_DELIVERED, why);
    turn_note(turn, ARO_NOTE_ASSIGNED, appeal);
}

void announce_offered(struct turn *turn, struct appeal *appeal, const struct why *why)
{
    struct json_writer writer = open_assignment(turn, appeal);
    json_add_instant(&writer, "offer_expires_at", appeal->held->offer_expires_at);
    json_add_json(&writer, "why", appeal->held->why);
    emit_assignment(turn, appeal, "assignment.offered", &writer);
    note_given(turn, appeal, PAST_OFFERED, why);
    turn_note(turn, ARO_NOTE_OFFERED, appeal);
}

void announce_accepted(struct turn *turn, struct appeal *appeal)
{
    struct json_writer writer = open_assignment(turn, appeal);
    json_add_json(&writer, "why", appeal->held->why);
    emit_assignment(turn, appeal, "assignment.created", &writer);
    appeal_note(turn, appeal,
                (struct past_move){ .kind = PAST_ACCEPTED,
                                    .agent_id = appeal->held->agent->id,
                                    .epoch = appeal->epoch });
    turn_note(turn, ARO_NOTE_ACCEPTED, appeal);
    turn_note(turn, ARO_NOTE_ASSIGNED, appeal);
}

void announce_revoked(struct turn *turn, struct appeal *appeal, const char *reason)
{
    struct json_writer writer = open_assignment(turn, appeal);
    json_add_text(&writer, "reason", reason);
    emit_assignment(turn, appeal, "assignment.revoked", &writer);
    appeal_note(turn, appeal,
                (struct past_move){
                    .kind = PAST_REVOKED, .agent_id = holder_id(appeal), .reason = reason });
}

void announce_expired(struct turn *turn, struct appeal *appeal, bool sets_away)
{
    struct json_writer writer = open_assignment(turn, appeal);
    json_add_text(&writer, "reason", "expired");
    if (sets_away)
        json_add_text(&writer, "agent_status", aro_agent_status_name(ARO_AGENT_AWAY));
    emit_assignment(turn, appeal, "assignment.revoked", &writer);
    appeal_note(turn, appeal,
                (struct past_move){ .kind = PAST_EXPIRED, .agent_id = holder_id(appeal) });
    turn_note(turn, ARO_NOTE_EXPIRED, appeal);
}

static struct json_writer open_waiting(struct turn *turn, const struct appeal *appeal,
                                       const struct why *why)
{
    struct json_writer writer = open_about(turn, appeal);

    add_place(&writer, appeal);
    json_add_text(&writer, "language", appeal->class->languages[0]->tag);
    json_add_text(&writer, "rule", names_text(&turn->router->names, appeal->rule));
    json_add_text(&writer, "rulebook", names_text(&turn->router->names, appeal->rulebook));
    json_add_integer(&writer, "priority", appeal->priority);
    add_instant(&writer, "deadline", appeal->deadline);
    add_why(&writer, "why", appeal, why, false);
    return writer;
}

void announce_waiting(struct turn *turn, struct appeal *appeal, const struct why *why)
{
    struct json_writer writer = open_waiting(turn, appeal, why);
    emit_outcome(turn, appeal, "appeal.waiting", &writer);
    appeal_note_waiting(turn, appeal, why);
}

void announce_shadow(struct turn *turn, struct appeal *appeal, const struct why *why,
                     const char *queue, const struct choice *choice)
{
    struct json_writer writer = open_waiting(turn, appeal, why);

    json_open_object(&writer, "shadow");
    json_add_text(&writer, "queue", queue);
    add_text(&writer, "agent_id", choice->agent ? choice->agent->id : NULL);
    if (choice->why.step > 0)
        add_why(&writer, "why", appeal, &choice->why, choice->agent);
    json_close_object(&writer);
    emit_outcome(turn, appeal, "appeal.waiting", &writer);
    appeal_note_waiting(turn, appeal, why);
}

static const char *hold_of(const struct appeal *appeal)
{
    return appeal->is_on_hold ? "on_hold" : "market_paused";
}

void announce_held(struct turn *turn, struct appeal *appeal)
{
    struct json_writer writer = open_about(turn, appeal);
    json_add_text(&writer, "reason", hold_of(appeal));
    emit_outcome(turn, appeal, "appeal.held", &writer);
    appeal_note(turn, appeal, (struct past_move){ .kind = PAST_HELD, .reason = hold_of(appeal) });
}

void announce_resumed(struct turn *turn, struct appeal *appeal, const char *reason)
{
    struct json_writer writer = open_about(turn, appeal);
    json_add_text(&writer, "reason", reason);
    emit_outcome(turn, appeal, "appeal.resumed", &writer);
    appeal_note(turn, appeal, (struct past_move){ .kind = PAST_RESUMED, .reason = reason });
}

void announce_rerouted(struct turn *turn, struct appeal *appeal, const char *from,
                       const char *reason)
{
    struct json_writer writer = open_about(turn, appeal);
    json_add_text(&writer, "from", from);
    json_add_text(&writer, "to", appeal->class->queue->name);
    json_add_text(&writer, "reason", reason);
    emit_outcome(turn, appeal, "appeal.rerouted", &writer);
    appeal_note(turn, appeal,
                (struct past_move){ .kind = PAST_REROUTED,
                                    .from = from,
                                    .queue = appeal->class->queue->name,
                                    .rule = names_text(&turn->router->names, appeal->rule),
                                    .rulebook = names_text(&turn->router->names, appeal->rulebook),
                                    .reason = reason });
}

void announce_escalated(struct turn *turn, struct appeal *appeal, size_t skipped_count,
                        const unsigned *skipped, const char *over_by)
{
    struct past_move move = { .kind = PAST_ESCALATED,
                              .reason = over_by,
                              .step = appeal->class->step };
    struct json_writer writer = open_about(turn, appeal);
    json_add_text(&writer, "queue", appeal->class->queue->name);
    json_add_integer(&writer, "step", appeal->class->step);
    if (skipped_count > 0) {
        json_open_list(&writer, "skipped");
        for (size_t i = 0; i < skipped_count; i++)
            json_add_integer(&writer, NULL, skipped[i]);
        json_close_list(&writer);
    }
    emit_outcome(turn, appeal, "appeal.escalated", &writer);
    for (size_t i = 0; i < skipped_count; i++)
        move.skipped |= UINT64_C(1) << (skipped[i] - 1);
    appeal_note(turn, appeal, move);
}

void announce_overdue(struct turn *turn, struct appeal *appeal)
{
    struct json_writer writer = open_about(turn, appeal);
    json_add_text(&writer, "queue", appeal->class->queue->name);
    json_add_instant(&writer, "deadline", appeal->deadline);
    emit_outcome(turn, appeal, "appeal.overdue", &writer);
    appeal_note(turn, appeal, (struct past_move){ .kind = PAST_OVERDUE });
}

/* Who decided; NULL where nobody did, or nobody knows. */
static const char *decider_id(const struct appeal *review, const struct aro_event *decision)
{
    if (!decision)
        return NULL;
    return decision->has & ARO_HAS_AGENT_ID ? decision->agent_id : holder_id(review);
}

/* What decided and withdrawn appeals have in common. */
static void add_closing(struct json_writer *writer, const struct appeal *review,
                        const struct aro_event *decision)
{
    json_add_text(writer, "reason", decision ? "decided" : "withdrawn");
    if (decision)
        json_add_text(writer, "outcome", aro_outcome_name(decision->outcome));
    add_text(writer, "agent_id", decider_id(review, decision));
    if (review->epoch > 0)
        json_add_integer(writer, "epoch", review->epoch);
    if (decision)
        add_instant(writer, "decided_at", decision->decided_at);
}

static struct past_move closing_move(const struct turn *turn, const struct appeal *review,
                                     const struct aro_event *decision)
{
    return (struct past_move){
        .kind = decision ? PAST_DECIDED : PAST_WITHDRAWN,
        .at = turn->now,
        .agent_id = decider_id(review, decision),
        .outcome = decision ? aro_outcome_name(decision->outcome) : NULL,
    };
}

void announce_closed(struct turn *turn, struct appeal *appeal, const struct aro_event *decision)
{
    struct json_writer writer = open_about(turn, appeal);
    add_closing(&writer, appeal, decision);
    emit_outcome(turn, appeal, "appeal.closed", &writer);
    appeal_note(turn, appeal, closing_move(turn, appeal, decision));
    turn_note_closed(turn, appeal);
}

void announce_merged(struct turn *turn, struct appellant *appellant)
{
    const struct past_move merged = { .kind = PAST_MERGED,
                                      .at = turn->now,
                                      .appeal_id = appellant->review->lead };
    struct json_writer writer = turn_open_body(turn);
    json_add_text(&writer, "appeal_id", appellant->id);
    json_add_text(&writer, "lead", appellant->review->lead);
    turn_emit_outcome(turn, "appeal.merged", appellant->id, appellant->trace, &writer);
    past_add(&appellant->trace, &merged, PAST_MOVES_MAX);
}

void announce_appellant_closed(struct turn *turn, struct appellant *appellant,
                               const struct appeal *lead, const struct aro_event *decision)
{
    const struct past_move closing = closing_move(turn, lead, decision);
    struct json_writer writer = turn_open_body(turn);
    json_add_text(&writer, "appeal_id", appellant->id);
    json_add_text(&writer, "lead", lead->id);
    add_closing(&writer, lead, decision);
    turn_emit_outcome(turn, "appeal.closed", appellant->id, appellant->trace, &writer);
    past_add(&appellant->trace, &closing, PAST_MOVES_MAX);
}

void announce_ignored(struct turn *turn, const struct aro_event *event, const char *reason,
                      const struct details *trace, uint32_t epoch_now)
{
    struct json_writer writer = turn_open_body(turn);
    const char *key = event->appeal_id ? event->appeal_id : event->agent_id;

    json_add_text(&writer, "event_type", aro_event_type_name(event->type));
    json_add_text(&writer, event->appeal_id ? "appeal_id" : "agent_id", key);
    json_add_text(&writer, "reason", reason);
    if (event->epoch > 0)
        json_add_integer(&writer, "epoch_given", (int64_t)event->epoch);
    if (epoch_now > 0)
        json_add_integer(&writer, "epoch_now", epoch_now);
    turn_emit_outcome(turn, "event.ignored", key, trace, &writer);
    turn_note_ignored(turn, reason);
}
