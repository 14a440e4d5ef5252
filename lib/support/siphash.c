#include "support/siphash.h"

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

static inline uint64_t load_little_endian(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static inline void siphash_absorb(uint64_t v[static 4], uint64_t word)
{
    v[3] ^= word;
    siphash_round(v);
    siphash_round(v);
    v[0] ^= word;
}

uint64_t siphash(const void *data, size_t length, uint64_t key_low, uint64_t key_high)
{
    const unsigned char *bytes = data;
    uint64_t v[4] = {
        key_low ^ UINT64_C(0x736f6d6570736575),
        key_high ^ UINT64_C(0x646f72616e646f6d),
        key_low ^ UINT64_C(0x6c7967656e657261),
        key_high ^ UINT64_C(0x7465646279746573),
    };

    size_t whole = length & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8)
        siphash_absorb(v, load_little_endian(bytes + i, 8));
    siphash_absorb(v, load_little_endian(bytes + whole, length - whole) | (uint64_t)length << 56);

    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        siphash_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
