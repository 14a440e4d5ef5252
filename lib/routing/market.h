/* A market: whether its appeals are held, and what is still to be done about that.
 *
 * An operator pauses a market, or the rulebook does (`launch: paused`); either holds its appeals.
 * From that moment nothing of it is given out: it is *shut*. Each appeal is told by a flag of its
 * own, beside `on_hold`, and a market may have very many; so a *job* (market_job.c) goes through
 * them in the order of arrival, some at a time. How far it has come is part of the market's ledger
 * record: a router that is folded in the middle goes on from there. */
#ifndef ARO_ROUTING_MARKET_H
#define ARO_ROUTING_MARKET_H

#include "routing/census.h"

#include <aro/router.h>
#include <stdbool.h>
#include <stdint.h>

struct appeal;
struct turn;

enum market_job {
    MARKET_JOB_NONE,
    MARKET_JOB_HOLD,   /* paused: its appeals are held, and offers of them revoked */
    MARKET_JOB_RESUME, /* no longer: they go back to their lines, and nobody gets any yet */
    MARKET_JOB_OPEN,   /* all are in line: whoever may take one of them does */
    MARKET_JOB_COUNT,
};

/* "hold" */
const char *market_job_name(enum market_job job);
enum market_job market_job_find(const char *name); /* MARKET_JOB_COUNT: no such job */

struct market {
    const char *name; /* a name */
    bool is_paused_by_operator, is_paused_by_rulebook;
    enum market_job job;
    uint64_t cursor; /* of the job: the arrival of the last appeal that it has looked at */
    uint32_t touched_in;
    uint64_t waiting, held, given_out; /* open appeals */
    struct census_place census;
};

/* Finds or makes it. */
struct market *market_get(struct aro_router *router, const char *name);
struct market *market_find(const struct aro_router *router, const char *name);
void markets_free(struct aro_router *router);

static inline bool market_is_paused(const struct market *market)
{
    return market->is_paused_by_operator || market->is_paused_by_rulebook;
}

/* Nothing of it is given out: while it is paused, and until all that were held are in line again,
 * so that the first in line goes first. */
static inline bool market_is_shut(const struct market *market)
{
    return market_is_paused(market) || market->job == MARKET_JOB_RESUME;
}

/* Takes over what the rulebook in force says of pausing, where it is not so yet. */
void markets_follow_rulebook(struct turn *turn);

/* --- of use to restoring --- */

/* Sets all that a ledger record has. */
void market_restore(struct aro_router *router, struct market *market, const struct market *state);
/* Has it anything that a ledger record would say? */
bool market_has_record(const struct market *market);

#endif
