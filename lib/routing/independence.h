/* Who made a decision never judges its appeal; nor does whoever is excluded, or has decided on the
 * same subject before; nor, where the queue says so, their team, their site, or their lead and
 * those of that lead. A lead is a person where an agent has that id; whom they lead are then
 * theirs.
 *
 * A person's team is that of when their name came: with the appeal, or with the decision that they
 * made. Who was not known as an agent then is taken as they are now. */
#ifndef ARO_ROUTING_INDEPENDENCE_H
#define ARO_ROUTING_INDEPENDENCE_H

#include "routing/appeal.h"
#include "routing/group.h"

struct agent;
struct agent_class;

/* What keeps @agent_id from @appeal as a person, whatever their team. */
enum details_bar independence_bar_of(const struct appeal *appeal, const char *agent_id);

/* Is @agent_id the lead of somebody who may not judge @appeal, where its queue looks at leads? */
bool independence_is_lead(const struct aro_router *router, const struct appeal *appeal,
                          const char *agent_id);

/* Is every agent of @agents of a team, site or lead that may not judge @appeal? */
bool independence_covers(const struct aro_router *router, const struct appeal *appeal,
                         const struct agent_class *agents);

/* Visits the classes of agents that this is true of, each once. */
void independence_each_covered(struct aro_router *router, const struct appeal *appeal,
                               void (*visit)(struct agent_class *agents, void *context),
                               void *context);

/* All three, for an agent who is known. */
enum details_bar independence_bar(const struct aro_router *router, const struct appeal *appeal,
                                  const struct agent *agent);

/* Walks over those whom independence_bar_of() or independence_is_lead() names, each once. */
struct lead_walk {
    size_t position, decider;
};
struct barred_walk {
    size_t position, decider;
    struct lead_walk leads;
    size_t lead_count; /* of those it is behind */
};
const char *independence_next_barred(const struct aro_router *router, const struct appeal *appeal,
                                     struct barred_walk *walk, enum details_bar *ret_bar);

/* @agent_id as an agent, as they are now. */
struct person person_of(const struct aro_router *router, const char *agent_id, bool has_decided);

#endif
