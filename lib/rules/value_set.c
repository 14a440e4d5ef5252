#include "rules/value_set.h"

#include <math.h>

struct value_set value_set_texts(const uint32_t *texts, size_t count)
{
    return (struct value_set){ .texts = texts, .text_count = (uint32_t)count };
}

struct value_set value_set_not(const struct value_set *set)
{
    struct value_set complement = *set;
    complement.absent = !set->absent;
    complement.empty_list = !set->empty_list;
    complement.yes = !set->yes;
    complement.no = !set->no;
    complement.other = !set->other;
    complement.lowest = !set->lowest;
    return complement;
}

/* The texts that either set names, in order, and whether each set has the one at hand. */
struct text_walk {
    const struct value_set *a, *b;
    uint32_t a_index, b_index;
    uint32_t text;
    bool in_a, in_b;
};

static bool text_walk_next(struct text_walk *walk)
{
    const struct value_set *a = walk->a, *b = walk->b;
    bool more_a = walk->a_index < a->text_count, more_b = walk->b_index < b->text_count;
    if (!more_a && !more_b)
        return false;

    uint32_t text_a = more_a ? a->texts[walk->a_index] : UINT32_MAX;
    uint32_t text_b = more_b ? b->texts[walk->b_index] : UINT32_MAX;
    walk->text = text_a < text_b ? text_a : text_b;
    walk->in_a = a->other != (text_a == walk->text);
    walk->in_b = b->other != (text_b == walk->text);
    walk->a_index += text_a == walk->text;
    walk->b_index += text_b == walk->text;
    return true;
}

/* The stretches of numbers between the boundaries of both sets. Starts at the lowest. */
struct number_walk {
    const struct value_set *a, *b;
    uint32_t a_index, b_index;
    double start; /* of the stretch at hand; not of the lowest */
    bool in_a, in_b;
};

static struct number_walk number_walk_start(const struct value_set *a, const struct value_set *b)
{
    return (struct number_walk){ .a = a, .b = b, .in_a = a->lowest, .in_b = b->lowest };
}

static bool number_walk_next(struct number_walk *walk)
{
    bool more_a = walk->a_index < walk->a->boundary_count;
    bool more_b = walk->b_index < walk->b->boundary_count;
    if (!more_a && !more_b)
        return false;

    double at_a = more_a ? walk->a->boundaries[walk->a_index] : INFINITY;
    double at_b = more_b ? walk->b->boundaries[walk->b_index] : INFINITY;
    walk->start = at_a < at_b ? at_a : at_b;
    if (more_a && at_a <= at_b) {
        walk->in_a = !walk->in_a;
        walk->a_index++;
    }
    if (more_b && at_b <= at_a) {
        walk->in_b = !walk->in_b;
        walk->b_index++;
    }
    return true;
}

static void intersect_texts(struct arena *arena, const struct value_set *a,
                            const struct value_set *b, struct value_set *ret)
{
    struct text_walk walk = { .a = a, .b = b };
    uint32_t *texts = arena_new_array(arena, (size_t)a->text_count + b->text_count, sizeof *texts);

    ret->texts = texts;
    while (text_walk_next(&walk)) {
        if ((walk.in_a && walk.in_b) != ret->other)
            texts[ret->text_count++] = walk.text;
    }
}

static void intersect_numbers(struct arena *arena, const struct value_set *a,
                              const struct value_set *b, struct value_set *ret)
{
    struct number_walk walk = number_walk_start(a, b);
    double *boundaries =
        arena_new_array(arena, (size_t)a->boundary_count + b->boundary_count, sizeof *boundaries);
    bool in = ret->lowest;

    ret->boundaries = boundaries;
    while (number_walk_next(&walk)) {
        if ((walk.in_a && walk.in_b) == in)
            continue;
        in = !in;
        boundaries[ret->boundary_count++] = walk.start;
    }
}

struct value_set value_set_and(struct arena *arena, const struct value_set *a,
                               const struct value_set *b)
{
    struct value_set both = {
        .absent = a->absent && b->absent,
        .empty_list = a->empty_list && b->empty_list,
        .yes = a->yes && b->yes,
        .no = a->no && b->no,
        .other = a->other && b->other,
        .lowest = a->lowest && b->lowest,
    };
    if (a->text_count || b->text_count)
        intersect_texts(arena, a, b, &both);
    if (a->boundary_count || b->boundary_count)
        intersect_numbers(arena, a, b, &both);
    return both;
}

bool value_set_has_text(const struct value_set *set, uint32_t text)
{
    size_t low = 0, high = set->text_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->texts[middle] == text)
            return !set->other;
        if (set->texts[middle] < text)
            low = middle + 1;
        else
            high = middle;
    }
    return set->other;
}

bool value_set_is_subset(const struct value_set *inner, const struct value_set *outer)
{
    if (inner->absent > outer->absent || inner->empty_list > outer->empty_list ||
        inner->yes > outer->yes || inner->no > outer->no || inner->other > outer->other ||
        inner->lowest > outer->lowest)
        return false;
    struct text_walk texts = { .a = inner, .b = outer };
    while (text_walk_next(&texts)) {
        if (texts.in_a && !texts.in_b)
            return false;
    }
    struct number_walk numbers = number_walk_start(inner, outer);
    while (number_walk_next(&numbers)) {
        if (numbers.in_a && !numbers.in_b)
            return false;
    }
    return true;
}

bool value_set_is_empty(const struct value_set *set)
{
    return !set->absent && !set->empty_list && !set->yes && !set->no && !set->other &&
           set->text_count == 0 && !set->lowest && set->boundary_count == 0;
}

bool value_set_accepts_texts(const struct value_set *set)
{
    return set->other || set->text_count > 0;
}
