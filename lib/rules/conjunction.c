#include "rules/conjunction.h"

#include "support/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A test, or its negation, as the set of values for which it holds. */
struct literal {
    unsigned field;
    bool of_any_member; /* one member of a list is enough; otherwise the set holds them all */
    const struct value_set *set;
    const struct literal *next;
};

/* An OR of terms, each an AND of literals. The terms share their tails. */
struct terms {
    size_t count;
    const struct literal **terms;
};

struct expansion {
    struct rulebook_parser *parser;
    struct arena *scratch;
    const struct rule *rule;
};

void conjunction_list_done(struct conjunction_list *list)
{
    free(list->items);
}

static int refuse_too_many(const struct expansion *expansion)
{
    return aro_error_set_at(
        expansion->parser->reterr, -EINVAL, expansion->rule->line, expansion->rule->column,
        "rule '%.100s': its any, all and not multiply to more than %d combinations: split the rule",
        expansion->rule->name, CONJUNCTIONS_A_RULE_MAX);
}

static struct terms terms_new(const struct expansion *expansion, size_t count)
{
    return (struct terms){ .count = count,
                           .terms = arena_new_array(expansion->scratch, count,
                                                    sizeof(const struct literal *)) };
}

static struct terms expand_test(const struct expansion *expansion, const struct test *test,
                                bool is_negated)
{
    const struct rulebook_parser *parser = expansion->parser;
    struct terms ret = terms_new(expansion, 1);
    struct literal *literal = arena_new(expansion->scratch, sizeof *literal);
    struct value_set set = test_value_set(parser, test);

    literal->field = parser->rulebook->field_ranks[test->field];
    literal->of_any_member = !is_negated && test->kind == TEST_ONE_OF &&
                             parser->rulebook->fields[literal->field].may_be_list &&
                             value_set_accepts_texts(&set);
    if (is_negated)
        set = value_set_not(&set);
    literal->set = arena_copy(parser->arena, &set, sizeof set);
    ret.terms[0] = literal;
    return ret;
}

static const struct literal *append(const struct expansion *expansion, const struct literal *head,
                                    const struct literal *tail)
{
    if (!head)
        return tail;
    struct literal *copy = arena_copy(expansion->scratch, head, sizeof *head);
    copy->next = append(expansion, head->next, tail);
    return copy;
}

static int expand_product(const struct expansion *expansion, const struct terms *a,
                          const struct terms *b, struct terms *ret)
{
    if (a->count * b->count > CONJUNCTIONS_A_RULE_MAX)
        return refuse_too_many(expansion);
    *ret = terms_new(expansion, a->count * b->count);
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++)
            ret->terms[i * b->count + j] = append(expansion, b->terms[j], a->terms[i]);
    }
    return 0;
}

static int expand_union(const struct expansion *expansion, const struct terms *a,
                        const struct terms *b, struct terms *ret)
{
    if (a->count + b->count > CONJUNCTIONS_A_RULE_MAX)
        return refuse_too_many(expansion);
    *ret = terms_new(expansion, a->count + b->count);
    if (a->count)
        memcpy(ret->terms, a->terms, a->count * sizeof *a->terms);
    if (b->count)
        memcpy(ret->terms + a->count, b->terms, b->count * sizeof *b->terms);
    return 0;
}

static int expand(const struct expansion *expansion, const struct condition *condition,
                  bool is_negated, struct terms *ret)
{
    if (condition->kind == CONDITION_TEST) {
        *ret = expand_test(expansion, &condition->test, is_negated);
        return 0;
    }
    if (condition->kind == CONDITION_NOT)
        return expand(expansion, &condition->parts[0], !is_negated, ret);

    bool is_product = (condition->kind == CONDITION_ALL) != is_negated;
    struct terms all = terms_new(expansion, is_product); /* one empty term is true, none is false */
    for (size_t i = 0; i < condition->part_count; i++) {
        struct terms part, joined;
        int r = expand(expansion, &condition->parts[i], is_negated, &part);
        if (r == 0 && is_product)
            r = expand_product(expansion, &all, &part, &joined);
        else if (r == 0)
            r = expand_union(expansion, &all, &part, &joined);
        if (r < 0)
            return r;
        all = joined;
    }
    *ret = all;
    return 0;
}

