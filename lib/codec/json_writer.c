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

/* Whether any of eight bytes needs an escape: the usual trick of finding a byte below a bound. */
static inline bool any_needs_escape(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
            ((backslash - ones) & ~backslash)) &
           tops;
}

/* Copies eight bytes; gives whether none of them needs an escape. */
static inline bool put_plain_word(char *at, const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    memcpy(at, &word, sizeof word);
    return !any_needs_escape(word);
}

/* Copies @text as far as nothing in it needs an escape; gives whether that was all of it. A text
 * of eight bytes or more ends with its last eight, some of them a second time. */
static bool put_plain(char *at, const char *text, size_t length)
{
    size_t done = 0;
    if (length >= 8) {
        for (; done + 8 <= length; done += 8) {
            if (!put_plain_word(at + done, text + done))
                return false;
        }
        return put_plain_word(at + length - 8, text + length - 8);
    }
    for (; done < length; done++) {
        if (needs_escape((unsigned char)text[done]))
            return false;
        at[done] = text[done];
    }
    return true;
}

/* Where room for it at its longest was reserved. */
static inline char *put_text(char *at, const char *text, size_t length)
{
    *at++ = '"';
    if (put_plain(at, text, length)) {
        at += length;
    } else {
        for (const char *end = text + length; text < end; text++) {
            if (needs_escape((unsigned char)*text))
                at = put_escape(at, (unsigned char)*text);
            else
                *at++ = *text;
        }
    }
    *at++ = '"';
    return at;
}

/* How long a text of @length, quotes included, can become. */
static inline size_t text_room(size_t length)
{
    return length * 6 + 2;
}

/* Reserves room for a member, and for @room bytes of its value; puts the comma and the name that
 * come before it. Gives where the value goes. */
static char *begin_value(struct json_writer *writer, const char *name, size_t room)
{
    struct buffer *buffer = writer->buffer;
    size_t length = name ? strlen(name) : 0;

    buffer_reserve(buffer, 2 + text_room(length) + room);
    char *at = buffer->data + buffer->length;
    if (writer->needs_comma)
        *at++ = ',';
    if (name) {
        at = put_text(at, name, length);
        *at++ = ':';
    }
    writer->needs_comma = true;
    return at;
}

/* @at: behind the value. */
static inline void end_value(struct json_writer *writer, char *at)
{
    *at = '\0';
    writer->buffer->length = (size_t)(at - writer->buffer->data);
}

static void add_bytes(struct json_writer *writer, const char *name, const char *bytes,
                      size_t length)
{
    end_value(writer, put(begin_value(writer, name, length), bytes, length));
}

static void open_bracket(struct json_writer *writer, const char *name, const char *bracket)
{
    add_bytes(writer, name, bracket, 1);
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
    if (!text) {
        json_add_null(writer, name);
        return;
    }
    size_t length = strlen(text);
    end_value(writer, put_text(begin_value(writer, name, text_room(length)), text, length));
}

void json_add_json(struct json_writer *writer, const char *name, const char *json)
{
    add_bytes(writer, name, json, strlen(json));
}

void json_add_integer(struct json_writer *writer, const char *name, int64_t value)
{
    end_value(writer, buffer_put_integer(begin_value(writer, name, BUFFER_INTEGER_MAX), value));
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
    json_add_json(writer, name, text);
}

void json_add_bool(struct json_writer *writer, const char *name, bool value)
{
    json_add_json(writer, name, value ? "true" : "false");
}

void json_add_null(struct json_writer *writer, const char *name)
{
    json_add_json(writer, name, "null");
}

void json_add_instant(struct json_writer *writer, const char *name, struct aro_instant at)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    if (aro_instant_is_never(at)) {
        json_add_null(writer, name);
        return;
    }
    aro_instant_format(at, text);
    json_add_text(writer, name, text);
}
