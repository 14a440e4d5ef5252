/* Time as types, so that a point, a length and a plain number are never mixed up.
 *
 * The library never reads a clock: the caller passes the time of each event in. */
#ifndef ARO_TIME_H
#define ARO_TIME_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A point in time: milliseconds since 1970-01-01T00:00:00Z. */
struct aro_instant {
    int64_t ms;
};

/* A length of time in milliseconds. */
struct aro_span {
    int64_t ms;
};

/* "no such time": an absent deadline, nothing due. Sorts after every real time. */
#define ARO_INSTANT_NEVER ((struct aro_instant){ .ms = INT64_MAX })

#define ARO_INSTANT_TEXT_SIZE 32 /* "2026-11-22T10:00:00.000Z" and its NUL, with room to spare */

static inline bool aro_instant_is_never(struct aro_instant at)
{
    return at.ms == INT64_MAX;
}

/* Reads RFC 3339 with a zone ("Z" or "+01:00"), years 1970 to 9999; more digits than
 * milliseconds are cut. -EINVAL where it is none. */
int aro_instant_parse(const char *text, struct aro_instant *ret);

/* Writes UTC with milliseconds: "2026-11-22T10:00:00.000Z". Returns its length. What lies before
 * 1970 is written as its start, and of a year the last four digits. */
size_t aro_instant_format(struct aro_instant at, char buffer[static ARO_INSTANT_TEXT_SIZE]);

enum { ARO_SPAN_DAYS_MAX = 36500 };
/* Reads "90s", "10m", "72h", "7d", "250ms". -EINVAL for anything else or a sign, -ERANGE for one
 * that is longer than ARO_SPAN_DAYS_MAX. */
int aro_span_parse(const char *text, struct aro_span *ret);

#define ARO_SPAN_TEXT_SIZE 32
/* Writes it as a person would: "90s" stays, 7200000 ms are "2h". */
void aro_span_format(struct aro_span span, char buffer[static ARO_SPAN_TEXT_SIZE]);

/* @at + @span, staying at "never". */
struct aro_instant aro_instant_add(struct aro_instant at, struct aro_span span);

#endif
