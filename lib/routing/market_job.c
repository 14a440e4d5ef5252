#include "routing/market_job.h"

#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/assignment.h"
#include "routing/reload.h"
#include "routing/reroute.h"
#include "routing/router_state.h"

#include <string.h>

void market_set_job(struct aro_router *router, struct market *market, enum market_job job)
{
    router->job_count += (job != MARKET_JOB_NONE) - (market->job != MARKET_JOB_NONE);
    router->open_job_count += (job == MARKET_JOB_OPEN) - (market->job == MARKET_JOB_OPEN);
    market->job = job;
    market->cursor = 0;
}

void market_begin_job(struct turn *turn, struct market *market)
{
    bool has_any = market->waiting + market->held + market->given_out > 0;
    enum market_job job = market_is_paused(market) ? MARKET_JOB_HOLD : MARKET_JOB_RESUME;
    market_set_job(turn->router, market, has_any ? job : MARKET_JOB_NONE);
}

/* --- what each job does to an appeal; whether that was anything --- */

typedef bool visit(struct turn *turn, struct appeal *appeal);

static bool hold(struct turn *turn, struct appeal *appeal)
{
    if (appeal->is_market_paused)
        return false;
    if (appeal->state == APPEAL_OFFERED)
        appeal_revoke(turn, appeal, "market_paused");
    appeal_set_market_paused(turn, appeal, true);
    return true;
}

static bool resume(struct turn *turn, struct appeal *appeal)
{
    if (!appeal->is_market_paused)
        return false;
    appeal_set_market_paused(turn, appeal, false);
    return true;
}

static bool open(struct turn *turn, struct appeal *appeal)
{
    if (!appeal->is_in_line)
        return false;
    appeal_serve(turn, appeal);
    return true;
}

static const struct {
    visit *visit;
    enum market_job next;
} jobs[MARKET_JOB_COUNT] = {
    [MARKET_JOB_HOLD] = { hold, MARKET_JOB_NONE },
    [MARKET_JOB_RESUME] = { resume, MARKET_JOB_OPEN },
    [MARKET_JOB_OPEN] = { open, MARKET_JOB_NONE },
};

/* What a visit costs. When a market is opened, who comes to take one appeal may take many. */
static int64_t visit_appeal(struct turn *turn, struct market *market, struct appeal *appeal)
{
    size_t before = aro_effects_record_count(turn->effects);

    if (appeal->class->market_state != market || !jobs[market->job].visit(turn, appeal))
        return WORK_LOOK;
    int64_t told = (int64_t)(aro_effects_record_count(turn->effects) - before);
    return WORK_CHANGE * (told > 1 ? told : 1);
}

/* Gives whether it came to the end. */
static bool visit_appeals(struct turn *turn, struct market *market, int64_t *budget)
{
    struct aro_router *router = turn->router;

    for (struct appeal *appeal; *budget > 0;) {
        appeal = number_tree_first(&router->by_arrival, market->cursor + 1);
        if (!appeal)
            return true;
        market->cursor = appeal->arrival;
        *budget -= visit_appeal(turn, market, appeal);
    }
    return false;
}

static void market_work(struct aro_router *router, struct aro_instant now, struct market *market,
                        int64_t *budget, struct aro_effects *effects)
{
    struct turn turn;

    turn_begin_control(&turn, router, now, effects);
    turn_touch_market(&turn, market);
    bool is_over = visit_appeals(&turn, market, budget);
    turn_settle(&turn);
    if (is_over)
        market_set_job(router, market, jobs[market->job].next);
    turn_write_market(&turn, market);
    turn_end(&turn);
}

/* By name, so that the order is the same after a fold. */
static struct market *first_with_job(const struct aro_router *router)
{
    struct market *first = NULL;
    size_t position = 0;

    if (router->job_count == 0)
        return NULL;
    for (struct market *market; (market = table_next(&router->markets, &position)) != NULL;) {
        if (market->job != MARKET_JOB_NONE && (!first || strcmp(market->name, first->name) < 0))
            first = market;
    }
    return first;
}

bool aro_router_has_work(const struct aro_router *router)
{
    return router->reload.stage != RELOAD_NONE || router->job_count > 0 ||
           router->reroute.is_under_way;
}

bool aro_router_work(struct aro_router *router, struct aro_instant now, unsigned limit,
                     struct aro_effects *effects)
{
    int64_t budget = (int64_t)limit * WORK_CHANGE;

    reload_work(router, now, &budget, effects);
    for (struct market *market; budget > 0 && (market = first_with_job(router)) != NULL;)
        market_work(router, now, market, &budget, effects);
    if (budget > 0 && router->reroute.is_under_way)
        reroute_work(router, now, &budget, effects);
    return aro_router_has_work(router);
}
