#include <aro/ledger.h>

#include "codec/json_writer.h"
#include "support/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *aro_owner_format(const struct aro_owner *owner)
{
    struct buffer buffer = { 0 };
    struct json_writer json = { .buffer = &buffer };

    json_open_object(&json, NULL);
    json_add_integer(&json, "v", ARO_LEDGER_VERSION);
    json_add_text(&json, "instance", owner->instance);
    json_add_text(&json, "group", owner->group);
    json_add_text(&json, "claim", owner->claim);
    json_add_instant(&json, "time", owner->time);
    json_close_object(&json);
    return buffer_take(&buffer);
}

static void add_counters(struct json_writer *json, const json_t *counters)
{
    const char *name;
    json_t *value;

    json_open_object(json, "counters");
    json_object_foreach((json_t *)counters, name, value)
    {
        json_add_name(json, name);
        json_add_integer(json, NULL, json_integer_value(value));
    }
    json_close_object(json);
}

char *aro_positions_format(const struct aro_positions *positions)
{
    struct buffer buffer = { 0 };
    struct json_writer json = { .buffer = &buffer };

    json_open_object(&json, NULL);
    json_add_integer(&json, "v", ARO_LEDGER_VERSION);
    json_add_text(&json, "claim", positions->claim);
    json_add_integer(&json, "seq", (int64_t)positions->seq);
    json_add_instant(&json, "time", positions->time);
    json_open_list(&json, "sources");
    for (size_t i = 0; i < positions->source_count; i++) {
        json_open_object(&json, NULL);
        json_add_text(&json, "topic", positions->sources[i].topic);
        json_add_integer(&json, "partition", positions->sources[i].partition);
        json_add_integer(&json, "next_offset", positions->sources[i].next_offset);
        json_close_object(&json);
    }
    json_close_list(&json);
    if (positions->counters)
        add_counters(&json, positions->counters);
    json_close_object(&json);
    return buffer_take(&buffer);
}

char *aro_topics_format(const struct aro_topics *topics)
{
    struct buffer buffer = { 0 };
    struct json_writer json = { .buffer = &buffer };

    json_open_object(&json, NULL);
    json_add_integer(&json, "v", ARO_LEDGER_VERSION);
    json_open_list(&json, "topics");
    for (size_t i = 0; i < topics->topic_count; i++) {
        json_open_object(&json, NULL);
        json_add_text(&json, "name", topics->topics[i].name);
        json_add_text(&json, "id", topics->topics[i].id);
        json_add_integer(&json, "partitions", topics->topics[i].partition_count);
        json_close_object(&json);
    }
    json_close_list(&json);
    json_close_object(&json);
    return buffer_take(&buffer);
}

/* Reads @text to an object of our version, a new reference; NULL with @reterr where it is none. */
static json_t *record_load(const char *text, size_t length, const char *what,
                           struct aro_error *reterr)
{
    json_error_t where;
    json_t *record = json_loadb(text, length, JSON_REJECT_DUPLICATES, &where);

    if (!json_is_object(record)) {
        aro_error_set(reterr, -EINVAL, "the ledger's %s record is no JSON object", what);
        json_decref(record);
        return NULL;
    }
    json_int_t version = json_integer_value(json_object_get(record, "v"));
    if (version != ARO_LEDGER_VERSION) {
        aro_error_set(reterr, -EINVAL,
                      "the ledger's %s record has format version %lld, this program knows %d; run "
                      "the program that wrote it, or a newer one",
                      what, (long long)version, ARO_LEDGER_VERSION);
        json_decref(record);
        return NULL;
    }
    return record;
}

static int text_member(const json_t *object, const char *name, char *ret, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text || strlen(text) >= size)
        return -EINVAL;
    memcpy(ret, text, strlen(text) + 1);
    return 0;
}

static int time_member(const json_t *object, const char *name, struct aro_instant *ret)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? aro_instant_parse(text, ret) : -EINVAL;
}

int aro_owner_parse(const char *text, size_t length, struct aro_owner *ret,
                    struct aro_error *reterr)
{
    struct aro_owner owner = { 0 };
    CLEANUP(json_decrefp) json_t *record = record_load(text, length, "owner", reterr);

