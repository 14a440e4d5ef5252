#include "routing/turn.h"

#include "routing/appeal_class.h"
#include "routing/events.h"
#include "routing/ledger_record.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define KEY_APPEAL "appeal:"
#define KEY_AGENT "agent:"
#define KEY_QUEUE "queue:"
#define KEY_MARKET "market:"
#define KEY_REROUTE "market:*" /* a job for all markets */
#define KEY_SUBJECT "subject:"

/* A text in the effects' memory. */
struct kept {
    const char *text;
    size_t length;
};

static struct kept keep(struct turn *turn, const char *text, size_t length)
{
    return (struct kept){ arena_copy_text(&turn->effects->arena, text, length), length };
}

static struct kept keep_buffer(struct turn *turn, const struct buffer *buffer)
{
    return keep(turn, buffer->data, buffer->length);
}

/* Adds its length to *@sum; NULL gives NULL. */
static const char *keep_counted(struct turn *turn, const char *text, size_t *sum)
{
    if (!text)
        return NULL;
    struct kept kept = keep(turn, text, strlen(text));
    *sum += kept.length;
    return kept.text;
}

static void add_part(struct buffer *text, int64_t number)
{
    buffer_add(text, "/", 1);
    buffer_add_integer(text, number);
}

void turn_set_source(struct turn *turn, const char *text)
{
    turn->source_text = text;
    turn->source_length = strlen(text);
}

static void set_source(struct turn *turn)
{
    const struct aro_source *source = turn->source;
    struct buffer *text = &turn->router->key;

    if (source->kind != ARO_SOURCE_RECORD) {
        turn_set_source(turn, source->kind == ARO_SOURCE_TIMER ? "timer" : "control");
        return;
    }
    buffer_clear(text);
    buffer_add_text(text, source->topic);
    add_part(text, source->partition);
    add_part(text, source->offset);
    struct kept kept = keep_buffer(turn, text);
    turn->source_text = kept.text;
    turn->source_length = kept.length;
}

void turn_begin(struct turn *turn, struct aro_router *router, struct aro_instant now,
                const struct aro_source *source, struct aro_effects *effects)
{
    char time[ARO_INSTANT_TEXT_SIZE];

    *turn = (struct turn){ .router = router, .now = now, .effects = effects, .source = source };
    if (effects->batch == 0) {
        effects->batch = ++router->batch_last;
        effects->arrival_before = router->arrival_last;
    }
    assert(effects->batch == router->batch_last);
    turn->time_text = keep(turn, time, aro_instant_format(now, time)).text;
    set_source(turn);
    reload_mend_all(router);
    router->entered.count = router->hungry.count = router->touched_count = 0;
    if (router->is_launch_due)
        markets_follow_rulebook(turn);
}

void turn_begin_control(struct turn *turn, struct aro_router *router, struct aro_instant now,
                        struct aro_effects *effects)
{
    static const struct aro_source source = { .kind = ARO_SOURCE_CONTROL };
    turn_begin(turn, router, now, &source, effects);
}

/* --- touching --- */

static inline struct kept key_of(struct turn *turn, const char *kind, const char *id)
{
    size_t kind_length = strlen(kind), length = kind_length + strlen(id);
    char *key = arena_cut(&turn->effects->arena, length + 1);

    memcpy(key, kind, kind_length);
    memcpy(key + kind_length, id, length - kind_length + 1);
    return (struct kept){ key, length };
}

static void save(struct turn *turn, struct kept key, const char *value, size_t length)
{
    effects_save(turn->effects, key.text, value, length);
}

void turn_save(struct turn *turn, const char *key, const char *value, size_t length)
{
    save(turn, keep(turn, key, strlen(key)), value, length);
}

/* The record of @key, of an appeal, is written when the turn ends; the caller says of whom. */
static struct touched *note_key(struct turn *turn, struct kept key)
{
    struct aro_router *router = turn->router;

    router->touched = memory_reach(router->touched, router->touched_count, &router->touched_size,
                                   sizeof *router->touched);
    struct touched *touched = &router->touched[router->touched_count++];
    *touched = (struct touched){ .key = key.text, .key_length = key.length };
    return touched;
}

static void note_appeal(struct turn *turn, struct appeal *appeal, struct kept key)
{
    if (!appeal->is_record_due)
        note_key(turn, key)->appeal = appeal;
    appeal->is_record_due = true;
}

static bool is_of(const struct touched *touched, const void *closed)
{
    return touched->appeal == closed || touched->appellant == closed;
}

