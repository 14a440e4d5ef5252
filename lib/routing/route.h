/* Where the rules, and how far the market is launched, send an appeal. */
#ifndef ARO_ROUTING_ROUTE_H
#define ARO_ROUTING_ROUTE_H

#include "routing/appeal.h"

#include <aro/event.h>
#include <aro/router.h>

struct language_list {
    size_t count;
    const struct aro_language *const *languages;
};

/* What a rulebook makes of an appeal. Texts are the rulebook's. */
struct routing {
    const char *rule;
    const struct aro_queue_terms *queue;    /* that gets it */
    const struct aro_queue_terms *by_rules; /* that would, were its market launched in full */
    uint8_t priority;
    struct aro_instant deadline;
};

/* Sets class, rule, rulebook, priority and deadline of @appeal, new and in no class yet, from its
 * appeal.submitted, and tells what they came from. */
void route_submitted(struct aro_router *router, struct appeal *appeal,
                     const struct aro_event *event, struct routing *ret);

/* The same from what is kept of it. @languages: its new ones; NULL where they stay. */
void route_stored(struct aro_router *router, struct appeal *appeal,
                  const struct language_list *languages);

/* What route_stored() would make of it. */
void route_look(const struct aro_router *router, const struct appeal *appeal, struct routing *ret);

/* Is it so already? */
bool routing_is_of(const struct aro_router *router, const struct routing *routing,
                   const struct appeal *appeal);

/* The deadline that appeal.submitted would have by itself. */
struct aro_instant route_deadline(const struct aro_router *router, const struct aro_event *event,
                                  struct aro_instant now);

#endif
