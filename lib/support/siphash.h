/* SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash.
 *
 * Cuts `split` and `canary`, breaks ties, and keys the hash tables, so that nobody who chooses ids
 * can choose where they fall. By hand because no Debian library offers it to C with a stable name.
 */
#ifndef ARO_SUPPORT_SIPHASH_H
#define ARO_SUPPORT_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const void *data, size_t length, uint64_t key_low, uint64_t key_high);

/* SipHash-1-3, for hash tables: as safe against chosen keys as their owners need (Rust's and
 * Python's do the same), in two thirds of the time. */
uint64_t siphash_short(const void *data, size_t length, uint64_t key_low, uint64_t key_high);

#endif
