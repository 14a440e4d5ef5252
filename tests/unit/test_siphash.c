#include "support/siphash.h"

#include "cmocka_headers.h"

/* The reference vectors of the SipHash paper's authors: key 00..0f, message 00, 01, 02... */
static void test_the_reference_vectors_hold(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        uint64_t hash;
    } rows[] = {
        { 0, UINT64_C(0x726fdb47dd0e0e31) },
        { 1, UINT64_C(0x74f839c593dc67fd) },
        { 8, UINT64_C(0x93f5f5799a932462) },
        { 15, UINT64_C(0xa129ca6149be45e5) },
    };
    unsigned char message[16];
    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t hash = siphash(message, rows[i].length, UINT64_C(0x0706050403020100),
                                UINT64_C(0x0f0e0d0c0b0a0908));
        assert_true(hash == rows[i].hash);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_reference_vectors_hold) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
