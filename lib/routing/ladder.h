/* The steps of a queue: who may be asked for an appeal, the older it gets. */
#ifndef ARO_ROUTING_LADDER_H
#define ARO_ROUTING_LADDER_H

#include "routing/turn.h"

/* Moves @appeal, which waits in no line, up to the step in force: past those whose time is over,
 * past one where too many declined it, past those where everybody has whom it could be given to, if
 * somebody else can be asked later, and past those that nobody could fill before they end. */
void ladder_climb(struct turn *turn, struct appeal *appeal);

/* Down to the last step, where a reload made the ladder shorter than @appeal had climbed. It waits
 * in no line, in a queue that has a ladder. */
void ladder_lower(struct turn *turn, struct appeal *appeal);

/* When the step of a waiting appeal ends; never for the last and while its clock is stopped. */
struct aro_instant ladder_step_end(const struct appeal *appeal);

/* Notes that @agent_id gave @appeal back, or let it expire: they are not asked again at this step.
 */
void ladder_add_declined(struct turn *turn, struct appeal *appeal, const char *agent_id);

/* It is time to ask those again who declined, where nobody else is left at this step: then they are
 * forgotten. Gives whether they were; otherwise sets the next time to look. */
bool ladder_retry(struct turn *turn, struct appeal *appeal);

#endif
