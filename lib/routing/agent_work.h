/* The other direction of the choice: what somebody who has room gets next. */
#ifndef ARO_ROUTING_AGENT_WORK_H
#define ARO_ROUTING_AGENT_WORK_H

#include "routing/agent.h"
#include "routing/appeal.h"

#include <aro/router.h>

/* The best waiting appeal that @agent may take now: of each of their queues the first by its order,
 * of these the most urgent; what is overdue beyond the share of its queue only where there is
 * nothing else. NULL where there is nothing. */
struct appeal *agent_find_work(struct aro_router *router, const struct agent *agent,
                               struct aro_instant now);

/* Which of two appeals of any queues is the more urgent: effective priority, then latest start
 * (where its queue is in order of slack) or deadline, then arrival, then id. Negative where @a is.
 * Both wait, and their clocks run. */
int appeal_compare_urgency(const struct appeal *a, const struct appeal *b,
                           const struct aro_router *router, struct aro_instant now);

#endif
