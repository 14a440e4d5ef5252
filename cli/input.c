#include "cli/input.h"

#include "cli/answer.h"
#include "file/file.h"
#include "support/cleanup.h"

#include <jansson.h>
#include <string.h>

int input_rulebook(const struct invocation *invocation, const char *path,
                   struct aro_languages *languages, struct aro_rulebook **ret)
{
    CLEANUP(freep) char *text = NULL;
    struct aro_error error = { 0 };
    size_t length;

    if (file_read(path, INPUT_LENGTH_MAX, &text, &length, &error) < 0 ||
        aro_rulebook_parse(text, length, languages, ret, &error) < 0)
        return answer_fail_file(invocation, path, &error);
    return EXIT_FINE;
}

/* The header that a producer would send beside such a value; NULL where it needs none. Of a value
 * that cannot be looked into, for a number beyond all bounds or for no JSON at all, the reader says
 * what is wrong: that it has no type is not known. */
static const char *header_of(const char *text, size_t length, enum aro_event_type initial_type,
                             const char **ret_value)
{
    json_t *event = json_loadb(text, length, 0, NULL);
    const json_t *type = json_object_get(event, "type");
    const char *header = NULL;

    if (json_object_get(event, "specversion")) {
        header = "content-type";
        *ret_value = "application/cloudevents+json";
    } else if (!event || (json_is_object(event) && (!type || json_is_null(type)))) {
        header = "ce_type";
        *ret_value = aro_event_type_name(initial_type);
    }
    json_decref(event);
    return header;
}

int input_event(struct aro_event_reader *reader, const char *text, size_t length,
                enum aro_topic_kind kind, enum aro_event_type initial_type,
                const struct aro_event **ret, struct aro_error *reterr)
{
    const char *value = NULL;
    struct aro_header header = { .name = header_of(text, length, initial_type, &value) };
    struct aro_message message = {
        .topic_kind = kind,
        .value = text,
        .value_length = length,
        .headers = &header,
        .header_count = header.name ? 1 : 0,
    };
    header.value = value;
    header.length = value ? strlen(value) : 0;
    return aro_event_read(reader, &message, ret, reterr);
}

int input_agents(const struct invocation *invocation, const char *path,
                 struct aro_event_reader *reader,
                 void (*take)(const struct aro_event *event, void *context), void *context)
{
    CLEANUP(freep) char *text = NULL;
    struct aro_error error = { 0 };
    const struct aro_event *event;
    size_t length, line_length;
    unsigned number = 1;

    if (file_read(path, INPUT_LENGTH_MAX, &text, &length, &error) < 0)
        return answer_fail_file(invocation, path, &error);
    for (const char *line = text; line < text + length; line += line_length + 1, number++) {
        const char *end = memchr(line, '\n', (size_t)(text + length - line));
        line_length = (size_t)((end ? end : text + length) - line);
        if (strspn(line, " \t\r") >= line_length)
            continue;
        if (input_event(reader, line, line_length, ARO_TOPIC_AGENTS, ARO_AGENT_UPDATED, &event,
                        &error) < 0) {
            error.line = number;
            if (error.column == 0)
                error.column = 1;
            return answer_fail_file(invocation, path, &error);
        }
        take(event, context);
    }
    return EXIT_FINE;
}