void turn_note_remembered(struct turn *turn, const void *closed,
                          const struct remembered *remembered)
{
    /* What is closed was touched just before, or before those that joined it. */
    struct touched *touched = turn->router->touched + turn->router->touched_count;
    do {
        assert(touched > turn->router->touched);
        touched--;
    } while (!is_of(touched, closed));
    touched->appeal = NULL;
    touched->appellant = NULL;
    touched->remembered = remembered;
}

void turn_touch_appeal(struct turn *turn, struct appeal *appeal)
{
    bool is_saved = appeal->touched_in == turn->effects->batch;

    if (is_saved && appeal->is_record_due)
        return;
    struct kept key = key_of(turn, KEY_APPEAL, appeal->id);
    if (!is_saved) {
        appeal->touched_in = turn->effects->batch;
        effects_save_appeal(turn->effects, key.text,
                            ledger_keep_appeal(turn->router, appeal, &turn->effects->arena));
    }
    note_appeal(turn, appeal, key);
}

void turn_touch_new_appeal(struct turn *turn, struct appeal *appeal)
{
    struct kept key = key_of(turn, KEY_APPEAL, appeal->id);

    appeal->touched_in = turn->effects->batch;
    save(turn, key, NULL, 0);
    note_appeal(turn, appeal, key);
}

void turn_touch_remembered(struct turn *turn, struct remembered *remembered)
{
    struct buffer *body = &turn->router->body;

    if (remembered->touched_in == turn->effects->batch)
        return;
    remembered->touched_in = turn->effects->batch;
    ledger_write_remembered(turn->router, remembered, body);
    save(turn, key_of(turn, KEY_APPEAL, remembered->id), body->data, body->length);
}

void turn_touch_new_appellant(struct turn *turn, struct appellant *appellant)
{
    struct kept key = key_of(turn, KEY_APPEAL, appellant->id);

    appellant->touched_in = turn->effects->batch;
    save(turn, key, NULL, 0);
    note_key(turn, key)->appellant = appellant;
}

void turn_touch_appellant(struct turn *turn, struct appellant *appellant)
{
    struct buffer *body = &turn->router->body;
    struct kept key = key_of(turn, KEY_APPEAL, appellant->id);

    if (appellant->touched_in != turn->effects->batch) {
        appellant->touched_in = turn->effects->batch;
        ledger_write_appellant(appellant, body);
        save(turn, key, body->data, body->length);
    }
    note_key(turn, key)->appellant = appellant;
}

/* The record of @subject, in the scratch; NULL where there is none. So are the next. */
static const char *subject_record(struct turn *turn, const struct subject *subject,
                                  size_t *ret_length)
{
    struct buffer *body = &turn->router->body;

    *ret_length = 0;
    if (subject->decider_count == 0)
        return NULL;
    ledger_write_subject(subject, body);
    *ret_length = body->length;
    return body->data;
}

void turn_touch_subject(struct turn *turn, struct subject *subject)
{
    size_t length;

    if (subject->touched_in == turn->effects->batch)
        return;
    subject->touched_in = turn->effects->batch;
    const char *record = subject_record(turn, subject, &length);
    save(turn, key_of(turn, KEY_SUBJECT, subject->key), record, length);
}

void turn_touch_agent(struct turn *turn, struct agent *agent)
{
    struct buffer *body = &turn->router->body;
    bool is_new = !agent_is_known(agent);

    agent->is_record_due = true;
    if (agent->touched_in == turn->effects->batch)
        return;
    agent->touched_in = turn->effects->batch;
    struct kept key = key_of(turn, KEY_AGENT, agent->id);
    const struct changed_agent changed = { .key = key.text,
                                           .key_length = key.length,
                                           .id = key.text + strlen(KEY_AGENT),
                                           .source = turn->source_text,
                                           .agent = agent };
    effects_add_agent(turn->effects, &changed);
    if (!is_new)
        ledger_write_agent(turn->router, agent, body);
    save(turn, key, is_new ? NULL : body->data, is_new ? 0 : body->length);
}

void turn_touch_queue(struct turn *turn, struct queue *queue)
{
    if (queue->touched_in == turn->effects->batch)
        return;
    queue->touched_in = turn->effects->batch;
    effects_add_queue(turn->effects, queue->name, turn->source_text);
}

static const char *queue_record(struct turn *turn, const struct queue *queue, size_t *ret_length)
{
    struct buffer *body = &turn->router->body;

    *ret_length = 0;
    if (!queue_has_record(queue))
        return NULL;
    ledger_write_queue(queue, body);
    *ret_length = body->length;
    return body->data;
}

