#include "support/siphash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static inline void siphash_round(uint64_t v[static 4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline uint64_t load_little_endian(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

/* The @count bytes, fewer than eight, before the end of a text of @length. */
static inline uint64_t load_last(const unsigned char *end, size_t count, size_t length)
{
    if (count == 0)
        return 0;
    if (length >= 8)
        return load_little_endian(end - 8) >> (64 - 8 * count);
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)end[(ptrdiff_t)i - (ptrdiff_t)count] << (8 * i);
    return word;
}

static inline void siphash_absorb(uint64_t v[static 4], uint64_t word, int rounds)
{
    v[3] ^= word;
    for (int i = 0; i < rounds; i++)
        siphash_round(v);
    v[0] ^= word;
}

/* SipHash-@rounds-@last_rounds, both constants. */
static inline uint64_t siphash_with(const void *data, size_t length, uint64_t key_low,
                                    uint64_t key_high, int rounds, int last_rounds)
{
    const unsigned char *bytes = data, *end = bytes + length;
    uint64_t v[4] = {
        key_low ^ UINT64_C(0x736f6d6570736575),
        key_high ^ UINT64_C(0x646f72616e646f6d),
        key_low ^ UINT64_C(0x6c7967656e657261),
        key_high ^ UINT64_C(0x7465646279746573),
    };

    for (; end - bytes >= 8; bytes += 8)
        siphash_absorb(v, load_little_endian(bytes), rounds);
    siphash_absorb(v, load_last(end, length & 7, length) | (uint64_t)length << 56, rounds);

    v[2] ^= 0xff;
    for (int i = 0; i < last_rounds; i++)
        siphash_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t siphash(const void *data, size_t length, uint64_t key_low, uint64_t key_high)
{
    return siphash_with(data, length, key_low, key_high, 2, 4);
}

uint64_t siphash_short(const void *data, size_t length, uint64_t key_low, uint64_t key_high)
{
    return siphash_with(data, length, key_low, key_high, 1, 3);
}
