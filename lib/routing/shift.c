#include "routing/shift.h"

#include "routing/agent_class.h"
#include "routing/assignment.h"
#include "routing/router_state.h"

/* Without shifts they are always there. */
static bool is_off_shift(const struct agent *agent, struct aro_instant at)
{
    for (size_t i = 0; i < agent->shift_count; i++) {
        if (agent->shifts[i].start.ms <= at.ms && at.ms < agent->shifts[i].end.ms)
            return false;
    }
    return agent->shift_count > 0;
}

static struct aro_instant next_boundary(const struct agent *agent, struct aro_instant at)
{
    struct aro_instant next = ARO_INSTANT_NEVER;
    for (size_t i = 0; i < agent->shift_count; i++) {
        const struct aro_instant bounds[] = { agent->shifts[i].start, agent->shifts[i].end };
        for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++)
            next = bounds[b].ms > at.ms && bounds[b].ms < next.ms ? bounds[b] : next;
    }
    return next;
}

void shift_look(struct aro_router *router, struct agent *agent, struct aro_instant now)
{
    agent_lift(agent);
    agent->is_off_shift = is_off_shift(agent, now);
    agent_put(router, agent);
    timers_set(&router->shift_timers, &agent->shift_timer, next_boundary(agent, now));
}

void shift_fire(struct turn *turn, struct agent *agent, struct aro_instant until)
{
    turn_touch_agent(turn, agent);
    shift_look(turn->router, agent, until);
    agent_note_hungry(turn, agent);
}
