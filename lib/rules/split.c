#include "rules/split.h"

#include "support/siphash.h"

#include <assert.h>
#include <string.h>

uint64_t split_key(uint64_t seed, const char *name)
{
    return siphash(name, strlen(name), seed, 0);
}

unsigned split_place(uint64_t seed, uint64_t key, const char *appeal_id)
{
    return (unsigned)(siphash(appeal_id, strlen(appeal_id), seed, key) % PERCENT);
}

const struct aro_queue_terms *split_queue(uint64_t seed, const struct rule *rule,
                                          const char *appeal_id)
{
    unsigned place = split_place(seed, rule->split_key, appeal_id), end = 0;
    for (size_t i = 0; i < rule->share_count; i++) {
        end += rule->shares[i].percent;
        if (place < end)
            return rule->shares[i].queue;
    }
    assert(!"the shares sum to 100");
    return NULL;
}

bool aro_rulebook_market_is_launched(const struct aro_rulebook *rulebook,
                                     const struct aro_market_terms *market, const char *appeal_id)
{
    uint64_t key = split_key(rulebook->seed, market->name);
    return market->launch == ARO_LAUNCH_FULL ||
           (market->launch == ARO_LAUNCH_CANARY &&
            split_place(rulebook->seed, key, appeal_id) < market->launch_share);
}
