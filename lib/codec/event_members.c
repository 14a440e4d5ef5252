#include "codec/event_members.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum { MARKET_LENGTH_MAX = 64, TIME_ZONE_LENGTH_MAX = 64 };

/* Where a value stands, for errors: "languages", then [2], then "level". */
struct place {
    const struct place *outer; /* NULL at the top */
    const char *name;          /* of a member; NULL for an item of a list */
    size_t index;
};

/* One event being read. */
struct reading {
    struct event_memory *memory;
    struct aro_event *event;
    struct aro_error *reterr;
};

/* A row of the contract. */
struct member {
    const char *name;
    uint32_t name_length;
    unsigned events;   /* bits of the event types that have it */
    unsigned required; /* and of those that cannot do without */
    unsigned has;      /* of enum aro_event_field, where its presence means something */
    int (*read)(const struct reading *reading, const struct place *place,
                const struct member *member, const struct json_node *node, void *target);
    size_t offset; /* of its value in the target */
    int64_t minimum, maximum;
    const char *const *words; /* of a choice, to NULL; its value is the index */
};

#define NAME(text) .name = (text), .name_length = sizeof(text) - 1

struct member_table {
    const struct member *rows;
    size_t count;
    const struct member_index *index; /* of the rows by name; NULL: there are few */
};

/* --- refusing --- */

static void place_format(const struct place *place, char *ret, size_t size)
{
    if (place->outer)
        place_format(place->outer, ret, size);
    else
        *ret = '\0';
    size_t length = strlen(ret);
    if (place->name)
        snprintf(ret + length, size - length, "%s%s", length ? "." : "", place->name);
    else
        snprintf(ret + length, size - length, "[%zu]", place->index);
}

__attribute__((format(printf, 4, 5))) static int refuse(const struct reading *reading,
                                                        const struct place *place,
                                                        enum aro_error_code code,
                                                        const char *format, ...)
{
    char field[160], reason[256];
    va_list arguments;

    place_format(place, field, sizeof field);
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return aro_error_set_event(reading->reterr, code, field, "%s %s", field, reason);
}

static int expect(const struct reading *reading, const struct place *place,
                  const struct json_node *node, enum json_node_kind kind)
{
    if (node->kind == kind)
        return 0;
    const struct json_node expected = { .kind = (uint8_t)kind };
    return refuse(reading, place, ARO_ERROR_FIELD, "must be %s, not %s",
                  json_node_kind_name(&expected), json_node_kind_name(node));
}

static int expect_count(const struct reading *reading, const struct place *place, size_t count,
                        size_t maximum)
{
    if (count <= maximum)
        return 0;
    return refuse(reading, place, ARO_ERROR_LIMIT, "has %zu entries, at most %zu are read", count,
                  maximum);
}

static void *value_at(const struct member *member, void *target)
{
    return (char *)target + member->offset;
}

/* --- single values --- */

static bool is_id_alphabet(const char *text, size_t length)
{
    static const bool alphabet[256] = {
        ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true, ['.'] = true,
        ['_'] = true,         [':'] = true,         ['~'] = true,         ['-'] = true,
    };
    for (size_t i = 0; i < length; i++) {
        if (!alphabet[(unsigned char)text[i]])
            return false;
    }
    return true;
}

static int check_id(const struct reading *reading, const struct place *place, const char *text,
                    size_t length, size_t length_max)
{
    if (length > length_max)
        return refuse(reading, place, ARO_ERROR_LIMIT, "has %zu characters, at most %zu are read",
                      length, length_max);
    if (length == 0)
        return refuse(reading, place, ARO_ERROR_FIELD, "is empty");
    if (!is_id_alphabet(text, length))
        return refuse(reading, place, ARO_ERROR_FIELD,
                      "has a character that is not one of A-Z a-z 0-9 . _ : ~ -");
    return 0;
}

int event_id_check(const char *field, const char *text, size_t length, struct aro_error *reterr)
{
    const struct reading reading = { .reterr = reterr };
    const struct place place = { .name = field };
    return check_id(&reading, &place, text, length, ARO_ID_LENGTH_MAX);
}

