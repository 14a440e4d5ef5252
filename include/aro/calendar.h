/* When a market's agents are at work: its weekly hours less its holidays, in its time zone.
 *
 * Made with the rulebook, never changed, and free of ICU once made: the zone's changes of offset
 * are read into a table. A window belongs to the day it starts on, past midnight too; a holiday
 * closes the windows that start on it. */
#ifndef ARO_CALENDAR_H
#define ARO_CALENDAR_H

#include <aro/time.h>

struct aro_calendar;

/* The instant by which @span of working time has passed since @start, and the one at which it has
 * yet to pass until @end. NULL for @calendar is open always. */
struct aro_instant aro_calendar_add(const struct aro_calendar *calendar, struct aro_instant start,
                                    struct aro_span span);
struct aro_instant aro_calendar_subtract(const struct aro_calendar *calendar,
                                         struct aro_instant end, struct aro_span span);

/* The working time from @start to @end; 0 where @end is not after @start. */
struct aro_span aro_calendar_between(const struct aro_calendar *calendar, struct aro_instant start,
                                     struct aro_instant end);

#endif
