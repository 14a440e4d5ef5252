/* How a share of appeals is cut: by SipHash-2-4 of the appeal's id, so that the same appeal always
 * falls on the same side, on every host.
 *
 * The 128-bit key is, little-endian, the rulebook's seed, then SipHash-2-4 of a name (the rule's
 * for `split`, the market's for `canary`) under the key {seed, 0}. An appeal stands at the hash's
 * remainder by 100, 0 to 99; the shares take that line in written order. */
#ifndef ARO_RULES_SPLIT_H
#define ARO_RULES_SPLIT_H

#include "rules/rulebook.h"

#include <stdint.h>

uint64_t split_key(uint64_t seed, const char *name);
/* 0 to 99. */
unsigned split_place(uint64_t seed, uint64_t key, const char *appeal_id);
/* The queue of @rule, which is split, that gets the appeal. */
const struct aro_queue_terms *split_queue(uint64_t seed, const struct rule *rule,
                                          const char *appeal_id);

#endif
