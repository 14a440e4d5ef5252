/* Who is kept from an appeal, added to by submissions, updates, and appeals that join it. */
#ifndef ARO_ROUTING_EXCLUSION_H
#define ARO_ROUTING_EXCLUSION_H

#include "routing/details.h"

#include <aro/event.h>

struct aro_router;
struct appeal;

/* Of one appeal, with those that joined it. */
enum { EXCLUDED_MAX = 256 };

/* Adds to @view those whom @event (submitted or updated) excludes, its decider too, as they are
 * now. Whoever is excluded for good need not be remembered as having declined. Lists lie in @arena.
 * Gives whether somebody is new. */
bool exclusions_add(const struct aro_router *router, struct arena *arena, struct details_view *view,
                    const struct aro_event *event);

/* Would @appeal keep fewer than EXCLUDED_MAX with those of @event? */
bool exclusions_have_room(const struct appeal *appeal, const struct aro_event *event);

#endif
