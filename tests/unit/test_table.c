#include "cmocka_headers.h"

#include "support/table.h"

#include <aro/hash_key.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MANY are more than a table keeps in one part. */
enum { ITEMS = 5000, MANY = 150000 };

struct item {
    char key[16];
    bool is_in;
};

static const char *item_key(const void *item)
{
    return ((const struct item *)item)->key;
}

static struct item *items_new(int count)
{
    struct item *items = calloc((size_t)count + 1, sizeof *items);
    assert_non_null(items);
    for (int i = 0; i < count; i++)
        snprintf(items[i].key, sizeof items[i].key, "id-%d", i);
    return items;
}

static void assert_table_holds_what_is_in(const struct table *table, const struct item *items)
{
    size_t count = 0;
    for (int i = 0; i < ITEMS; i++) {
        const void *found = table_find(table, items[i].key);
        assert_ptr_equal(found, items[i].is_in ? &items[i] : NULL);
        count += items[i].is_in;
    }
    assert_int_equal(table->count, count);
}

static void test_whatever_was_added_and_not_removed_is_found(void **state)
{
    (void)state;
    struct item *items = items_new(ITEMS);
    struct table table;
    unsigned random = 1;

    aro_hash_key_set(11, 22);
    table_init(&table, item_key);
    for (int step = 0; step < 40000; step++) {
        random = random * 1103515245 + 12345;
        struct item *item = &items[random / 65536 % ITEMS];
        if (item->is_in)
            assert_ptr_equal(table_remove(&table, item->key), item);
        else
            table_add(&table, item);
        item->is_in = !item->is_in;
        if (step % 4000 == 0)
            assert_table_holds_what_is_in(&table, items);
    }
    assert_table_holds_what_is_in(&table, items);
    table_done(&table);
    free(items);
}

static void test_a_table_in_parts_finds_what_it_did_before_it_was(void **state)
{
    (void)state;
    struct item *items = items_new(MANY);
    struct table table;

    table_init(&table, item_key);
    for (int i = 0; i < MANY; i++)
        table_add(&table, &items[i]);
    assert_true(table.bits > 0);
    for (int i = 0; i < MANY; i += 3)
        assert_ptr_equal(table_remove(&table, items[i].key), &items[i]);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(table_find(&table, items[i].key), i % 3 == 0 ? NULL : &items[i]);
    assert_int_equal(table.count, MANY - MANY / 3);
    table_done(&table);
    free(items);
}

static void assert_a_walk_meets_each_once(int count)
{
    struct item *items = items_new(count);
    struct table table;
    size_t position = 0;
    int met = 0;

    table_init(&table, item_key);
    for (int i = 0; i < count; i++)
        table_add(&table, &items[i]);
    for (struct item *item; (item = table_next(&table, &position)); met++) {
        assert_false(item->is_in);
        item->is_in = true;
    }
    assert_int_equal(met, count);
    table_done(&table);
    free(items);
}

static void test_a_walk_meets_each_item_once(void **state)
{
    (void)state;
    assert_a_walk_meets_each_once(0);
    assert_a_walk_meets_each_once(100);
    assert_a_walk_meets_each_once(MANY);
}

static void test_a_key_is_found_by_its_bytes_alone(void **state)
{
    (void)state;
    struct item one = { .key = "pt" }, two = { .key = "pt-BR" };
    struct table table;

    table_init(&table, item_key);
    assert_null(table_find(&table, "pt"));
    assert_null(table_remove(&table, "pt"));
    table_add(&table, &one);
    table_add(&table, &two);
    assert_ptr_equal(table_find_bytes(&table, "pt-BRxyz", 5), &two);
    assert_ptr_equal(table_find_bytes(&table, "pt-BRxyz", 2), &one);
    assert_null(table_find_bytes(&table, "pt-BRxyz", 4));
    assert_null(table_find(&table, ""));
    table_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_was_added_and_not_removed_is_found),
        cmocka_unit_test(test_a_table_in_parts_finds_what_it_did_before_it_was),
        cmocka_unit_test(test_a_walk_meets_each_item_once),
        cmocka_unit_test(test_a_key_is_found_by_its_bytes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
