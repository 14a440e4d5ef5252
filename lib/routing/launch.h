/* Markets that are not launched in full: draft and shadow. Canary is in route.c, paused in
 * market.c. */
#ifndef ARO_ROUTING_LAUNCH_H
#define ARO_ROUTING_LAUNCH_H

#include "routing/route.h"
#include "routing/turn.h"

/* Does the router take no appeals of @market yet? */
bool launch_is_draft(const struct aro_router *router, const char *market);

/* Where the market of @appeal is in shadow: tells what its rules would have done. @appeal is new,
 * and not yet attached. */
void launch_tell_shadow(struct turn *turn, struct appeal *appeal, const struct routing *routing);

#endif
