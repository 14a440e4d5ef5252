/* Things by a number of their own, in the order of the numbers: a tree of nodes of 64 places.
 *
 * Made for numbers that are handed out one after the other: it costs a pointer a thing while those
 * near each other are there, and adding, removing and going on from any number cost the same few
 * steps whatever is in it. */
#ifndef ARO_SUPPORT_NUMBER_TREE_H
#define ARO_SUPPORT_NUMBER_TREE_H

#include <stdint.h>

struct number_tree_node;

struct number_tree {
    struct number_tree_node *root; /* NULL: empty */
    unsigned height;               /* levels of nodes */
};

/* Frees the nodes; the things are the caller's. */
void number_tree_done(struct number_tree *tree);

/* @item, borrowed and not NULL; nothing has @number yet. As in support/memory.h it succeeds or ends
 * the process. */
void number_tree_add(struct number_tree *tree, uint64_t number, void *item);

/* What has @number is no longer in. It has to be. */
void number_tree_remove(struct number_tree *tree, uint64_t number);

/* The first whose number is not below @least; NULL where there is none. */
void *number_tree_first(const struct number_tree *tree, uint64_t least);

#endif
