/* A hash of two numbers: fast and not keyed, for tables whose content nobody outside can choose. */
#ifndef ARO_SUPPORT_MIX_H
#define ARO_SUPPORT_MIX_H

#include <stdint.h>

/* The halves of their product, folded (wyhash does so). */
static inline uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product =
        (unsigned __int128)(a ^ UINT64_C(0xa0761d6478bd642f)) * (b ^ UINT64_C(0xe7037ed1a0b428db));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
