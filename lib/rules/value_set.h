/* A set of values that a field may have, as conditions cut them: the meaning of one condition.
 *
 * Every value lies in one kind: absent, an empty list, true, false, a text, a number. Texts are
 * told apart by number (vocabulary.h); all that no rule names behave alike and are "other". Numbers
 * are cut at boundaries, each the least of the numbers past it. Languages are numbered like texts.
 * So a set, its complement and the intersection of two are exact, and small where the rulebook's
 * text is small. */
#ifndef ARO_RULES_VALUE_SET_H
#define ARO_RULES_VALUE_SET_H

#include "support/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct value_set {
    bool absent, empty_list, yes, no;
    bool other;  /* the texts that are not in @texts */
    bool lowest; /* the numbers below the first boundary */
    uint32_t text_count;
    uint32_t boundary_count;
    const uint32_t *texts;    /* ascending: those that do as @other does not */
    const double *boundaries; /* ascending: from each on, membership is turned over */
};

/* @set borrows what it is made from; complements share with their original. */
struct value_set value_set_texts(const uint32_t *texts, size_t count); /* ascending, distinct */
struct value_set value_set_not(const struct value_set *set);
struct value_set value_set_and(struct arena *arena, const struct value_set *a,
                               const struct value_set *b);

bool value_set_has_text(const struct value_set *set, uint32_t text);
bool value_set_is_subset(const struct value_set *inner, const struct value_set *outer);
bool value_set_is_empty(const struct value_set *set);
/* Texts are the members of lists: does it accept any? */
bool value_set_accepts_texts(const struct value_set *set);

#endif