static int read_id(const struct reading *reading, const struct place *place,
                   const struct member *member, const struct json_node *node, void *target)
{
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        r = check_id(reading, place, node->text, node->length, ARO_ID_LENGTH_MAX);
    if (r == 0)
        *(const char **)value_at(member, target) = node->text;
    return r;
}

/* Prose: any text, the empty one too. */
static int read_prose(const struct reading *reading, const struct place *place,
                      const struct member *member, const struct json_node *node, void *target)
{
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        *(const char **)value_at(member, target) = node->text;
    return r;
}

static int check_not_empty(const struct reading *reading, const struct place *place, size_t length)
{
    return length ? 0 : refuse(reading, place, ARO_ERROR_FIELD, "is empty");
}

static int read_text(const struct reading *reading, const struct place *place,
                     const struct member *member, const struct json_node *node, void *target)
{
    int r = read_prose(reading, place, member, node, target);
    return r < 0 ? r : check_not_empty(reading, place, node->length);
}

/* A code of ours where an appeal has it, prose where an agent gives work back. */
static int read_reason(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    enum aro_event_type type = reading->event->type;
    bool is_code = type == ARO_APPEAL_SUBMITTED || type == ARO_APPEAL_UPDATED;
    return is_code ? read_text(reading, place, member, node, target)
                   : read_prose(reading, place, member, node, target);
}

/* The type of a subject is the first part of a key "subject:TYPE:ID": it has no colon itself. */
static int read_subject_type(const struct reading *reading, const struct place *place,
                             const struct member *member, const struct json_node *node,
                             void *target)
{
    int r = read_id(reading, place, member, node, target);
    if (r == 0 && strchr(node->text, ':'))
        return refuse(reading, place, ARO_ERROR_FIELD, "has a ':'");
    return r;
}

static int check_market(const struct reading *reading, const struct place *place,
                        const struct json_node *node)
{
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    return r < 0 ? r : check_id(reading, place, node->text, node->length, MARKET_LENGTH_MAX);
}

static int read_market(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    int r = check_market(reading, place, node);
    if (r == 0)
        *(const char **)value_at(member, target) = node->text;
    return r;
}

static int read_instant(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, void *target)
{
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    if (r < 0)
        return r;
    if (aro_instant_parse(node->text, value_at(member, target)) < 0)
        return refuse(reading, place, ARO_ERROR_FIELD,
                      "is not a time with zone by RFC 3339, as 2026-11-22T10:00:00Z");
    return 0;
}

/* An integer as one writes it: neither 1.0 nor 1e2. */
static int take_integer(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, int64_t *ret)
{
    int r = expect(reading, place, node, JSON_NODE_NUMBER);
    if (r < 0)
        return r;
    if (!node->is_integer)
        return refuse(reading, place, ARO_ERROR_FIELD,
                      "must be an integer, without fraction and exponent");
    int64_t value;
    if (!json_node_integer(node, &value) || value < member->minimum || value > member->maximum)
        return refuse(reading, place, ARO_ERROR_FIELD, "must be from %lld to %lld",
                      (long long)member->minimum, (long long)member->maximum);
    *ret = value;
    return 0;
}

static int read_unsigned(const struct reading *reading, const struct place *place,
                         const struct member *member, const struct json_node *node, void *target)
{
    int64_t value;
    int r = take_integer(reading, place, member, node, &value);
    if (r == 0)
        *(unsigned *)value_at(member, target) = (unsigned)value;
    return r;
}

static int read_epoch(const struct reading *reading, const struct place *place,
                      const struct member *member, const struct json_node *node, void *target)
{
    int64_t value;
    int r = take_integer(reading, place, member, node, &value);
    if (r == 0)
        *(uint64_t *)value_at(member, target) = (uint64_t)value;
    return r;
}

static int read_bool(const struct reading *reading, const struct place *place,
                     const struct member *member, const struct json_node *node, void *target)
{
    int r = expect(reading, place, node, JSON_NODE_BOOL);
    if (r == 0)
        *(bool *)value_at(member, target) = node->boolean;
    return r;
}

