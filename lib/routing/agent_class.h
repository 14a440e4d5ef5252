/* Agents with the same profile. Team, site and lead are part of it only where a rulebook looks at
 * them, in a step or for independence, since people differ most in those (arrangement.h).
 *
 * Whether somebody may take an appeal depends on the profile alone, but for independence, status
 * and room; so that is worked out once for each pair of agent class and appeal class. Within a
 * class, the available agents lie by level (units in use) and, within a level, in ordered trees:
 * the best of a class for an appeal is the head of the first level that leaves room, or of one of
 * its levels.
 */
#ifndef ARO_ROUTING_AGENT_CLASS_H
#define ARO_ROUTING_AGENT_CLASS_H

#include "routing/agent.h"
#include "routing/group.h"

#include <aro/event.h>
#include <aro/rulebook.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/buffer.h"

struct aro_router;
struct appeal_class;

RB_HEAD(agent_tree, agent_place);

/* What an agent is, as agent.updated says, sorted so that equal profiles are equal. All names. */
struct agent_profile {
    unsigned capacity;
    bool has_all_markets, has_all_queues;
    size_t market_count, queue_count, language_count, skill_count;
    const char **markets, **queues;
    struct aro_language_level *languages;
    struct aro_skill *skills;
    const char *team, *site, *lead; /* NULL where absent, and where the rulebook asks for none */
};

struct agent_class {
    size_t known, available; /* agents */
    LIST_HEAD(, agent) members;
    size_t level_count, slot_count; /* of the next two; grow with use */
    uint32_t *counts;         /* available agents at each level: units in use, at most capacity */
    struct agent_tree *trees; /* [level * slot_count + slot]: arrangement.h */
    struct agent_profile profile;
    char *key;            /* the profile as a text */
    struct buffer record; /* the members of its agents' records that say it */
    size_t eligible_count, eligible_size;
    struct appeal_class **eligible; /* linked ones that these agents may take; sorted by queue */
    uint32_t *candidate_indices;    /* where they are among the candidates of each, if crowded */
    LIST_ENTRY(agent_class) of_group[GROUP_KIND_COUNT];
    LIST_ENTRY(agent_class) changed; /* listed while the second is set */
    bool is_in_crowd, is_changed;    /* a crowd has to be told of news; it still has to be */
    uint64_t covered_in;             /* the last count that found them covered by independence */
    /* When the first shift of any of them begins that was not over when that was looked at; 0: not
     * known, as is whenever somebody comes or has other shifts (ladder.c). */
    struct aro_instant next_shift;
};

static inline void agent_class_forget_shifts(struct agent_class *class)
{
    class->next_shift.ms = 0;
}

/* The class of the profile that @event (agent.updated) describes, made where there is none yet.
 * One that nobody is in is to be released again. */
struct agent_class *agent_class_of_event(struct aro_router *router, const struct aro_event *event);

/* Frees it where nobody is in it. */
void agent_class_release(struct aro_router *router, struct agent_class *class);
/* Frees an agent, who is in no class. */
void agent_discard(struct aro_router *router, struct agent *agent);
void agent_class_free(struct aro_router *router, struct agent_class *class);

bool agent_class_serves_queue(const struct agent_class *class, const char *queue);
bool agent_class_serves_market(const struct agent_class *class, const char *market);
unsigned agent_class_skill_level(const struct agent_class *class, const char *skill); /* 0: none */

/* Finds or makes an agent; a new one is not known yet. */
struct agent *agent_get(struct aro_router *router, const char *id);
/* Frees @agent where they are not known and nothing is theirs. */
void agent_forget_unknown(struct aro_router *router, struct agent *agent);

/* Team, site and lead of an agent.updated; before the class of it is set. */
void agent_set_people(struct aro_router *router, struct agent *agent,
                      const struct aro_event *event);

/* Moves @agent, who is known, into the class that they belong to as agents are arranged now, which
 * differs from theirs in nothing that the rulebook in force looks at. Gives how many candidates of
 * appeal classes that took a look at. */
size_t agent_regroup(struct aro_router *router, struct agent *agent);

/* Moves @agent into @class (NULL: nobody's any more), with every count and tree. */
void agent_set_class(struct aro_router *router, struct agent *agent, struct agent_class *class);

/* Any change of status, use, idle time or tie is made between these two, so that trees and counts
 * never disagree with the agent. */
void agent_lift(struct agent *agent);
void agent_put(struct aro_router *router, struct agent *agent);

/* The last resort among equals: the seeded hash, then the id. */
int agent_compare_tie(const struct aro_router *router, const struct agent *a,
                      const struct agent *b);

/* Available agents that an appeal of @effort does not fit. */
size_t agent_class_full_count(const struct agent_class *class, unsigned effort);
/* The first level that leaves no room for one; levels from here on may have no agents at all. */
size_t agent_class_level_end(const struct agent_class *class, unsigned effort);
/* The index of @class, which is linked, among those that @agents may take, or their count. */
size_t agent_class_find_eligible(const struct agent_class *agents,
                                 const struct appeal_class *class);

static inline unsigned agent_capacity(const struct agent *agent)
{
    return agent->class ? agent->class->profile.capacity : 0;
}

/* Units that may be given now; 0 for those who take nothing new. */
unsigned agent_room(const struct agent *agent);

struct agent_tree *agent_class_tree(const struct aro_router *router,
                                    const struct agent_class *class, size_t level,
                                    enum agent_order order);
RB_PROTOTYPE(agent_tree, agent_place, node, )
/* Do they differ by turn, tie or id alone? */
bool agent_place_is_equal(const struct agent_place *a, const struct agent_place *b);

/* How many people speak that language of theirs which the fewest speak; for those with one. */
uint32_t agent_class_rarest(const struct aro_router *router, const struct agent_class *class);

/* What tells two agents of one class and level apart in queues of @terms. */
enum agent_order agent_order_of(const struct aro_queue_terms *terms);

#endif
