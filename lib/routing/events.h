/* What each event does. */
#ifndef ARO_ROUTING_EVENTS_H
#define ARO_ROUTING_EVENTS_H

#include "routing/turn.h"

/* Of an appeal: by its type and the state of the appeal, as the table there says. */
void appeal_event_apply(struct turn *turn, const struct aro_event *event);

/* Of an agent. */
void agent_event_apply(struct turn *turn, const struct aro_event *event);

/* @timer of an appeal is due. */
void appeal_timer_fire(struct turn *turn, struct appeal *appeal);

#endif