static void join_words(const char *const *words, char *ret, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; words[i] && length < size; i++)
        length += (size_t)snprintf(ret + length, size - length, "%s%s", i ? ", " : "", words[i]);
}

static int read_word(const struct reading *reading, const struct place *place,
                     const struct member *member, const struct json_node *node, void *target)
{
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    if (r < 0)
        return r;
    for (unsigned i = 0; member->words[i]; i++) {
        if (strcmp(member->words[i], node->text) == 0) {
            *(unsigned *)value_at(member, target) = i;
            return 0;
        }
    }
    char words[128];
    join_words(member->words, words, sizeof words);
    return refuse(reading, place, ARO_ERROR_FIELD, "must be one of %s", words);
}

static int read_time_zone(const struct reading *reading, const struct place *place,
                          const struct member *member, const struct json_node *node, void *target)
{
    UChar id[TIME_ZONE_LENGTH_MAX + 1], canonical[TIME_ZONE_LENGTH_MAX * 2];
    UBool is_known = false;
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = 0;

    int r = read_text(reading, place, member, node, target);
    if (r < 0)
        return r;
    u_strFromUTF8(id, TIME_ZONE_LENGTH_MAX + 1, &length, node->text, (int32_t)node->length,
                  &status);
    ucal_getCanonicalTimeZoneID(id, length, canonical, TIME_ZONE_LENGTH_MAX * 2, &is_known,
                                &status);
    if (U_FAILURE(status) || !is_known)
        return refuse(reading, place, ARO_ERROR_FIELD,
                      "is not a time zone of the IANA database, as America/Sao_Paulo");
    return 0;
}

/* --- lists and objects --- */

typedef int read_item(const struct reading *reading, const struct place *place,
                      const struct json_node *node, void *target);

/* Reads each item of a list of at most @count_max into @target. */
static int read_items(const struct reading *reading, const struct place *place,
                      const struct json_node *node, size_t count_max, read_item *read, void *target)
{
    int r = expect(reading, place, node, JSON_NODE_LIST);
    if (r == 0)
        r = expect_count(reading, place, node->count, count_max);
    const struct json_node *item = node + 1;
    for (uint32_t i = 0; r == 0 && i < node->count; i++, item = json_node_next(item)) {
        const struct place item_place = { .outer = place, .index = i };
        r = read(reading, &item_place, item, target);
    }
    return r;
}

/* Names that senders choose are repeated in errors only where they look like names. */
static const char *printable_name(const struct json_node *member)
{
    bool is_plain = member->name_length > 0 && member->name_length <= 64 &&
                    is_id_alphabet(member->name, member->name_length);
    return is_plain ? member->name : NULL;
}

/* Reads each member of an object whose names the sender chooses; null ones are absent. */
static int read_entries(const struct reading *reading, const struct place *place,
                        const struct json_node *node, read_item *read, void *target)
{
    int r = expect(reading, place, node, JSON_NODE_OBJECT);
    const struct json_node *member = node + 1;
    for (uint32_t i = 0; r == 0 && i < node->count; i++, member = json_node_next(member)) {
        const struct place entry_place = { place, printable_name(member), i };
        if (member->kind != JSON_NODE_NULL)
            r = read(reading, &entry_place, member, target);
    }
    return r;
}

static int read_members(const struct reading *reading, const struct place *outer,
                        const struct member_table *table, const struct json_node *object,
                        void *target);

#define EVERY_EVENT (~0u)
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts, and drops what comes twice; gives the count that is left. */
static size_t sort_texts(const char **texts, size_t count)
{
    size_t kept = 0;
    qsort(texts, count, sizeof *texts, compare_texts);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0)
            texts[kept++] = texts[i];
    }
    return kept;
}

static void keep_text(const struct reading *reading, const char *text)
{
    struct event_memory *memory = reading->memory;
    assert(memory->text_count < memory->text_size);
    memory->texts[memory->text_count++] = text;
}

/* --- languages --- */

