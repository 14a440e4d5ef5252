#include "cmocka_headers.h"

#include "support/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, LENGTHS = 70000, STEP = 37 };

/* Of any length: those longer than a block get one of their own. */
static void test_what_comes_after_a_text_is_aligned(void **state)
{
    (void)state;
    char *text = malloc(LENGTHS);
    assert_non_null(text);
    memset(text, 'x', LENGTHS);

    for (size_t length = 0; length < LENGTHS; length += STEP) {
        struct arena arena = { 0 };
        for (int i = 0; i < 3; i++) {
            arena_copy_text(&arena, text, length);
            assert_int_equal((uintptr_t)arena_new(&arena, 1) % ALIGNMENT, 0);
            assert_int_equal((uintptr_t)arena_copy(&arena, text, 3) % ALIGNMENT, 0);
        }
        arena_done(&arena);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_after_a_text_is_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
