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

/* For the next ones: a value where it is due. */
void json_put_text(struct buffer *buffer, const char *text); /* NULL: null */
void json_put_number(struct buffer *buffer, double value);
void json_put_instant(struct buffer *buffer, struct aro_instant at);

/* What comes before a value: a comma where there is one before it, and the name. There is room for
 * an integer behind it. */
static inline void json_begin(struct json_writer *writer, const char *name)
{
    struct buffer *buffer = writer->buffer;
    size_t length = name ? strlen(name) : 0;

    buffer_reserve(buffer, length + 4 + DECIMAL_SIZE_MAX);
    char *at = buffer->data + buffer->length;
    if (writer->needs_comma)
        *at++ = ',';
    if (name) {
        *at++ = '"';
        memcpy(at, name, length);
        at += length;
        *at++ = '"';
        *at++ = ':';
    }
    buffer->length = (size_t)(at - buffer->data);
    writer->needs_comma = true;
}

static inline void json_open_object(struct json_writer *writer, const char *name)
{
    json_begin(writer, name);
    buffer_add(writer->buffer, "{", 1);
    writer->needs_comma = false;
}

static inline void json_open_list(struct json_writer *writer, const char *name)
{
    json_begin(writer, name);
    buffer_add(writer->buffer, "[", 1);
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
    json_begin(writer, name);
    json_put_text(writer->buffer, text);
}

static inline void json_add_integer(struct json_writer *writer, const char *name, int64_t value)
{
    struct buffer *buffer = writer->buffer;

    json_begin(writer, name);
    char *end = decimal_write(buffer->data + buffer->length, value);
    *end = '\0';
    buffer->length = (size_t)(end - buffer->data);
}

/* Finite; the shortest that reads back. */
static inline void json_add_number(struct json_writer *writer, const char *name, double value)
{
    json_begin(writer, name);
    json_put_number(writer->buffer, value);
}

static inline void json_add_bool(struct json_writer *writer, const char *name, bool value)
{
    json_begin(writer, name);
    buffer_add_text(writer->buffer, value ? "true" : "false");
}

/* A whole value, written already. */
static inline void json_add_json(struct json_writer *writer, const char *name, const char *json)
{
    json_begin(writer, name);
    buffer_add_text(writer->buffer, json);
}

/* Some members, written already, of @length bytes. */
static inline void json_add_members(struct json_writer *writer, const char *members, size_t length)
{
    json_begin(writer, NULL);
    buffer_add(writer->buffer, members, length);
}

/* Never: null. */
static inline void json_add_instant(struct json_writer *writer, const char *name,
                                    struct aro_instant at)
{
    json_begin(writer, name);
    json_put_instant(writer->buffer, at);
}

#endif
