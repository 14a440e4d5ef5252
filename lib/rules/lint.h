/* The inside of lint: what its checks share. */
#ifndef ARO_RULES_LINT_H
#define ARO_RULES_LINT_H

#include "rules/rulebook.h"
#include "support/arena.h"
#include "support/table.h"

#include <aro/lint.h>

struct lint_agent {
    const char *id;
    unsigned capacity;
    bool all_markets, all_queues;
    size_t market_count, queue_count, language_count, skill_count, shift_count;
    const char *const *markets, *const *queues;
    const struct aro_language_level *languages;
    const struct aro_skill *skills;
    const struct aro_shift *shifts;
    const char *team, *site;
};

struct aro_lint {
    const struct aro_rulebook *rulebook;
    struct arena arena;
    bool has_agents; /* though there may be none */
    struct table agents;
    size_t finding_count, finding_size;
    struct lint_finding {
        struct aro_lint_finding told;
        size_t number; /* in the order in which they were found */
    } * findings;
};

void lint_find(struct aro_lint *lint, enum aro_lint_grade grade, unsigned line, unsigned column,
               const char *name, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Who has no capacity is nowhere. */
bool lint_agent_is_in_market(const struct lint_agent *agent, const char *market);
bool lint_agent_is_in_queue(const struct lint_agent *agent, const char *queue);
/* Could @agent take anything at all from @queue, at @step? */
bool lint_agent_can_serve(const struct lint_agent *agent, const struct aro_queue_terms *queue,
                          const struct aro_step *step);

/* Marks the queues, by index, that appeals of @market may come to: by a rule, or by its launch. */
void lint_mark_queues(const struct aro_rulebook *rulebook, const struct aro_market_terms *market,
                      bool *marks);

/* The checks, one file a subject. */
void lint_check_rules(struct aro_lint *lint);
void lint_check_unserved(struct aro_lint *lint);
void lint_check_queues(struct aro_lint *lint);
void lint_check_markets(struct aro_lint *lint);

#endif
