#include "cmocka_headers.h"

#include "shard/queue_tally.h"

#include <stdio.h>
#include <string.h>

static const struct aro_instant now = { 100000 };

static void add(struct queue_tallies *tallies, enum aro_note_kind kind, const char *queue,
                unsigned step)
{
    const struct aro_note note = {
        .kind = kind, .queue = queue, .step = step, .submitted_at = { now.ms - 5000 }
    };
    queue_tallies_add(tallies, &note, now);
}

static const struct queue_tally *find(const struct queue_tallies *tallies, const char *queue)
{
    for (size_t i = 0; i < tallies->count; i++) {
        if (strcmp(tallies->items[i]->queue, queue) == 0)
            return tallies->items[i];
    }
    return NULL;
}

static void test_each_queue_has_its_own_counts(void **state)
{
    struct queue_tallies tallies = { 0 };
    (void)state;

    add(&tallies, ARO_NOTE_OFFERED, "a", 1);
    add(&tallies, ARO_NOTE_ASSIGNED, "b", 3);
    add(&tallies, ARO_NOTE_DECLINED, "a", 1);
    add(&tallies, ARO_NOTE_ASSIGNED, "b", ARO_STEPS_MAX);
    add(&tallies, ARO_NOTE_EXPIRED, "a", 2);
    add(&tallies, ARO_NOTE_ACCEPTED, "a", 2);
    const struct queue_tally *a = find(&tallies, "a"), *b = find(&tallies, "b");
    assert_int_equal(a->offered, 1);
    assert_int_equal(a->declined, 1);
    assert_int_equal(a->expired, 1);
    assert_int_equal(a->accepted, 1);
    assert_int_equal(b->offered, 0);
    assert_int_equal(b->assigned[2], 1);
    assert_int_equal(b->assigned[ARO_STEPS_MAX - 1], 1);
    assert_true(b->submitted_to_assigned.sum == 10);
    queue_tallies_done(&tallies);
}

static void test_a_clock_that_is_behind_makes_no_negative_wait(void **state)
{
    struct queue_tallies tallies = { 0 };
    const struct aro_note note = {
        .kind = ARO_NOTE_ASSIGNED, .queue = "a", .step = 1, .submitted_at = { now.ms + 1 }
    };
    (void)state;

    queue_tallies_add(&tallies, &note, now);
    assert_true(find(&tallies, "a")->submitted_to_assigned.sum == 0);
    queue_tallies_done(&tallies);
}

static void test_queues_beyond_the_bound_are_counted_together(void **state)
{
    struct queue_tallies tallies = { 0 };
    char name[16];
    (void)state;

    for (int i = 0; i < QUEUE_TALLY_MAX + 100; i++) {
        snprintf(name, sizeof name, "q-%d", i);
        add(&tallies, ARO_NOTE_OFFERED, name, 1);
    }
    add(&tallies, ARO_NOTE_OFFERED, "q-0", 1);
    assert_int_equal(tallies.count, QUEUE_TALLY_MAX + 1);
    assert_int_equal(find(&tallies, QUEUE_TALLY_OTHER)->offered, 100);
    assert_int_equal(find(&tallies, "q-0")->offered, 2);
    queue_tallies_done(&tallies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_queue_has_its_own_counts),
        cmocka_unit_test(test_a_clock_that_is_behind_makes_no_negative_wait),
        cmocka_unit_test(test_queues_beyond_the_bound_are_counted_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
