/* Texts that are looked up: each with what tells it from others. This is made where a text is read,
 * so that the tables that it is sought in need not measure it and look at its bytes again. */
#ifndef ARO_TEXT_H
#define ARO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ARO_SHORT_TEXT_MAX = 16 };

/* Of up to ARO_SHORT_TEXT_MAX bytes the first and the last ones are the whole text, and may
 * overlap. Of a longer one they are a hash, and the text itself has to be compared. */
struct aro_text {
    const char *text; /* borrowed, ends in NUL; NULL: there is none, and all else is 0 */
    size_t length;    /* bytes */
    uint64_t first, last;
};

/* Of @length bytes of @text, which is borrowed. */
struct aro_text aro_text_of_bytes(const char *text, size_t length);

/* Of all of @text, which is borrowed; NULL makes none. */
struct aro_text aro_text_of(const char *text);

static inline bool aro_text_equals(const struct aro_text *a, const struct aro_text *b)
{
    return a->first == b->first && a->last == b->last && a->length == b->length &&
           (a->length <= ARO_SHORT_TEXT_MAX || memcmp(a->text, b->text, a->length) == 0);
}

#endif
