/* The ledger records of the router: what the state of each key is, as JSON, and back.
 *
 * A record holds whatever can change a later output, and leaves out what is as by default. Times
 * are milliseconds. */
#ifndef ARO_ROUTING_LEDGER_RECORD_H
#define ARO_ROUTING_LEDGER_RECORD_H

#include "routing/agent.h"
#include "routing/appeal.h"
#include "routing/appellant.h"
#include "routing/market.h"
#include "routing/queue.h"
#include "routing/reroute.h"

#include "support/arena.h"
#include "support/buffer.h"

#include <aro/error.h>
#include <aro/router.h>

/* Words in records of "market:". */
#define LEDGER_LAUNCH_PAUSED "paused"
#define LEDGER_JOB_REROUTE "reroute"

/* Each clears @buffer first. */
void ledger_write_appeal(const struct aro_router *router, const struct appeal *appeal,
                         struct buffer *buffer);

/* What the record of an appeal says, kept for an undo: JSON only where it comes to that. */
struct kept_appeal;
/* As @appeal is now, in @arena: nothing in it leads to what may change or go. */
const struct kept_appeal *ledger_keep_appeal(const struct aro_router *router,
                                             const struct appeal *appeal, struct arena *arena);
void ledger_write_kept_appeal(const struct kept_appeal *kept, struct buffer *buffer);

void ledger_write_appellant(const struct appellant *appellant, struct buffer *buffer);
/* Of the decisions on it, of which there are some. */
void ledger_write_subject(const struct subject *subject, struct buffer *buffer);
void ledger_write_remembered(const struct aro_router *router, const struct remembered *remembered,
                             struct buffer *buffer);
void ledger_write_agent(const struct aro_router *router, const struct agent *agent,
                        struct buffer *buffer);
void ledger_write_queue(const struct queue *queue, struct buffer *buffer);
void ledger_write_market(const struct market *market, struct buffer *buffer);
void ledger_write_reroute(const struct reroute *reroute, struct buffer *buffer);
void ledger_write_rulebook(const struct aro_router *router, struct buffer *buffer);

/* The members that all appeals, or agents, of a class have in their records: written once, when the
 * class is made. */
void ledger_write_appeal_class(struct appeal_class *class);
void ledger_write_agent_class(struct agent_class *class);

/* Every record of the router by key, a line each: the same for equal routers. */
void ledger_dump(const struct aro_router *router, struct buffer *buffer);

#endif
