/* Comparing texts, and making them fit to be shown. */
#ifndef ARO_SUPPORT_TEXT_H
#define ARO_SUPPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Of two that may be absent: NULL equals NULL alone. */
static inline bool text_equals(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The index of @text among the @count of @texts; @count where it is none of them. */
static inline size_t text_index(const char *const *texts, size_t count, const char *text)
{
    size_t i = 0;
    while (i < count && strcmp(texts[i], text) != 0)
        i++;
    return i;
}

/* What somebody else has said becomes one line of plain characters, whatever it was. */
static inline void text_make_plain(char *text)
{
    for (; *text; text++) {
        if (*text < ' ' || *text > '~')
            *text = '?';
    }
}

#endif
