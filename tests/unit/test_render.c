#include "cmocka_headers.h"

#include "cli/render.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_rendered(const char *json, const char *expected)
{
    char *text = NULL;
    size_t length;
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(value);
    assert_non_null(stream);
    render(stream, value);
    assert_int_equal(fclose(stream), 0);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void test_facts_stand_line_by_line_with_values_aligned(void **state)
{
    (void)state;
    expect_rendered("{\"agent_id\":\"ana\",\"used\":3,\"load\":0.75,\"idle\":false,\"team\":null}",
                    "agent id: ana\n"
                    "used:     3\n"
                    "load:     0.75\n"
                    "idle:     no\n"
                    "team:     -\n");
}

static void test_a_list_of_things_is_a_table_with_numbers_to_the_right(void **state)
{
    (void)state;
    expect_rendered("[{\"name\":\"general\",\"waiting\":7},{\"name\":\"fraud\",\"waiting\":1200}]",
                    "name     waiting\n"
                    "general        7\n"
                    "fraud       1200\n");
}

static void test_a_row_that_lacks_a_member_shows_a_dash(void **state)
{
    (void)state;
    expect_rendered("[{\"name\":\"a\"},{\"name\":\"b\",\"since\":\"now\"}]", "name  since\n"
                                                                             "a     -\n"
                                                                             "b     now\n");
}

static void test_things_within_things_are_indented_below_their_label(void **state)
{
    (void)state;
    expect_rendered("{\"instance\":\"r\",\"why\":{\"pool\":4,\"by_filter\":{\"capacity\":3}},"
                    "\"shards\":[{\"name\":\"main\",\"topics\":[\"a\",\"b\"]}]}",
                    "instance: r\n"
                    "why:\n"
                    "  pool:      4\n"
                    "  by filter: capacity 3\n"
                    "shards:\n"
                    "  name  topics\n"
                    "  main  a, b\n");
}

static void test_things_that_hold_lists_stand_one_below_the_other(void **state)
{
    (void)state;
    expect_rendered("[{\"name\":\"a\",\"sources\":[{\"topic\":\"t\",\"lag\":3}]},"
                    "{\"name\":\"b\",\"sources\":[]}]",
                    "name: a\n"
                    "sources:\n"
                    "  topic  lag\n"
                    "  t        3\n"
                    "\n"
                    "name:    b\n"
                    "sources: -\n");
}

static void test_things_with_very_many_members_stand_one_below_the_other(void **state)
{
    (void)state;
    expect_rendered("[{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,"
                    "\"j\":1,\"k\":1,\"l\":1,\"m\":1}]",
                    "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\nf: 1\ng: 1\nh: 1\ni: 1\nj: 1\nk: 1\nl: 1\n"
                    "m: 1\n");
}

static void test_an_object_too_long_for_a_line_stands_below_its_label(void **state)
{
    (void)state;
    expect_rendered("{\"skills\":{\"accounts_of_many_sellers\":2,\"rights_of_many_sellers\":5,"
                    "\"fraud_in_many_markets\":1}}",
                    "skills:\n"
                    "  accounts of many sellers: 2\n"
                    "  rights of many sellers:   5\n"
                    "  fraud in many markets:    1\n");
}

static void test_an_object_in_a_cell_is_one_line(void **state)
{
    (void)state;
    expect_rendered("[{\"by_filter\":{\"language\":12,\"capacity\":3}}]",
                    "by filter\n"
                    "language 12, capacity 3\n");
}

static void test_letters_beyond_ascii_count_once(void **state)
{
    (void)state;
    expect_rendered("[{\"site\":\"S\u00e3o\",\"n\":1},{\"site\":\"Rio\",\"n\":2}]", "site  n\n"
                                                                                    "S\u00e3o   1\n"
                                                                                    "Rio   2\n");
}

static void test_a_text_cannot_steer_the_terminal(void **state)
{
    (void)state;
    expect_rendered("{\"id\":\"a\\u001b[31m\\n\"}", "id: a?[31m?\n");
    expect_rendered("{\"id\":\"\\u007f \\u0085 \\u009b31m \\u00a0\"}", "id: ? ? ?31m \xc2\xa0\n");
}

static void test_nothing_and_plain_values_are_shown_too(void **state)
{
    (void)state;
    expect_rendered("true", "yes\n");
    expect_rendered("[]", "-\n");
    expect_rendered("[{}]", "-\n");
    expect_rendered("{\"queues\":[]}", "queues: -\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_stand_line_by_line_with_values_aligned),
        cmocka_unit_test(test_a_list_of_things_is_a_table_with_numbers_to_the_right),
        cmocka_unit_test(test_a_row_that_lacks_a_member_shows_a_dash),
        cmocka_unit_test(test_things_within_things_are_indented_below_their_label),
        cmocka_unit_test(test_things_that_hold_lists_stand_one_below_the_other),
        cmocka_unit_test(test_things_with_very_many_members_stand_one_below_the_other),
        cmocka_unit_test(test_an_object_too_long_for_a_line_stands_below_its_label),
        cmocka_unit_test(test_an_object_in_a_cell_is_one_line),
        cmocka_unit_test(test_letters_beyond_ascii_count_once),
        cmocka_unit_test(test_a_text_cannot_steer_the_terminal),
        cmocka_unit_test(test_nothing_and_plain_values_are_shown_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
