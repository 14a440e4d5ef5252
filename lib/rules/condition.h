/* What a rule's `when` says, as it is written: a tree of all, any, not and single conditions. */
#ifndef ARO_RULES_CONDITION_H
#define ARO_RULES_CONDITION_H

#include "rules/value_set.h"
#include "support/spot.h"

#include <aro/language.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rulebook_parser;

enum condition_kind { CONDITION_ALL, CONDITION_ANY, CONDITION_NOT, CONDITION_TEST };

/* A value that a condition names. */
struct test_value {
    enum document_kind kind;             /* TEXT, NUMBER or BOOL */
    uint32_t text;                       /* of the vocabulary */
    const struct aro_language *language; /* TEXT, of a language field */
    double number;
    bool boolean;
};

enum test_kind { TEST_ONE_OF, TEST_EXISTS, TEST_AT_LEAST, TEST_AT_MOST, TEST_ABOVE, TEST_BELOW };

/* One field against values, a bound or its mere existence. */
struct test {
    unsigned field; /* its number */
    enum test_kind kind;
    size_t value_count;
    const struct test_value *values; /* ONE_OF: at least one; the bounds: the one number */
};

struct condition {
    enum condition_kind kind;
    size_t part_count;             /* ALL, ANY: any; NOT: 1 */
    const struct condition *parts; /* ALL of none is true */
    struct test test;              /* TEST */
};

/* Reads a `when`; names of fields, values and languages go into the parser's rulebook. */
int condition_parse(struct rulebook_parser *parser, const struct spot *when, struct condition *ret);

/* The values for which @test holds. The vocabulary is frozen. */
struct value_set test_value_set(const struct rulebook_parser *parser, const struct test *test);

#endif
