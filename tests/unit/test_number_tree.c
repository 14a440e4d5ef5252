#include "cmocka_headers.h"

#include "support/number_tree.h"

#include <stdbool.h>
#include <stdlib.h>

enum { ITEMS = 3000 };

static struct item {
    uint64_t number;
    bool is_in;
} items[ITEMS];

static int compare_numbers(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Numbers near each other and far apart, the greatest that there is among them; sorted. */
static void items_setup(void)
{
    uint64_t word = 7;
    for (int i = 0; i < ITEMS; i++) {
        word = word * UINT64_C(6364136223846793005) + 1442695040888963407;
        items[i].number = i < ITEMS / 2 ? (uint64_t)i * 3 : word >> (word & 63) % 40;
        items[i].is_in = false;
    }
    items[ITEMS - 1].number = UINT64_MAX;
    qsort(items, ITEMS, sizeof *items, compare_numbers);
    for (int i = 1; i < ITEMS; i++)
        items[i].number += items[i].number <= items[i - 1].number;
}

/* From each number on, and from the one behind it, the first is the one that is. */
static void assert_tree_holds_what_is_in(const struct number_tree *tree)
{
    const struct item *next = NULL;
    for (int i = ITEMS; i-- > 0;) {
        if (items[i].number < UINT64_MAX)
            assert_ptr_equal(number_tree_first(tree, items[i].number + 1), next);
        if (items[i].is_in)
            next = &items[i];
        assert_ptr_equal(number_tree_first(tree, items[i].number), next);
    }
    assert_ptr_equal(number_tree_first(tree, 0), next);
}

static void test_a_tree_gives_what_is_in_it_in_order(void **state)
{
    struct number_tree tree = { 0 };
    (void)state;

    items_setup();
    assert_null(number_tree_first(&tree, 0));
    for (int step = 1; step < ITEMS * 2; step++) {
        struct item *item = &items[step * 1103 % ITEMS];
        if (item->is_in)
            number_tree_remove(&tree, item->number);
        else
            number_tree_add(&tree, item->number, item);
        item->is_in = !item->is_in;
        if (step % 500 == 0)
            assert_tree_holds_what_is_in(&tree);
    }
    for (int i = 0; i < ITEMS; i++) {
        if (items[i].is_in)
            number_tree_remove(&tree, items[i].number);
    }
    assert_null(tree.root);
}

static void test_a_tree_may_be_freed_with_things_in_it(void **state)
{
    struct number_tree tree = { 0 };
    (void)state;

    items_setup();
    for (int i = 0; i < ITEMS; i++)
        number_tree_add(&tree, items[i].number, &items[i]);
    number_tree_done(&tree);
    assert_null(number_tree_first(&tree, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tree_gives_what_is_in_it_in_order),
        cmocka_unit_test(test_a_tree_may_be_freed_with_things_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
