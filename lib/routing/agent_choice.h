/* Which agent gets an appeal: filters, then criteria, and the first that differs decides. */
#ifndef ARO_ROUTING_AGENT_CHOICE_H
#define ARO_ROUTING_AGENT_CHOICE_H

#include "routing/filter.h"

#include <stdbool.h>
#include <stdint.h>

/* Why an appeal went where it went, or went nowhere: the agents of its queue, those that each
 * filter kept from it, and what told the best from the second best. */
struct why {
    uint64_t pool;
    uint64_t by_filter[FILTER_COUNT];
    uint64_t ready; /* of those left, there and with capacity for it, though it may be in use */
    unsigned step;
    bool is_of_waiting; /* it tells of one that waits, and then the next, too */
    uint64_t eligible_at_last_step;
    const char *criterion; /* NULL where there was nobody to compare with, as is the next */
    const struct agent *runner_up;
};

struct choice {
    struct agent *agent; /* NULL: nobody may take it now */
    const struct aro_language *language;
    struct why why;
};

/* Chooses for @appeal, which waits; its class is linked where it was not. */
void choice_make(struct aro_router *router, const struct appeal *appeal, struct choice *ret);

/* Only the counts. */
void choice_count(struct aro_router *router, const struct appeal *appeal, struct why *ret);

/* Those, and who may take it at the last step of the ladder once they are there and have room: 0
 * where nobody ever will, as things are. */
void choice_count_of_waiting(struct aro_router *router, const struct appeal *appeal,
                             struct why *ret);

#endif
