/* UTF-8, character by character. */
#ifndef ARO_SUPPORT_UTF8_H
#define ARO_SUPPORT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

static inline bool utf8_is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* The length of the sequence that starts at @at with a byte above 0x7f; 0 where it is malformed,
 * overlong, a surrogate or past U+10FFFF. Text ends in a NUL, so that nothing past it is read. */
static inline size_t utf8_length(const char *at)
{
    const unsigned char *s = (const unsigned char *)at;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        return utf8_is_continuation(s[1]) ? 2 : 0;
    if ((s[0] & 0xf0) == 0xe0) {
        if (!utf8_is_continuation(s[1]) || !utf8_is_continuation(s[2]))
            return 0;
        bool overlong = s[0] == 0xe0 && s[1] < 0xa0, surrogate = s[0] == 0xed && s[1] > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        if (!utf8_is_continuation(s[1]) || !utf8_is_continuation(s[2]) ||
            !utf8_is_continuation(s[3]))
            return 0;
        bool overlong = s[0] == 0xf0 && s[1] < 0x90, too_high = s[0] == 0xf4 && s[1] > 0x8f;
        return overlong || too_high ? 0 : 4;
    }
    return 0;
}

/* Does the character of @length bytes at @at steer a terminal: U+0000 to U+001F, U+007F to U+009F?
 */
static inline bool utf8_is_control(const char *at, size_t length)
{
    unsigned char first = (unsigned char)at[0];
    if (length == 1)
        return first < ' ' || first == 0x7f;
    return length == 2 && first == 0xc2 && (unsigned char)at[1] < 0xa0;
}

/* Takes out of @text what is no character, as a cut after so many bytes leaves it. */
static inline void utf8_drop_malformed(char *text)
{
    char *to = text;

    for (const char *at = text; *at != '\0';) {
        size_t length = (unsigned char)*at < 0x80 ? 1 : utf8_length(at);
        for (size_t i = 0; i < length; i++)
            *to++ = *at++;
        at += length == 0;
    }
    *to = '\0';
}

#endif
