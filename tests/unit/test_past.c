#include "cmocka_headers.h"

#include "routing/details.h"
#include "routing/past.h"

#include "support/buffer.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct past_move at(int64_t ms, enum past_kind kind)
{
    return (struct past_move){ .kind = kind, .at = { ms } };
}

static void add(struct details **past, int64_t ms, enum past_kind kind)
{
    struct past_move move = at(ms, kind);
    past_add(past, &move, PAST_MOVES_MAX);
}

static void expect_next(const struct details *past, struct past_walk *walk, int64_t ms,
                        enum past_kind kind)
{
    struct past_move move;
    assert_true(past_next(past, walk, &move));
    assert_int_equal(move.at.ms, ms);
    assert_int_equal(move.kind, kind);
}

static void expect_end(const struct details *past, struct past_walk *walk)
{
    struct past_move move;
    assert_false(past_next(past, walk, &move));
}

static void test_moves_come_back_in_their_order_with_their_times(void **state)
{
    struct details *past = NULL;
    struct past_walk walk = { 0 };

    (void)state;
    add(&past, 1795341600000, PAST_SUBMITTED);
    add(&past, 1795341600000, PAST_WAITING);
    add(&past, INT64_C(1795341600000) + INT64_C(400) * 24 * 3600000, PAST_OVERDUE);
    expect_next(past, &walk, 1795341600000, PAST_SUBMITTED);
    expect_next(past, &walk, 1795341600000, PAST_WAITING);
    expect_next(past, &walk, INT64_C(1795341600000) + INT64_C(400) * 24 * 3600000, PAST_OVERDUE);
    expect_end(past, &walk);
    assert_int_equal(past_left_out(past), 0);
    free(past);
}

/* Each member alone, so that none takes the place of another. */
static void test_each_member_of_a_move_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAST_MEMBER_COUNT; i++) {
        const struct past_member *member = &past_members[i];
        struct past_move move = at(7, PAST_RULED), found;
        struct past_walk walk = { 0 };
        struct details *past = NULL;
        if (member->form == PAST_TEXT)
            past_set_text(&move, member, "a text with: \"quotes\"");
        else
            past_set_number(&move, member, UINT64_MAX >> 1);
        past_add(&past, &move, PAST_MOVES_MAX);
        assert_true(past_next(past, &walk, &found));
        for (size_t j = 0; j < PAST_MEMBER_COUNT; j++) {
            const struct past_member *other = &past_members[j];
            if (other->form != PAST_TEXT)
                assert_int_equal(past_number(&found, other), past_number(&move, other));
            else if (i == j)
                assert_string_equal(past_text(&found, other), "a text with: \"quotes\"");
            else
                assert_null(past_text(&found, other));
        }
        free(past);
    }
}

static void test_every_kind_is_found_by_its_name_and_nothing_else_is(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < PAST_KIND_COUNT; kind++)
        assert_int_equal(past_kind_find(past_kind_name((enum past_kind)kind)), kind);
    assert_int_equal(past_kind_find("sold"), PAST_KIND_COUNT);
}

/* The ledger has kind and members in one object. */
static void test_no_kind_has_the_name_of_a_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < PAST_MEMBER_COUNT; i++)
        assert_int_equal(past_kind_find(past_members[i].name), PAST_KIND_COUNT);
}

static void test_a_long_past_keeps_the_first_move_and_the_last_ones(void **state)
{
    struct details *past = NULL;
    struct past_walk walk = { 0 };

    (void)state;
    add(&past, 1000, PAST_SUBMITTED);
    for (int i = 1; i <= 1000; i++)
        add(&past, 1000 + i, PAST_WAITING);
    assert_int_equal(past_left_out(past), 1001 - PAST_MOVES_MAX);
    expect_next(past, &walk, 1000, PAST_SUBMITTED);
    for (int i = 1; i < PAST_MOVES_MAX; i++)
        expect_next(past, &walk, 2000 - PAST_MOVES_MAX + 1 + i, PAST_WAITING);
    expect_end(past, &walk);
    past_trim(&past, 3);
    assert_int_equal(past_left_out(past), 998);
    walk = (struct past_walk){ 0 };
    expect_next(past, &walk, 1000, PAST_SUBMITTED);
    expect_next(past, &walk, 1999, PAST_WAITING);
    expect_next(past, &walk, 2000, PAST_WAITING);
    expect_end(past, &walk);
    free(past);
}

