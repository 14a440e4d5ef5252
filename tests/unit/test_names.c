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
    names_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_texts_are_one_name_until_the_last_count_is_given_back),
        cmocka_unit_test(test_no_text_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
