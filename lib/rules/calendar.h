/* How a calendar is made. */
#ifndef ARO_RULES_CALENDAR_H
#define ARO_RULES_CALENDAR_H

#include "support/arena.h"

#include <aro/calendar.h>

#include <stddef.h>
#include <stdint.h>

enum { MINUTES_A_DAY = 24 * 60, DAYS_A_WEEK = 7, WINDOWS_A_DAY_MAX = 24 };

/* A stretch of every week. */
struct week_window {
    unsigned day;                      /* 0: Monday; that it starts on */
    unsigned start_minute, end_minute; /* of the day; the end may lie on the next */
};

/* Is there a time zone of that name ("America/Sao_Paulo")? */
bool calendar_knows_zone(const char *zone);

/* @windows sorted, at most WINDOWS_A_DAY_MAX a day, none overlapping another of its day; @holidays
 * sorted, in days since 1970-01-01; both are copied. @zone is one that is known. */
const struct aro_calendar *calendar_new(struct arena *arena, const char *zone,
                                        const struct week_window *windows, size_t window_count,
                                        const int32_t *holidays, size_t holiday_count);

#endif
