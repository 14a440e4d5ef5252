#include "cmocka_headers.h"

#include "support/decimal.h"

#include <inttypes.h>
#include <stdio.h>

/* Into room of just the size that is promised to do: a sanitizer sees a byte more. */
static void expect_as_printf_writes(int64_t value)
{
    char expected[DECIMAL_SIZE_MAX + 1], room[DECIMAL_SIZE_MAX];
    int length = snprintf(expected, sizeof expected, "%" PRId64, value);

    assert_int_equal(decimal_write(room, value) - room, length);
    assert_memory_equal(room, expected, (size_t)length);
}

static void test_every_count_of_digits_is_written_as_printf_writes_it(void **state)
{
    (void)state;
    for (int64_t power = 1;; power *= 10) {
        for (int64_t digit = 1; digit <= 9 && digit <= INT64_MAX / power; digit++) {
            expect_as_printf_writes(digit * power);
            expect_as_printf_writes(digit * power - 1);
            expect_as_printf_writes(-digit * power);
        }
        if (power > INT64_MAX / 10)
            break;
    }
    expect_as_printf_writes(INT64_MAX);
    expect_as_printf_writes(INT64_MIN);
}

/* All that a part of a word can be, in each of its places. */
static void test_every_four_digits_are_written_in_every_place(void **state)
{
    (void)state;
    for (int64_t four = 0; four < 10000; four++) {
        for (int64_t place = 1; place <= INT64_C(100000000000000); place *= 100)
            expect_as_printf_writes(four * place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_count_of_digits_is_written_as_printf_writes_it),
        cmocka_unit_test(test_every_four_digits_are_written_in_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
