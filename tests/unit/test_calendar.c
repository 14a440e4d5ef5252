#include <aro/calendar.h>

#include "rules/calendar.h"
#include "support/arena.h"
#include "support/cleanup.h"

#include "cmocka_headers.h"

#include <stdio.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define HOURS(count) ((struct aro_span){ INT64_C(3600000) * (count) })
#define MS_A_DAY INT64_C(86400000)

static struct aro_instant at(const char *text)
{
    struct aro_instant ret = { 0 };
    if (aro_instant_parse(text, &ret) < 0)
        fail_msg("'%s' is no time", text);
    return ret;
}

static void assert_at(struct aro_instant found, const char *expected)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    aro_instant_format(found, text);
    if (found.ms != at(expected).ms)
        fail_msg("%s instead of %s", text, expected);
}

/* Monday to Friday with a break at noon, and a night from Saturday on: the market of the manual. */
static const struct week_window brazil_hours[] = {
    { 0, 540, 720 }, { 0, 780, 1080 }, { 1, 540, 720 },   { 1, 780, 1080 },
    { 2, 540, 720 }, { 2, 780, 1080 }, { 3, 540, 720 },   { 3, 780, 1080 },
    { 4, 540, 720 }, { 4, 780, 1080 }, { 5, 1320, 1560 },
};
static const struct week_window nights[] = {
    { 0, 1320, 1800 }, { 1, 1320, 1800 }, { 2, 1320, 1800 }, { 3, 1320, 1800 },
    { 4, 1320, 1800 }, { 5, 1320, 1800 }, { 6, 1320, 1800 },
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static const struct aro_calendar *brazil(void)
{
    static const int32_t holidays[] = { 20812 }; /* 2026-12-25, a Friday */
    return calendar_new(&arena, "America/Sao_Paulo", brazil_hours, COUNT(brazil_hours), holidays,
                        COUNT(holidays));
}

static void test_working_time_skips_breaks_nights_and_weekends(void **state)
{
    (void)state;
    const struct aro_calendar *calendar = brazil();
    static const struct {
        const char *start;
        int64_t hours;
        const char *end;
    } rows[] = {
        { "2026-11-23T09:00:00-03:00", 3, "2026-11-23T12:00:00-03:00" },
        { "2026-11-23T09:00:00-03:00", 4, "2026-11-23T14:00:00-03:00" },
        { "2026-11-23T03:00:00-03:00", 1, "2026-11-23T10:00:00-03:00" },
        { "2026-11-23T12:30:00-03:00", 1, "2026-11-23T14:00:00-03:00" },
        { "2026-11-27T17:00:00-03:00", 2,
          "2026-11-28T23:00:00-03:00" }, /* Friday to Saturday night */
        { "2026-11-29T01:00:00-03:00", 2, "2026-11-30T10:00:00-03:00" }, /* in that night */
        { "2026-11-23T10:00:00-03:00", 44,
          "2026-11-30T10:00:00-03:00" }, /* a whole week: 44 hours */
        { "2026-12-24T17:00:00-03:00", 2, "2026-12-26T23:00:00-03:00" }, /* over the holiday */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aro_span span = HOURS(rows[i].hours);
        assert_at(aro_calendar_add(calendar, at(rows[i].start), span), rows[i].end);
        assert_int_equal(aro_calendar_between(calendar, at(rows[i].start), at(rows[i].end)).ms,
                         span.ms);
    }
}

static void test_going_back_ends_where_going_forward_began(void **state)
{
    (void)state;
    const struct aro_calendar *calendar = brazil();
    assert_at(aro_calendar_subtract(calendar, at("2026-11-23T14:00:00-03:00"), HOURS(4)),
              "2026-11-23T09:00:00-03:00");
    assert_at(aro_calendar_subtract(calendar, at("2026-11-30T10:00:00-03:00"), HOURS(2)),
              "2026-11-29T01:00:00-03:00");
    assert_at(aro_calendar_subtract(calendar, at("2026-12-26T12:00:00-03:00"), HOURS(1)),
              "2026-12-24T17:00:00-03:00");
}

static bool is_open_at(const struct aro_calendar *calendar, struct aro_instant at)
{
    return aro_calendar_between(calendar, at, (struct aro_instant){ at.ms + 1 }).ms > 0;
}

static void test_a_night_belongs_to_the_day_it_starts_on(void **state)
{
    (void)state;
    static const int32_t holidays[] = { 20812 };
    const struct aro_calendar *calendar =
        calendar_new(&arena, "UTC", nights, COUNT(nights), holidays, COUNT(holidays));
    assert_true(is_open_at(calendar, at("2026-12-25T05:59:59Z"))); /* of the 24th */
    assert_false(is_open_at(calendar, at("2026-12-25T06:00:00Z")));
    assert_false(is_open_at(calendar, at("2026-12-25T23:00:00Z")));
    assert_false(is_open_at(calendar, at("2026-12-26T03:00:00Z"))); /* of the holiday */
    assert_true(is_open_at(calendar, at("2026-12-26T22:00:00Z")));
}

static void test_the_nights_of_the_change_of_clocks_are_as_long_as_they_are(void **state)
{
    (void)state;
    const struct aro_calendar *calendar =
        calendar_new(&arena, "Europe/Berlin", nights, COUNT(nights), NULL, 0);
    static const struct {
        const char *noon_before, *noon_after;
        int64_t hours;
    } rows[] = {
        { "2026-03-27T12:00:00Z", "2026-03-28T12:00:00Z", 8 },
        { "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", 7 }, /* 02:00 is 03:00 */
        { "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", 9 }, /* 03:00 is 02:00 */
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(
            aro_calendar_between(calendar, at(rows[i].noon_before), at(rows[i].noon_after)).ms,
            HOURS(rows[i].hours).ms);
}

static void test_hours_that_reach_into_those_of_the_next_day_count_once(void **state)
{
    (void)state;
    static const struct week_window windows[] = { { 0, 600, 2000 },
                                                  { 1, 480, 600 },
                                                  { 1, 660, 720 } };
    const struct aro_calendar *calendar =
        calendar_new(&arena, "UTC", windows, COUNT(windows), NULL, 0);
    /* Monday 10:00 to Tuesday 10:00 without a gap, then 11:00 to 12:00. */
    assert_int_equal(
        aro_calendar_between(calendar, at("2026-11-23T00:00:00Z"), at("2026-11-25T00:00:00Z")).ms,
        HOURS(25).ms);
    assert_at(aro_calendar_subtract(calendar, at("2026-11-24T11:30:00Z"), HOURS(24)),
              "2026-11-23T10:30:00Z");
}

static void test_without_a_calendar_it_is_open_always(void **state)
{
    (void)state;
    struct aro_instant start = at("2026-11-23T09:00:00Z"), end = at("2026-11-23T10:00:00Z");
    assert_true(is_open_at(NULL, start));
    assert_at(aro_calendar_add(NULL, start, HOURS(1)), "2026-11-23T10:00:00Z");
    assert_at(aro_calendar_subtract(NULL, end, HOURS(1)), "2026-11-23T09:00:00Z");
    assert_int_equal(aro_calendar_between(NULL, start, end).ms, HOURS(1).ms);
    assert_int_equal(aro_calendar_between(NULL, end, start).ms, 0);
}

static void test_never_stays_never(void **state)
{
    (void)state;
    const struct aro_calendar *calendar = brazil();
    assert_true(aro_instant_is_never(aro_calendar_add(calendar, ARO_INSTANT_NEVER, HOURS(1))));
    assert_true(aro_instant_is_never(aro_calendar_subtract(calendar, ARO_INSTANT_NEVER, HOURS(1))));
}

static void test_zones_are_known_by_their_names(void **state)
{
    (void)state;
    assert_true(calendar_knows_zone("America/Sao_Paulo"));
    assert_true(calendar_knows_zone("UTC"));
    assert_false(calendar_knows_zone("America/Sao_Paolo"));
    assert_false(calendar_knows_zone("GMT+99"));
    assert_false(calendar_knows_zone(""));
    assert_false(calendar_knows_zone("S\xc3\xa3o"));
}

/* --- against ICU, minute by minute --- */

struct clock {
    UCalendar *zone;
    const struct week_window *windows;
    size_t count;
};

static bool window_covers(const struct week_window *window, unsigned day, unsigned minute)
{
    unsigned next = (window->day + 1) % DAYS_A_WEEK;
    if (window->day == day && minute >= window->start_minute && minute < window->end_minute)
        return true;
    return next == day && minute + MINUTES_A_DAY < window->end_minute;
}

/* What the clock on the wall says. */
static bool wall_is_open(const struct clock *clock, int64_t ms)
{
    UErrorCode status = U_ZERO_ERROR;
    ucal_setMillis(clock->zone, (UDate)ms, &status);
    unsigned day = (unsigned)(ucal_get(clock->zone, UCAL_DAY_OF_WEEK, &status) + 5) % DAYS_A_WEEK;
    unsigned minute = (unsigned)(ucal_get(clock->zone, UCAL_HOUR_OF_DAY, &status) * 60 +
                                 ucal_get(clock->zone, UCAL_MINUTE, &status));
    for (size_t i = 0; i < clock->count; i++) {
        if (window_covers(&clock->windows[i], day, minute))
            return true;
    }
    return false;
}

static void check_zone(const char *zone, const struct week_window *windows, size_t count)
{
    UChar name[64];
    UErrorCode status = U_ZERO_ERROR;
    const struct aro_calendar *calendar = calendar_new(&arena, zone, windows, count, NULL, 0);
    struct clock clock = { .windows = windows, .count = count };
    int64_t open_ms = 0, start_ms = at("2026-01-01T00:00:00Z").ms;

    u_charsToUChars(zone, name, (int32_t)strlen(zone) + 1);
    clock.zone = ucal_open(name, -1, "en", UCAL_GREGORIAN, &status);
    for (int64_t ms = start_ms; ms < start_ms + 365 * MS_A_DAY; ms += 15 * 60000) {
        struct aro_instant now = { ms };
        bool is_open = wall_is_open(&clock, ms);
        if (is_open_at(calendar, now) != is_open) {
            char text[ARO_INSTANT_TEXT_SIZE];
            aro_instant_format(now, text);
            fail_msg("%s at %s: the wall says %s", zone, text, is_open ? "open" : "closed");
        }
        open_ms += is_open ? 15 * 60000 : 0;
    }
    ucal_close(clock.zone);
    struct aro_instant start = { start_ms }, end = { start_ms + 365 * MS_A_DAY };
    assert_int_equal(aro_calendar_between(calendar, start, end).ms, open_ms);
    struct aro_instant reached = aro_calendar_add(calendar, start, (struct aro_span){ open_ms });
    assert_int_equal(aro_calendar_between(calendar, start, reached).ms, open_ms);
    struct aro_instant back =
        aro_calendar_subtract(calendar, reached, (struct aro_span){ open_ms });
    assert_int_equal(aro_calendar_between(calendar, back, reached).ms, open_ms);
}

static void test_a_year_of_quarter_hours_agrees_with_the_clock_on_the_wall(void **state)
{
    (void)state;
    static const char *const zones[] = { "America/Sao_Paulo",   "America/New_York",
                                         "Europe/Berlin",       "Asia/Kathmandu",
                                         "Australia/Lord_Howe", "UTC" };
    for (size_t i = 0; i < COUNT(zones); i++) {
        check_zone(zones[i], brazil_hours, COUNT(brazil_hours));
        check_zone(zones[i], nights, COUNT(nights));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_working_time_skips_breaks_nights_and_weekends),
        cmocka_unit_test(test_going_back_ends_where_going_forward_began),
        cmocka_unit_test(test_a_night_belongs_to_the_day_it_starts_on),
        cmocka_unit_test(test_the_nights_of_the_change_of_clocks_are_as_long_as_they_are),
        cmocka_unit_test(test_hours_that_reach_into_those_of_the_next_day_count_once),
        cmocka_unit_test(test_without_a_calendar_it_is_open_always),
        cmocka_unit_test(test_never_stays_never),
        cmocka_unit_test(test_zones_are_known_by_their_names),
        cmocka_unit_test(test_a_year_of_quarter_hours_agrees_with_the_clock_on_the_wall),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
