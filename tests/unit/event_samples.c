#include "cmocka_headers.h"

#include "event_samples.h"

#include "support/buffer.h"

#include <stdlib.h>
#include <string.h>

json_t *samples_load(const char *name)
{
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/tests/data/%s", SOURCE_DIR, name);
    json_t *list = json_load_file(path, 0, &error);
    if (!list)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return list;
}

static const char *text_of(const json_t *entry, const char *name)
{
    return json_string_value(json_object_get(entry, name));
}

static enum aro_topic_kind topic_of(const json_t *entry)
{
    const char *topic = text_of(entry, "topic");
    if (strcmp(topic, "appeals") == 0)
        return ARO_TOPIC_APPEALS;
    if (strcmp(topic, "agents") == 0)
        return ARO_TOPIC_AGENTS;
    assert_string_equal(topic, "reviews");
    return ARO_TOPIC_REVIEWS;
}

static void add_header(struct sample *sample, const char *name, const char *value)
{
    assert_true(sample->message.header_count < SAMPLE_HEADERS_MAX);
    sample->headers[sample->message.header_count++] =
        (struct aro_header){ .name = name, .value = value, .length = strlen(value) };
    sample->message.headers = sample->headers;
}

/* Starts a sample with what every entry has. */
static void sample_init(const json_t *entry, struct sample *ret)
{
    const char *key = text_of(entry, "key");
    *ret = (struct sample){ .message = { .topic_kind = topic_of(entry) } };
    if (key) {
        ret->message.key = key;
        ret->message.key_length = strlen(key);
    }
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = strchr(digits, c);
    assert_non_null(at);
    return (int)(at - digits);
}

static void add_base64(struct buffer *buffer, const char *text)
{
    unsigned bits = 0, count = 0;
    for (; *text && *text != '='; text++) {
        bits = bits << 6 | (unsigned)base64_digit(*text);
        count += 6;
        if (count >= 8) {
            count -= 8;
            buffer_add(buffer, (char[]){ (char)(bits >> count & 0xff) }, 1);
        }
    }
}

/* Each part is [text, how often]. */
static void add_parts(struct buffer *buffer, const json_t *parts)
{
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        const char *text = json_string_value(json_array_get(part, 0));
        json_int_t times = json_integer_value(json_array_get(part, 1));
        for (; times > 0; times--)
            buffer_add_text(buffer, text);
    }
}

char *sample_value(const json_t *entry, size_t *ret_length)
{
    struct buffer buffer = { 0 };
    if (json_is_null(json_object_get(entry, "value")))
        return NULL;
    buffer_reserve(&buffer, 0);
    if (text_of(entry, "value"))
        buffer_add_text(&buffer, text_of(entry, "value"));
    else if (text_of(entry, "value_base64"))
        add_base64(&buffer, text_of(entry, "value_base64"));
    else
        add_parts(&buffer, json_object_get(entry, "value_parts"));
    *ret_length = buffer.length;
    return buffer_take(&buffer);
}

void sample_from_broken(const json_t *entry, struct sample *ret)
{
    const char *name;
    json_t *value;

    sample_init(entry, ret);
    json_object_foreach(json_object_get(entry, "headers"), name, value)
        add_header(ret, name, json_string_value(value));
    ret->message.value = ret->value = sample_value(entry, &ret->message.value_length);
}

static json_t *structured_value(const json_t *entry)
{
    return json_pack("{s:s, s:s, s:s, s:O, s:O}", "specversion", "1.0", "id", "1", "source",
                     "/partner", "type", json_object_get(entry, "type"), "data",
                     json_object_get(entry, "data"));
}

static json_t *plain_value(const json_t *entry)
{
    json_t *value = json_copy(json_object_get(entry, "data"));
    json_object_set(value, "type", json_object_get(entry, "type"));
    return value;
}

void sample_from_good(const json_t *entry, enum sample_form form, struct sample *ret)
{
    json_t *value = form == SAMPLE_STRUCTURED ? structured_value(entry)
                    : form == SAMPLE_PLAIN    ? plain_value(entry)
                                              : json_incref(json_object_get(entry, "data"));
    assert_non_null(value);
    sample_init(entry, ret);
    if (form == SAMPLE_BINARY)
        add_header(ret, "ce_type", text_of(entry, "type"));
    if (form == SAMPLE_STRUCTURED)
        add_header(ret, "content-type", "application/cloudevents+json; charset=utf-8");
    ret->value = json_dumps(value, JSON_COMPACT);
    assert_non_null(ret->value);
    ret->message.value = ret->value;
    ret->message.value_length = strlen(ret->value);
    json_decref(value);
}

void sample_done(struct sample *sample)
{
    free(sample->value);
    *sample = (struct sample){ 0 };
}
