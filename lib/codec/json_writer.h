/* Writes JSON into a buffer, member by member, with no tree in between.
 *
 * By hand because a tree and a dump by jansson cost fifty times as much (4.7 us against 0.1 us for
 * an assignment), and this is done for each record that goes out.
 *
 * A @name is a constant that needs no escapes, or NULL in a list, at the top and behind
 * json_add_name(). Where it is a literal its length is known when the caller is compiled, which is
 * why so much is inline: records are short, and half of what they say are names. */
#ifndef ARO_CODEC_JSON_WRITER_H
#define ARO_CODEC_JSON_WRITER_H

#include <aro/time.h>

#include "support/buffer.h"
#include "support/decimal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct json_writer {
    struct buffer *buffer; /* borrowed; appended to */
    bool needs_comma;
};

/* A name that comes from outside. The value follows, without one. */
void json_add_name(struct json_writer *writer, const char *name);

/* Writes the @length bytes of @text, quoted, at @at, where there is room for the largest that they
 * can become; gives the end. */
char *json_write_text(char *at, const char *text, size_t length);
static inline size_t json_text_size_max(size_t length)
{
    return length * 6 + 2; /* were each byte to be escaped */
}

/* The value alone, where it is due; see json_add_number(). */
void json_put_number(struct buffer *buffer, double value);

/* What comes before a value: a comma where there is one before it, and the name. Gives where the
 * value goes; there is room for @size bytes of it, and json_end() is to be told where it ends. */
static inline char *json_begin(struct json_writer *writer, const char *name, size_t size)
{
    struct buffer *buffer = writer->buffer;
    size_t length = name ? strlen(name) : 0;

    buffer_reserve(buffer, length + 4 + size);
    char *at = buffer->data + buffer->length;
    *at = ',';
    at += writer->needs_comma;
    if (name) {
        *at++ = '"';
        memcpy(at, name, length);
        at += length;
        *at++ = '"';
        *at++ = ':';
    }
    writer->needs_comma = true;
    return at;
}

static inline void json_end(struct json_writer *writer, char *end)
{
    *end = '\0';
    writer->buffer->length = (size_t)(end - writer->buffer->data);
}

/* A text at @at, where json_begin() has come to; NULL: null. */
void json_put_text(struct json_writer *writer, char *at, const char *text);

static inline void json_open_object(struct json_writer *writer, const char *name)
{
    char *at = json_begin(writer, name, 1);
    *at++ = '{';
    json_end(writer, at);
    writer->needs_comma = false;
}

static inline void json_open_list(struct json_writer *writer, const char *name)
{
    char *at = json_begin(writer, name, 1);
    *at++ = '[';
    json_end(writer, at);
    writer->needs_comma = false;
}

static inline void json_close_object(struct json_writer *writer)
{
    buffer_add(writer->buffer, "}", 1);
    writer->needs_comma = true;
}

static inline void json_close_list(struct json_writer *writer)
{
    buffer_add(writer->buffer, "]", 1);
    writer->needs_comma = true;
}

/* NULL @text: null. */
static inline void json_add_text(struct json_writer *writer, const char *name, const char *text)
{
    json_put_text(writer, json_begin(writer, name, 0), text);
}

static inline void json_add_integer(struct json_writer *writer, const char *name, int64_t value)
{
    char *at = json_begin(writer, name, DECIMAL_SIZE_MAX);
    json_end(writer, decimal_write(at, value));
}

/* Finite; the shortest that reads back. */
static inline void json_add_number(struct json_writer *writer, const char *name, double value)
{
    json_end(writer, json_begin(writer, name, 0));
    json_put_number(writer->buffer, value);
}

/* A whole value, written already. */
static inline void json_add_json(struct json_writer *writer, const char *name, const char *json)
{
    size_t length = strlen(json);
    char *at = json_begin(writer, name, length);
    memcpy(at, json, length);
    json_end(writer, at + length);
}

static inline void json_add_bool(struct json_writer *writer, const char *name, bool value)
{
    json_add_json(writer, name, value ? "true" : "false");
}

/* Some members, written already, of @length bytes. */
static inline void json_add_members(struct json_writer *writer, const char *members, size_t length)
{
    char *at = json_begin(writer, NULL, length);
    memcpy(at, members, length);
    json_end(writer, at + length);
}

/* Never: null. */
static inline void json_add_instant(struct json_writer *writer, const char *name,
                                    struct aro_instant at)
{
    if (aro_instant_is_never(at)) {
        json_add_text(writer, name, NULL);
        return;
    }
    char *to = json_begin(writer, name, ARO_INSTANT_TEXT_SIZE + 2);
    *to++ = '"';
    to += aro_instant_format(at, to);
    *to++ = '"';
    json_end(writer, to);
}

#endif
