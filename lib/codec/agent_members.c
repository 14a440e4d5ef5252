#include "codec/agent_members.h"

#include "codec/event_memory.h"
#include "codec/member_values.h"

#include <stdlib.h>
#include <string.h>

static int read_tag(const struct reading *reading, const struct place *place,
                    const struct member *member, const struct json_node *node, void *target)
{
    return reading_language(reading, place, node, member_value(member, target));
}

static const struct member language_members[] = {
    { NAME("tag"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = read_tag,
      .offset = offsetof(struct aro_language_level, language) },
    { NAME("level"), .events = EVERY_EVENT, .read = member_read_unsigned, .minimum = 1,
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
                ? reading_members(reading, place, &language_table, node, &level)
                : reading_language(reading, place, node, &level.language);
    if (r == 0)
        keep_agent_language(reading->memory, target, level);
    return r;
}

int member_read_agent_languages(const struct reading *reading, const struct place *place,
                                const struct member *member, const struct json_node *node,
                                void *target)
{
    (void)member;
    reading->event->agent_languages = reading->memory->agent_languages;
    return reading_each_item(reading, place, node, ARO_AGENT_LIST_MAX, add_agent_language, target);
}

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

static int add_market(const struct reading *reading, const struct place *place,
                      const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    if (node->kind == JSON_NODE_TEXT && strcmp(node->text, "*") == 0) {
        event->all_markets = true;
        return 0;
    }
    int r = reading_check_market(reading, place, node);
    if (r < 0)
        return r;
    event_memory_keep(reading->memory, node->text);
    event->market_count++;
    return 0;
}

int member_read_markets(const struct reading *reading, const struct place *place,
                        const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    struct aro_event *event = target;
    const char **texts = reading->memory->texts + reading->memory->text_count;
    int r = reading_each_item(reading, place, node, ARO_AGENT_LIST_MAX, add_market, target);
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
    int r = reading_expect(reading, place, node, JSON_NODE_TEXT);
    if (r == 0)
        r = reading_expect_some(reading, place, node->length);
    if (r < 0)
        return r;
    event_memory_keep(reading->memory, node->text);
    event->queue_count++;
    return 0;
}

int member_read_queues(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    struct aro_event *event = target;
    const char **texts = reading->memory->texts + reading->memory->text_count;
    int r = reading_each_item(reading, place, node, ARO_AGENT_LIST_MAX, add_queue, target);
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
    int r = reading_expect_count(reading, place->outer, event->skill_count + 1, ARO_AGENT_LIST_MAX);
    if (r == 0 && node->name_length == 0)
        r = reading_refuse(reading, place, ARO_ERROR_FIELD, "has no name");
    if (r == 0)
        r = member_read_unsigned(reading, place, &skill_level, node, &skill);
    if (r == 0)
        reading->memory->skills[event->skill_count++] = skill;
    return r;
}

static int compare_skills(const void *a, const void *b)
{
    return strcmp(((const struct aro_skill *)a)->name, ((const struct aro_skill *)b)->name);
}

int member_read_skills(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    struct aro_event *event = target;
    struct aro_skill *skills = reading->memory->skills;
    int r = reading_each_entry(reading, place, node, add_skill, target);
    if (r < 0)
        return r;
    qsort(skills, event->skill_count, sizeof *skills, compare_skills);
    event->skills = skills;
    return 0;
}

static const struct member shift_members[] = {
    { NAME("start"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = member_read_instant,
      .offset = offsetof(struct aro_shift, start) },
    { NAME("end"), .events = EVERY_EVENT, .required = EVERY_EVENT, .read = member_read_instant,
      .offset = offsetof(struct aro_shift, end) },
};

static const struct member_table shift_table = { shift_members, COUNT_OF(shift_members), NULL };

static int add_shift(const struct reading *reading, const struct place *place,
                     const struct json_node *node, void *target)
{
    struct aro_event *event = target;
    struct aro_shift shift = { 0 };
    int r = reading_expect(reading, place, node, JSON_NODE_OBJECT);
    if (r == 0)
        r = reading_members(reading, place, &shift_table, node, &shift);
    if (r == 0 && shift.end.ms <= shift.start.ms) {
        const struct place end = { .outer = place, .name = "end" };
        r = reading_refuse(reading, &end, ARO_ERROR_FIELD, "is not after the start");
    }
    if (r == 0)
        reading->memory->shifts[event->shift_count++] = shift;
    return r;
}

int member_read_shifts(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    (void)member;
    reading->event->shifts = reading->memory->shifts;
    return reading_each_item(reading, place, node, ARO_AGENT_LIST_MAX, add_shift, target);
}
