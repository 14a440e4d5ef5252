#include "codec/json_writer.h"

#include "cmocka_headers.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

static void test_members_lists_and_escapes_are_written_as_json(void **state)
{
    (void)state;
    struct buffer buffer = { 0 };
    struct json_writer json = { .buffer = &buffer };

    json_open_object(&json, NULL);
    json_add_text(&json, "text",
                  "a\"b\\c\n\x01"
                  "é");
    json_add_text(&json, "none", NULL);
    json_add_integer(&json, "least", INT64_MIN);
    json_open_list(&json, "list");
    json_add_bool(&json, NULL, true);
    json_open_object(&json, NULL);
    json_close_object(&json);
    json_close_list(&json);
    json_add_instant(&json, "never", ARO_INSTANT_NEVER);
    json_add_instant(&json, "at", (struct aro_instant){ 0 });
    json_close_object(&json);
    assert_string_equal(
        buffer.data,
        "{\"text\":\"a\\\"b\\\\c\\u000a\\u0001é\",\"none\":null,\"least\":-9223372036854775808,"
        "\"list\":[true,{}],\"never\":null,\"at\":\"1970-01-01T00:00:00.000Z\"}");
    buffer_done(&buffer);
}

static void test_a_name_from_outside_is_escaped(void **state)
{
    (void)state;
    struct buffer buffer = { 0 };
    struct json_writer json = { .buffer = &buffer };

    json_open_object(&json, NULL);
    json_add_name(&json, "a\"b");
    json_add_integer(&json, NULL, 1);
    json_add_name(&json, "");
    json_open_list(&json, NULL);
    json_close_list(&json);
    json_add_bool(&json, "plain", false);
    json_close_object(&json);
    assert_string_equal(buffer.data, "{\"a\\\"b\":1,\"\":[],\"plain\":false}");
    buffer_done(&buffer);
}

/* The writer looks at eight bytes at a time: an escape at every place among them. */
static void test_an_escape_is_written_wherever_it_stands(void **state)
{
    (void)state;
    static const char letters[] = "abc !#[]\x7f~xyz0123456789", specials[] = "\x01\x1f\"\\";
    char text[sizeof letters];

    for (size_t length = 1; length < sizeof letters; length++) {
        for (size_t i = 0; i < length * strlen(specials); i++) {
            struct buffer buffer = { 0 };
            struct json_writer json = { .buffer = &buffer };
            memcpy(text, letters, length);
            text[length] = '\0';
            text[i % length] = specials[i / length];
            json_open_list(&json, NULL);
            json_add_text(&json, NULL, text);
            json_close_list(&json);
            json_t *list = json_loadb(buffer.data, buffer.length, 0, NULL);
            assert_non_null(list);
            assert_string_equal(json_string_value(json_array_get(list, 0)), text);
            json_decref(list);
            buffer_done(&buffer);
        }
    }
}

static void test_integers_of_every_length_are_written_digit_by_digit(void **state)
{
    (void)state;
    for (int64_t power = 1; power <= INT64_MAX / 10; power *= 10) {
        for (int64_t value = power - 2; value <= power + 2; value++) {
            struct buffer buffer = { 0 };
            char expected[2][32];
            buffer_add_integer(&buffer, value);
            buffer_add_integer(&buffer, -value);
            snprintf(expected[0], sizeof expected[0], "%lld", (long long)value);
            snprintf(expected[1], sizeof expected[1], "%lld", (long long)-value);
            assert_int_equal(strlen(buffer.data), strlen(expected[0]) + strlen(expected[1]));
            assert_memory_equal(buffer.data, expected[0], strlen(expected[0]));
            assert_string_equal(buffer.data + strlen(expected[0]), expected[1]);
            buffer_done(&buffer);
        }
    }
}

static void test_numbers_read_back_as_the_same_number(void **state)
{
    (void)state;
    static const double rows[] = { 0,    1,    -7,      0.1,     1.0 / 3,      900.5,
                                   1e15, 1e22, DBL_MAX, DBL_MIN, 123456789.123 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buffer buffer = { 0 };
        struct json_writer json = { .buffer = &buffer };
        json_open_list(&json, NULL);
        json_add_number(&json, NULL, rows[i]);
        json_close_list(&json);
        json_t *list = json_loadb(buffer.data, buffer.length, 0, NULL);
        assert_non_null(list);
        assert_true(json_number_value(json_array_get(list, 0)) == rows[i]);
        json_decref(list);
        buffer_done(&buffer);
    }
}

static void expect_as_printf_writes_it(double value)
{
    struct buffer buffer = { 0 };
    char expected[40];

    for (int precision = 15; precision <= 17; precision++) {
        snprintf(expected, sizeof expected, "%.*g", precision, value);
        if (strtod(expected, NULL) == value)
            break;
    }
    json_put_number(&buffer, value);
    assert_string_equal(buffer.data, expected);
    buffer_done(&buffer);
}

/* Decimals of every length, their neighbours, which have seventeen digits, and both signs. */
static void test_numbers_are_written_as_printf_writes_them(void **state)
{
    static const double scales[] = { 10, 100, 1000, 10000, 100000, 1e6, 3, 7 };

    (void)state;
    for (int64_t digits = 1; digits < INT64_C(1) << 52; digits = digits * 3 + digits / 7 + 1) {
        for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
            double value = (double)digits / scales[i];
            expect_as_printf_writes_it(value);
            expect_as_printf_writes_it(-value);
            expect_as_printf_writes_it(nextafter(value, 0));
            expect_as_printf_writes_it(nextafter(value, DBL_MAX));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_lists_and_escapes_are_written_as_json),
        cmocka_unit_test(test_a_name_from_outside_is_escaped),
        cmocka_unit_test(test_an_escape_is_written_wherever_it_stands),
        cmocka_unit_test(test_integers_of_every_length_are_written_digit_by_digit),
        cmocka_unit_test(test_numbers_read_back_as_the_same_number),
        cmocka_unit_test(test_numbers_are_written_as_printf_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
