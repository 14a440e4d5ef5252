#include "routing/line_tree.h"

#include "routing/appeal.h"

#include "cmocka_headers.h"

#include <stdlib.h>

enum { APPEALS = 6000, KEYS = 40 };

/* The tree, and the same appeals in an array that is looked through from end to end. */
struct world {
    struct line_tree tree;
    struct appeal *appeals[APPEALS]; /* by arrival, which is the index */
    bool is_in[APPEALS];
    size_t count;
    uint32_t chance;
};

static uint32_t next_chance(struct world *world)
{
    world->chance = world->chance * 1103515245 + 12345;
    return world->chance >> 16;
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->chance = 7;
    line_tree_init(&world->tree);
    for (size_t i = 0; i < APPEALS; i++) {
        struct appeal *appeal = appeal_new("a");
        appeal->arrival = i;
        appeal->order_key = next_chance(world) % KEYS;
        appeal->submitted_at.ms = next_chance(world);
        appeal->deadline.ms = next_chance(world) % 100 ? next_chance(world) : INT64_MAX;
        world->appeals[i] = appeal;
    }
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    line_tree_done(&world->tree);
    for (size_t i = 0; i < APPEALS; i++)
        free(world->appeals[i]);
    free(world);
    return 0;
}

static void change(struct world *world, size_t index)
{
    if (world->is_in[index])
        line_tree_remove(&world->tree, world->appeals[index]);
    else
        line_tree_add(&world->tree, world->appeals[index]);
    world->is_in[index] = !world->is_in[index];
    world->count += world->is_in[index] ? 1 : (size_t)-1;
}

static bool comes_before(const struct appeal *a, const struct appeal *b)
{
    return a->order_key != b->order_key ? a->order_key < b->order_key : a->arrival < b->arrival;
}

/* Counts, and sees that each comes behind the one before. */
struct walk {
    const struct appeal *last;
    size_t count;
};

static bool walk_on(const struct appeal *appeal, const void *context)
{
    struct walk *walk = *(struct walk *const *)context;
    if (walk->last)
        assert_true(comes_before(walk->last, appeal));
    walk->last = appeal;
    walk->count++;
    return false; /* and so the next is asked about */
}

static void assert_order(const struct world *world)
{
    struct walk walk = { 0 }, *at = &walk;
    const struct line_filter filter = { walk_on, &at };
    assert_null(line_tree_first(&world->tree, &filter));
    assert_int_equal(walk.count, world->count);
}

static void assert_earliest(struct world *world)
{
    struct line_earliest earliest = LINE_EARLIEST_NONE;

    for (size_t i = 0; i < APPEALS; i++) {
        const struct appeal *appeal = world->appeals[i];
        const struct line_earliest own = { appeal->submitted_at.ms, appeal->deadline.ms,
                                           appeal->arrival };
        if (world->is_in[i])
            line_earliest_add(&earliest, &own);
    }
    struct line_earliest found = line_tree_earliest(&world->tree);
    assert_int_equal(found.submitted, earliest.submitted);
    assert_int_equal(found.deadline, earliest.deadline);
    assert_int_equal(found.arrival, earliest.arrival);
}

/* Every so many are let through. */
static bool admits_some(const struct appeal *appeal, const void *context)
{
    const unsigned *every = context;
    return appeal->arrival % *every == 0;
}

static void assert_first(struct world *world, unsigned every)
{
    const struct line_filter filter = { admits_some, &every };
    const struct appeal *first = NULL;

    for (size_t i = 0; i < APPEALS; i++) {
        const struct appeal *appeal = world->appeals[i];
        if (world->is_in[i] && i % every == 0 && (!first || comes_before(appeal, first)))
            first = appeal;
    }
    assert_ptr_equal(line_tree_first(&world->tree, &filter), first);
}

static void assert_first_to_arrive(struct world *world, int64_t bound, unsigned every)
{
    const struct line_filter filter = { admits_some, &every };
    const struct appeal *first = NULL;

    for (size_t i = APPEALS; i-- > 0;) {
        if (world->is_in[i] && i % every == 0 && world->appeals[i]->order_key <= bound)
            first = world->appeals[i];
    }
    assert_ptr_equal(line_tree_first_to_arrive(&world->tree, bound, &filter, NULL), first);
    if (first) /* one that arrived before is not beaten */
        assert_ptr_equal(line_tree_first_to_arrive(&world->tree, bound, &filter, world->appeals[0]),
                         world->appeals[0]);
}

static void assert_agrees(struct world *world)
{
    assert_order(world);
    assert_earliest(world);
    assert_first(world, 1);
    assert_first(world, 17);
    assert_first(world, APPEALS);
    assert_first_to_arrive(world, KEYS / 2, 1);
    assert_first_to_arrive(world, 0, 17);
    assert_first_to_arrive(world, -1, 1);
}

static void test_a_tree_agrees_with_an_array_whatever_is_added_and_removed(void **state)
{
    struct world *world = *state;

    assert_agrees(world);
    for (unsigned step = 1; step <= 8 * APPEALS; step++) {
        change(world, next_chance(world) % APPEALS);
        if (step % 1500 == 0)
            assert_agrees(world);
    }
    for (size_t i = 0; i < APPEALS; i++) { /* until few are left, and none */
        if (world->is_in[i])
            change(world, i);
        if (i % 500 == 0 || world->count < 3)
            assert_earliest(world);
    }
    assert_agrees(world);
    assert_null(world->tree.root.node);
}

static void test_a_tree_that_is_served_from_the_front_agrees_too(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < APPEALS; i++)
        world->appeals[i]->order_key = 0;
    for (size_t i = 0; i < APPEALS; i++) {
        change(world, i);
        if (i >= 2000)
            change(world, i - 2000);
        if (i % 1000 == 999)
            assert_agrees(world);
    }
}

/* What was the first of a part may have gone, and earlier ones have come: the first part's bound
 * says nothing. */
static void test_those_that_come_before_all_that_are_there_are_found(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < 3000; i++) {
        world->appeals[i]->order_key = (int64_t)i;
        change(world, i);
    }
    for (size_t i = 0; i < 1000; i++)
        change(world, i);
    for (size_t i = 1000; i-- > 500;) {
        change(world, i);
        assert_first_to_arrive(world, (int64_t)i, 1);
    }
}

/* 5,000 appeals in full leaves are 157 leaves, which 5 branches below a root have room for. */
static void test_appeals_added_behind_all_others_leave_full_nodes(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < 5000; i++) {
        world->appeals[i]->order_key = 0;
        change(world, i);
    }
    assert_int_equal(world->tree.height, 2);
    for (size_t i = 0; i < 4980; i++)
        change(world, i);
    assert_int_equal(world->tree.height, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_tree_agrees_with_an_array_whatever_is_added_and_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_tree_that_is_served_from_the_front_agrees_too, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_those_that_come_before_all_that_are_there_are_found,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_appeals_added_behind_all_others_leave_full_nodes,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
