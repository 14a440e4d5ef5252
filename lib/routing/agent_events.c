#include "routing/events.h"

#include "routing/agent_class.h"
#include "routing/announcement.h"
#include "routing/assignment.h"
#include "routing/router_state.h"
#include "routing/shift.h"

#include "support/text.h"

#include <stdlib.h>
#include <string.h>

static bool has_same_shifts(const struct agent *agent, const struct aro_event *event)
{
    if (agent->shift_count != event->shift_count)
        return false;
    for (size_t i = 0; i < agent->shift_count; i++) {
        if (agent->shifts[i].start.ms != event->shifts[i].start.ms ||
            agent->shifts[i].end.ms != event->shifts[i].end.ms)
            return false;
    }
    return true;
}

static uint8_t status_after(const struct agent *agent, const struct aro_event *event)
{
    if (event->has & ARO_HAS_STATUS)
        return (uint8_t)event->status;
    return agent_is_known(agent) ? agent->status : ARO_AGENT_AVAILABLE;
}

/* The team, site and lead of an agent, kept while the agent changes. */
struct agent_group {
    const char *team, *site, *lead; /* names, held; NULL where absent */
};

static struct agent_group group_hold(const struct agent *agent)
{
    return (struct agent_group){ names_share(agent->team), names_share(agent->site),
                                 names_share(agent->lead) };
}

static void group_drop(struct aro_router *router, const struct agent_group *group)
{
    names_drop(&router->names, group->team);
    names_drop(&router->names, group->site);
    names_drop(&router->names, group->lead);
}

/* Those of @kind's @old, where @agent, who was of it, is of @now. Only where the rulebook looks at
 * it; so profiles have it. */
static void note_group_hungry(struct turn *turn, enum group_kind kind, const char *old,
                              const struct agent *agent, const char *now)
{
    const struct group *group;
    const struct agent_class *class;
    struct agent *member;

    if (agent_is_known(agent) && now == old)
        return;
    group = group_find(turn->router, kind, old);
    if (!group)
        return;
    LIST_FOREACH(class, &group->classes, of_group[kind])
    {
        LIST_FOREACH(member, &class->members, of_class)
        {
            if (agent_room(member) > 0)
                agent_note_hungry(turn, member);
        }
    }
}

static void note_lead_hungry(struct turn *turn, const char *old, const struct agent *agent)
{
    struct agent *lead = old ? table_find(&turn->router->agents, old) : NULL;

    if (lead && agent_is_known(lead) && agent_room(lead) > 0 &&
        !(agent_is_known(agent) && text_equals(agent->lead, old)))
        agent_note_hungry(turn, lead);
}

/* Where appeals name somebody who was no agent then, their team is what it is now; so once it is
 * another, or they are gone, those who shared it may take more. */
static void note_companions_hungry(struct turn *turn, const struct agent_group *old,
                                   const struct agent *agent)
{
    const struct arrangement_needs *needs = &turn->router->arrangement.needs;

    if (needs->is_by_team)
        note_group_hungry(turn, GROUP_TEAM, old->team, agent, agent->team);
    if (needs->is_by_site)
        note_group_hungry(turn, GROUP_SITE, old->site, agent, agent->site);
    if (needs->is_by_lead) {
        note_group_hungry(turn, GROUP_LEAD, old->lead, agent, agent->lead);
        note_lead_hungry(turn, old->lead, agent);
    }
}

static void agent_update(struct turn *turn, const struct aro_event *event)
{
    struct aro_router *router = turn->router;
    struct agent *agent = agent_get(router, event->agent_id);

    arrangement_bring(router, agent); /* so that equal profiles are one class */
    struct agent_class *class = agent_class_of_event(router, event);
    uint8_t status = status_after(agent, event);

    if (class == agent->class && status == agent->status && text_equals(agent->team, event->team) &&
        text_equals(agent->site, event->site) && text_equals(agent->lead, event->lead) &&
        text_equals(agent->time_zone, event->time_zone) && has_same_shifts(agent, event)) {
        announce_ignored(turn, event, "repeat", NULL, 0);
        return;
    }
    struct agent_group old = group_hold(agent);
    turn_touch_agent(turn, agent);
    agent_lift(agent);
    if (!agent_is_known(agent))
        agent->idle_since = turn->now;
    agent_set_calendar(agent, event);
    shift_look(router, agent, turn->now);
    agent_set_people(router, agent, event);
    agent_set_class(router, agent, class);
    agent_set_status(router, agent, (enum aro_agent_status)status, turn->now);
    turn_write_agent(turn, agent);
    agent_note_hungry(turn, agent);
    note_companions_hungry(turn, &old, agent);
    group_drop(router, &old);
}

static void agent_change_status(struct turn *turn, const struct aro_event *event)
{
    struct agent *agent = table_find(&turn->router->agents, event->agent_id);

    if (!agent || !agent_is_known(agent)) {
        announce_ignored(turn, event, "unknown", NULL, 0);
        return;
    }
    if (agent->status == event->status) {
        announce_ignored(turn, event, "repeat", NULL, 0);
        return;
    }
    turn_touch_agent(turn, agent);
    agent_set_status(turn->router, agent, event->status, turn->now);
    turn_write_agent(turn, agent);
    agent_note_hungry(turn, agent);
}

static void revoke_all(struct turn *turn, const struct agent *agent, const char *reason)
{
    struct gathered held = appeals_held_by(agent);

    for (size_t i = 0; i < held.count; i++)
        appeal_revoke(turn, held.items[i], reason);
    free(held.items);
}

static void agent_remove(struct turn *turn, const struct aro_event *event)
{
    struct agent *agent = table_find(&turn->router->agents, event->agent_id);

    if (!agent || !agent_is_known(agent)) {
        announce_ignored(turn, event, "unknown", NULL, 0);
        return;
    }
    struct agent_group old = group_hold(agent);
    turn_touch_agent(turn, agent);
    revoke_all(turn, agent, "removed");
    agent->misses = 0;
    agent_set_class(turn->router, agent, NULL);
    turn_write_agent(turn, agent);
    note_companions_hungry(turn, &old, agent);
    group_drop(turn->router, &old);
}

void agent_event_apply(struct turn *turn, const struct aro_event *event)
{
    switch (event->type) {
    case ARO_AGENT_UPDATED: agent_update(turn, event); return;
    case ARO_AGENT_STATUS: agent_change_status(turn, event); return;
    default: agent_remove(turn, event); return;
    }
}
