/* Whatever record comes, the reader gives an event within its limits, or a code and a sentence.
 *
 * The first byte of an input chooses topic and form, the rest is the value. */
#include "fuzz_target.h"

#include <aro/event.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct aro_header headers[] = {
    { "content-type", "application/cloudevents+json", 28 },
    { "ce_type", "appeal.submitted", 16 },
    { "ce_type", "agent.updated", 13 },
};

static void check_appeal(const struct aro_event *event)
{
    assert(event->language_count <= ARO_LANGUAGES_MAX);
    assert(event->exclude_count <= ARO_EXCLUDE_MAX);
    assert(event->attribute_count <= ARO_ATTRIBUTES_MAX);
    assert(event->effort >= 1 && event->effort <= ARO_EFFORT_MAX);
    assert(event->priority <= ARO_PRIORITY_MAX && event->tier >= 1);
    assert(!event->subject_type == !event->subject_id);
    for (size_t i = 1; i < event->attribute_count; i++)
        assert(strcmp(event->attributes[i - 1].name.text, event->attributes[i].name.text) < 0);
}

static void check_agent(const struct aro_event *event)
{
    assert(event->capacity <= ARO_CAPACITY_MAX);
    for (size_t i = 0; i < event->agent_language_count; i++)
        assert(event->agent_languages[i].level >= 1 &&
               event->agent_languages[i].level <= ARO_LEVEL_MAX);
    for (size_t i = 0; i < event->skill_count; i++)
        assert(event->skills[i].level >= 1 && event->skills[i].level <= ARO_LEVEL_MAX);
    for (size_t i = 1; i < event->market_count; i++)
        assert(strcmp(event->markets[i - 1], event->markets[i]) < 0);
}

static void check_event(const struct aro_event *event)
{
    assert(event->type > ARO_EVENT_NONE && event->type < ARO_EVENT_TYPE_COUNT);
    const char *id = event->appeal_id ? event->appeal_id : event->agent_id;
    assert(id && *id && strlen(id) <= ARO_ID_LENGTH_MAX);
    check_appeal(event);
    check_agent(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct aro_languages *languages;
    static struct aro_event_reader *reader;
    if (size == 0)
        return 0;
    if (!reader &&
        (aro_languages_new(&languages) < 0 || aro_event_reader_new(languages, &reader) < 0))
        abort();

    unsigned form = data[0] / 3 % 4; /* plain, or one of the headers */
    const struct aro_message message = {
        .topic_kind = data[0] % 3,
        .value = data + 1,
        .value_length = size - 1,
        .headers = form ? &headers[form - 1] : NULL,
        .header_count = form ? 1 : 0,
    };
    const struct aro_event *event = NULL;
    struct aro_error error = { 0 };
    int r = aro_event_read(reader, &message, &event, &error);
    if (r == 0)
        check_event(event);
    else
        assert(r == -EINVAL && error.code != ARO_ERROR_NONE && *error.message);
    return 0;
}