    if (!record)
        return -EINVAL;
    if (text_member(record, "instance", owner.instance, sizeof owner.instance) < 0 ||
        text_member(record, "group", owner.group, sizeof owner.group) < 0 ||
        text_member(record, "claim", owner.claim, sizeof owner.claim) < 0 ||
        time_member(record, "time", &owner.time) < 0)
        return aro_error_set(reterr, -EINVAL, "the ledger's owner record is damaged");
    *ret = owner;
    return 0;
}

static int position_parse(const json_t *item, struct aro_position *ret)
{
    const json_t *partition = json_object_get(item, "partition");
    const json_t *next_offset = json_object_get(item, "next_offset");

    if (text_member(item, "topic", ret->topic, sizeof ret->topic) < 0 ||
        !json_is_integer(partition) || !json_is_integer(next_offset))
        return -EINVAL;
    ret->partition = (int32_t)json_integer_value(partition);
    ret->next_offset = json_integer_value(next_offset);
    return ret->next_offset < 0 ? -EINVAL : 0;
}

DEFINE_CLEANUP(struct aro_positions, aro_positions_done)
DEFINE_CLEANUP(struct aro_topics, aro_topics_done)

static int positions_fill(const json_t *record, struct aro_positions *positions)
{
    const json_t *seq = json_object_get(record, "seq");
    const json_t *sources = json_object_get(record, "sources");

    if (text_member(record, "claim", positions->claim, sizeof positions->claim) < 0 ||
        time_member(record, "time", &positions->time) < 0 || !json_is_integer(seq) ||
        !json_is_array(sources))
        return -EINVAL;
    positions->seq = (uint64_t)json_integer_value(seq);
    positions->sources = calloc(json_array_size(sources) + 1, sizeof *positions->sources);
    if (!positions->sources)
        return -ENOMEM;
    for (size_t i = 0; i < json_array_size(sources); i++) {
        int r = position_parse(json_array_get(sources, i), &positions->sources[i]);
        if (r < 0)
            return r;
        positions->source_count++;
    }
    positions->counters = json_incref(json_object_get(record, "counters"));
    return 0;
}

int aro_positions_parse(const char *text, size_t length, struct aro_positions *ret,
                        struct aro_error *reterr)
{
    struct aro_positions positions = { 0 };
    CLEANUP(aro_positions_donep) struct aro_positions *cleanup = &positions;
    CLEANUP(json_decrefp) json_t *record = record_load(text, length, "positions", reterr);

    if (!record)
        return -EINVAL;
    int r = positions_fill(record, &positions);
    if (r < 0)
        return aro_error_set(reterr, r, "the ledger's positions record is damaged");
    *ret = positions;
    cleanup = NULL;
    return 0;
}

static int topics_fill(const json_t *record, struct aro_topics *topics)
{
    const json_t *list = json_object_get(record, "topics");

    if (!json_is_array(list))
        return -EINVAL;
    topics->topics = calloc(json_array_size(list) + 1, sizeof *topics->topics);
    if (!topics->topics)
        return -ENOMEM;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct aro_topic *topic = &topics->topics[i];
        const json_t *partitions = json_object_get(item, "partitions");
        if (text_member(item, "name", topic->name, sizeof topic->name) < 0 ||
            text_member(item, "id", topic->id, sizeof topic->id) < 0 ||
            !json_is_integer(partitions))
            return -EINVAL;
        topic->partition_count = (int32_t)json_integer_value(partitions);
        topics->topic_count++;
    }
    return 0;
}

int aro_topics_parse(const char *text, size_t length, struct aro_topics *ret,
                     struct aro_error *reterr)
{
    struct aro_topics topics = { 0 };
    CLEANUP(aro_topics_donep) struct aro_topics *cleanup = &topics;
    CLEANUP(json_decrefp) json_t *record = record_load(text, length, "topics", reterr);

    if (!record)
        return -EINVAL;
    int r = topics_fill(record, &topics);
    if (r < 0)
        return aro_error_set(reterr, r, "the ledger's topics record is damaged");
    *ret = topics;
    cleanup = NULL;
    return 0;
}

void aro_positions_done(struct aro_positions *positions)
{
    free(positions->sources);
    json_decref(positions->counters);
    *positions = (struct aro_positions){ 0 };
}

void aro_topics_done(struct aro_topics *topics)
{
    free(topics->topics);
    *topics = (struct aro_topics){ 0 };
}
