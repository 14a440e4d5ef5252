/* What tells two agents who may take an appeal apart: a queue's criteria, in order; the first that
 * differs decides. */
#ifndef ARO_ROUTING_CRITERIA_H
#define ARO_ROUTING_CRITERIA_H

#include <aro/rulebook.h>
#include <stdbool.h>
#include <stdint.h>

struct agent;
struct aro_router;
struct candidate_class;
struct queue;

/* What the criteria know of an appeal. */
struct asked {
    const struct aro_router *router;
    const struct queue *queue;
    unsigned effort;
};

/* Somebody who may take it, and has room. */
struct candidate {
    const struct agent *agent;
    const struct candidate_class *class;
    const struct asked *asked;
};

/* By all criteria, then tie and id; *@ret_criterion is what told them apart. */
int candidate_compare(const struct candidate *a, const struct candidate *b,
                      const char **ret_criterion);

/* By those before the first that looks at a person rather than a class. */
int candidate_class_compare(const struct aro_queue_terms *terms, const struct candidate_class *a,
                            const struct candidate_class *b);

/* Criteria *last* while their answer changes only with one of the two agents: all do, but where
 * people take turns only those before that. What the first of these say as numbers, the less the
 * better, decides most comparisons without a look at the agents. */
enum { MEASURES = 3 };
struct measures {
    uint64_t of[MEASURES]; /* 0 from where there is none that lasts */
};
struct measures candidate_measure(const struct candidate *candidate);

static inline int measures_compare(const struct measures *a, const struct measures *b)
{
    for (unsigned i = 0; i < MEASURES; i++) {
        if (a->of[i] != b->of[i])
            return a->of[i] < b->of[i] ? -1 : 1;
    }
    return 0;
}

/* Where their measures are equal: by the others that last, then, where all do, tie and id. */
int candidate_compare_rest(const struct candidate *a, const struct candidate *b);

/* Do the levels of a class of agents, one after the other, make one run? */
bool criteria_order_by_level(const struct aro_queue_terms *terms);

/* Do they look at how many people speak a language, which anybody's news may change? */
bool criteria_look_at_speakers(const struct aro_queue_terms *terms);

#endif
