#include "codec/appeal_members.h"

#include "codec/event_memory.h"
#include "codec/member_values.h"

#include <string.h>

static int add_appeal_language(const struct reading *reading, const struct place *place,
                               const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    const struct aro_language *language;
    int r = reading_language(reading, place, node, &language);
    if (r < 0)
        return r;
    for (size_t i = 0; i < event->language_count; i++) {
        if (event->languages[i] == language)
            return 0;
    }
    event->languages[event->language_count++] = language;
    return 0;
}

int member_read_appeal_languages(const struct reading *reading, const struct place *place,
                                 const struct member *member, const struct json_node *node,
                                 void *target)
{
    (void)member;
    int r = reading_each_item(reading, place, node, ARO_LANGUAGES_MAX, add_appeal_language, target);
    return r < 0 ? r : reading_expect_some(reading, place, node->count);
}

static int add_excluded(const struct reading *reading, const struct place *place,
                        const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        r = reading_check_id(reading, place, node->text, node->length, ARO_ID_LENGTH_MAX);
    if (r < 0)
        return r;
    for (size_t i = 0; i < event->exclude_count; i++) {
        if (strcmp(event->exclude[i], node->text) == 0)
            return 0;
    }
    event->exclude[event->exclude_count++] = node->text;
    return 0;
}

int member_read_exclude(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    return reading_each_item(reading, place, node, ARO_EXCLUDE_MAX, add_excluded, target);
}

/* The type of a subject is the first part of a key "subject:TYPE:ID": it has no colon itself. */
static int read_subject_type(const struct reading *reading, const struct place *place,
                             const struct member *member, const struct json_node *node,
                             void *target)
{
    int r = member_read_id(reading, place, member, node, target);
    if (r == 0 && strchr(node->text, ':'))
        return reading_refuse(reading, place, ARO_ERROR_FIELD, "has a ':'");
    return r;
}

static const struct member subject_members[] = {
    { NAME("type"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = read_subject_type,
      .offset = offsetof(struct aro_event, subject_type) },
    { NAME("id"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = member_read_id,
      .offset = offsetof(struct aro_event, subject_id) },
};

static const struct member_table subject_table = { subject_members, COUNT_OF(subject_members),
                                                   NULL };

int member_read_subject(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    int r = reading_expect(reading, place, node, JSON_NODE_OBJECT);
    return r < 0 ? r : reading_members(reading, place, &subject_table, node, target);
}

static const struct member decision_members[] = {
    { NAME("id"), .events = EVERY_EVENT, .read = member_read_id,
      .offset = offsetof(struct aro_event, decision_id) },
    { NAME("decided_by"), .events = EVERY_EVENT, .read = member_read_id,
      .offset = offsetof(struct aro_event, decided_by) },
    { NAME("decided_at"), .events = EVERY_EVENT, .read = member_read_instant,
      .offset = offsetof(struct aro_event, decision_decided_at) },
    { NAME("policy"), .events = EVERY_EVENT, .read = member_read_text,
      .offset = offsetof(struct aro_event, decision_policy) },
};

static const struct member_table decision_table = { decision_members, COUNT_OF(decision_members),
                                                    NULL };

int member_read_decision(const struct reading *reading, const struct place *place,
                         const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    int r = reading_expect(reading, place, node, JSON_NODE_OBJECT);
    return r < 0 ? r : reading_members(reading, place, &decision_table, node, target);
}

/* Characters of valid UTF-8: bytes that do not continue one. */
static size_t character_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += (text[i] & 0xc0) != 0x80;
    return count;
}

/* @of: what is so long, "" or "a name of ". */
static int check_attribute_length(const struct reading *reading, const struct place *place,
                                  const char *of, const char *text, size_t length)
{
    size_t count = character_count(text, length);
    if (count > ARO_ATTRIBUTE_LENGTH_MAX)
        return reading_refuse(reading, place, ARO_ERROR_LIMIT,
                              "has %s%zu characters, at most %d are read", of, count,
                              ARO_ATTRIBUTE_LENGTH_MAX);
    return 0;
}

static int add_attribute_text(const struct reading *reading, const struct place *place,
                              const struct json_node *node, void *target)
{
    struct aro_attribute *attribute = target;
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        r = check_attribute_length(reading, place, "", node->text, node->length);
    if (r < 0)
        return r;
    event_memory_keep(reading->memory, node->text);
    attribute->text_count++;
    return 0;
}

static int read_attribute_number(const struct reading *reading, const struct place *place,
                                 const struct json_node *node, struct aro_attribute *attribute)
{
    attribute->kind = ARO_ATTRIBUTE_NUMBER;
    if (json_node_number(node, &attribute->number))
        return 0;
    return reading_refuse(reading, place, ARO_ERROR_FIELD, "is too large a number");
}

static int read_attribute_value(const struct reading *reading, const struct place *place,
                                const struct json_node *node, struct aro_attribute *attribute)
{
    switch (node->kind) {
    case JSON_NODE_NUMBER: return read_attribute_number(reading, place, node, attribute);
    case JSON_NODE_BOOL:
        attribute->kind = ARO_ATTRIBUTE_BOOL;
        attribute->boolean = node->boolean;
        return 0;
    case JSON_NODE_TEXT:
        attribute->kind = ARO_ATTRIBUTE_TEXT;
        attribute->text = aro_text_of_bytes(node->text, node->length);
        return check_attribute_length(reading, place, "", node->text, node->length);
    case JSON_NODE_LIST:
        attribute->kind = ARO_ATTRIBUTE_LIST;
        return reading_each_item(reading, place, node, node->count, add_attribute_text, attribute);
    default:
        return reading_refuse(reading, place, ARO_ERROR_FIELD,
                              "must be a text, a number, true or false, or a list of texts, not %s",
                              json_node_kind_name(node));
    }
}

/* Puts @attribute where its name belongs. */
static void insert_attribute(struct aro_event *event, const struct aro_attribute *attribute)
{
    size_t at = event->attribute_count++;
    for (; at > 0 && strcmp(event->attributes[at - 1].name.text, attribute->name.text) > 0; at--)
        event->attributes[at] = event->attributes[at - 1];
    event->attributes[at] = *attribute;
}

static int check_attribute_name(const struct reading *reading, const struct place *place,
                                const struct json_node *node)
{
    if (node->name_length == 0)
        return reading_refuse(reading, place, ARO_ERROR_FIELD, "has no name");
    return check_attribute_length(reading, place, "a name of ", node->name, node->name_length);
}

static int add_attribute(const struct reading *reading, const struct place *place,
                         const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    struct aro_attribute attribute = { .name = aro_text_of_bytes(node->name, node->name_length) };
    size_t first_text = reading->memory->text_count;

    int r =
        reading_expect_count(reading, place->outer, event->attribute_count + 1, ARO_ATTRIBUTES_MAX);
    if (r == 0)
        r = check_attribute_name(reading, place, node);
    if (r == 0)
        r = read_attribute_value(reading, place, node, &attribute);
    if (r < 0)
        return r;
    if (attribute.kind == ARO_ATTRIBUTE_LIST && attribute.text_count)
        attribute.texts = reading->memory->texts + first_text;
    insert_attribute(event, &attribute);
    return 0;
}

int member_read_attributes(const struct reading *reading, const struct place *place,
                           const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    return reading_each_entry(reading, place, node, add_attribute, target);
}
