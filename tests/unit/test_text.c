#include <aro/text.h>

#include "cmocka_headers.h"

enum { LENGTH_MAX = 40 };

/* Two texts in memory of their own, of just their size: a sanitizer sees a byte too many. */
static bool are_equal(const char *a, size_t a_length, const char *b, size_t b_length)
{
    char *left = test_malloc(a_length + 1), *right = test_malloc(b_length + 1);
    memcpy(left, a, a_length);
    memcpy(right, b, b_length);
    left[a_length] = right[b_length] = '\0';
    struct aro_text one = aro_text_of_bytes(left, a_length), other = aro_text_of(right);
    bool are = aro_text_equals(&one, &other);
    assert_true(are == aro_text_equals(&other, &one));
    test_free(left);
    test_free(right);
    return are;
}

static void test_texts_of_the_same_bytes_are_equal_wherever_they_lie(void **state)
{
    (void)state;
    char text[LENGTH_MAX];
    for (size_t length = 0; length <= LENGTH_MAX; length++) {
        memset(text, 'x', length);
        assert_true(are_equal(text, length, text, length));
    }
}

static void test_texts_that_differ_in_one_byte_are_told_apart(void **state)
{
    (void)state;
    char text[LENGTH_MAX], other[LENGTH_MAX];
    for (size_t length = 1; length <= LENGTH_MAX; length++) {
        for (size_t i = 0; i < length; i++)
            text[i] = (char)('a' + i % 26);
        for (size_t i = 0; i < length; i++) {
            memcpy(other, text, length);
            other[i] = '!';
            assert_false(are_equal(text, length, other, length));
        }
    }
}

static void test_a_text_is_told_from_what_it_begins_with(void **state)
{
    (void)state;
    char text[LENGTH_MAX];
    memset(text, 'x', sizeof text); /* the first and the last bytes of all are alike */
    for (size_t length = 1; length <= LENGTH_MAX; length++) {
        for (size_t shorter = 0; shorter < length; shorter++)
            assert_false(are_equal(text, length, text, shorter));
    }
}

static void test_no_text_is_not_the_empty_text(void **state)
{
    (void)state;
    assert_null(aro_text_of(NULL).text);
    assert_non_null(aro_text_of("").text);
    assert_int_equal(aro_text_of("").length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_of_the_same_bytes_are_equal_wherever_they_lie),
        cmocka_unit_test(test_texts_that_differ_in_one_byte_are_told_apart),
        cmocka_unit_test(test_a_text_is_told_from_what_it_begins_with),
        cmocka_unit_test(test_no_text_is_not_the_empty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
