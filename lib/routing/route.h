/* Where the rules send an appeal. */
#ifndef ARO_ROUTING_ROUTE_H
#define ARO_ROUTING_ROUTE_H

#include "routing/appeal.h"

#include <aro/event.h>
#include <aro/router.h>

struct language_list {
    size_t count;
    const struct aro_language *const *languages;
};

/* Sets class, rule, rulebook, priority and deadline of @appeal, new and in no class yet, from its
 * appeal.submitted. */
void route_submitted(struct aro_router *router, struct appeal *appeal,
                     const struct aro_event *event);

/* The same from what is kept of it. @languages: its new ones; NULL where they stay. */
void route_stored(struct aro_router *router, struct appeal *appeal,
                  const struct language_list *languages);

#endif
