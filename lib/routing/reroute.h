/* Sending appeals that wait where the rulebook in force would send them now, because an operator
 * asks for it. */
#ifndef ARO_ROUTING_REROUTE_H
#define ARO_ROUTING_REROUTE_H

#include "routing/names.h"
#include "routing/turn.h"

/* What looking at an appeal costs of a budget, and what changing one does. */
enum { WORK_LOOK = 1, WORK_CHANGE = 16 };

/* How many appeals go, or went, from where to where. */
struct reroute_tally {
    size_t count, size;
    struct aro_reroute_move *moves;
};

/* Under way: the cursor is the arrival of the last appeal that was looked at. */
struct reroute {
    bool is_under_way;
    char *market, *queue; /* only of this market, in this queue; owned; NULL: any */
    uint64_t cursor;
    uint32_t touched_in;
    struct reroute_tally tally; /* of this process: not part of the state */
};

void reroute_done(struct reroute *reroute);

/* Goes on while there is any of @budget. */
void reroute_work(struct aro_router *router, struct aro_instant now, int64_t *budget,
                  struct aro_effects *effects);

/* Sets what a ledger record has; @market and @queue may be NULL. */
void reroute_restore(struct reroute *reroute, bool is_under_way, const char *market,
                     const char *queue, uint64_t cursor);

#endif
