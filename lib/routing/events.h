/* What each event does. */
#ifndef ARO_ROUTING_EVENTS_H
#define ARO_ROUTING_EVENTS_H

#include "routing/turn.h"

/* Of an appeal: by its type and the state of the appeal, as the table there says. */
void appeal_event_apply(struct turn *turn, const struct aro_event *event);

/* Of an agent. */
void agent_event_apply(struct turn *turn, const struct aro_event *event);

/* What was due at @until for an appeal whose timer says so. */
void appeal_timer_fire(struct turn *turn, struct appeal *appeal, struct aro_instant until);

/* The only place where an agent's status changes, so that what they hold is reclaimed in time. */
void agent_set_status(struct aro_router *router, struct agent *agent, enum aro_agent_status status,
                      struct aro_instant now);
/* Sets the timers of all that @agent holds. */
void agent_set_timers(struct aro_router *router, const struct agent *agent);

/* Sets the timer for whatever comes first to an appeal. */
void appeal_timer_set(struct aro_router *router, struct appeal *appeal);

#endif