static void test_a_short_past_is_not_trimmed(void **state)
{
    struct details *past = NULL;
    struct past_walk walk = { 0 };

    (void)state;
    past_trim(&past, 3);
    assert_false(past_is_known(past));
    for (int i = 0; i < 3; i++)
        add(&past, i, PAST_WAITING);
    past_trim(&past, 3);
    assert_int_equal(past_left_out(past), 0);
    for (int i = 0; i < 3; i++)
        expect_next(past, &walk, i, PAST_WAITING);
    free(past);
}

static void test_a_move_before_the_last_counts_as_at_the_same_time(void **state)
{
    struct details *past = NULL;
    struct past_walk walk = { 0 };

    (void)state;
    add(&past, 50, PAST_SUBMITTED);
    add(&past, 40, PAST_WAITING);
    expect_next(past, &walk, 50, PAST_SUBMITTED);
    expect_next(past, &walk, 50, PAST_WAITING);
    free(past);
}

static void test_another_first_move_leaves_the_others_as_they_were(void **state)
{
    struct details *past = NULL;
    struct past_move first = at(5, PAST_SUBMITTED), found;
    struct past_walk walk = { 0 };

    (void)state;
    past_add(&past, &first, PAST_MOVES_MAX);
    add(&past, 9, PAST_HELD);
    first.queue = "general";
    past_set_first(&past, &first);
    assert_true(past_next(past, &walk, &found));
    assert_string_equal(found.queue, "general");
    assert_int_equal(found.at.ms, 5);
    expect_next(past, &walk, 9, PAST_HELD);
    expect_end(past, &walk);
    assert_int_equal(past_left_out(past), 0);

    struct details *copy = past_copy(past);
    add(&past, 10, PAST_RESUMED);
    walk = (struct past_walk){ 0 };
    expect_next(copy, &walk, 5, PAST_SUBMITTED);
    expect_next(copy, &walk, 9, PAST_HELD);
    expect_end(copy, &walk);
    free(copy);
    free(past);
}

/* As long as they can become: all members at once, each letter escaped. */
static void test_moves_are_told_whole_whatever_their_texts_hold(void **state)
{
    char text[129] = { 0 };
    struct past_move move = at(INT64_MAX, PAST_ASKED_AGAIN);
    struct details *past = NULL;
    struct buffer buffer = { 0 };

    (void)state;
    memset(text, 1, sizeof text - 1);
    for (size_t i = 0; i < PAST_MEMBER_COUNT; i++) {
        if (past_members[i].form == PAST_TEXT)
            past_set_text(&move, &past_members[i], text);
        else
            past_set_number(&move, &past_members[i], INT64_MAX);
    }
    for (size_t i = 0; i < PAST_MOVES_MAX; i++)
        past_add(&past, &move, PAST_MOVES_MAX);
    buffer_add(&buffer, "[", 1);
    past_write(past, &buffer);
    buffer_add(&buffer, "]", 1);
    json_t *told = json_loadb(buffer.data, buffer.length, 0, NULL);
    assert_int_equal(json_array_size(told), PAST_MOVES_MAX);
    for (size_t i = 0; i < PAST_MOVES_MAX; i++) {
        json_t *object = json_array_get(told, i);
        assert_int_equal(json_object_size(object), 1 + PAST_MEMBER_COUNT);
        assert_int_equal(json_integer_value(json_object_get(object, "asked_again")), INT64_MAX);
        assert_int_equal(json_integer_value(json_object_get(object, "skipped")), INT64_MAX);
        assert_string_equal(json_string_value(json_object_get(object, "changed")), text);
    }
    json_decref(told);
    buffer_done(&buffer);
    free(past);
}

static void test_there_is_nothing_in_no_past(void **state)
{
    struct past_walk walk = { 0 };
    (void)state;
    expect_end(NULL, &walk);
    assert_int_equal(past_left_out(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves_come_back_in_their_order_with_their_times),
        cmocka_unit_test(test_each_member_of_a_move_comes_back),
        cmocka_unit_test(test_every_kind_is_found_by_its_name_and_nothing_else_is),
        cmocka_unit_test(test_no_kind_has_the_name_of_a_member),
        cmocka_unit_test(test_a_long_past_keeps_the_first_move_and_the_last_ones),
        cmocka_unit_test(test_a_short_past_is_not_trimmed),
        cmocka_unit_test(test_a_move_before_the_last_counts_as_at_the_same_time),
        cmocka_unit_test(test_another_first_move_leaves_the_others_as_they_were),
        cmocka_unit_test(test_moves_are_told_whole_whatever_their_texts_hold),
        cmocka_unit_test(test_there_is_nothing_in_no_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
