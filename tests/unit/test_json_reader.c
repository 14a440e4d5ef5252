#include "cmocka_headers.h"

#include "event_samples.h"

#include "codec/json_reader.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int reader_setup(void **state)
{
    *state = calloc(1, sizeof(struct json_reader));
    return *state ? 0 : -1;
}

static int reader_teardown(void **state)
{
    json_reader_done(*state);
    free(*state);
    return 0;
}

static const struct json_node *read_json(void **state, const char *text)
{
    const struct json_node *root = NULL;
    struct aro_error error = { 0 };
    if (json_reader_read(*state, text, strlen(text), &root, &error) < 0)
        fail_msg("%s: %s", text, error.message);
    return root;
}

static void assert_limit(void **state, const char *text, const char *field)
{
    const struct json_node *root = NULL;
    struct aro_error error = { 0 };
    assert_int_equal(json_reader_read(*state, text, strlen(text), &root, &error), -EINVAL);
    assert_int_equal(error.code, ARO_ERROR_LIMIT);
    assert_string_equal(error.field, field);
    assert_null(root);
}

/* What the suite has us accept and the contract has us refuse. */
static bool is_refused_by_contract(const char *name)
{
    static const char *const names[] = {
        "y_object_duplicated_key",
        "y_object_duplicated_key_and_value",
        "y_object_escaped_null_in_key",
        "y_string_null_escape",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* Where the suite leaves it open ("i_"): broken UTF-8 and half surrogates are no texts, numbers of
 * any size are well-formed. */
static bool is_left_open_and_read(const char *name)
{
    return strncmp(name, "i_number_", 9) == 0;
}

static void test_the_verdicts_on_the_json_test_suite_are_pinned(void **state)
{
    json_t *suite = samples_load("json_test_suite.json");
    const json_t *list = json_object_get(suite, "texts");
    size_t i;
    const json_t *entry;

    assert_int_equal(json_array_size(list), 318);
    json_array_foreach(list, i, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));
        const struct json_node *root;
        struct aro_error error = { 0 };
        size_t length = 0;
        char *text = sample_value(entry, &length);
        bool expected = name[0] == 'y'   ? !is_refused_by_contract(name)
                        : name[0] == 'i' ? is_left_open_and_read(name)
                                         : false;

        int r = json_reader_read(*state, text, length, &root, &error);
        if (strcmp(name, "i_structure_500_nested_arrays") == 0)
            assert_int_equal(error.code, ARO_ERROR_LIMIT);
        else if ((r == 0) != expected || (r < 0 && error.code != ARO_ERROR_JSON))
            fail_msg("%s: %s", name, r == 0 ? "was read" : error.message);
        free(text);
    }
    json_decref(suite);
}

static void test_a_tree_is_walked_by_its_spans(void **state)
{
    const struct json_node *root =
        read_json(state, " {\"a\":[1,{\"b\":null},[]] , \"c\" : {}, \"d\":true} ");
    const struct json_node *a = json_node_find(root, "a"), *c = json_node_find(root, "c");

    assert_int_equal(root->kind, JSON_NODE_OBJECT);
    assert_int_equal(root->count, 3);
    assert_int_equal(root->span, 8);
    assert_int_equal(a->count, 3);
    assert_ptr_equal(json_node_next(a), c);
    assert_null(a[1].name);
    assert_int_equal(a[2].kind, JSON_NODE_OBJECT);
    assert_string_equal(a[3].name, "b");
    assert_int_equal(a[4].kind, JSON_NODE_LIST);
    assert_int_equal(a[4].count, 0);
    assert_null(a[4].name);
    assert_true(json_node_next(c)->boolean);
    assert_null(json_node_find(root, "b"));
    assert_null(json_node_find(a, "a"));
}

