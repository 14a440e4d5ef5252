#include "routing/timers.h"

#include "cmocka_headers.h"

enum { COUNT = 500 };

/* Timers lie in an array, so their addresses are an order as good as any. */
static int compare_addresses(const struct timer *a, const struct timer *b)
{
    return (a > b) - (a < b);
}

static unsigned next_chance(unsigned *chance)
{
    *chance = *chance * 1103515245 + 12345;
    return *chance >> 16;
}

static void test_timers_come_in_the_order_of_their_times_however_they_were_set(void **state)
{
    (void)state;
    static struct timer all[COUNT];
    struct timers timers;
    unsigned chance = 1;
    size_t left = COUNT;

    timers_init(&timers, compare_addresses);
    for (int round = 0; round < 3; round++) { /* set, then moved twice */
        for (size_t i = 0; i < COUNT; i++)
            timers_set(&timers, &all[i], (struct aro_instant){ next_chance(&chance) % 100 });
    }
    for (size_t i = 0; i < COUNT; i += 7, left--)
        timers_remove(&timers, &all[i]);
    timers_remove(&timers, &all[0]); /* not armed: nothing happens */

    const struct timer *before = NULL;
    struct aro_instant before_due = ARO_INSTANT_NEVER;
    for (struct timer *timer; (timer = timers_first(&timers)) != NULL; left--) {
        assert_int_not_equal((timer - all) % 7, 0);
        struct aro_instant due = timers_due(&timers, timer);
        if (before)
            assert_true(before_due.ms < due.ms || (before_due.ms == due.ms && before < timer));
        before = timer;
        before_due = due;
        timers_remove(&timers, timer);
    }
    assert_int_equal(left, 0);
    timers_done(&timers);
}

static void test_a_timer_set_for_never_is_not_armed(void **state)
{
    (void)state;
    struct timer timer = { 0 };
    struct timers timers;

    timers_init(&timers, compare_addresses);
    timers_set(&timers, &timer, (struct aro_instant){ 5 });
    timers_set(&timers, &timer, ARO_INSTANT_NEVER);
    assert_null(timers_first(&timers));
    assert_int_equal(timer.place, 0);
    timers_done(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_come_in_the_order_of_their_times_however_they_were_set),
        cmocka_unit_test(test_a_timer_set_for_never_is_not_armed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
