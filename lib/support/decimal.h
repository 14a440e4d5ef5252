/* Integers as decimal digits, written where there is room for them. */
#ifndef ARO_SUPPORT_DECIMAL_H
#define ARO_SUPPORT_DECIMAL_H

#include <stdint.h>
#include <string.h>

enum { DECIMAL_SIZE_MAX = 20 /* the longest, without a NUL: INT64_MIN */ };

/* Writes @value at @at, without a NUL; gives the end. There is room for DECIMAL_SIZE_MAX bytes,
 * whatever the value: some behind the end may be written. */
char *decimal_write(char *at, int64_t value);

/* "00" to "99", end to end. */
extern const char decimal_pairs[201];

/* The two digits of a @value below 100. */
static inline void decimal_write_pair(char *at, uint32_t value)
{
    memcpy(at, &decimal_pairs[value * 2], 2);
}

#endif
