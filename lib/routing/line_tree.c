#include "routing/line_tree.h"

#include "routing/appeal.h"

#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Two neighbours that fill no more than MERGED places become one: some are left free, so that the
 * next to be added does not split it again. */
enum { PLACES = 32, MERGED = PLACES * 3 / 4 };

/* A leaf (level 0) has appeals, a branch of level n has parts whose nodes are of level n - 1. */
struct node {
    unsigned count;
    _Alignas(void *) char items[];
};

static size_t item_size(unsigned level)
{
    return level == 0 ? sizeof(struct appeal *) : sizeof(struct line_part);
}

static struct node *node_new(unsigned level)
{
    return memory_new(sizeof(struct node) + PLACES * item_size(level));
}

static void *node_item(struct node *node, unsigned level, unsigned place)
{
    return node->items + place * item_size(level);
}

static struct appeal **node_appeals(struct node *leaf)
{
    return node_item(leaf, 0, 0);
}

static struct line_part *node_parts(struct node *branch)
{
    return node_item(branch, 1, 0);
}

static void part_free(struct line_part *part, unsigned level)
{
    struct node *node = part->node;
    for (unsigned i = 0; level > 0 && i < node->count; i++)
        part_free(&node_parts(node)[i], level - 1);
    free(node);
}

/* --- the earliest --- */

static const struct line_earliest earliest_of_none = LINE_EARLIEST_NONE;

static struct line_earliest earliest_of_appeal(const struct appeal *appeal)
{
    return (struct line_earliest){ appeal->submitted_at.ms, appeal->deadline.ms, appeal->arrival };
}

void line_earliest_add(struct line_earliest *earliest, const struct line_earliest *other)
{
    if (other->submitted < earliest->submitted)
        earliest->submitted = other->submitted;
    if (other->deadline < earliest->deadline)
        earliest->deadline = other->deadline;
    if (other->arrival < earliest->arrival)
        earliest->arrival = other->arrival;
}

/* May @earliest be later without @own? */
static bool earliest_is_of(const struct line_earliest *earliest, const struct line_earliest *own)
{
    return own->submitted <= earliest->submitted || own->deadline <= earliest->deadline ||
           own->arrival <= earliest->arrival;
}

static const struct line_earliest *part_earliest(struct line_part *part, unsigned level);

static void part_find_earliest(struct line_part *part, unsigned level)
{
    struct node *node = part->node;

    part->is_stale = false;
    part->earliest = earliest_of_none;
    for (unsigned i = 0; i < node->count; i++) {
        if (level == 0) {
            struct line_earliest own = earliest_of_appeal(node_appeals(node)[i]);
            line_earliest_add(&part->earliest, &own);
        } else {
            line_earliest_add(&part->earliest, part_earliest(&node_parts(node)[i], level - 1));
        }
    }
}

static const struct line_earliest *part_earliest(struct line_part *part, unsigned level)
{
    if (part->is_stale)
        part_find_earliest(part, level);
    return &part->earliest;
}

struct line_earliest line_tree_earliest(struct line_tree *tree)
{
    return *part_earliest(&tree->root, tree->height);
}

void line_tree_init(struct line_tree *tree)
{
    *tree = (struct line_tree){ .root.earliest = earliest_of_none };
}

void line_tree_done(struct line_tree *tree)
{
    if (tree->root.node)
        part_free(&tree->root, tree->height);
    line_tree_init(tree);
}

/* --- places --- */

static bool comes_before(const struct appeal *appeal, int64_t order_key, uint64_t arrival)
{
    if (appeal->order_key != order_key)
        return appeal->order_key < order_key;
    return appeal->arrival < arrival;
}

/* Does what lies at @place of @node come before @appeal? */
static bool item_comes_before(struct node *node, unsigned level, unsigned place,
                              const struct appeal *appeal)
{
    if (level == 0)
        return comes_before(node_appeals(node)[place], appeal->order_key, appeal->arrival);
    const struct line_part *part = &node_parts(node)[place];
    return !comes_before(appeal, part->order_key, part->arrival);
}