void turn_touch_queue_record(struct turn *turn, struct queue *queue)
{
    size_t length;

    turn_touch_queue(turn, queue);
    queue->is_record_due = true;
    if (queue->saved_in == turn->effects->batch)
        return;
    queue->saved_in = turn->effects->batch;
    const char *record = queue_record(turn, queue, &length);
    save(turn, key_of(turn, KEY_QUEUE, queue->name), record, length);
}

static const char *market_record(struct turn *turn, const struct market *market, size_t *ret_length)
{
    struct buffer *body = &turn->router->body;

    *ret_length = 0;
    if (!market_has_record(market))
        return NULL;
    ledger_write_market(market, body);
    *ret_length = body->length;
    return body->data;
}

static const char *reroute_record(struct turn *turn, size_t *ret_length)
{
    struct buffer *body = &turn->router->body;

    *ret_length = 0;
    if (!turn->router->reroute.is_under_way)
        return NULL;
    ledger_write_reroute(&turn->router->reroute, body);
    *ret_length = body->length;
    return body->data;
}

void turn_touch_market(struct turn *turn, struct market *market)
{
    size_t length;

    if (market->touched_in == turn->effects->batch)
        return;
    market->touched_in = turn->effects->batch;
    const char *record = market_record(turn, market, &length);
    save(turn, key_of(turn, KEY_MARKET, market->name), record, length);
}

void turn_touch_reroute(struct turn *turn)
{
    struct reroute *reroute = &turn->router->reroute;
    size_t length;

    if (reroute->touched_in == turn->effects->batch)
        return;
    reroute->touched_in = turn->effects->batch;
    const char *record = reroute_record(turn, &length);
    turn_save(turn, KEY_REROUTE, record, length);
}

/* --- writing --- */

static void write_ledger(struct turn *turn, struct kept key, const char *value, size_t length)
{
    struct aro_record record = {
        .kind = ARO_RECORD_LEDGER,
        .key = key.text,
        .value = value ? keep(turn, value, length).text : NULL,
        .value_length = value ? length : 0,
        .source = turn->source_text,
    };
    effects_add_record(turn->effects, &record, key.length + turn->source_length);
    turn->is_answered = true;
}

void turn_write_ledger(struct turn *turn, const char *key, const char *value, size_t length)
{
    write_ledger(turn, keep(turn, key, strlen(key)), value, length);
}

static void write_agent(struct turn *turn, struct agent *agent, struct kept key)
{
    struct buffer *body = &turn->router->body;

    agent->is_record_due = false;
    if (agent_is_known(agent))
        ledger_write_agent(turn->router, agent, body);
    write_ledger(turn, key, agent_is_known(agent) ? body->data : NULL, body->length);
}

void turn_write_agent(struct turn *turn, struct agent *agent)
{
    write_agent(turn, agent, key_of(turn, KEY_AGENT, agent->id));
}

void turn_write_changed_agent(struct turn *turn, const struct changed_agent *changed)
{
    turn_set_source(turn, changed->source);
    write_agent(turn, changed->agent, (struct kept){ changed->key, changed->key_length });
}

void turn_write_queue(struct turn *turn, struct queue *queue)
{
    size_t length;
    const char *record = queue_record(turn, queue, &length);

    queue->is_record_due = false;
    write_ledger(turn, key_of(turn, KEY_QUEUE, queue->name), record, length);
}

void turn_write_market(struct turn *turn, const struct market *market)
{
    size_t length;
    const char *record = market_record(turn, market, &length);
    write_ledger(turn, key_of(turn, KEY_MARKET, market->name), record, length);
}

void turn_write_reroute(struct turn *turn)
{
    size_t length;
    const char *record = reroute_record(turn, &length);
    turn_write_ledger(turn, KEY_REROUTE, record, length);
}

void turn_write_tombstone(struct turn *turn, const char *appeal_id)
{
    write_ledger(turn, key_of(turn, KEY_APPEAL, appeal_id), NULL, 0);
}

void turn_write_subject(struct turn *turn, const struct subject *subject)
{
    size_t length;
    const char *record = subject_record(turn, subject, &length);
    write_ledger(turn, key_of(turn, KEY_SUBJECT, subject->key), record, length);
}

/* The record of an appeal that this turn changed, as it is now. */
static void write_touched(struct turn *turn, const struct touched *touched)
{
    struct aro_router *router = turn->router;

    if (touched->appeal) {
        touched->appeal->is_record_due = false;
        appeal_timer_set(router, touched->appeal);
        ledger_write_appeal(router, touched->appeal, &router->body);
    } else if (touched->appellant) {
        ledger_write_appellant(touched->appellant, &router->body);
    } else {
        ledger_write_remembered(router, touched->remembered, &router->body);
    }
    write_ledger(turn, (struct kept){ touched->key, touched->key_length }, router->body.data,
                 router->body.length);
}

