#include "shard/core_clock.h"

#include "cmocka_headers.h"

#define MINUTE 60000

static struct aro_instant at(int64_t ms)
{
    return (struct aro_instant){ ms };
}

static const struct aro_instant unseen = { 0 };

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
    core_clock_observe(&clock, at(9000), at(6000), unseen);
    assert_true(core_clock_now(&clock, at(6001)).ms >= 9000);
}

static void test_a_host_that_is_behind_goes_on_at_half_speed_until_it_has_caught_up(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    core_clock_observe(&clock, at(15 * MINUTE), at(10 * MINUTE), unseen);
    assert_int_equal(core_clock_now(&clock, at(10 * MINUTE)).ms, 15 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(12 * MINUTE)).ms, 16 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(20 * MINUTE)).ms, 20 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(30 * MINUTE)).ms, 30 * MINUTE);
}

static void test_a_host_that_is_ahead_begins_where_the_live_ledger_is(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    assert_int_equal(
        core_clock_observe(&clock, at(10 * MINUTE), at(15 * MINUTE), at(15 * MINUTE)).ms,
        -5 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(15 * MINUTE)).ms, 10 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(17 * MINUTE)).ms, 13 * MINUTE);
    assert_int_equal(core_clock_now(&clock, at(40 * MINUTE)).ms, 40 * MINUTE);
}

static void test_an_old_ledger_that_is_behind_says_nothing_about_the_clocks(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    assert_int_equal(core_clock_observe(&clock, at(MINUTE), at(500 * MINUTE), unseen).ms, 0);
    assert_int_equal(core_clock_now(&clock, at(500 * MINUTE)).ms, 500 * MINUTE);
}

/* Asleep for 29 minutes, in which the owner worked for one. */
static void test_records_that_are_found_after_a_sleep_say_nothing_about_the_clocks(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    struct aro_instant end_seen_at = at(100 * MINUTE), woken = at(129 * MINUTE);

    core_clock_observe(&clock, end_seen_at, end_seen_at, end_seen_at);
    for (int64_t second = 1; second <= 60; second++)
        core_clock_observe(&clock, at(end_seen_at.ms + second * 1000), woken, end_seen_at);
    assert_int_equal(core_clock_now(&clock, woken).ms, woken.ms);
}

static void test_the_owners_clock_stays_known_over_a_sleep(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    struct aro_instant woken = at(104 * MINUTE);

    core_clock_observe(&clock, at(90 * MINUTE), at(100 * MINUTE), at(100 * MINUTE));
    core_clock_observe(&clock, at(91 * MINUTE), woken, at(100 * MINUTE));
    int64_t now = core_clock_now(&clock, woken).ms;
    assert_in_range(now, 94 * MINUTE, 96 * MINUTE); /* as far as it may have been approached */
}

/* Another owner comes to its own clock, five minutes behind ours, ten times a second. */
static void test_an_owner_who_approaches_its_own_clock_is_followed(void **state)
{
    (void)state;
    struct core_clock clock = { 0 };
    struct aro_instant began = at(100 * MINUTE);

    core_clock_observe(&clock, began, began, began);
    for (int64_t ms = 100; ms <= 10 * MINUTE; ms += 100)
        core_clock_observe(&clock, at(began.ms + ms / 2), at(began.ms + ms + 5), began);
    assert_in_range(core_clock_now(&clock, at(110 * MINUTE + 5)).ms, 105 * MINUTE,
                    105 * MINUTE + 1000);
}

static void test_a_timer_set_by_it_is_due_when_it_fires(void **state)
{
    (void)state;
    for (int64_t offset = -10 * MINUTE; offset <= 10 * MINUTE; offset += 777) {
        struct core_clock clock = { 0 };
        int64_t host = 100 * MINUTE;
        core_clock_observe(&clock, at(host + offset), at(host), at(host));
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
        cmocka_unit_test(test_records_that_are_found_after_a_sleep_say_nothing_about_the_clocks),
        cmocka_unit_test(test_the_owners_clock_stays_known_over_a_sleep),
        cmocka_unit_test(test_an_owner_who_approaches_its_own_clock_is_followed),
        cmocka_unit_test(test_a_timer_set_by_it_is_due_when_it_fires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