static int read_language(const struct reading *reading, const struct place *place,
                         const struct json_node *node, const struct aro_language **ret)
{
    struct aro_error error = { 0 };
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    if (r < 0)
        return r;
    r = aro_languages_intern(reading->memory->languages, node->text, ret, &error);
    if (r == -EINVAL)
        return refuse(reading, place, ARO_ERROR_FIELD, "is %s", error.message);
    if (r == -ENOSPC)
        return refuse(reading, place, ARO_ERROR_LIMIT, "is one too many: %s", error.message);
    return r;
}

static int add_appeal_language(const struct reading *reading, const struct place *place,
                               const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    const struct aro_language *language;
    int r = read_language(reading, place, node, &language);
    if (r < 0)
        return r;
    for (size_t i = 0; i < event->language_count; i++) {
        if (event->languages[i] == language)
            return 0;
    }
    event->languages[event->language_count++] = language;
    return 0;
}

static int read_tag(const struct reading *reading, const struct place *place,
                    const struct member *member, const struct json_node *node, void *target)
{
    return read_language(reading, place, node, value_at(member, target));
}

static const struct member language_members[] = {
    { NAME("tag"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = read_tag,
      .offset = offsetof(struct aro_language_level, language) },
    { NAME("level"), .events = EVERY_EVENT, .read = read_unsigned, .minimum = 1,
      .maximum = ARO_LEVEL_MAX, .offset = offsetof(struct aro_language_level, level) },
};

static const struct member_table language_table = { language_members, COUNT_OF(language_members),
                                                    NULL };

/* Keeps one entry a language: of two spellings of one, the better level holds. */
static void keep_agent_language(struct event_memory *memory, struct aro_event *event,
                                struct aro_language_level level)
{
    for (size_t i = 0; i < event->agent_language_count; i++) {
        struct aro_language_level *known = &memory->agent_languages[i];
        if (known->language != level.language)
            continue;
        if (known->level < level.level)
            known->level = level.level;
        return;
    }
    memory->agent_languages[event->agent_language_count++] = level;
}

static int add_agent_language(const struct reading *reading, const struct place *place,
                              const struct json_node *node, void *target)
{
    struct aro_language_level level = { .level = ARO_LEVEL_MAX };
    int r = node->kind == JSON_NODE_OBJECT
                ? read_members(reading, place, &language_table, node, &level)
                : read_language(reading, place, node, &level.language);
    if (r == 0)
        keep_agent_language(reading->memory, target, level);
    return r;
}

static int read_languages(const struct reading *reading, const struct place *place,
                          const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    if (reading->event->type == ARO_AGENT_UPDATED) {
        reading->event->agent_languages = reading->memory->agent_languages;
        return read_items(reading, place, node, ARO_AGENT_LIST_MAX, add_agent_language, target);
    }
    int r = read_items(reading, place, node, ARO_LANGUAGES_MAX, add_appeal_language, target);
    return r < 0 ? r : check_not_empty(reading, place, node->count);
}

/* --- of an appeal --- */

static int add_excluded(const struct reading *reading, const struct place *place,
                        const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        r = check_id(reading, place, node->text, node->length, ARO_ID_LENGTH_MAX);
    if (r < 0)
        return r;
    for (size_t i = 0; i < event->exclude_count; i++) {
        if (strcmp(event->exclude[i], node->text) == 0)
            return 0;
    }
    event->exclude[event->exclude_count++] = node->text;
    return 0;
}

static int read_exclude(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    return read_items(reading, place, node, ARO_EXCLUDE_MAX, add_excluded, target);
}

static const struct member subject_members[] = {
    { NAME("type"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = read_subject_type,
      .offset = offsetof(struct aro_event, subject_type) },
    { NAME("id"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = read_id,
      .offset = offsetof(struct aro_event, subject_id) },
};

static const struct member_table subject_table = { subject_members, COUNT_OF(subject_members),
                                                   NULL };

static int read_subject(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    int r = expect(reading, place, node, JSON_NODE_OBJECT);
    return r < 0 ? r : read_members(reading, place, &subject_table, node, target);
}

static const struct member decision_members[] = {
    { NAME("id"), .events = EVERY_EVENT, .read = read_id,
      .offset = offsetof(struct aro_event, decision_id) },
    { NAME("decided_by"), .events = EVERY_EVENT, .read = read_id,
      .offset = offsetof(struct aro_event, decided_by) },
    { NAME("decided_at"), .events = EVERY_EVENT, .read = read_instant,
      .offset = offsetof(struct aro_event, decision_decided_at) },
    { NAME("policy"), .events = EVERY_EVENT, .read = read_text,
      .offset = offsetof(struct aro_event, decision_policy) },
};

static const struct member_table decision_table = { decision_members, COUNT_OF(decision_members),
                                                    NULL };

static int read_decision(const struct reading *reading, const struct place *place,
                         const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    int r = expect(reading, place, node, JSON_NODE_OBJECT);
    return r < 0 ? r : read_members(reading, place, &decision_table, node, target);
}

/* Characters of valid UTF-8: bytes that do not continue one. */
static size_t character_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += (text[i] & 0xc0) != 0x80;
    return count;
}

static int add_attribute_text(const struct reading *reading, const struct place *place,
                              const struct json_node *node, void *target)
{
    struct aro_attribute *attribute = target;
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    if (r < 0)
        return r;
    size_t count = character_count(node->text, node->length);
    if (count > ARO_ATTRIBUTE_LENGTH_MAX)
        return refuse(reading, place, ARO_ERROR_LIMIT, "has %zu characters, at most %d are read",
                      count, ARO_ATTRIBUTE_LENGTH_MAX);
    keep_text(reading, node->text);
    attribute->text_count++;
    return 0;
}

static int read_attribute_number(const struct reading *reading, const struct place *place,
                                 const struct json_node *node, struct aro_attribute *attribute)
{
    attribute->kind = ARO_ATTRIBUTE_NUMBER;
    if (json_node_number(node, &attribute->number))
        return 0;
    return refuse(reading, place, ARO_ERROR_FIELD, "is too large a number");
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
        return add_attribute_text(reading, place, node, attribute);
    case JSON_NODE_LIST:
        attribute->kind = ARO_ATTRIBUTE_LIST;
        return read_items(reading, place, node, node->count, add_attribute_text, attribute);
    default:
        return refuse(reading, place, ARO_ERROR_FIELD,
                      "must be a text, a number, true or false, or a list of texts, not %s",
                      json_node_kind_name(node));
    }
}

/* Puts @attribute where its name belongs. */
static void insert_attribute(struct aro_event *event, const struct aro_attribute *attribute)
{
    size_t at = event->attribute_count++;
    for (; at > 0 && strcmp(event->attributes[at - 1].name, attribute->name) > 0; at--)
        event->attributes[at] = event->attributes[at - 1];
    event->attributes[at] = *attribute;
}

static int check_attribute_name(const struct reading *reading, const struct place *place,
                                const struct json_node *node)
{
    size_t count = character_count(node->name, node->name_length);
    if (count > ARO_ATTRIBUTE_LENGTH_MAX)
        return refuse(reading, place, ARO_ERROR_LIMIT,
                      "has a name of %zu characters, at most %d are read", count,
                      ARO_ATTRIBUTE_LENGTH_MAX);
    return node->name_length ? 0 : refuse(reading, place, ARO_ERROR_FIELD, "has no name");
}

static int add_attribute(const struct reading *reading, const struct place *place,
                         const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    struct aro_attribute attribute = { .name = node->name };
    size_t first_text = reading->memory->text_count;

    int r = expect_count(reading, place->outer, event->attribute_count + 1, ARO_ATTRIBUTES_MAX);
    if (r == 0)
        r = check_attribute_name(reading, place, node);
    if (r == 0)
        r = read_attribute_value(reading, place, node, &attribute);
    if (r < 0)
        return r;
    attribute.texts = attribute.text_count ? reading->memory->texts + first_text : NULL;
    insert_attribute(event, &attribute);
    return 0;
}

static int read_attributes(const struct reading *reading, const struct place *place,
                           const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    return read_entries(reading, place, node, add_attribute, target);
}

/* --- of an agent --- */

static int add_market(const struct reading *reading, const struct place *place,
                      const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    if (node->kind == JSON_NODE_TEXT && strcmp(node->text, "*") == 0) {
        event->all_markets = true;
        return 0;
    }
    int r = check_market(reading, place, node);
    if (r < 0)
        return r;
    keep_text(reading, node->text);
    event->market_count++;
    return 0;
}

static int read_markets(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    struct aro_event *event = target;
    const char **texts = reading->memory->texts + reading->memory->text_count;
    int r = read_items(reading, place, node, ARO_AGENT_LIST_MAX, add_market, target);
    if (r < 0)
        return r;
    event->market_count = event->all_markets ? 0 : sort_texts(texts, event->market_count);
    event->markets = texts;
    return 0;
}

static int add_queue(const struct reading *reading, const struct place *place,
                     const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    int r = expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        r = check_not_empty(reading, place, node->length);
    if (r < 0)
        return r;
    keep_text(reading, node->text);
    event->queue_count++;
    return 0;
}

static int read_queues(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    struct aro_event *event = target;
    const char **texts = reading->memory->texts + reading->memory->text_count;
    int r = read_items(reading, place, node, ARO_AGENT_LIST_MAX, add_queue, target);
    if (r < 0)
        return r;
    event->queue_count = sort_texts(texts, event->queue_count);
    event->queues = texts;
    return 0;
}

static const struct member skill_level = {
    .minimum = 1,
    .maximum = ARO_LEVEL_MAX,
    .offset = offsetof(struct aro_skill, level),
};

static int add_skill(const struct reading *reading, const struct place *place,
                     const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    struct aro_skill skill = { .name = node->name };
    int r = expect_count(reading, place->outer, event->skill_count + 1, ARO_AGENT_LIST_MAX);
    if (r == 0 && node->name_length == 0)
        r = refuse(reading, place, ARO_ERROR_FIELD, "has no name");
    if (r == 0)
        r = read_unsigned(reading, place, &skill_level, node, &skill);
    if (r == 0)
        reading->memory->skills[event->skill_count++] = skill;
    return r;
}

static int compare_skills(const void *a, const void *b)
{
    return strcmp(((const struct aro_skill *)a)->name, ((const struct aro_skill *)b)->name);
}

static int read_skills(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    struct aro_event *event = target;
    struct aro_skill *skills = reading->memory->skills;
    int r = read_entries(reading, place, node, add_skill, target);
    if (r < 0)
        return r;
    qsort(skills, event->skill_count, sizeof *skills, compare_skills);
    event->skills = skills;
    return 0;
}

static const struct member shift_members[] = {
    { NAME("start"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = read_instant,
      .offset = offsetof(struct aro_shift, start) },
    { NAME("end"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = read_instant,
      .offset = offsetof(struct aro_shift, end) },
};

static const struct member_table shift_table = { shift_members, COUNT_OF(shift_members), NULL };

static int add_shift(const struct reading *reading, const struct place *place,
                     const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    struct aro_shift shift = { 0 };
    int r = expect(reading, place, node, JSON_NODE_OBJECT);
    if (r == 0)
        r = read_members(reading, place, &shift_table, node, &shift);
    if (r == 0 && shift.end.ms <= shift.start.ms) {
        const struct place end = { .outer = place, .name = "end" };
        r = refuse(reading, &end, ARO_ERROR_FIELD, "is not after the start");
    }
    if (r == 0)
        reading->memory->shifts[event->shift_count++] = shift;
    return r;
}

static int read_shifts(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    reading->event->shifts = reading->memory->shifts;
    return read_items(reading, place, node, ARO_AGENT_LIST_MAX, add_shift, target);
}

/* --- the contract --- */

#define BIT(type) (1u << (type))

enum {
    SUBMITTED = BIT(ARO_APPEAL_SUBMITTED),
    UPDATED = BIT(ARO_APPEAL_UPDATED),
    DECIDED = BIT(ARO_APPEAL_DECIDED),
    AGENT = BIT(ARO_AGENT_UPDATED),
    STATUS = BIT(ARO_AGENT_STATUS),
    AGENTS = AGENT | STATUS | BIT(ARO_AGENT_REMOVED),
    ANSWERS =
        BIT(ARO_ASSIGNMENT_ACCEPTED) | BIT(ARO_ASSIGNMENT_DECLINED) | BIT(ARO_ASSIGNMENT_RETURNED),
    APPEALS = SUBMITTED | UPDATED | DECIDED | BIT(ARO_APPEAL_WITHDRAWN) | ANSWERS,
};

static const char *const statuses[] = { "available", "draining", "away", NULL };
static const char *const outcomes[] = { "upheld", "overturned", "partial", "invalid", NULL };

#define IN_EVENT(field) .offset = offsetof(struct aro_event, field)
#define RANGE(from, to) .minimum = (from), .maximum = (to)

/* One row a member, in the order in which the contract lists them. */
/* clang-format off */
static const struct member event_members[] = {
    { NAME("appeal_id"), APPEALS, APPEALS, 0, read_id, IN_EVENT(appeal_id) },
    { NAME("agent_id"), AGENTS | ANSWERS | DECIDED, AGENTS | ANSWERS, ARO_HAS_AGENT_ID, read_id,
      IN_EVENT(agent_id) },
    { NAME("market"), SUBMITTED, SUBMITTED, 0, read_market, IN_EVENT(market) },
    { NAME("capacity"), AGENT, AGENT, 0, read_unsigned, IN_EVENT(capacity), RANGE(0, ARO_CAPACITY_MAX) },
    { NAME("languages"), SUBMITTED | UPDATED | AGENT, SUBMITTED | AGENT, ARO_HAS_LANGUAGES,
      read_languages },
    { NAME("markets"), AGENT, AGENT, 0, read_markets },
    { NAME("reason"), SUBMITTED | UPDATED | ANSWERS, SUBMITTED, ARO_HAS_REASON, read_reason,
      IN_EVENT(reason) },
    { NAME("tier"), SUBMITTED, 0, 0, read_unsigned, IN_EVENT(tier), RANGE(1, INT32_MAX) },
    { NAME("subject"), SUBMITTED, 0, 0, read_subject },
    { NAME("decision"), SUBMITTED, 0, 0, read_decision },
    { NAME("exclude"), SUBMITTED | UPDATED, 0, ARO_HAS_EXCLUDE, read_exclude },
    { NAME("submitted_at"), SUBMITTED, 0, 0, read_instant, IN_EVENT(submitted_at) },
    { NAME("deadline"), SUBMITTED | UPDATED, 0, ARO_HAS_DEADLINE, read_instant, IN_EVENT(deadline) },
    { NAME("effort"), SUBMITTED, 0, 0, read_unsigned, IN_EVENT(effort), RANGE(1, ARO_EFFORT_MAX) },
    { NAME("priority"), SUBMITTED, 0, 0, read_unsigned, IN_EVENT(priority), RANGE(0, ARO_PRIORITY_MAX) },
    { NAME("attributes"), SUBMITTED | UPDATED, 0, ARO_HAS_ATTRIBUTES, read_attributes },
    { NAME("on_hold"), UPDATED, 0, ARO_HAS_ON_HOLD, read_bool, IN_EVENT(on_hold) },
    { NAME("queues"), AGENT, 0, ARO_HAS_QUEUES, read_queues },
    { NAME("skills"), AGENT, 0, 0, read_skills },
    { NAME("team"), AGENT, 0, 0, read_text, IN_EVENT(team) },
    { NAME("site"), AGENT, 0, 0, read_text, IN_EVENT(site) },
    { NAME("lead"), AGENT, 0, 0, read_text, IN_EVENT(lead) },
    { NAME("time_zone"), AGENT, 0, 0, read_time_zone, IN_EVENT(time_zone) },
    { NAME("shifts"), AGENT, 0, ARO_HAS_SHIFTS, read_shifts },
    { NAME("status"), AGENT | STATUS, STATUS, ARO_HAS_STATUS, read_word, IN_EVENT(status),
      .words = statuses },
    { NAME("epoch"), ANSWERS | DECIDED, ANSWERS, ARO_HAS_EPOCH, read_epoch, IN_EVENT(epoch),
      RANGE(1, INT64_MAX) },
    { NAME("outcome"), DECIDED, DECIDED, 0, read_word, IN_EVENT(outcome), .words = outcomes },
    { NAME("decided_at"), DECIDED, 0, 0, read_instant, IN_EVENT(decided_at) },
};
/* clang-format on */

/* --- finding a member --- */

static size_t index_place(const char *name, uint32_t length)
{
    unsigned first = (unsigned char)name[0], middle = (unsigned char)name[length / 2];
    return (first * 5 + middle * 17 + length) % MEMBER_INDEX_SIZE;
}

static void member_index_fill(struct member_index *index)
{
    _Static_assert(COUNT_OF(event_members) < MEMBER_INDEX_SIZE / 2, "the index has free places");
    for (size_t row = 0; row < COUNT_OF(event_members); row++) {
        size_t at = index_place(event_members[row].name, event_members[row].name_length);
        while (index->rows[at])
            at = (at + 1) % MEMBER_INDEX_SIZE;
        index->rows[at] = (uint8_t)(row + 1);
    }
}

static bool has_name(const struct member *member, const struct json_node *node)
{
    return member->name_length == node->name_length &&
           memcmp(member->name, node->name, node->name_length) == 0;
}

/* The row of @node; NULL for a member that no event has. */
static const struct member *find_row(const struct member_table *table, const struct json_node *node)
{
    if (table->index) {
        size_t at = index_place(node->name, node->name_length);
        for (; table->index->rows[at]; at = (at + 1) % MEMBER_INDEX_SIZE) {
            const struct member *row = &table->rows[table->index->rows[at] - 1];
            if (has_name(row, node))
                return row;
        }
        return NULL;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (has_name(&table->rows[i], node))
            return &table->rows[i];
    }
    return NULL;
}

static int check_missing(const struct reading *reading, const struct place *outer,
                         const struct member_table *table, uint64_t seen)
{
    unsigned type = BIT(reading->event->type);
    for (size_t i = 0; i < table->count; i++) {
        if ((table->rows[i].required & type) && !(seen & UINT64_C(1) << i)) {
            const struct place place = { .outer = outer, .name = table->rows[i].name };
            return refuse(reading, &place, ARO_ERROR_FIELD, "is missing");
        }
    }
    return 0;
}

static int read_members(const struct reading *reading, const struct place *outer,
                        const struct member_table *table, const struct json_node *object,
                        void *target)
{
    uint64_t seen = 0;
    unsigned type = BIT(reading->event->type);
    const struct json_node *node = object + 1;
    for (uint32_t i = 0; i < object->count; i++, node = json_node_next(node)) {
        const struct member *row = find_row(table, node);
        if (!row || !(row->events & type) || node->kind == JSON_NODE_NULL)
            continue;
        const struct place place = { .outer = outer, .name = row->name };
        int r = row->read(reading, &place, row, node, target);
        if (r < 0)
            return r;
        seen |= UINT64_C(1) << (row - table->rows);
        reading->event->has |= row->has;
    }
    return check_missing(reading, outer, table, seen);
}

/* --- memory, and the way in --- */

void event_memory_init(struct event_memory *memory, struct aro_languages *languages)
{
    memory->languages = languages;
    member_index_fill(&memory->index);
}

void event_memory_done(struct event_memory *memory)
{
    free(memory->texts);
    memory->texts = NULL;
}

/* No event keeps more texts than it has nodes. */
static int reserve_texts(struct event_memory *memory, size_t count)
{
    memory->text_count = 0;
    if (count <= memory->text_size)
        return 0;
    size_t size = memory->text_size * 2 > count ? memory->text_size * 2 : count;
    const char **texts = realloc(memory->texts, size * sizeof *texts);
    if (!texts)
        return -ENOMEM;
    memory->texts = texts;
    memory->text_size = size;
    return 0;
}

int event_members_read(struct event_memory *memory, const struct json_node *object,
                       struct aro_event *event, struct aro_error *reterr)
{
    const struct reading reading = { .memory = memory, .event = event, .reterr = reterr };
    int r = reserve_texts(memory, object->span);
    if (r < 0)
        return r;
    const struct member_table table = { event_members, COUNT_OF(event_members), &memory->index };
    return read_members(&reading, NULL, &table, object, event);
}