static void test_strings_are_decoded_in_place(void **state)
{
    static const struct {
        const char *written, *decoded;
    } rows[] = {
        { "\"\"", "" },
        { "\"1234567\"", "1234567" },
        { "\"12345678\"", "12345678" },
        { "\"123456789abcdef01\"", "123456789abcdef01" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"x\\u0041y\\u00e9z\\u20ac\\ud83d\\ude00.\"",
          "xAy\xc3\xa9z\xe2\x82\xac\xf0\x9f\x98\x80." },
        { "\"caf\xc3\xa9 \\n na\xc3\xafve\"", "caf\xc3\xa9 \n na\xc3\xafve" },
        { "\"\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xe0\xa0\x80\xc2\x80\"",
          "\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xe0\xa0\x80\xc2\x80" },
        { "\"\\uFFFF\\uD800\\uDC00\\uDBFF\\uDFFF\"",
          "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct json_node *node = read_json(state, rows[i].written);
        assert_int_equal(node->kind, JSON_NODE_TEXT);
        assert_string_equal(node->text, rows[i].decoded);
        assert_int_equal(node->length, strlen(rows[i].decoded));
    }
}

static void test_integers_fit_or_are_refused(void **state)
{
    static const struct {
        const char *text;
        bool is_integer, fits;
        int64_t value;
    } rows[] = {
        { "0", true, true, 0 },
        { "-0", true, true, 0 },
        { "9223372036854775807", true, true, INT64_MAX },
        { "-9223372036854775808", true, true, INT64_MIN },
        { "9223372036854775808", true, false, 0 },
        { "-9223372036854775809", true, false, 0 },
        { "92233720368547758070", true, false, 0 },
        { "1.0", false, false, 0 },
        { "1e2", false, false, 0 },
        { "1E2", false, false, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct json_node *node = read_json(state, rows[i].text);
        int64_t value = -1;
        assert_int_equal(node->is_integer, rows[i].is_integer);
        if (!rows[i].is_integer)
            continue;
        assert_int_equal(json_node_integer(node, &value), rows[i].fits);
        if (rows[i].fits)
            assert_int_equal(value, rows[i].value);
    }
}

static void test_numbers_are_finite_and_zero_has_no_sign(void **state)
{
    double value;
    assert_true(json_node_number(read_json(state, "-1.5e-3"), &value));
    assert_true(value == -1.5e-3);
    assert_true(json_node_number(read_json(state, "[0.1,2]") + 1, &value));
    assert_true(value == 0.1);
    assert_true(json_node_number(read_json(state, "9223372036854775808"), &value));
    assert_true(value == 9223372036854775808.0);
    assert_true(json_node_number(read_json(state, "-0.0"), &value));
    assert_false(signbit(value));
    assert_false(json_node_number(read_json(state, "1e400"), &value));
    assert_false(json_node_number(read_json(state, "-1e400"), &value));
}

static void test_a_limit_is_told_by_the_path_to_it(void **state)
{
    char text[8300], words[4200];
    memset(words, 'w', 4097);
    words[4097] = '\0';

    snprintf(text, sizeof text, "\"%s\"", words);
    assert_limit(state, text, "");
    snprintf(text, sizeof text, "{\"a\":{\"b\":[1,[2,{\"c\":\"%s\"}]]}}", words);
    assert_limit(state, text, "a.b[1][1].c");
    snprintf(text, sizeof text, "{\"not mine\":\"%s\"}", words);
    assert_limit(state, text, "?");
    snprintf(text, sizeof text, "{\"a\":{\"%s\":1}}", words);
    assert_limit(state, text, "a");
    snprintf(text, sizeof text, "{\"first\":\"%.4097s\",\"second\":\"%.4097s\"}", words, words);
    assert_limit(state, text, "first");
    words[4096] = '\0';
    snprintf(text, sizeof text, "[\"%s\"]", words);
    assert_int_equal(read_json(state, text)[1].length, 4096);
}

static void test_bad_syntax_is_told_by_its_place(void **state)
{
    static const char text[] = "{\n  \"a\": 1,\n  \"\u00e9\": oops\n}";
    const struct json_node *root = NULL;
    struct aro_error error = { 0 };

    assert_int_equal(json_reader_read(*state, text, strlen(text), &root, &error), -EINVAL);
    assert_int_equal(error.code, ARO_ERROR_JSON);
    assert_int_equal(error.line, 3);
    assert_int_equal(error.column, 8);
}

static void test_sixteen_levels_are_read_and_seventeen_are_not(void **state)
{
    assert_int_equal(read_json(state, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]")->span, 16);
    assert_limit(state, "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
                 "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]");
    assert_limit(state, "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
                 "a[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]");
}

/* Writes an object of @count members m0, m1... into @text, the last one named @last. */
static void write_members(char *text, unsigned count, const char *last)
{
    size_t length = (size_t)sprintf(text, "{");
    for (unsigned i = 0; i + 1 < count; i++)
        length += (size_t)sprintf(text + length, "\"m%u\":%u,", i, i);
    sprintf(text + length, "\"%s\":0}", last);
}

static void test_a_duplicate_is_found_among_few_and_among_many(void **state)
{
    static const unsigned counts[] = { 2, 3, 63, 64, 65, 66, 1000, 15000 };
    char *text = malloc(15000 * 16);
    assert_non_null(text);

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const struct json_node *root;
        char name[16];
        write_members(text, counts[i], "last");
        assert_int_equal(read_json(state, text)->count, counts[i]);
        for (unsigned twin = 0; twin < 2; twin++) {
            struct aro_error error = { 0 };
            snprintf(name, sizeof name, "m%u", twin ? counts[i] - 2 : 0);
            write_members(text, counts[i], name);
            assert_int_equal(json_reader_read(*state, text, strlen(text), &root, &error), -EINVAL);
            assert_int_equal(error.code, ARO_ERROR_JSON);
            assert_non_null(strstr(error.message, "twice"));
        }
    }
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reader_setup, reader_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_verdicts_on_the_json_test_suite_are_pinned),
        TEST(test_a_tree_is_walked_by_its_spans),
        TEST(test_strings_are_decoded_in_place),
        TEST(test_integers_fit_or_are_refused),
        TEST(test_numbers_are_finite_and_zero_has_no_sign),
        TEST(test_a_limit_is_told_by_the_path_to_it),
        TEST(test_bad_syntax_is_told_by_its_place),
        TEST(test_sixteen_levels_are_read_and_seventeen_are_not),
        TEST(test_a_duplicate_is_found_among_few_and_among_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
