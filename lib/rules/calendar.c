#include "rules/calendar.h"

#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum { MS_A_MINUTE = 60 * 1000, ZONE_NAME_MAX = 64 };
#define MS_A_DAY INT64_C(86400000)

/* Changes of offset are known for these years; before and after, the nearest one holds. */
static const int64_t zone_from_ms = INT64_C(1420070400000); /* 2015-01-01 */
static const int64_t zone_to_ms = INT64_C(3155760000000);   /* 2070-01-01 */

/* A search for working time gives up after a hundred years: there is none. */
enum { SEARCH_DAYS_MAX = 36525 };

/* From @start_ms on, local time is @offset_ms ahead of UTC. */
struct zone_part {
    int64_t start_ms, offset_ms;
};

struct aro_calendar {
    size_t part_count; /* at least 1; the first starts at INT64_MIN */
    const struct zone_part *parts;
    size_t window_count;
    const struct week_window *windows; /* by day, then start */
    size_t holiday_count;
    const int32_t *holidays; /* ascending */
};

/* A window of one day, as it falls. */
struct stretch {
    int64_t start_ms, end_ms;
};

/* --- the zone --- */

static UCalendar *open_zone(const char *zone)
{
    UChar name[ZONE_NAME_MAX + 1];
    UErrorCode status = U_ZERO_ERROR;

    if (strlen(zone) > ZONE_NAME_MAX)
        return NULL;
    u_charsToUChars(zone, name, (int32_t)strlen(zone) + 1);
    UCalendar *calendar = ucal_open(name, -1, "en", UCAL_GREGORIAN, &status);
    if (U_SUCCESS(status))
        return calendar;
    ucal_close(calendar);
    return NULL;
}

bool calendar_knows_zone(const char *zone)
{
    UChar name[ZONE_NAME_MAX + 1], canonical[ZONE_NAME_MAX + 1];
    UErrorCode status = U_ZERO_ERROR;
    UBool is_system = false;

    if (strlen(zone) > ZONE_NAME_MAX)
        return false;
    for (const char *at = zone; *at; at++) {
        if ((unsigned char)*at > 0x7e)
            return false;
    }
    u_charsToUChars(zone, name, (int32_t)strlen(zone) + 1);
    ucal_getCanonicalTimeZoneID(name, -1, canonical, ZONE_NAME_MAX, &is_system, &status);
    return U_SUCCESS(status) && is_system;
}

static int64_t offset_at(UCalendar *zone, int64_t ms)
{
    UErrorCode status = U_ZERO_ERROR;
    ucal_setMillis(zone, (UDate)ms, &status);
    int64_t offset = (int64_t)ucal_get(zone, UCAL_ZONE_OFFSET, &status) +
                     ucal_get(zone, UCAL_DST_OFFSET, &status);
    return U_SUCCESS(status) ? offset : 0;
}

/* The next change of offset after @ms; @zone_to_ms where there is none before. */
static int64_t next_change(UCalendar *zone, int64_t ms)
{
    UErrorCode status = U_ZERO_ERROR;
    UDate at;
    ucal_setMillis(zone, (UDate)ms, &status);
    if (!ucal_getTimeZoneTransitionDate(zone, UCAL_TZ_TRANSITION_NEXT, &at, &status) ||
        U_FAILURE(status) || at > (UDate)zone_to_ms)
        return zone_to_ms;
    return (int64_t)at;
}

static void read_zone(struct arena *arena, const char *name, struct aro_calendar *calendar)
{
    UCalendar *zone = open_zone(name);
    size_t count = 0, size = 16;
    struct zone_part *parts = memory_new_array(size, sizeof *parts);

    assert(zone);
    parts[count++] =
        (struct zone_part){ .start_ms = INT64_MIN, .offset_ms = offset_at(zone, zone_from_ms) };
    for (int64_t at = next_change(zone, zone_from_ms); at < zone_to_ms;
         at = next_change(zone, at)) {
        int64_t offset = offset_at(zone, at);
        if (offset == parts[count - 1].offset_ms) /* only its name changes */
            continue;
        if (count == size) {
            size *= 2;
            parts = memory_resize(parts, size * sizeof *parts);
        }
        parts[count++] = (struct zone_part){ .start_ms = at, .offset_ms = offset };
    }
    ucal_close(zone);
    calendar->parts = arena_copy(arena, parts, count * sizeof *parts);
    calendar->part_count = count;
    free(parts);
}

const struct aro_calendar *calendar_new(struct arena *arena, const char *zone,
                                        const struct week_window *windows, size_t window_count,
                                        const int32_t *holidays, size_t holiday_count)
{
    struct aro_calendar *calendar = arena_new(arena, sizeof *calendar);

    read_zone(arena, zone, calendar);
    calendar->windows = arena_copy(arena, windows, window_count * sizeof *windows);
    calendar->window_count = window_count;
    calendar->holidays = arena_copy(arena, holidays, holiday_count * sizeof *holidays);
    calendar->holiday_count = holiday_count;
    return calendar;
}

static int64_t floor_day(int64_t ms)
{
    return ms >= 0 ? ms / MS_A_DAY : -((-ms + MS_A_DAY - 1) / MS_A_DAY);
}

/* The local day that @ms falls on, in days since 1970-01-01. */
static int64_t local_day(const struct aro_calendar *calendar, int64_t ms)
{
    size_t low = 0, high = calendar->part_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (calendar->parts[middle].start_ms <= ms)
            low = middle;
        else
            high = middle;
    }
    return floor_day(ms + calendar->parts[low].offset_ms);
}

