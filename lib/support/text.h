/* Comparing texts. */
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

#endif
