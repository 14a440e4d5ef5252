#include "routing/arrangement.h"

#include "routing/agent_class.h"
#include "routing/router_state.h"

#include "support/cleanup.h"
#include "support/memory.h"
#include "support/siphash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What a move costs; one to another class more, and what has to be looked at for that. */
enum { COST_MOVE = 1, COST_REGROUP = 3, CANDIDATES_A_COST = 500 };

/* --- what rulebooks need --- */

static struct arrangement_needs needs_of(const struct aro_rulebook *rulebook)
{
    struct arrangement_needs needs = { 0 };

    for (size_t i = 0; i < aro_rulebook_queue_count(rulebook); i++) {
        const struct aro_queue_terms *terms = aro_rulebook_queue_at(rulebook, i);
        needs.orders |= 1u << agent_order_of(terms);
        needs.is_by_team |= (terms->independence & ARO_INDEPENDENT_TEAM) != 0;
        needs.is_by_site |= (terms->independence & ARO_INDEPENDENT_SITE) != 0;
        needs.is_by_lead |= (terms->independence & ARO_INDEPENDENT_LEAD) != 0;
        for (size_t step = 0; step < terms->step_count; step++) {
            needs.is_by_team |= terms->steps[step].team_count > 0;
            needs.is_by_site |= terms->steps[step].site_count > 0;
        }
    }
    return needs;
}

/* What agents are to be arranged for. */
struct wish {
    unsigned orders[2];
    uint64_t seeds[2];
    bool is_by_team, is_by_site, is_by_lead;
};

static unsigned side_of(const struct arrangement *arrangement, uint64_t seed)
{
    return seed == arrangement->seeds[arrangement->side] ? arrangement->side
                                                         : 1 - arrangement->side;
}

static struct wish wish_for(const struct arrangement *arrangement, const struct aro_rulebook *next)
{
    const struct arrangement_needs *needs = &arrangement->needs;
    struct wish wish = {
        .seeds = { arrangement->seeds[0], arrangement->seeds[1] },
        .is_by_team = needs->is_by_team,
        .is_by_site = needs->is_by_site,
        .is_by_lead = needs->is_by_lead,
    };

    wish.orders[arrangement->side] = needs->orders;
    if (!next)
        return wish;
    const struct arrangement_needs more = needs_of(next);
    unsigned side = side_of(arrangement, aro_rulebook_seed(next));
    wish.seeds[side] = aro_rulebook_seed(next);
    wish.orders[side] |= more.orders;
    wish.is_by_team |= more.is_by_team;
    wish.is_by_site |= more.is_by_site;
    wish.is_by_lead |= more.is_by_lead;
    return wish;
}

/* --- passes over the agents: each only takes away, or only adds --- */

static void begin_pass(struct arrangement *arrangement, const struct wish *wish)
{
    arrangement->is_regrouping = wish->is_by_team != arrangement->is_by_team ||
                                 wish->is_by_site != arrangement->is_by_site ||
                                 wish->is_by_lead != arrangement->is_by_lead;
    memcpy(arrangement->orders, wish->orders, sizeof wish->orders);
    arrangement->is_by_team = wish->is_by_team;
    arrangement->is_by_site = wish->is_by_site;
    arrangement->is_by_lead = wish->is_by_lead;
    arrangement->is_moving = true;
    arrangement->pass++;
}

/* Leaves what is not wished for. False where there is no such thing. */
static bool begin_to_leave(struct arrangement *arrangement, const struct wish *wish)
{
    struct wish kept = {
        .is_by_team = arrangement->is_by_team && wish->is_by_team,
        .is_by_site = arrangement->is_by_site && wish->is_by_site,
        .is_by_lead = arrangement->is_by_lead && wish->is_by_lead,
    };

    for (unsigned side = 0; side < 2; side++) {
        if (wish->seeds[side] == arrangement->seeds[side])
            kept.orders[side] = arrangement->orders[side] & wish->orders[side];
    }
    if (memcmp(kept.orders, arrangement->orders, sizeof kept.orders) == 0 &&
        kept.is_by_team == arrangement->is_by_team && kept.is_by_site == arrangement->is_by_site &&
        kept.is_by_lead == arrangement->is_by_lead)
        return false;
    begin_pass(arrangement, &kept);
    return true;
}

static bool has_slot(const struct arrangement *arrangement, size_t slot)
{
    for (unsigned i = 0; i < ARRANGEMENT_SLOTS; i++) {
        if (arrangement->slots[i / AGENT_ORDER_COUNT][i % AGENT_ORDER_COUNT] == slot)
            return true;
    }
    return false;
}

/* Gives each order of @arrangement its slot, and none to others, in which nobody lies. */
static void set_slots(struct arrangement *arrangement)
{
    arrangement->slot_count = 0;
    for (unsigned i = 0; i < ARRANGEMENT_SLOTS; i++) {
        unsigned side = i / AGENT_ORDER_COUNT, order = i % AGENT_ORDER_COUNT;
        if (!(arrangement->orders[side] >> order & 1))
            arrangement->slots[side][order] = 0;
    }
    for (unsigned i = 0; i < ARRANGEMENT_SLOTS; i++) {
        unsigned side = i / AGENT_ORDER_COUNT, order = i % AGENT_ORDER_COUNT;
        uint8_t *slot = &arrangement->slots[side][order], free = 1;
        if (!(arrangement->orders[side] >> order & 1))
            continue;
        while (*slot == 0 && has_slot(arrangement, free))
            free++;
        *slot = *slot ? *slot : free;
        if (*slot > arrangement->slot_count)
            arrangement->slot_count = *slot;
    }
}

