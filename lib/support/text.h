/* Texts that may be absent. */
#ifndef ARO_SUPPORT_TEXT_H
#define ARO_SUPPORT_TEXT_H

#include <stdbool.h>
#include <string.h>

/* NULL equals NULL alone. */
static inline bool text_equals(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

#endif
