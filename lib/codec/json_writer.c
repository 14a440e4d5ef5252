#include "codec/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes as they are, where room for them was reserved. */
static inline char *put(char *at, const char *bytes, size_t length)
{
    memcpy(at, bytes, length);
    return at + length;
}

static inline bool needs_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

static char *put_escape(char *at, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

    if (c == '"' || c == '\\')
        return put(at, (char[]){ '\\', (char)c }, 2);
    return put(at, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
}

/* Room for what comes next is reserved once for a whole text, at its longest. */
static void add_escaped(struct buffer *buffer, const char *text)
{
    size_t length = strlen(text);

    buffer_reserve(buffer, length * 6 + 2);
    char *at = buffer->data + buffer->length;
    *at++ = '"';
    for (const char *run = text, *end = text + length; run < end;) {
        const char *stop = run;
        while (stop < end && !needs_escape((unsigned char)*stop))
            stop++;
        at = put(at, run, (size_t)(stop - run));
        run = stop;
        if (run < end)
            at = put_escape(at, (unsigned char)*run++);
    }
    *at++ = '"';
    *at = '\0';
    buffer->length = (size_t)(at - buffer->data);
}

/* The comma and the name that come before any value. */
static void begin_value(struct json_writer *writer, const char *name)
{
    if (writer->needs_comma)
        buffer_add(writer->buffer, ",", 1);
    if (name) {
        add_escaped(writer->buffer, name);
        buffer_add(writer->buffer, ":", 1);
    }
    writer->needs_comma = true;
}

static void open_bracket(struct json_writer *writer, const char *name, const char *bracket)
{
    begin_value(writer, name);
    buffer_add(writer->buffer, bracket, 1);
    writer->needs_comma = false;
}

static void close_bracket(struct json_writer *writer, const char *bracket)
{
    buffer_add(writer->buffer, bracket, 1);
    writer->needs_comma = true;
}

void json_open_object(struct json_writer *writer, const char *name)
{
    open_bracket(writer, name, "{");
}

void json_close_object(struct json_writer *writer)
{
    close_bracket(writer, "}");
}

void json_open_list(struct json_writer *writer, const char *name)
{
    open_bracket(writer, name, "[");
}

void json_close_list(struct json_writer *writer)
{
    close_bracket(writer, "]");
}

void json_add_text(struct json_writer *writer, const char *name, const char *text)
{
    begin_value(writer, name);
    if (text)
        add_escaped(writer->buffer, text);
    else
        buffer_add(writer->buffer, "null", 4);
}

void json_add_json(struct json_writer *writer, const char *name, const char *json)
{
    begin_value(writer, name);
    buffer_add_text(writer->buffer, json);
}

void json_add_integer(struct json_writer *writer, const char *name, int64_t value)
{
    begin_value(writer, name);
    buffer_add_integer(writer->buffer, value);
}

void json_add_number(struct json_writer *writer, const char *name, double value)
{
    assert(isfinite(value));
    if (value == trunc(value) && fabs(value) < 1e15) {
        json_add_integer(writer, name, (int64_t)value);
        return;
    }
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    begin_value(writer, name);
    buffer_add_text(writer->buffer, text);
}

void json_add_bool(struct json_writer *writer, const char *name, bool value)
{
    begin_value(writer, name);
    buffer_add_text(writer->buffer, value ? "true" : "false");
}

void json_add_null(struct json_writer *writer, const char *name)
{
    json_add_text(writer, name, NULL);
}

void json_add_instant(struct json_writer *writer, const char *name, struct aro_instant at)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    if (aro_instant_is_never(at)) {
        json_add_null(writer, name);
        return;
    }
    aro_instant_format(at, text);
    begin_value(writer, name);
    buffer_add(writer->buffer, "\"", 1);
    buffer_add_text(writer->buffer, text);
    buffer_add(writer->buffer, "\"", 1);
}
