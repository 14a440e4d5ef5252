/* Waiting appeals in order: a B+ tree by order key, then arrival.
 *
 * There may be ten million of them, of which one is as a rule added behind all others or taken from
 * before them. A leaf has 32 places and is left full when appeals are added behind, so the tree
 * costs some 10 bytes an appeal, and nothing in the appeal itself; a branch keeps the bounds of
 * what is below, so that looking for a place goes to no appeal but those of one leaf.
 *
 * It also knows the earliest of its appeals by three measures. Adding one keeps that up to date;
 * removing the earliest only notes, on the way to the root, that it has to be looked for again. */
#ifndef ARO_ROUTING_LINE_TREE_H
#define ARO_ROUTING_LINE_TREE_H

#include <stdbool.h>
#include <stdint.h>

struct appeal;

/* The least of each, over some appeals; the greatest number where there are none. */
struct line_earliest {
    int64_t submitted, deadline;
    uint64_t arrival;
};
#define LINE_EARLIEST_NONE                                                                         \
    {                                                                                              \
        INT64_MAX, INT64_MAX, UINT64_MAX                                                           \
    }

void line_earliest_add(struct line_earliest *earliest, const struct line_earliest *other);

/* A node, and what is known of the appeals below it. */
struct line_part {
    void *node;        /* NULL: an empty tree */
    int64_t order_key; /* with the next: none below comes before; the first part of a node is for */
    uint64_t arrival;  /* all that come before the second, whatever this says */
    struct line_earliest earliest;
    bool is_stale; /* one that was removed may have been the earliest */
};

struct line_tree {
    struct line_part root;
    unsigned height; /* 0: the root is a leaf */
};

void line_tree_init(struct line_tree *tree);
void line_tree_done(struct line_tree *tree); /* the appeals are the caller's */

/* @appeal, borrowed; order key, arrival, submission and deadline stay as they are while it is in.
 * No two have the same arrival. As in support/memory.h it succeeds or ends the process. */
void line_tree_add(struct line_tree *tree, struct appeal *appeal);
void line_tree_remove(struct line_tree *tree, struct appeal *appeal); /* it is in */
bool line_tree_has(const struct line_tree *tree, const struct appeal *appeal);

struct line_earliest line_tree_earliest(struct line_tree *tree);

/* Which appeals somebody looks for. */
struct line_filter {
    bool (*admits)(const struct appeal *appeal, const void *context);
    const void *context;
};

/* The first that @filter admits; NULL where there is none. */
struct appeal *line_tree_first(const struct line_tree *tree, const struct line_filter *filter);

/* Of those whose order key is at most @bound, the first to arrive that @filter admits; @best where
 * that arrived before. It turns back wherever nobody came earlier than the best so far. */
struct appeal *line_tree_first_to_arrive(struct line_tree *tree, int64_t bound,
                                         const struct line_filter *filter, struct appeal *best);

#endif
