#include "router_world.h"

#include "routing/ledger_record.h"

#include <stdlib.h>
#include <string.h>

struct aro_rulebook *world_parse(struct world *world, const char *text)
{
    struct aro_error error = { 0 };
    assert_true(world->rulebook_count < WORLD_RULEBOOKS_MAX);
    struct aro_rulebook **rulebook = &world->rulebooks[world->rulebook_count++];
    if (aro_rulebook_parse(text, strlen(text), world->languages, rulebook, &error) < 0)
        fail_msg("rulebook refused, line %u: %s", error.line, error.message);
    return *rulebook;
}

struct world *world_new(const char *rulebook)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_int_equal(aro_instant_parse("2026-11-22T10:00:00Z", &world->now), 0);
    assert_int_equal(aro_languages_new(&world->languages), 0);
    assert_int_equal(aro_event_reader_new(world->languages, &world->reader), 0);
    assert_int_equal(aro_router_new(world->languages, world_parse(world, rulebook), &world->router),
                     0);
    assert_int_equal(aro_effects_new(&world->effects), 0);
    return world;
}

void world_free(struct world *world)
{
    aro_effects_free(world->effects);
    aro_router_free(world->router);
    for (size_t i = 0; i < world->rulebook_count; i++)
        aro_rulebook_free(world->rulebooks[i]);
    aro_event_reader_free(world->reader);
    aro_languages_free(world->languages);
    buffer_done(&world->answers);
    free(world);
}

static enum aro_topic_kind topic_of(const char *json)
{
    if (strstr(json, "\"agent."))
        return ARO_TOPIC_AGENTS;
    if (strstr(json, "\"assignment.") || strstr(json, "\"appeal.decided"))
        return ARO_TOPIC_REVIEWS;
    return ARO_TOPIC_APPEALS;
}

void world_send(struct world *world, const char *json)
{
    const struct aro_message message = { .topic_kind = topic_of(json),
                                         .value = json,
                                         .value_length = strlen(json) };
    const struct aro_source source = { .kind = ARO_SOURCE_RECORD,
                                       .topic = "in",
                                       .offset = world->offset++ };
    const struct aro_event *event = NULL;
    struct aro_error error = { 0 };

    if (aro_event_read(world->reader, &message, &event, &error) < 0)
        fail_msg("refused: %s: %s", error.field, error.message);
    size_t before = aro_effects_record_count(world->effects);
    aro_router_apply(world->router, world->now, event, &source, world->effects);
    if (aro_effects_record_count(world->effects) == before)
        fail_msg("no answer to %s", json);
}

void world_pass(struct world *world, int64_t ms)
{
    world->now.ms += ms;
}

bool world_tick(struct world *world)
{
    return aro_router_tick(world->router, world->now, world->now, 1000, world->effects);
}

void world_pause(struct world *world, const char *market, bool is_paused)
{
    aro_router_pause(world->router, world->now, market, is_paused, world->effects);
    while (aro_router_work(world->router, world->now, 1, world->effects))
        continue;
}

void world_reload(struct world *world, const char *rulebook)
{
    const struct aro_source source = { .kind = ARO_SOURCE_CONTROL };
    aro_router_set_rulebook(world->router, world->now, world_parse(world, rulebook), &source,
                            world->effects);
    while (aro_router_work(world->router, world->now, 1, world->effects))
        continue;
}

static void add_member(struct buffer *line, const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);
    if (json_is_string(value))
        buffer_add_format(line, " %s", json_string_value(value));
    else if (json_is_integer(value))
        buffer_add_format(line, " %lld", (long long)json_integer_value(value));
}

static void add_answer(struct buffer *lines, const struct aro_record *record)
{
    json_t *body = json_loadb(record->value, record->value_length, 0, NULL);

    assert_non_null(body);
    buffer_add_format(lines, "%s%s %s", lines->length ? "\n" : "", strchr(record->type, '.') + 1,
                      record->key);
    add_member(lines, body, "agent_id");
    add_member(lines, body, "epoch");
    add_member(lines, body, "from");
    add_member(lines, body, "to");
    add_member(lines, body, "reason");
    json_decref(body);
}

const char *world_answers(struct world *world)
{
    buffer_clear(&world->answers);
    buffer_add_text(&world->answers, "");
    for (; world->seen < aro_effects_record_count(world->effects); world->seen++) {
        const struct aro_record *record = aro_effects_record_at(world->effects, world->seen);
        if (record->kind != ARO_RECORD_LEDGER)
            add_answer(&world->answers, record);
    }
    return world->answers.data;
}

void world_expect(struct world *world, const char *answers)
{
    assert_string_equal(world_answers(world), answers);
}

const struct aro_record *world_find(struct world *world, const char *type)
{
    for (size_t i = aro_effects_record_count(world->effects); i-- > 0;) {
        const struct aro_record *record = aro_effects_record_at(world->effects, i);
        if (record->type && strcmp(record->type, type) == 0)
            return record;
    }
    fail_msg("no %s", type);
    return NULL;
}

const struct aro_record *world_find_ledger(struct world *world, const char *key)
{
    for (size_t i = aro_effects_record_count(world->effects); i-- > 0;) {
        const struct aro_record *record = aro_effects_record_at(world->effects, i);
        if (record->kind == ARO_RECORD_LEDGER && strcmp(record->key, key) == 0)
            return record;
    }
    return NULL;
}

json_t *world_body(struct world *world, const char *type)
{
    const struct aro_record *record = world_find(world, type);
    json_t *body = json_loadb(record->value, record->value_length, 0, NULL);
    assert_non_null(body);
    return body;
}

void world_seal(struct world *world)
{
    aro_router_seal(world->router, world->effects);
    aro_effects_free(world->effects);
    world->effects = NULL;
    world->seen = 0;
    assert_int_equal(aro_effects_new(&world->effects), 0);
}

char *world_dump(const struct aro_router *router)
{
    struct buffer buffer = { 0 };
    ledger_dump(router, &buffer);
    return buffer_take(&buffer);
}

json_t *world_explain(struct world *world, const char *appeal_id)
{
    const struct aro_explain_page page = { .limit = ARO_EXPLAIN_AGENTS };
    return aro_router_explain(world->router, world->now, appeal_id, &page);
}
