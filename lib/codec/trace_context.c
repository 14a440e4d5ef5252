#include "codec/trace_context.h"

#include <string.h>

enum {
    TRACEPARENT_LENGTH = 55, /* "00-" 32 digits "-" 16 digits "-" 2 digits */
    TRACESTATE_MEMBERS_MAX = 32,
    TRACESTATE_KEY_LENGTH_MAX = 256,
};

const char *trace_id(const char *traceparent, char ret[static TRACE_ID_SIZE])
{
    memcpy(ret, traceparent + 3, TRACE_ID_SIZE - 1); /* behind "00-" */
    ret[TRACE_ID_SIZE - 1] = '\0';
    return ret;
}

static bool is_hexadecimal(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    }
    return true;
}

static bool is_all_zero(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '0')
            return false;
    }
    return true;
}

static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e)
            return false;
    }
    return true;
}

bool traceparent_is_valid(const char *text, size_t length)
{
    if (length < TRACEPARENT_LENGTH || length > TRACEPARENT_LENGTH_MAX)
        return false;
    const char *trace = text + 3, *span = text + 36, *flags = text + 53;
    if (!is_hexadecimal(text, 2) || !is_hexadecimal(trace, 32) || !is_hexadecimal(span, 16) ||
        !is_hexadecimal(flags, 2) || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    if (is_all_zero(trace, 32) || is_all_zero(span, 16) || memcmp(text, "ff", 2) == 0)
        return false;
    if (length == TRACEPARENT_LENGTH)
        return true;
    /* Later versions may add to the end, never version 00. */
    return memcmp(text, "00", 2) != 0 && text[TRACEPARENT_LENGTH] == '-' &&
           is_printable(text + TRACEPARENT_LENGTH, length - TRACEPARENT_LENGTH);
}

static bool is_key_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("_-*/@", c));
}

/* "vendor=value"; an empty one is allowed between two commas. */
static bool member_is_valid(const char *text, size_t length)
{
    while (length && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    if (length == 0)
        return true;
    const char *equals = memchr(text, '=', length);
    if (!equals || equals == text || equals - text > TRACESTATE_KEY_LENGTH_MAX)
        return false;
    for (const char *at = text; at < equals; at++) {
        if (!is_key_character(*at))
            return false;
    }
    size_t value_length = length - (size_t)(equals + 1 - text);
    return value_length > 0 && is_printable(equals + 1, value_length) &&
           !memchr(equals + 1, '=', value_length);
}

bool tracestate_is_valid(const char *text, size_t length)
{
    if (length == 0 || length > TRACESTATE_LENGTH_MAX)
        return false;
    const char *end = text + length;
    for (int members = 1; members <= TRACESTATE_MEMBERS_MAX; members++) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        const char *member_end = comma ? comma : end;
        if (!member_is_valid(text, (size_t)(member_end - text)))
            return false;
        if (!comma)
            return true;
        text = comma + 1;
    }
    return false;
}
