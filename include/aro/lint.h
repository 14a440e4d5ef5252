/* What is legal in a rulebook but probably not meant.
 *
 * Needs no agents; with those of an agents file it also tells what nobody there could do. */
#ifndef ARO_LINT_H
#define ARO_LINT_H

#include <aro/event.h>
#include <aro/rulebook.h>

#include <stddef.h>

enum aro_lint_grade {
    ARO_LINT_NOTE,    /* worth knowing */
    ARO_LINT_WARNING, /* an appeal will suffer, or a line of the rulebook does nothing */
};

struct aro_lint_finding {
    enum aro_lint_grade grade;
    unsigned line, column; /* in the rulebook; 0 where there is no such place */
    const char *name;      /* "rule-hidden": for filters and tests */
    const char *message;   /* a sentence without a full stop */
};

struct aro_lint;

/* @rulebook is borrowed and outlives the lint. */
int aro_lint_new(const struct aro_rulebook *rulebook, struct aro_lint **ret);
void aro_lint_free(struct aro_lint *lint);

/* What agents cannot do is told from here on: those added are all there are, even where it is none.
 */
void aro_lint_consider_agents(struct aro_lint *lint);

/* Takes an agent.updated into account; all of it is copied but the languages, which live with
 * their table. A later one of the same agent replaces the earlier. */
void aro_lint_add_agent(struct aro_lint *lint, const struct aro_event *event);

/* One who was added before, or is not known. */
void aro_lint_remove_agent(struct aro_lint *lint, const char *id);

/* Looks, once. Findings come in the order of the file. */
void aro_lint_run(struct aro_lint *lint);

size_t aro_lint_finding_count(const struct aro_lint *lint);
const struct aro_lint_finding *aro_lint_finding_at(const struct aro_lint *lint, size_t index);

#endif
