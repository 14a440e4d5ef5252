#include "routing/names.h"

#include "cmocka_headers.h"

static void test_equal_texts_are_one_name_until_the_last_count_is_given_back(void **state)
{
    (void)state;
    struct names names;
    char text[] = "BR";

    names_init(&names);
    const char *first = names_hold(&names, text);
    text[0] = 'X'; /* the name is a copy */
    assert_string_equal(first, "BR");
    assert_ptr_equal(names_hold(&names, "BR"), first);
    assert_ptr_equal(names_share(first), first);
    assert_ptr_not_equal(names_hold(&names, "US"), first);
    names_drop(&names, first);
    names_drop(&names, first);
    assert_int_equal(names.table.count, 2);
    names_drop(&names, first);
    assert_int_equal(names.table.count, 1);
    names_done(&names);
}

static void test_no_text_is_no_name(void **state)
{
    (void)state;
    struct names names;

    names_init(&names);
    assert_null(names_hold(&names, NULL));
    assert_null(names_share(NULL));
    names_drop(&names, NULL);
    assert_int_equal(names.table.count, 0);
    assert_int_equal(names_hold_number(&names, NULL), 0);
    assert_null(names_text(&names, 0));
    names_done(&names);
}

static void test_a_number_is_of_its_name_until_nobody_holds_that(void **state)
{
    (void)state;
    struct names names;

    names_init(&names);
    name_number first = names_hold_number(&names, "BR"), second = names_hold_number(&names, "US");
    assert_int_not_equal(first, second);
    assert_ptr_equal(names_text(&names, first), names_hold(&names, "BR"));
    assert_int_equal(names_hold_number(&names, "BR"), first);

    names_set_number(&names, &second, "BR"); /* nobody holds "US" any more */
    assert_int_equal(second, first);
    assert_int_equal(names.table.count, 1);
    name_number third = names_hold_number(&names, "NO");
    assert_int_not_equal(third, first);
    assert_string_equal(names_text(&names, third), "NO");
    assert_string_equal(names_text(&names, first), "BR");
    names_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_texts_are_one_name_until_the_last_count_is_given_back),
        cmocka_unit_test(test_no_text_is_no_name),
        cmocka_unit_test(test_a_number_is_of_its_name_until_nobody_holds_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
