/* How agents lie in the trees of their classes: in which orders, by which seed, and whether classes
 * tell teams, sites and leads apart. Each rulebook needs an arrangement.
 *
 * To move 100,000 agents takes long, so it is done before another rulebook decides, some at a time:
 * first all come to lie in the orders that it needs, too, then it decides, which only changes the
 * trees that are looked at, and then they leave those that nobody needs any more. A class that
 * tells more apart than it must is no harm. Nothing that the router says depends on how far this
 * is, so no ledger knows of it. */
#ifndef ARO_ROUTING_ARRANGEMENT_H
#define ARO_ROUTING_ARRANGEMENT_H

#include "routing/agent.h"

#include <aro/rulebook.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct aro_router;

/* What a rulebook needs: orders, as bits, and the groups that it looks at. */
struct arrangement_needs {
    unsigned orders;
    bool is_by_team, is_by_site, is_by_lead;
};

enum { ARRANGEMENT_SLOTS = 2 * AGENT_ORDER_COUNT };

struct arrangement {
    struct arrangement_needs needs; /* of the rulebook in force */
    /* What agents that are not left behind are arranged for. A seed is on one of two sides, that of
     * the rulebook in force on @side; the other is unused where no orders are on it. */
    unsigned orders[2];
    uint64_t seeds[2];
    unsigned side;
    bool is_by_team, is_by_site, is_by_lead; /* classes tell it apart */

    /* Where a tree is among those of a level, from 1; 0: there is none. An order that has been left
     * keeps its place until nobody lies in it. */
    uint8_t slots[2][AGENT_ORDER_COUNT];
    size_t slot_count; /* the last in use */

    bool is_moving, is_regrouping;        /* the latter: to other classes */
    uint32_t pass;                        /* agents of an earlier one are left behind */
    TAILQ_HEAD(agent_list, agent) agents; /* all; those left behind first */
};

/* For no agents, and what the router's rulebook needs. */
void arrangement_init(struct aro_router *router);

/* Moves agents into what the rulebook in force needs, and @next besides, while there is any of
 * @budget. Gives whether there is more to do. */
bool arrangement_go_on(struct aro_router *router, const struct aro_rulebook *next, int64_t *budget);

/* The router's rulebook has become another, for which all is there. */
void arrangement_follow_rulebook(struct aro_router *router);

/* @agent, new, is arranged already; they leave with arrangement_remove(). */
void arrangement_add(struct aro_router *router, struct agent *agent);
void arrangement_remove(struct aro_router *router, struct agent *agent);
/* Moves @agent at once where they are left behind. */
void arrangement_bring(struct aro_router *router, struct agent *agent);

/* Makes their places. */
void arrangement_place(const struct aro_router *router, struct agent *agent);

/* Of a tree among those of a level. */
static inline size_t arrangement_slot(const struct arrangement *arrangement, enum agent_order order)
{
    return arrangement->slots[arrangement->side][order] - 1u;
}

#endif
