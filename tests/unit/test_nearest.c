#include "cmocka_headers.h"

#include "support/nearest.h"

static const char *const known[] = { "partition", "appeals", "agents", "reviews" };

static const char *find(const char *word)
{
    struct nearest nearest;
    nearest_init(&nearest, word);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        nearest_offer(&nearest, known[i]);
    return nearest.best;
}

static const char *find_in_one(const char *word, const char *candidate)
{
    struct nearest nearest;
    nearest_init(&nearest, word);
    nearest_offer(&nearest, candidate);
    return nearest.best;
}

static void test_a_slip_of_the_finger_finds_its_word(void **state)
{
    (void)state;
    assert_string_equal(find("partiton"), "partition");
    assert_string_equal(find("apeals"), "appeals");
    assert_string_equal(find("agent"), "agents");
    assert_string_equal(find("Reviews"), "reviews");
    assert_string_equal(find("agnets"), "agents");
    assert_string_equal(find_in_one("BR", "RB"), "RB");
}

static void test_another_word_finds_none(void **state)
{
    (void)state;
    assert_null(find("bootstrap"));
    assert_null(find("x"));
    assert_null(find_in_one("x", "y"));
    assert_null(find_in_one("x", "ab"));
    assert_null(
        find("a word of more than sixty-four letters cannot be a slip of any of them at all"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slip_of_the_finger_finds_its_word),
        cmocka_unit_test(test_another_word_finds_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
