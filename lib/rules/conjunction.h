/* Conditions as the matcher wants them: an OR of conjunctions, each an AND over columns. */
#ifndef ARO_RULES_CONJUNCTION_H
#define ARO_RULES_CONJUNCTION_H

#include "rules/rulebook.h"

/* More than this many in one rule are refused: any, all and not multiply. */
enum { CONJUNCTIONS_A_RULE_MAX = 256 };

/* Conjunctions of all rules, while they are being made. */
struct conjunction_list {
    struct conjunction *items;
    size_t count, size;
};

void conjunction_list_done(struct conjunction_list *list);

/* Appends those of rule number @rule: none where its `when` contradicts itself. @scratch need not
 * outlive the call. -EINVAL where there are too many. The vocabulary is frozen. */
int conjunctions_add(struct rulebook_parser *parser, struct arena *scratch, uint32_t rule,
                     struct conjunction_list *list);

/* Does @outer hold wherever @inner does? Never says so where it is not; may miss it for
 * conditions on several members of one list. */
bool conjunction_is_within(const struct conjunction *inner, const struct conjunction *outer);

/* The set of column @column, NULL where it may be anything. */
const struct value_set *conjunction_find(const struct conjunction *conjunction, uint32_t column);

#endif
