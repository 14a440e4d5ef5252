#include "routing/handling.h"

#include "cmocka_headers.h"

static void expect_after(const char *text, int64_t expected_ms)
{
    struct handling handling = { 0 };

    for (const char *at = text; *at; at++)
        handling_add(&handling, (struct aro_span){ *at - '0' });
    assert_int_equal(handling_expected(&handling).ms, expected_ms);
}

static void test_the_median_of_all_is_expected(void **state)
{
    (void)state;
    expect_after("", 0);
    expect_after("7", 7);
    expect_after("91", 1); /* the lesser of two in the middle */
    expect_after("915", 5);
    expect_after("5591", 5);
    expect_after("11999", 9);
}

static void test_the_oldest_is_forgotten_when_there_are_too_many(void **state)
{
    struct handling handling = { 0 };

    (void)state;
    for (int64_t i = 1; i <= HANDLING_SPANS_MAX; i++)
        handling_add(&handling, (struct aro_span){ i });
    assert_int_equal(handling_expected(&handling).ms, 16);
    handling_add(&handling, (struct aro_span){ 100 });
    assert_int_equal(handling.count, HANDLING_SPANS_MAX);
    assert_int_equal(handling.spans_ms[0], 2);
    assert_int_equal(handling_expected(&handling).ms, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_median_of_all_is_expected),
        cmocka_unit_test(test_the_oldest_is_forgotten_when_there_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
