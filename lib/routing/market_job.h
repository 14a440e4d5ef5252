/* What a pause, its end, and a reroute have to do to very many appeals, some at a time. */
#ifndef ARO_ROUTING_MARKET_JOB_H
#define ARO_ROUTING_MARKET_JOB_H

#include "routing/market.h"
#include "routing/turn.h"

/* Changes nothing but the job itself, and how many there are. */
void market_set_job(struct aro_router *router, struct market *market, enum market_job job);

/* The market has just been paused, or is no longer: its appeals are to follow. */
void market_begin_job(struct turn *turn, struct market *market);

#endif
