/* A person who decides appeals. */
#ifndef ARO_ROUTING_AGENT_H
#define ARO_ROUTING_AGENT_H

#include "routing/appeal.h"

#include <aro/event.h>
#include <aro/time.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct agent_class;

/* What orders the agents of one level, besides tie and id. */
enum agent_order {
    AGENT_ORDER_TIE,
    AGENT_ORDER_IDLE,      /* longest idle first */
    AGENT_ORDER_OPEN,      /* fewest open first */
    AGENT_ORDER_IDLE_OPEN, /* longest idle, then fewest open */
    AGENT_ORDER_OPEN_IDLE,
    AGENT_ORDER_TURN, /* added to one of the above: where those are equal, they take turns */
    AGENT_ORDER_COUNT = 2 * AGENT_ORDER_TURN,
};

/* One ordered place of an agent among those with the same profile and the same use. */
struct agent_place {
    RB_ENTRY(agent_place) node;
    struct agent *agent;
    enum agent_order order;
    uint8_t side, slot; /* of its seed; of the tree: arrangement.h */
};

struct agent {
    struct agent_class *class;  /* the profile; NULL while not known */
    struct agent_place *places; /* one for each order they are arranged in; NULL: in no tree */
    LIST_ENTRY(agent) of_class;
    TAILQ_ENTRY(agent) of_router;
    LIST_HEAD(, appeal) appeals;   /* held */
    unsigned used, open;           /* effort and count of those */
    struct aro_instant away_since; /* never while not away */
    struct aro_instant idle_since; /* the last assignment or decision; or when first seen */
    uint64_t ties[2];     /* SipHash of the id by the seed of each side of the arrangement */
    uint32_t arranged_in; /* the pass */
    uint32_t touched_in;
    uint32_t misses; /* offers in a row that they let expire */
    uint8_t place_count;
    uint8_t status;                 /* enum aro_agent_status */
    bool is_placed : 1;             /* lies in the trees of its class */
    bool is_off_shift : 1;          /* as of its last look at the clock */
    bool is_record_due : 1;         /* changed since its ledger record was written */
    bool is_hungry : 1;             /* this event may have given it room */
    const char *team, *site, *lead; /* names; NULL where absent, as is the next */
    char *time_zone;
    size_t shift_count;
    struct aro_shift *shifts;
    struct timer shift_timer; /* due: when a shift begins or ends next */
    char id[];
};

struct agent *agent_new(const char *id);
void agent_free(struct agent *agent);

/* Time zone and shifts of an agent.updated. */
void agent_set_calendar(struct agent *agent, const struct aro_event *event);

/* False: removed, never seen, or only named by an appeal whose record came before the agent's. */
static inline bool agent_is_known(const struct agent *agent)
{
    return agent->class != NULL;
}

/* Do they take anything new? */
static inline bool agent_is_there(const struct agent *agent)
{
    return agent->status == ARO_AGENT_AVAILABLE && !agent->is_off_shift;
}

#endif
