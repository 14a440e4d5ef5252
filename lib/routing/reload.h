/* Another rulebook.
 *
 * It decides from the moment it is set: for every event from then on, and whoever it lets take what
 * waits. What follows for the appeals there are may take long, so a job goes through them in the
 * order of arrival, some at a time, in two stages:
 *
 * 1. *Line up*: each gets the timer that the new rulebook gives it, those of a queue that is gone
 *    enter anew, and where a queue has another order, or a shorter ladder, each is put in its
 * place. Such a queue is *shut* meanwhile: nobody gets anything of it that is not in its place yet.
 * No timer of an appeal fires, as some of them are still the old rulebook's.
 * 2. *Open*: whoever may take one of those in line does, since the new rulebook may let them.
 *
 * Stage and cursor are part of the ledger's record of the rulebook, and that a queue is shut is
 * part of that of the queue: a router that is folded in the middle goes on from there. */
#ifndef ARO_ROUTING_RELOAD_H
#define ARO_ROUTING_RELOAD_H

#include "routing/turn.h"

#include <aro/router.h>

enum reload_stage { RELOAD_NONE, RELOAD_LINE_UP, RELOAD_OPEN, RELOAD_STAGE_COUNT };

/* "line_up" */
const char *reload_stage_name(enum reload_stage stage);
enum reload_stage reload_stage_find(const char *name); /* RELOAD_STAGE_COUNT: no such stage */

struct reload {
    enum reload_stage stage;
    uint64_t cursor;     /* the arrival of the last appeal that it has looked at */
    uint32_t touched_in; /* the last batch that changed it, or the names of the rulebook */
    /* Not part of the state: some lines and timers are the old rulebook's still; and nobody will
     * come to them, since a batch was undone or another owner has gone on. */
    bool is_halfway, is_cut_short;
    uint64_t mended; /* the last arrival that was, where it was cut short */
};

/* Goes on while there is any of @budget. */
void reload_work(struct aro_router *router, struct aro_instant now, int64_t *budget,
                 struct aro_effects *effects);

/* Sets what a ledger record has. */
void reload_restore(struct aro_router *router, enum reload_stage stage, uint64_t cursor);

/* Does what nobody else will do, where it was cut short, while there is any of @budget. Gives
 * whether there is more; no event may come before there is not. */
bool reload_mend(struct aro_router *router, int64_t *budget);
void reload_mend_all(struct aro_router *router);

#endif
