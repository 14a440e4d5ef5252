#include "support/decimal.h"

#include <endian.h>

enum { WORD_DIGITS = 8, TEN_THOUSAND = 10000, HUNDRED_MILLION = 100000000 };

const char decimal_pairs[201] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";

/* The digits of a @value of up to eight, a byte each, the first in the lowest. Split into halves
 * three times, all parts of a word at once: 10486 / 2^20 is near enough to a hundredth for parts
 * below 10,000, and 103 / 2^10 to a tenth for those below 100. */
static inline uint64_t eight_digits(uint32_t value)
{
    uint64_t fours = value / TEN_THOUSAND | (uint64_t)(value % TEN_THOUSAND) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
    uint64_t pairs = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0x000f000f000f000f);
    return tens | (pairs - tens * 10) << 8;
}

static inline void write_word(char *at, uint64_t digits, unsigned left_out)
{
    uint64_t text = (digits | UINT64_C(0x3030303030303030)) >> (8 * left_out);
    text = htole64(text);
    memcpy(at, &text, sizeof text);
}

/* Without zeros before it. What is written behind its digits is no matter: there is room. */
static inline char *write_first(char *at, uint32_t value)
{
    uint64_t digits = eight_digits(value), last = UINT64_C(1) << 56;
    unsigned zeros = (unsigned)__builtin_ctzll(digits | last) / 8;

    write_word(at, digits, zeros);
    return at + WORD_DIGITS - zeros;
}

static inline char *write_next(char *at, uint32_t value)
{
    write_word(at, eight_digits(value), 0);
    return at + WORD_DIGITS;
}

/* A time in ms takes two words, and none takes more than three. */
static char *write_digits(char *at, uint64_t value)
{
    uint64_t before = value / HUNDRED_MILLION;

    if (before == 0)
        return write_first(at, (uint32_t)value);
    if (before < HUNDRED_MILLION)
        at = write_first(at, (uint32_t)before);
    else
        at = write_next(write_first(at, (uint32_t)(before / HUNDRED_MILLION)),
                        (uint32_t)(before % HUNDRED_MILLION));
    return write_next(at, (uint32_t)(value % HUNDRED_MILLION));
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
