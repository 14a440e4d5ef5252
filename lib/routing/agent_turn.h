/* A level of a class in the order of its queue, where people take turns too.
 *
 * Whose turn it is changes with everyone served, which no tree could follow. So a tree for turns
 * has equals by what comes before in the queue's criteria in the order of their ids, a *run*, and
 * is walked run by run: in each from behind who was served last, around to them. */
#ifndef ARO_ROUTING_AGENT_TURN_H
#define ARO_ROUTING_AGENT_TURN_H

#include "routing/agent_class.h"

#include <stdbool.h>

struct agent_walk {
    struct agent_tree *tree;
    struct agent *served_last;         /* a stand-in with their id; NULL: no turns */
    struct agent_place *run, *start;   /* where the run at hand begins, and where its walk did */
    struct agent_place *at, *next_run; /* the second: known once the walk came around */
    bool is_around;
};

/* The first; NULL in an empty tree. @served_last is NULL where nobody was yet, and where the tree
 * is not for turns. */
struct agent_place *agent_walk_begin(struct agent_walk *walk, struct agent_tree *tree,
                                     struct agent *served_last);
struct agent_place *agent_walk_next(struct agent_walk *walk);

#endif
