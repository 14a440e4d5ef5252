/* Appeals that joined another one, whose review answers them too. */
#ifndef ARO_ROUTING_APPELLANT_H
#define ARO_ROUTING_APPELLANT_H

#include "routing/details.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct aro_router;

/* In one review, besides its lead. */
enum { APPELLANTS_MAX = 256 };

struct review;

struct appellant {
    struct review *review;
    TAILQ_ENTRY(appellant) of_review;
    struct details *trace; /* that of its submission, and its past; owned */
    uint64_t arrival;
    uint32_t touched_in;
    char id[];
};

/* Those that joined one appeal; there is none while nobody has. */
struct review {
    TAILQ_HEAD(appellant_list, appellant) appellants; /* as they arrived */
    size_t count;
    char lead[];
};

/* Adds @id to the review of @lead. Takes @trace. */
struct appellant *appellant_add(struct aro_router *router, const char *id, const char *lead,
                                uint64_t arrival, struct details *trace);
/* Takes it out and frees it, with its review if it was the last. */
void appellant_remove(struct aro_router *router, struct appellant *appellant);

/* NULL: nobody joined @lead. */
struct review *review_find(const struct aro_router *router, const char *lead);
size_t review_appellant_count(const struct aro_router *router, const char *lead);
void reviews_free(struct aro_router *router);

#endif
