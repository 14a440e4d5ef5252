#include "routing/market.h"

#include "routing/assignment.h"
#include "routing/market_job.h"
#include "routing/router_state.h"
#include "routing/turn.h"

#include "support/memory.h"
#include "support/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const job_names[MARKET_JOB_COUNT] = {
    [MARKET_JOB_NONE] = "none",
    [MARKET_JOB_HOLD] = "hold",
    [MARKET_JOB_RESUME] = "resume",
    [MARKET_JOB_OPEN] = "open",
};

const char *market_job_name(enum market_job job)
{
    assert(job < MARKET_JOB_COUNT);
    return job_names[job];
}

enum market_job market_job_find(const char *name)
{
    return (enum market_job)text_index(job_names, MARKET_JOB_COUNT, name);
}

struct market *market_find(const struct aro_router *router, const char *name)
{
    return table_find(&router->markets, name);
}

struct market *market_get(struct aro_router *router, const char *name)
{
    struct market *market = market_find(router, name);
    if (market)
        return market;
    market = memory_new(sizeof *market);
    market->name = names_hold(&router->names, name);
    table_add(&router->markets, market);
    return market;
}

void markets_free(struct aro_router *router)
{
    size_t position = 0;
    for (struct market *market; (market = table_next(&router->markets, &position)) != NULL;) {
        names_drop(&router->names, market->name);
        free(market);
    }
    table_done(&router->markets);
}

bool market_has_record(const struct market *market)
{
    return market_is_paused(market) || market->job != MARKET_JOB_NONE;
}

void market_restore(struct aro_router *router, struct market *market, const struct market *state)
{
    market_set_job(router, market, state->job);
    market->is_paused_by_operator = state->is_paused_by_operator;
    market->is_paused_by_rulebook = state->is_paused_by_rulebook;
    market->cursor = state->cursor;
    router->is_launch_due = true;
}

/* --- pausing --- */

/* One of the two reasons to be paused has come or gone. Its appeals follow where that matters. */
static void market_set_paused(struct turn *turn, struct market *market, bool *reason,
                              bool is_paused)
{
    bool was_paused = market_is_paused(market);

    turn_touch_market(turn, market);
    *reason = is_paused;
    if (market_is_paused(market) != was_paused)
        market_begin_job(turn, market);
    turn_write_market(turn, market);
}

static bool rulebook_pauses(const struct aro_router *router, const char *name)
{
    const struct aro_market_terms *terms = aro_rulebook_find_market(router->rulebook, name);
    return terms && terms->launch == ARO_LAUNCH_PAUSED;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(struct market *const *)a)->name, (*(struct market *const *)b)->name);
}

void markets_follow_rulebook(struct turn *turn)
{
    struct aro_router *router = turn->router;
    struct gathered changed = { 0 };
    size_t position = 0;

    router->is_launch_due = false;
    for (size_t i = 0; i < aro_rulebook_market_count(router->rulebook); i++) {
        const struct aro_market_terms *terms = aro_rulebook_market_at(router->rulebook, i);
        if (terms->launch == ARO_LAUNCH_PAUSED)
            market_get(router, terms->name);
    }
    for (struct market *market; (market = table_next(&router->markets, &position)) != NULL;) {
        if (market->is_paused_by_rulebook != rulebook_pauses(router, market->name))
            gathered_add(&changed, market);
    }
    gathered_sort(&changed, compare_names);
    for (size_t i = 0; i < changed.count; i++) {
        struct market *market = changed.items[i];
        market_set_paused(turn, market, &market->is_paused_by_rulebook,
                          !market->is_paused_by_rulebook);
    }
    free(changed.items);
}

bool aro_router_pause(struct aro_router *router, struct aro_instant now, const char *name,
                      bool is_paused, struct aro_effects *effects)
{
    struct market *market = market_get(router, name);
    struct turn turn;

    turn_begin_control(&turn, router, now, effects);
    bool changes = market->is_paused_by_operator != is_paused;
    if (changes)
        market_set_paused(&turn, market, &market->is_paused_by_operator, is_paused);
    turn_settle(&turn);
    turn_end(&turn);
    return changes;
}

/* --- looking --- */

static struct aro_market_view market_view(const struct aro_router *router,
                                          const struct market *market)
{
    const struct aro_market_terms *terms = aro_rulebook_find_market(router->rulebook, market->name);
    return (struct aro_market_view){
        .name = market->name,
        .launch = terms ? terms->launch : ARO_LAUNCH_FULL,
        .is_paused_by_operator = market->is_paused_by_operator,
        .is_paused_by_rulebook = market->is_paused_by_rulebook,
        .is_changing = market->job != MARKET_JOB_NONE,
        .waiting = market->waiting,
        .held = market->held,
        .assigned = market->given_out,
    };
}

/* One that somebody asked about once, and that nothing is or ever was in, is no news. */
static bool is_of_interest(const struct aro_router *router, const struct market *market)
{
    return market_has_record(market) || market->waiting + market->held + market->given_out > 0 ||
           aro_rulebook_find_market(router->rulebook, market->name);
}

/* Markets that the rulebook names and that have no state of their own yet are told as well. */
static void gather_markets(const struct aro_router *router, struct gathered *markets,
                           struct market *unmet)
{
    size_t position = 0;

    for (size_t i = 0; i < aro_rulebook_market_count(router->rulebook); i++) {
        const char *name = aro_rulebook_market_at(router->rulebook, i)->name;
        if (market_find(router, name))
            continue;
        unmet->name = name;
        gathered_add(markets, unmet++);
    }
    for (struct market *market; (market = table_next(&router->markets, &position)) != NULL;) {
        if (is_of_interest(router, market))
            gathered_add(markets, market);
    }
}

void aro_router_each_market(const struct aro_router *router,
                            void (*visit)(const struct aro_market_view *market, void *context),
                            void *context)
{
    struct market *unmet =
        memory_new_array(aro_rulebook_market_count(router->rulebook), sizeof *unmet);
    struct gathered markets = { 0 };

    gather_markets(router, &markets, unmet);
    gathered_sort(&markets, compare_names);
    for (size_t i = 0; i < markets.count; i++) {
        struct aro_market_view view = market_view(router, markets.items[i]);
        visit(&view, context);
    }
    free(markets.items);
    free(unmet);
}

bool aro_router_market_view(const struct aro_router *router, const char *name,
                            struct aro_market_view *ret)
{
    const struct market unmet = { .name = name };
    const struct market *market = market_find(router, name);

    *ret = market_view(router, market ? market : &unmet);
    return market ? is_of_interest(router, market)
                  : aro_rulebook_find_market(router->rulebook, name) != NULL;
}
