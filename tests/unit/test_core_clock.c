#include "shard/core_clock.h"

#include "cmocka_headers.h"

#define MINUTE 60000

static struct aro_instant at(int64_t ms)
{
    return (struct aro_instant){ ms };
}

static void test_without_a_ledger_it_is_the_hosts_clock(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    assert_int_equal(core_clock_now(&clock, at(1000)).ms, 1000);
    assert_int_equal(core_clock_now(&clock, at(2500)).ms, 2500);
}

static void test_it_never_goes_back(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    assert_int_equal(core_clock_now(&clock, at(5000)).ms, 5000);
    assert_int_equal(core_clock_now(&clock, at(4000)).ms, 5000);
    core_clock_observe(&clock, at(9000), at(6000), false);
    assert_true(core_clock_now(&clock, at(6001)).ms >= 9000);
}

static void test_a_host_that_is_behind_goes_on_at_half_speed_until_it_has_caught_up(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    core_clock_observe(&clock, at(15 * MINUTE), at(10 * MINUTE), false);
    assert_int_equal(core_clock_now(&clock, at(10 * MINUTE)).ms, 15 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(12 * MINUTE)).ms, 16 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(20 * MINUTE)).ms, 20 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(30 * MINUTE)).ms, 30 * MINUTE);
}

static void test_a_host_that_is_ahead_begins_where_the_live_ledger_is(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    assert_int_equal(core_clock_observe(&clock, at(10 * MINUTE), at(15 * MINUTE), true).ms,
                     -5 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(15 * MINUTE)).ms, 10 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(17 * MINUTE)).ms, 13 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(40 * MINUTE)).ms, 40 * MINUTE);
}

static void test_an_old_ledger_that_is_behind_says_nothing_about_the_clocks(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    assert_int_equal(core_clock_observe(&clock, at(MINUTE), at(500 * MINUTE), false).ms, 0);
    assert_int_equal(core_clock_now(&clock, at(500 * MINUTE)).ms, 500 * MINUTE);
}

static void test_a_timer_set_by_it_is_due_when_it_fires(void **state)
{
    (void)state;
    for (int64_t offset = -10 * MINUTE; offset <= 10 * MINUTE; offset += 777) {
        struct core_clock clock = { 0 };
        int64_t host = 100 * MINUTE;
        core_clock_observe(&clock, at(host + offset), at(host), true);
        struct aro_instant due = { core_clock_now(&clock, at(host)).ms + 3 * MINUTE };
        for (int waits = 0; core_clock_now(&clock, at(host)).ms < due.ms; waits++) {
            assert_true(waits < 16);
            host += core_clock_until(&clock, due, at(host)).ms;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_ledger_it_is_the_hosts_clock),
        cmocka_unit_test(test_it_never_goes_back),
        cmocka_unit_test(test_a_host_that_is_behind_goes_on_at_half_speed_until_it_has_caught_up),
        cmocka_unit_test(test_a_host_that_is_ahead_begins_where_the_live_ledger_is),
        cmocka_unit_test(test_an_old_ledger_that_is_behind_says_nothing_about_the_clocks),
        cmocka_unit_test(test_a_timer_set_by_it_is_due_when_it_fires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