void turn_end(struct turn *turn)
{
    for (size_t i = 0; i < turn->router->touched_count; i++)
        write_touched(turn, &turn->router->touched[i]);
    assert(turn->is_answered || turn->source->kind != ARO_SOURCE_RECORD);
}

struct json_writer turn_open_body(struct turn *turn)
{
    struct json_writer writer = { .buffer = &turn->router->body };
    buffer_clear(writer.buffer);
    json_open_object(&writer, NULL);
    return writer;
}

/* Where a record is the cause, its place in the topic says it; otherwise the appeal's own counter,
 * which no fold or second try moves. */
static struct kept output_id(struct turn *turn, struct appeal *appeal)
{
    struct buffer *text = &turn->router->key;

    buffer_clear(text);
    if (turn->source->kind == ARO_SOURCE_RECORD) {
        buffer_add(text, turn->source_text, turn->source_length);
        add_part(text, turn->output_count++);
        return keep_buffer(turn, text);
    }
    assert(appeal && appeal->is_record_due);
    buffer_add_format(text, "%s/%s", appeal->id,
                      names_text(&turn->router->names, appeal->source_topic));
    if (appeal->source_partition >= 0) {
        add_part(text, appeal->source_partition);
        add_part(text, appeal->source_offset);
    }
    buffer_add_format(text, "/%s/%u", turn->source_text, ++appeal->output_count);
    return keep_buffer(turn, text);
}

/* @trace gives the trace. */
static void emit(struct turn *turn, struct aro_record record, struct appeal *appeal,
                 const struct details *trace, struct json_writer *writer)
{
    const char *traceparent, *tracestate;
    struct kept id = output_id(turn, appeal);
    size_t text_length =
        id.length + strlen(record.type) + turn->source_length + ARO_INSTANT_TEXT_SIZE - 1;

    json_close_object(writer);
    details_trace(trace, &traceparent, &tracestate);
    record.id = id.text;
    record.key = keep_counted(turn, record.key, &text_length);
    record.value = keep_buffer(turn, writer->buffer).text;
    record.value_length = writer->buffer->length;
    record.time = turn->time_text;
    record.traceparent = keep_counted(turn, traceparent, &text_length);
    record.tracestate = keep_counted(turn, tracestate, &text_length);
    record.source = turn->source_text;
    effects_add_record(turn->effects, &record, text_length);
    turn->is_answered = true;
}

void turn_emit(struct turn *turn, enum aro_record_kind kind, const char *topic, const char *type,
               const char *key, struct appeal *appeal, struct json_writer *writer)
{
    const struct aro_record record = {
        .kind = kind,
        .topic = topic ? keep(turn, topic, strlen(topic)).text : NULL,
        .key = key,
        .type = type, /* a constant */
    };
    emit(turn, record, appeal, appeal ? appeal->details : NULL, writer);
}

void turn_emit_outcome(struct turn *turn, const char *type, const char *key,
                       const struct details *trace, struct json_writer *writer)
{
    const struct aro_record record = { .kind = ARO_RECORD_OUTCOME, .key = key, .type = type };
    assert(turn->source->kind == ARO_SOURCE_RECORD);
    emit(turn, record, NULL, trace, writer);
}

/* --- notes --- */

void turn_note(struct turn *turn, enum aro_note_kind kind, const struct appeal *appeal)
{
    struct aro_note note = { .kind = kind, .submitted_at = appeal->submitted_at };

    if (appeal_is_synthetic(appeal)) {
        note.kind = ARO_NOTE_SYNTHETIC_DELIVERED;
        note.appeal_id = appeal->id;
    } else {
        note.queue = appeal->class->queue->name;
        note.step = appeal->class->step;
    }
    effects_add_note(turn->effects, &note);
}

void turn_note_ignored(struct turn *turn, const char *reason)
{
    const struct aro_note note = { .kind = ARO_NOTE_IGNORED, .reason = reason };
    effects_add_note(turn->effects, &note);
}

void turn_note_closed(struct turn *turn, const struct appeal *appeal)
{
    const struct aro_note note = { .kind = ARO_NOTE_SYNTHETIC_CLOSED,
                                   .submitted_at = appeal->submitted_at,
                                   .appeal_id = appeal->id };
    if (appeal_is_synthetic(appeal))
        effects_add_note(turn->effects, &note);
}
