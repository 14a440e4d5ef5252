/* The secret of every hash table in the library.
 *
 * Ids come from outside; a hash that a sender can compute lets them choose ids that all fall into
 * one place. The library has no source of randomness of its own, so its user sets the key once,
 * before anything else is made. The key never shows: no output depends on the order of a table. */
#ifndef ARO_HASH_KEY_H
#define ARO_HASH_KEY_H

#include <stdint.h>

void aro_hash_key_set(uint64_t low, uint64_t high);

#endif
