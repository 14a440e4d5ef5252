#include "support/decimal.h"

const char decimal_pairs[201] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";

/* By the number of bits, which gives it or one less: 1233 / 4096 is the logarithm of 2. */
static unsigned digit_count(uint64_t value)
{
    static const uint64_t tens[] = { 0,
                                     UINT64_C(10),
                                     UINT64_C(100),
                                     UINT64_C(1000),
                                     UINT64_C(10000),
                                     UINT64_C(100000),
                                     UINT64_C(1000000),
                                     UINT64_C(10000000),
                                     UINT64_C(100000000),
                                     UINT64_C(1000000000),
                                     UINT64_C(10000000000),
                                     UINT64_C(100000000000),
                                     UINT64_C(1000000000000),
                                     UINT64_C(10000000000000),
                                     UINT64_C(100000000000000),
                                     UINT64_C(1000000000000000),
                                     UINT64_C(10000000000000000),
                                     UINT64_C(100000000000000000),
                                     UINT64_C(1000000000000000000),
                                     UINT64_C(10000000000000000000) };
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1), least = bits * 1233 >> 12;
    return least + (value >= tens[least]);
}

static void write_four(char *at, uint32_t value)
{
    decimal_write_pair(at, value / 100);
    decimal_write_pair(at + 2, value % 100);
}

/* From the last digit on, eight a long division: a time in ms takes one. */
static char *write_digits(char *at, uint64_t left)
{
    char *end = at + digit_count(left), *start = end;

    for (; left >= 100000000; left /= 100000000) {
        uint32_t eight = (uint32_t)(left % 100000000);
        start -= 8;
        write_four(start, eight / 10000);
        write_four(start + 4, eight % 10000);
    }
    uint32_t last = (uint32_t)left;
    for (; last >= 10; last /= 100) {
        start -= 2;
        decimal_write_pair(start, last % 100);
    }
    if (start > at)
        *at = (char)('0' + last);
    return end;
}

char *decimal_write(char *at, int64_t value)
{
    if (value >= 0 && value < 10) { /* most of those in records */
        *at = (char)('0' + value);
        return at + 1;
    }
    if (value >= 0)
        return write_digits(at, (uint64_t)value);
    *at = '-';
    return write_digits(at + 1, -(uint64_t)value);
}
