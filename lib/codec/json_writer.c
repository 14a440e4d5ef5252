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

/* Whether any of eight bytes needs an escape: the usual trick of finding a byte below a bound,
 * which holds for those below 0x80, and the others need none. */
static inline bool any_needs_escape(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    return ((word - ones * 0x20) | (quote - ones) | (backslash - ones)) & ~word & tops;
}

/* Copies eight bytes; gives whether none of them needs an escape. */
static inline bool put_plain_word(char *at, const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    memcpy(at, &word, sizeof word);
    return !any_needs_escape(word);
}

/* Fewer than eight bytes, most of them more than once. */
static inline bool put_plain_short(char *at, const char *text, size_t length)
{
    uint32_t low, high;

    if (length >= 4) {
        memcpy(&low, text, sizeof low);
        memcpy(&high, text + length - 4, sizeof high);
        memcpy(at, &low, sizeof low);
        memcpy(at + length - 4, &high, sizeof high);
        return !any_needs_escape((uint64_t)high << 32 | low);
    }
    if (length == 0)
        return true;
    char first = text[0], middle = text[length / 2], last = text[length - 1];
    at[0] = first;
    at[length / 2] = middle;
    at[length - 1] = last;
    return !needs_escape((unsigned char)first) && !needs_escape((unsigned char)middle) &&
           !needs_escape((unsigned char)last);
}

/* Copies @text; gives whether nothing in it needs an escape. Otherwise it may have stopped there.
 * A text of eight bytes or more ends with its last eight, some of them a second time. */
static inline bool put_plain(char *at, const char *text, size_t length)
{
    if (length < 8)
        return put_plain_short(at, text, length);
    for (size_t done = 0; done + 8 <= length; done += 8) {
        if (!put_plain_word(at + done, text + done))
            return false;
    }
    return put_plain_word(at + length - 8, text + length - 8);
}

/* Apart, so that what nearly every text takes needs no more registers than it has. */
static __attribute__((noinline)) char *put_escaped(char *at, const char *text, size_t length)
{
    for (const char *end = text + length; text < end; text++) {
        if (needs_escape((unsigned char)*text))
            at = put_escape(at, (unsigned char)*text);
        else
            *at++ = *text;
    }
    return at;
}

char *json_write_text(char *at, const char *text, size_t length)
{
    *at++ = '"';
    if (put_plain(at, text, length))
        at += length;
    else
        at = put_escaped(at, text, length);
    *at++ = '"';
    return at;
}

void json_put_text(struct json_writer *writer, char *at, const char *text)
{
    struct buffer *buffer = writer->buffer;
    size_t length = text ? strlen(text) : 4;

    buffer->length = (size_t)(at - buffer->data);
    buffer_reserve(buffer, json_text_size_max(length));
    at = buffer->data + buffer->length;
    json_end(writer, text ? json_write_text(at, text, length) : put(at, "null", length));
}

void json_add_name(struct json_writer *writer, const char *name)
{
    json_put_text(writer, json_begin(writer, NULL, 0), name);
    buffer_add(writer->buffer, ":", 1);
    writer->needs_comma = false;
}

/* A number of few decimals, as most are, written without printf(): gives false where @value is
 * none. The shortest that reads back is unique up to 15 digits, and a whole number below 2^53
 * divided by a power of ten gives exactly the double that the quotient reads as; so this is what
 * "%.15g" writes. */
static bool put_decimals(struct buffer *buffer, double value)
{
    enum { PLACES_MAX = 4 };
    double magnitude = fabs(value), scaled = 0;
    int64_t scale = 1;
    int places = 0;

    if (magnitude < 0.001 || magnitude >= 1e9)
        return false;
    do {
        if (places++ == PLACES_MAX)
            return false;
        scale *= 10;
        scaled = nearbyint(magnitude * (double)scale);
    } while (scaled / (double)scale != magnitude);

    /* The digits behind the point with a 1 before them, in whose place the point goes. */
    int64_t digits = (int64_t)scaled;
    if (value < 0)
        buffer_add(buffer, "-", 1);
    buffer_add_integer(buffer, digits / scale);
    size_t point = buffer->length;
    buffer_add_integer(buffer, scale + digits % scale);
    buffer->data[point] = '.';
    return true;
}

void json_put_number(struct buffer *buffer, double value)
{
    assert(isfinite(value));
    if (value == trunc(value) && fabs(value) < 1e15) {
        buffer_add_integer(buffer, (int64_t)value);
        return;
    }
    if (put_decimals(buffer, value))
        return;
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buffer_add_text(buffer, text);
}
