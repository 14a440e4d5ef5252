#include "support/number_tree.h"

#include "support/memory.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

enum { BITS = 6, PLACES = 1 << BITS, HEIGHT_MAX = (64 + BITS - 1) / BITS };

struct number_tree_node {
    unsigned count;
    void *places[PLACES]; /* nodes of the level below; at level 0 things */
};

static unsigned place_of(uint64_t number, unsigned level)
{
    return (unsigned)(number >> level * BITS) % PLACES;
}

static bool reaches(const struct number_tree *tree, uint64_t number)
{
    return tree->height == HEIGHT_MAX || number >> tree->height * BITS == 0;
}

static void node_free(struct number_tree_node *node, unsigned level)
{
    for (unsigned i = 0; level > 0 && i < PLACES; i++) {
        if (node->places[i])
            node_free(node->places[i], level - 1);
    }
    free(node);
}

void number_tree_done(struct number_tree *tree)
{
    if (tree->root)
        node_free(tree->root, tree->height - 1);
    *tree = (struct number_tree){ 0 };
}

static void node_put(struct number_tree_node *node, unsigned place, void *item)
{
    node->places[place] = item;
    node->count++;
}

/* Levels on top until @number has a place. */
static void grow(struct number_tree *tree, uint64_t number)
{
    if (!tree->root) {
        tree->root = memory_new(sizeof *tree->root);
        tree->height = 1;
    }
    while (!reaches(tree, number)) {
        struct number_tree_node *root = memory_new(sizeof *root);
        node_put(root, 0, tree->root);
        tree->root = root;
        tree->height++;
    }
}

void number_tree_add(struct number_tree *tree, uint64_t number, void *item)
{
    grow(tree, number);
    struct number_tree_node *node = tree->root;
    for (unsigned level = tree->height - 1; level > 0; level--) {
        unsigned place = place_of(number, level);
        if (!node->places[place])
            node_put(node, place, memory_new(sizeof *node));
        node = node->places[place];
    }
    assert(!node->places[place_of(number, 0)]);
    node_put(node, place_of(number, 0), item);
}

void number_tree_remove(struct number_tree *tree, uint64_t number)
{
    struct number_tree_node *path[HEIGHT_MAX];
    unsigned level = tree->height - 1;

    assert(tree->root && reaches(tree, number));
    path[level] = tree->root;
    for (; level > 0; level--) {
        path[level - 1] = path[level]->places[place_of(number, level)];
        assert(path[level - 1]);
    }
    assert(path[0]->places[place_of(number, 0)]);
    /* A node that becomes empty goes, and with it its place in the one above. */
    for (; level < tree->height; level++) {
        path[level]->places[place_of(number, level)] = NULL;
        if (--path[level]->count > 0)
            return;
        free(path[level]);
    }
    *tree = (struct number_tree){ 0 };
}

static void *node_first(const struct number_tree_node *node, unsigned level, uint64_t least)
{
    unsigned start = place_of(least, level);

    for (unsigned i = start; i < PLACES; i++) {
        void *below = node->places[i];
        void *found =
            level == 0 || !below ? below : node_first(below, level - 1, i == start ? least : 0);
        if (found)
            return found;
    }
    return NULL;
}

void *number_tree_first(const struct number_tree *tree, uint64_t least)
{
    if (!tree->root || !reaches(tree, least))
        return NULL;
    return node_first(tree->root, tree->height - 1, least);
}
