/* The inside of a rulebook, and of the parser that makes one. */
#ifndef ARO_RULES_RULEBOOK_H
#define ARO_RULES_RULEBOOK_H

#include "rules/condition.h"
#include "rules/field.h"
#include "rules/vocabulary.h"
#include "support/arena.h"
#include "support/cleanup.h"
#include "support/sha256.h"
#include "support/spot.h"
#include "support/table.h"

#include <aro/rulebook.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PERCENT = 100 };

/* The part of a `split`, in percent, that goes to @queue. */
struct share {
    const struct aro_queue_terms *queue;
    unsigned percent;
};

/* The values of one column that a conjunction accepts. Columns are numbered field by field:
 * column 0 of a field holds what each of its values must be in; the others, for fields that may be
 * lists, what at least one member must be in. */
enum { COLUMNS_A_FIELD = 8 };
struct constraint {
    uint32_t column;
    const struct value_set *set;
};

static inline uint32_t column_of(unsigned field, unsigned slot)
{
    return field * COLUMNS_A_FIELD + slot;
}

/* Constraints that must all hold, by ascending column. What it has none of may be anything. */
struct conjunction {
    uint32_t rule;
    uint32_t constraint_count;
    const struct constraint *constraints;
};

/* What a match reads comes first. */
struct rule {
    const char *name;
    const struct aro_queue_terms *queue; /* NULL: split */
    uint64_t split_key;
    struct aro_span deadline;
    unsigned priority;
    bool has_priority, has_deadline;
    unsigned line, column;
    size_t share_count; /* 1 where it names one queue */
    const struct share *shares;
    struct condition when;                       /* ALL of none where it has no `when` */
    size_t first_conjunction, conjunction_count; /* it matches where one of them does */
};

/* Whose agents may serve, beyond equal language and script: sorted. */
struct acceptance {
    uint32_t appeal_base_id, agent_base_id;
};

struct rule_index;

struct aro_rulebook {
    struct arena arena; /* of all that has no line of its own below */
    const char *name;
    char sha256[SHA256_TEXT_SIZE];
    uint64_t seed;
    struct aro_span deadline, dedupe_window, independence_window, age_step;
    size_t language_count, language_size;
    const struct aro_language **languages; /* each that the text names, once */
    size_t acceptance_count;
    struct acceptance *acceptances;
    size_t market_count;
    struct aro_market_terms *markets;
    struct table markets_by_name;
    size_t queue_count;
    struct aro_queue_terms *queues;
    struct table queues_by_name;
    size_t field_count;
    struct field *fields; /* FIELD_COUNT_MAX of them */
    unsigned
        field_ranks[FIELD_COUNT_MAX]; /* where a field lies once all are known, by its number */
    struct vocabulary vocabulary;
    size_t rule_count;
    struct rule *rules;
    size_t conjunction_count;
    struct conjunction *conjunctions; /* in the order of their rules */
    struct rule_index *index;
};

struct rulebook_parser {
    struct aro_rulebook *rulebook;
    struct arena *arena; /* the rulebook's */
    struct aro_languages *languages;
    struct aro_error *reterr;
    unsigned checks;          /* of enum rulebook_check */
    unsigned condition_count; /* of the rule at hand */
    size_t seen_size;
    bool *seen_languages; /* by their ids: those in the rulebook's list */
};

/* What a parse may leave out, for tests, lint and benchmarks. */
enum rulebook_check {
    CHECK_HIDDEN = 1 << 0, /* a rule that another hides is refused */
};

/* As aro_rulebook_parse(), which makes all @checks. */
int rulebook_parse_checking(unsigned checks, const char *text, size_t length,
                            struct aro_languages *languages, struct aro_rulebook **ret,
                            struct aro_error *reterr);

int market_parse(struct rulebook_parser *parser, const struct spot *market,
                 struct aro_market_terms *ret);
int queue_parse(struct rulebook_parser *parser, const struct spot *queue,
                struct aro_queue_terms *ret);
/* Queues and markets are known by now. */
int rule_parse(struct rulebook_parser *parser, const struct spot *rule, struct rule *ret);

/* Runs the rulebook's own `tests`; a failing one is refused. */
int self_test_run(struct rulebook_parser *parser, const struct spot *tests);

/* A queue that the rulebook must name; refused with the nearest where it does not. */
int parser_read_queue(struct rulebook_parser *parser, const struct spot *spot,
                      const struct aro_queue_terms **ret);
/* A country's code, or a market that the rulebook must declare. */
int parser_read_market(const struct rulebook_parser *parser, const struct spot *spot,
                       const char **ret);
int parser_read_language(struct rulebook_parser *parser, const struct spot *spot,
                         const struct aro_language **ret);
int parser_read_languages(struct rulebook_parser *parser, const struct spot *spot,
                          size_t *ret_count, const struct aro_language *const **ret);

#endif
