#include "support/siphash.h"

#include "cmocka_headers.h"

/* The vectors of the SipHash paper's authors, and those of Rust's standard library for the short
 * one: key 00..0f, message 00, 01, 02... */
static void test_the_reference_vectors_hold(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        uint64_t hash, short_hash;
    } rows[] = {
        { 0, UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0xabac0158050fc4dc) },
        { 1, UINT64_C(0x74f839c593dc67fd), UINT64_C(0xc9f49bf37d57ca93) },
        { 8, UINT64_C(0x93f5f5799a932462), UINT64_C(0x369095118d299a8e) },
        { 15, UINT64_C(0xa129ca6149be45e5), UINT64_C(0xd320d86d2a519956) },
    };
    const uint64_t key_low = UINT64_C(0x0706050403020100), key_high = UINT64_C(0x0f0e0d0c0b0a0908);
    unsigned char message[16];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t length = rows[i].length;
        assert_true(siphash(message, length, key_low, key_high) == rows[i].hash);
        assert_true(siphash_short(message, length, key_low, key_high) == rows[i].short_hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_reference_vectors_hold) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