/* Adds what is wished for and is not there. False where all is. */
static bool begin_to_add(struct arrangement *arrangement, const struct wish *wish)
{
    if (memcmp(wish->orders, arrangement->orders, sizeof wish->orders) == 0 &&
        wish->is_by_team == arrangement->is_by_team &&
        wish->is_by_site == arrangement->is_by_site && wish->is_by_lead == arrangement->is_by_lead)
        return false;
    memcpy(arrangement->seeds, wish->seeds, sizeof wish->seeds);
    begin_pass(arrangement, wish);
    set_slots(arrangement);
    return true;
}

static bool is_left_behind(const struct arrangement *arrangement, const struct agent *agent)
{
    return agent->arranged_in != arrangement->pass;
}

static void set_ties(const struct arrangement *arrangement, struct agent *agent)
{
    for (unsigned side = 0; side < 2; side++)
        agent->ties[side] = siphash(agent->id, strlen(agent->id), arrangement->seeds[side], 0);
}

/* Gives what it cost. */
static int64_t move(struct aro_router *router, struct agent *agent)
{
    struct arrangement *arrangement = &router->arrangement;

    agent_lift(agent);
    free(TAKE(agent->places));
    set_ties(arrangement, agent);
    agent->arranged_in = arrangement->pass;
    TAILQ_REMOVE(&arrangement->agents, agent, of_router);
    TAILQ_INSERT_TAIL(&arrangement->agents, agent, of_router);
    if (!arrangement->is_regrouping || !agent_is_known(agent)) {
        agent_put(router, agent);
        return COST_MOVE;
    }
    return COST_REGROUP + (int64_t)(agent_regroup(router, agent) / CANDIDATES_A_COST);
}

/* Gives whether all have been moved. */
static bool move_some(struct aro_router *router, int64_t *budget)
{
    struct arrangement *arrangement = &router->arrangement;

    for (struct agent *agent; (agent = TAILQ_FIRST(&arrangement->agents)) != NULL;) {
        if (!is_left_behind(arrangement, agent))
            return true;
        if (*budget <= 0)
            return false;
        *budget -= move(router, agent);
    }
    return true;
}

bool arrangement_go_on(struct aro_router *router, const struct aro_rulebook *next, int64_t *budget)
{
    struct arrangement *arrangement = &router->arrangement;
    const struct wish wish = wish_for(arrangement, next);

    do {
        if (arrangement->is_moving && !move_some(router, budget))
            return true;
        if (arrangement->is_moving)
            set_slots(arrangement);
        arrangement->is_moving = false;
    } while (begin_to_leave(arrangement, &wish) || begin_to_add(arrangement, &wish));
    return false;
}

/* --- the rulebook in force --- */

void arrangement_follow_rulebook(struct aro_router *router)
{
    struct arrangement *arrangement = &router->arrangement;

    arrangement->needs = needs_of(router->rulebook);
    arrangement->side = side_of(arrangement, aro_rulebook_seed(router->rulebook));
    assert(arrangement->seeds[arrangement->side] == aro_rulebook_seed(router->rulebook));
    assert((arrangement->needs.orders & ~arrangement->orders[arrangement->side]) == 0);
}

void arrangement_init(struct aro_router *router)
{
    struct arrangement *arrangement = &router->arrangement;
    int64_t budget = 1;

    TAILQ_INIT(&arrangement->agents);
    arrangement_go_on(router, router->rulebook, &budget); /* there is nobody to move */
    arrangement_follow_rulebook(router);
}

/* --- an agent --- */

void arrangement_add(struct aro_router *router, struct agent *agent)
{
    set_ties(&router->arrangement, agent);
    agent->arranged_in = router->arrangement.pass;
    TAILQ_INSERT_TAIL(&router->arrangement.agents, agent, of_router);
}

void arrangement_remove(struct aro_router *router, struct agent *agent)
{
    TAILQ_REMOVE(&router->arrangement.agents, agent, of_router);
}

void arrangement_bring(struct aro_router *router, struct agent *agent)
{
    if (is_left_behind(&router->arrangement, agent))
        move(router, agent);
}

void arrangement_place(const struct aro_router *router, struct agent *agent)
{
    const struct arrangement *arrangement = &router->arrangement;
    size_t count = 0;

    agent->place_count = (uint8_t)(__builtin_popcount(arrangement->orders[0]) +
                                   __builtin_popcount(arrangement->orders[1]));
    agent->places = memory_new_array(agent->place_count, sizeof *agent->places);
    for (unsigned i = 0; i < ARRANGEMENT_SLOTS; i++) {
        unsigned side = i / AGENT_ORDER_COUNT, order = i % AGENT_ORDER_COUNT;
        if (arrangement->orders[side] >> order & 1)
            agent->places[count++] =
                (struct agent_place){ .agent = agent,
                                      .order = (enum agent_order)order,
                                      .side = (uint8_t)side,
                                      .slot = (uint8_t)(arrangement->slots[side][order] - 1u) };
    }
}
