/* The shifts of agents: who is off shift is given nothing new, as if draining.
 *
 * Whether somebody is on shift changes when a timer fires, not by itself, so that it is the same in
 * every fold: it is recorded, with the time at which to look again. */
#ifndef ARO_ROUTING_SHIFT_H
#define ARO_ROUTING_SHIFT_H

#include "routing/turn.h"

/* Looks anew at the shifts of @agent, who may have others now. */
void shift_look(struct aro_router *router, struct agent *agent, struct aro_instant now);

/* A shift begins or ends. */
void shift_fire(struct turn *turn, struct agent *agent, struct aro_instant until);

#endif
