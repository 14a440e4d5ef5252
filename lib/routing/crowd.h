/* Where so many classes of agents may take an appeal that looking at each would be slow.
 *
 * An appeal class with many candidates is *crowded*: they are in no order, and have a *crowd* for
 * each effort that its appeals have. That keeps the best of each candidate class, their tournament
 * (a tree in whose every node stands the better of the two below), and what they all count. News of
 * an agent is only noted; the next choice from a crowd brings its places up to date, a logarithm of
 * comparisons each.
 *
 * The tournament goes by the criteria that last: `round_robin`, and what comes after it, changes
 * for everybody with whoever is served, so equals by what comes before are looked at one by one.
 * `reserve` lasts until somebody speaks a language more or less; then the tournament is held anew.
 */
#ifndef ARO_ROUTING_CROWD_H
#define ARO_ROUTING_CROWD_H

#include "routing/agent_class.h"
#include "routing/criteria.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct agent;
struct appeal_class;
struct aro_router;

/* More candidates than this make a crowd. */
enum { CROWD_ABOVE = 32 };

/* Agents of candidate classes, for appeals of one effort. */
struct headcount {
    uint64_t known, available;
    uint64_t full;  /* available, without room */
    uint64_t able;  /* known, and with room when they are there and have nothing */
    uint64_t ready; /* available and able */
};

void headcount_add_class(struct headcount *headcount, const struct agent_class *agents,
                         unsigned effort);
void headcount_add(struct headcount *headcount, const struct headcount *other);
void headcount_subtract(struct headcount *headcount, const struct headcount *other);

/* What is known of the candidate class of the same index. */
struct crowd_place {
    const struct agent *head; /* the best who has room; NULL: nobody has */
    struct measures measures; /* of them */
    uint32_t known, available, full;
    bool is_able : 1; /* of enough capacity */
    bool is_news : 1; /* listed as such */
};

struct crowd {
    struct appeal_class *class;
    struct asked asked;
    enum agent_order order; /* of the agents in a level; as the next two, what the criteria ask */
    bool is_ordered_by_level, looks_at_speakers;
    uint32_t size;              /* of the next two: a power of two */
    struct crowd_place *places; /* those behind the candidates are empty */
    uint32_t *winners;          /* of each part of the tournament, from 1, which is the whole */
    struct headcount headcount; /* of all places */
    size_t news_count, news_size;
    uint32_t *news;         /* places to bring up to date */
    bool is_all_news;       /* all of them are */
    uint64_t speakers_seen; /* router->speakers_changes at the last look */
    LIST_ENTRY(crowd) of_class;
    TAILQ_ENTRY(crowd) recent;
};

/* All crowds of a router. */
struct crowds {
    size_t above;                     /* CROWD_ABOVE, but in tests */
    size_t place_count;               /* of all; the crowd used longest ago goes when too many */
    TAILQ_HEAD(, crowd) recent;       /* the longest ago first */
    LIST_HEAD(, agent_class) changed; /* that crowds have still to be told of */
};

void crowds_init(struct crowds *crowds);

/* That of @class, which is crowded, for @effort: up to date, and made where there is none. Lasts
 * until the next call. */
struct crowd *crowd_get(struct aro_router *router, struct appeal_class *class, unsigned effort);

/* The place of the best of a part; the parts of @part are 2 * @part and the next, and those from
 * @crowd->size on have a place each. */
static inline uint32_t crowd_winner(const struct crowd *crowd, uint32_t part)
{
    return part < crowd->size ? crowd->winners[part] : part - crowd->size;
}

/* There is news of @agents, or their number. */
static inline void crowds_note(struct crowds *crowds, struct agent_class *agents)
{
    if (!agents->is_in_crowd || agents->is_changed)
        return;
    agents->is_changed = true;
    LIST_INSERT_HEAD(&crowds->changed, agents, changed);
}

/* @agents is about to be freed. */
void crowds_forget(struct agent_class *agents);

/* The candidate class at @index of @class is another one, or no more. */
void crowds_note_candidate(struct appeal_class *class, size_t index);

/* Frees those of @class. */
void crowds_free(struct crowds *crowds, struct appeal_class *class);

#endif