/* The first instant at which local clocks show @local_ms, or have gone past it where they skip it:
 * in the first part of the zone that does not end before. */
static int64_t instant_of_local(const struct aro_calendar *calendar, int64_t local_ms)
{
    const struct zone_part *parts = calendar->parts;
    size_t low = 0, high = calendar->part_count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (local_ms < parts[middle + 1].start_ms + parts[middle].offset_ms)
            high = middle;
        else
            low = middle + 1;
    }
    int64_t at = local_ms - parts[low].offset_ms;
    return at > parts[low].start_ms ? at : parts[low].start_ms;
}

/* --- the days --- */

static bool is_holiday(const struct aro_calendar *calendar, int64_t day)
{
    size_t low = 0, high = calendar->holiday_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (calendar->holidays[middle] == day)
            return true;
        if (calendar->holidays[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static unsigned weekday_of(int64_t day)
{
    return (unsigned)((day % DAYS_A_WEEK + 3 + DAYS_A_WEEK) % DAYS_A_WEEK); /* day 0: a Thursday */
}

/* The windows that start on @day, as they fall; none on a holiday. */
static size_t windows_of(const struct aro_calendar *calendar, int64_t day,
                         struct stretch stretches[static WINDOWS_A_DAY_MAX])
{
    unsigned weekday = weekday_of(day);
    size_t count = 0;

    if (is_holiday(calendar, day))
        return 0;
    for (size_t i = 0; i < calendar->window_count; i++) {
        const struct week_window *window = &calendar->windows[i];
        if (window->day != weekday)
            continue;
        int64_t midnight = day * MS_A_DAY;
        stretches[count++] = (struct stretch){
            .start_ms =
                instant_of_local(calendar, midnight + (int64_t)window->start_minute * MS_A_MINUTE),
            .end_ms =
                instant_of_local(calendar, midnight + (int64_t)window->end_minute * MS_A_MINUTE),
        };
    }
    return count;
}

/* As windows_of(), less what the day before reaches over: so stretches of all days are disjoint. */
static size_t stretches_of(const struct aro_calendar *calendar, int64_t day,
                           struct stretch stretches[static WINDOWS_A_DAY_MAX])
{
    struct stretch before[WINDOWS_A_DAY_MAX];
    size_t before_count = windows_of(calendar, day - 1, before);
    size_t count = windows_of(calendar, day, stretches);
    int64_t taken_ms = before_count ? before[before_count - 1].end_ms : INT64_MIN;

    for (size_t i = 0; i < count; i++) {
        if (stretches[i].start_ms < taken_ms)
            stretches[i].start_ms = taken_ms < stretches[i].end_ms ? taken_ms : stretches[i].end_ms;
    }
    return count;
}

static int64_t overlap(const struct stretch *stretch, int64_t start_ms, int64_t end_ms)
{
    int64_t start = stretch->start_ms > start_ms ? stretch->start_ms : start_ms;
    int64_t end = stretch->end_ms < end_ms ? stretch->end_ms : end_ms;
    return end > start ? end - start : 0;
}

struct aro_instant aro_calendar_add(const struct aro_calendar *calendar, struct aro_instant start,
                                    struct aro_span span)
{
    struct stretch stretches[WINDOWS_A_DAY_MAX];

    if (!calendar || span.ms <= 0 || aro_instant_is_never(start))
        return aro_instant_add(start, span);
    int64_t left = span.ms, first = local_day(calendar, start.ms) - 1;
    for (int64_t day = first; day < first + SEARCH_DAYS_MAX; day++) {
        size_t count = stretches_of(calendar, day, stretches);
        for (size_t i = 0; i < count; i++) {
            int64_t open = overlap(&stretches[i], start.ms, INT64_MAX);
            if (open >= left)
                return (struct aro_instant){ .ms = stretches[i].end_ms - open + left };
            left -= open;
        }
    }
    return ARO_INSTANT_NEVER;
}

struct aro_instant aro_calendar_subtract(const struct aro_calendar *calendar,
                                         struct aro_instant end, struct aro_span span)
{
    struct stretch stretches[WINDOWS_A_DAY_MAX];

    if (aro_instant_is_never(end))
        return end;
    if (!calendar || span.ms <= 0)
        return (struct aro_instant){ .ms = end.ms - span.ms };
    int64_t left = span.ms, last = local_day(calendar, end.ms);
    for (int64_t day = last; day > last - SEARCH_DAYS_MAX; day--) {
        for (size_t i = stretches_of(calendar, day, stretches); i-- > 0;) {
            int64_t open = overlap(&stretches[i], INT64_MIN, end.ms);
            if (open >= left)
                return (struct aro_instant){ .ms = stretches[i].start_ms + open - left };
            left -= open;
        }
    }
    return (struct aro_instant){ .ms = end.ms - span.ms };
}

struct aro_span aro_calendar_between(const struct aro_calendar *calendar, struct aro_instant start,
                                     struct aro_instant end)
{
    struct stretch stretches[WINDOWS_A_DAY_MAX];
    int64_t sum = 0;

    if (end.ms <= start.ms)
        return (struct aro_span){ 0 };
    if (!calendar || aro_instant_is_never(end))
        return (struct aro_span){ end.ms - start.ms };
    for (int64_t day = local_day(calendar, start.ms) - 1; day <= local_day(calendar, end.ms);
         day++) {
        size_t count = stretches_of(calendar, day, stretches);
        for (size_t i = 0; i < count; i++)
            sum += overlap(&stretches[i], start.ms, end.ms);
    }
    return (struct aro_span){ sum };
}