/* Adds what @literal asks for to @constraints, where it has a column of its own or joins one. */
static int constrain(const struct expansion *expansion, const struct literal *literal,
                     struct constraint *constraints, size_t *count)
{
    unsigned slot = 0;
    for (size_t i = 0; i < *count; i++) {
        uint32_t column = constraints[i].column;
        if (column / COLUMNS_A_FIELD != literal->field)
            continue;
        if (literal->of_any_member) {
            slot += column % COLUMNS_A_FIELD != 0;
        } else if (column % COLUMNS_A_FIELD == 0) {
            struct value_set both =
                value_set_and(expansion->parser->arena, constraints[i].set, literal->set);
            constraints[i].set = arena_copy(expansion->parser->arena, &both, sizeof both);
            return 0;
        }
    }
    if (literal->of_any_member && ++slot == COLUMNS_A_FIELD)
        return aro_error_set_at(
            expansion->parser->reterr, -EINVAL, expansion->rule->line, expansion->rule->column,
            "rule '%.100s': more than %d conditions on '%.100s' must hold at once",
            expansion->rule->name, COLUMNS_A_FIELD - 1,
            expansion->parser->rulebook->fields[literal->field].name);
    constraints[(*count)++] =
        (struct constraint){ .column = column_of(literal->field, slot), .set = literal->set };
    return 0;
}

static int compare_constraints(const void *a, const void *b)
{
    const struct constraint *left = a, *right = b;
    return (left->column > right->column) - (left->column < right->column);
}

static void list_push(struct conjunction_list *list, const struct conjunction *conjunction)
{
    if (list->count == list->size) {
        list->size = list->size ? list->size * 2 : 64;
        list->items = memory_resize(list->items, list->size * sizeof *list->items);
    }
    list->items[list->count++] = *conjunction;
}

/* In the order of their columns; false where one leaves no value. */
static bool settle(struct constraint *constraints, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (value_set_is_empty(constraints[i].set))
            return false;
    }
    if (count > 1)
        qsort(constraints, count, sizeof *constraints, compare_constraints);
    return true;
}

static int add_term(const struct expansion *expansion, const struct literal *term, uint32_t rule,
                    struct conjunction_list *list)
{
    size_t length = 0, count = 0;
    for (const struct literal *literal = term; literal; literal = literal->next)
        length++;
    struct constraint *constraints =
        arena_new_array(expansion->parser->arena, length, sizeof *constraints);
    for (const struct literal *literal = term; literal; literal = literal->next) {
        int r = constrain(expansion, literal, constraints, &count);
        if (r < 0)
            return r;
    }
    if (!settle(constraints, count))
        return 0;
    list_push(list, &(struct conjunction){ .rule = rule,
                                           .constraints = constraints,
                                           .constraint_count = (uint32_t)count });
    return 0;
}

int conjunctions_add(struct rulebook_parser *parser, struct arena *scratch, uint32_t rule,
                     struct conjunction_list *list)
{
    struct expansion expansion = { .parser = parser,
                                   .scratch = scratch,
                                   .rule = &parser->rulebook->rules[rule] };
    struct terms terms;

    int r = expand(&expansion, &expansion.rule->when, false, &terms);
    for (size_t i = 0; r == 0 && i < terms.count; i++)
        r = add_term(&expansion, terms.terms[i], rule, list);
    return r;
}

const struct value_set *conjunction_find(const struct conjunction *conjunction, uint32_t column)
{
    for (uint32_t i = 0; i < conjunction->constraint_count; i++) {
        if (conjunction->constraints[i].column == column)
            return conjunction->constraints[i].set;
    }
    return NULL;
}

/* Is one member of the list certain to be in @set, wherever @inner holds? */
static bool is_member_certain(const struct conjunction *inner, unsigned field,
                              const struct value_set *set)
{
    for (unsigned slot = 0; slot < COLUMNS_A_FIELD; slot++) {
        const struct value_set *known = conjunction_find(inner, column_of(field, slot));
        if (known && value_set_is_subset(known, set))
            return true;
    }
    return false;
}

/* Is every member, the absence of any too, certain to be in @set? */
static bool are_all_certain(const struct conjunction *inner, unsigned field,
                            const struct value_set *set)
{
    const struct value_set *known = conjunction_find(inner, column_of(field, 0));
    struct value_set anything = value_set_not(&(struct value_set){ 0 });
    struct value_set certain = known ? *known : anything;

    if (conjunction_find(inner, column_of(field, 1))) /* some member is there */
        certain.absent = certain.empty_list = false;
    return value_set_is_subset(&certain, set);
}

bool conjunction_is_within(const struct conjunction *inner, const struct conjunction *outer)
{
    for (uint32_t i = 0; i < outer->constraint_count; i++) {
        const struct constraint *asked = &outer->constraints[i];
        unsigned field = asked->column / COLUMNS_A_FIELD;
        bool holds = asked->column % COLUMNS_A_FIELD == 0
                         ? are_all_certain(inner, field, asked->set)
                         : is_member_certain(inner, field, asked->set);
        if (!holds)
            return false;
    }
    return true;
}