/* How many items, from @from on, come before @appeal. As a rule it goes to the end. */
static unsigned node_place(struct node *node, unsigned level, unsigned from,
                           const struct appeal *appeal)
{
    unsigned to = node->count;

    if (to > from && item_comes_before(node, level, to - 1, appeal))
        return to;
    while (from < to) {
        unsigned middle = (from + to) / 2;
        if (item_comes_before(node, level, middle, appeal))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* The part below which @appeal is, or would be. */
static unsigned branch_place(struct node *branch, const struct appeal *appeal)
{
    return node_place(branch, 1, 1, appeal) - 1;
}

static void node_insert(struct node *node, unsigned level, unsigned place, const void *item)
{
    size_t size = item_size(level);

    memmove(node_item(node, level, place + 1), node_item(node, level, place),
            (node->count - place) * size);
    memcpy(node_item(node, level, place), item, size);
    node->count++;
}

static void node_remove(struct node *node, unsigned level, unsigned place)
{
    node->count--;
    memmove(node_item(node, level, place), node_item(node, level, place + 1),
            (node->count - place) * item_size(level));
}

/* --- adding --- */

/* Splits the full node of @part, and gives what is behind. Where something is to be added behind
 * all, nothing moves: so most nodes stay full. */
static struct line_part part_split(struct line_part *part, unsigned level, unsigned place)
{
    struct node *left = part->node, *right = node_new(level);
    unsigned kept = place == PLACES ? PLACES : PLACES / 2;

    right->count = left->count - kept;
    memcpy(right->items, node_item(left, level, kept), right->count * item_size(level));
    left->count = kept;
    return (struct line_part){ .node = right };
}

/* From what its node has first. */
static void part_set_bound(struct line_part *part, unsigned level)
{
    if (level == 0) {
        const struct appeal *first = node_appeals(part->node)[0];
        part->order_key = first->order_key;
        part->arrival = first->arrival;
    } else {
        const struct line_part *first = &node_parts(part->node)[0];
        part->order_key = first->order_key;
        part->arrival = first->arrival;
    }
}

/* Puts @item at @place of the node of @part. Gives whether that had to be split; then *@ret is the
 * part behind it. */
static bool part_insert(struct line_part *part, unsigned level, unsigned place, const void *item,
                        struct line_part *ret)
{
    struct node *node = part->node;

    if (node->count < PLACES) {
        node_insert(node, level, place, item);
        return false;
    }
    *ret = part_split(part, level, place);
    if (place < node->count)
        node_insert(node, level, place, item);
    else
        node_insert(ret->node, level, place - node->count, item);
    part_set_bound(ret, level);
    part_find_earliest(part, level);
    part_find_earliest(ret, level);
    return true;
}

static bool part_add(struct line_part *part, unsigned level, struct appeal *appeal,
                     struct line_part *ret)
{
    const struct line_earliest own = earliest_of_appeal(appeal);
    struct line_part behind;

    line_earliest_add(&part->earliest, &own);
    if (level == 0)
        return part_insert(part, 0, node_place(part->node, 0, 0, appeal), &appeal, ret);
    unsigned place = branch_place(part->node, appeal);
    return part_add(&node_parts(part->node)[place], level - 1, appeal, &behind) &&
           part_insert(part, level, place + 1, &behind, ret);
}

void line_tree_add(struct line_tree *tree, struct appeal *appeal)
{
    struct line_part behind;

    if (!tree->root.node)
        tree->root.node = node_new(0);
    if (!part_add(&tree->root, tree->height, appeal, &behind))
        return;
    struct node *above = node_new(++tree->height);
    node_insert(above, tree->height, 0, &tree->root);
    node_insert(above, tree->height, 1, &behind);
    tree->root.node = above;
}

/* --- removing --- */

static unsigned part_count(const struct line_part *part)
{
    return ((const struct node *)part->node)->count;
}

/* Makes the parts at @place of @branch and behind it one, where it is there and they are small. */
static void merge_with_next(struct node *branch, unsigned level, unsigned place)
{
    struct line_part *part = &node_parts(branch)[place], *next = part + 1;

    if (place + 1 >= branch->count || part_count(part) + part_count(next) > MERGED)
        return;
    struct node *left = part->node, *right = next->node;
    if (level > 1) { /* it is no longer the first of its node */
        node_parts(right)[0].order_key = next->order_key;
        node_parts(right)[0].arrival = next->arrival;
    }
    memcpy(node_item(left, level - 1, left->count), right->items,
           right->count * item_size(level - 1));
    left->count += right->count;
    line_earliest_add(&part->earliest, &next->earliest);
    part->is_stale |= next->is_stale;
    free(right);
    node_remove(branch, level, place + 1);
}

/* The part at @place of @branch has one appeal less. */
static void branch_tidy(struct node *branch, unsigned level, unsigned place)
{
    struct line_part *part = &node_parts(branch)[place];

    if (part_count(part) == 0) {
        free(part->node);
        node_remove(branch, level, place);
        return;
    }
    merge_with_next(branch, level, place);
    if (place > 0)
        merge_with_next(branch, level, place - 1);
}

static unsigned leaf_find(struct node *leaf, const struct appeal *appeal)
{
    unsigned place = 0;
    while (place < leaf->count && node_appeals(leaf)[place] != appeal)
        place++;
    assert(place < leaf->count);
    return place;
}

static void part_remove(struct line_part *part, unsigned level, const struct appeal *appeal)
{
    const struct line_earliest own = earliest_of_appeal(appeal);
    struct node *node = part->node;

    part->is_stale |= earliest_is_of(&part->earliest, &own);
    if (level == 0) {
        node_remove(node, 0, leaf_find(node, appeal));
        return;
    }
    unsigned place = branch_place(node, appeal);
    part_remove(&node_parts(node)[place], level - 1, appeal);
    branch_tidy(node, level, place);
}

bool line_tree_has(const struct line_tree *tree, const struct appeal *appeal)
{
    struct node *node = tree->root.node;

    for (unsigned level = tree->height; node && level > 0; level--)
        node = node_parts(node)[branch_place(node, appeal)].node;
    for (unsigned i = 0; node && i < node->count; i++) {
        if (node_appeals(node)[i] == appeal)
            return true;
    }
    return false;
}

void line_tree_remove(struct line_tree *tree, struct appeal *appeal)
{
    struct line_part *root = &tree->root;

    assert(root->node);
    part_remove(root, tree->height, appeal);
    while (tree->height > 0 && part_count(root) == 1) {
        struct node *above = root->node;
        root->node = node_parts(above)[0].node;
        free(above);
        tree->height--;
    }
    if (part_count(root) == 0)
        line_tree_done(tree);
}

/* --- looking --- */

static bool admits(const struct line_filter *filter, const struct appeal *appeal)
{
    return filter->admits(appeal, filter->context);
}

static struct appeal *part_first(const struct line_part *part, unsigned level,
                                 const struct line_filter *filter)
{
    struct node *node = part->node;
    struct appeal *found = NULL;

    for (unsigned i = 0; i < node->count && !found; i++) {
        if (level > 0)
            found = part_first(&node_parts(node)[i], level - 1, filter);
        else if (admits(filter, node_appeals(node)[i]))
            found = node_appeals(node)[i];
    }
    return found;
}

struct appeal *line_tree_first(const struct line_tree *tree, const struct line_filter *filter)
{
    return tree->root.node ? part_first(&tree->root, tree->height, filter) : NULL;
}

static struct appeal *leaf_first_to_arrive(struct node *leaf, int64_t bound,
                                           const struct line_filter *filter, struct appeal *best)
{
    for (unsigned i = 0; i < leaf->count && node_appeals(leaf)[i]->order_key <= bound; i++) {
        struct appeal *appeal = node_appeals(leaf)[i];
        if ((!best || appeal->arrival < best->arrival) && admits(filter, appeal))
            best = appeal;
    }
    return best;
}

/* The part of @branch with the earliest arrival that is above @above, where that is before @best;
 * NULL where there is none. Those that begin behind @bound do not count. */
static struct line_part *branch_next_to_arrive(struct node *branch, unsigned level, int64_t bound,
                                               const uint64_t *above, const struct appeal *best)
{
    struct line_part *next = NULL;
    uint64_t before = best ? best->arrival : UINT64_MAX;

    for (unsigned i = 0; i < branch->count; i++) {
        struct line_part *part = &node_parts(branch)[i];
        if (i > 0 && part->order_key > bound)
            break;
        uint64_t arrival = part_earliest(part, level - 1)->arrival;
        if (arrival >= before || (above && arrival <= *above))
            continue;
        before = arrival;
        next = part;
    }
    return next;
}

/* Goes where the earliest are first, so that it turns back almost everywhere else. */
static struct appeal *part_first_to_arrive(struct line_part *part, unsigned level, int64_t bound,
                                           const struct line_filter *filter, struct appeal *best)
{
    const uint64_t *above = NULL;
    struct line_part *next;

    if (level == 0)
        return leaf_first_to_arrive(part->node, bound, filter, best);
    while ((next = branch_next_to_arrive(part->node, level, bound, above, best)) != NULL) {
        best = part_first_to_arrive(next, level - 1, bound, filter, best);
        above = &next->earliest.arrival;
    }
    return best;
}

struct appeal *line_tree_first_to_arrive(struct line_tree *tree, int64_t bound,
                                         const struct line_filter *filter, struct appeal *best)
{
    if (!tree->root.node)
        return best;
    return part_first_to_arrive(&tree->root, tree->height, bound, filter, best);
}
