/* What of an appeal's life is noted in its past, and where that lies.
 *
 * Most appeals that wait have done nothing else since they were submitted. Of those there is no
 * past in memory: their own fields say it, and it begins with the next thing that happens. */
#ifndef ARO_ROUTING_APPEAL_PAST_H
#define ARO_ROUTING_APPEAL_PAST_H

#include "routing/agent_choice.h"
#include "routing/past.h"
#include "routing/turn.h"

struct appellant;

/* To be called before what the past of a waiting appeal follows from changes: its clock, and
 * whether it was announced. */
void appeal_past_begin(struct turn *turn, struct appeal *appeal);
/* To be called before its queue, rule or rulebook may change: how it was routed first is kept. */
void appeal_past_keep_route(struct turn *turn, struct appeal *appeal);

/* Adds @move, at the time of @turn, to the past of @appeal, which was touched. */
void appeal_note(struct turn *turn, struct appeal *appeal, struct past_move move);
/* It waits in line, and @why. */
void appeal_note_waiting(struct turn *turn, struct appeal *appeal, const struct why *why);

/* A copy of the past of @appeal, with how it was routed first; to be freed. */
struct details *appeal_past_copy(const struct aro_router *router, const struct appeal *appeal);

#endif
