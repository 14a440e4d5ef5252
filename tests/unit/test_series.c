#include "cmocka_headers.h"

#include "support/series.h"

enum { ITEMS = 3 * SERIES_PIECE + 1 };

static void test_what_was_added_stays_where_it_is(void **state)
{
    struct series series = { 0 };
    size_t *first = NULL;
    (void)state;

    for (size_t i = 0; i < ITEMS; i++) {
        size_t *added = series_add(&series, sizeof *added);
        *added = i;
        first = i == 0 ? added : first;
    }
    assert_int_equal(series.count, ITEMS);
    assert_ptr_equal(series_at(&series, 0, sizeof *first), first);
    for (size_t i = 0; i < ITEMS; i++)
        assert_int_equal(*(size_t *)series_at(&series, i, sizeof i), i);
    series_done(&series);
    assert_int_equal(series.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_added_stays_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
