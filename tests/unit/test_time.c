#include <aro/time.h>

#include "cmocka_headers.h"

#include <errno.h>

static void test_times_with_a_zone_are_read_to_the_millisecond(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2000-02-29T12:00:00.5Z", INT64_C(951825600500) },
        { "2026-11-22T10:00:00.123456Z", INT64_C(1795341600123) },
        { "2026-11-22T11:30:00+01:30", INT64_C(1795341600000) },
        { "2026-11-22T07:00:00-03:00", INT64_C(1795341600000) },
        { "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aro_instant at = { 0 };
        assert_int_equal(aro_instant_parse(rows[i].text, &at), 0);
        assert_int_equal(at.ms, rows[i].ms);
    }
}

static void test_what_is_not_a_time_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "2026",
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z",
        "2026-11-22T10:00:00.Z",
        "2026-11-22T10:00:00+1:00",
        "2026-11-22T10:00:00Zx",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+01:00",
        "-026-11-22T10:00:00Z",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aro_instant at;
        if (aro_instant_parse(rows[i], &at) != -EINVAL)
            fail_msg("'%s' was read as a time", rows[i]);
    }
}

static void test_a_time_is_written_as_it_is_read(void **state)
{
    (void)state;
    char text[ARO_INSTANT_TEXT_SIZE];
    for (int64_t ms = 1; ms < INT64_C(253402300799999); ms = ms * 7 + 12345) {
        struct aro_instant at = { 0 };
        assert_int_equal(aro_instant_format((struct aro_instant){ ms }, text), 24);
        assert_int_equal(aro_instant_parse(text, &at), 0);
        assert_int_equal(at.ms, ms);
    }
}

static void test_a_time_that_cannot_be_read_is_written_within_its_room(void **state)
{
    (void)state;
    char text[ARO_INSTANT_TEXT_SIZE];
    assert_int_equal(aro_instant_format((struct aro_instant){ -1 }, text), 24);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    assert_int_equal(aro_instant_format((struct aro_instant){ INT64_MAX }, text), 24);
    assert_string_equal(text + 4, "-08-17T07:12:55.807Z");
}

static void test_spans_have_one_unit(void **state)
{
    (void)state;
    struct aro_span span = { 0 };
    assert_int_equal(aro_span_parse("72h", &span), 0);
    assert_int_equal(span.ms, 72 * 3600 * 1000);
    assert_int_equal(aro_span_parse("250ms", &span), 0);
    assert_int_equal(span.ms, 250);
    static const char *const refused[] = { "", "h", "-1h", "1", "1 h", "1h30m", "1.5h", "1mss" };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (aro_span_parse(refused[i], &span) != -EINVAL)
            fail_msg("'%s' was read as a span", refused[i]);
    }
    static const char *const too_long[] = { "36501d", "876001h", "3153600000001ms",
                                            "99999999999999999999999d" };
    for (size_t i = 0; i < sizeof too_long / sizeof *too_long; i++)
        assert_int_equal(aro_span_parse(too_long[i], &span), -ERANGE);
    assert_int_equal(aro_span_parse("36500d", &span), 0);
}

static void test_never_stays_never(void **state)
{
    (void)state;
    assert_true(aro_instant_is_never(aro_instant_add(ARO_INSTANT_NEVER, (struct aro_span){ 5 })));
    assert_true(aro_instant_is_never(
        aro_instant_add((struct aro_instant){ 5 }, (struct aro_span){ INT64_MAX })));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_with_a_zone_are_read_to_the_millisecond),
        cmocka_unit_test(test_what_is_not_a_time_is_refused),
        cmocka_unit_test(test_a_time_is_written_as_it_is_read),
        cmocka_unit_test(test_a_time_that_cannot_be_read_is_written_within_its_room),
        cmocka_unit_test(test_spans_have_one_unit),
        cmocka_unit_test(test_never_stays_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
