/* Rules that can never decide, since one earlier rule matches wherever they do. */
#ifndef ARO_RULES_HIDDEN_H
#define ARO_RULES_HIDDEN_H

#include "rules/rulebook.h"

/* The first rule that wholly hides rule @rule; NULL where no single one does. Never wrong when it
 * names one. The index is built. */
const struct rule *hidden_by(const struct aro_rulebook *rulebook, const struct rule *rule);

/* Does @outer match wherever @rule does? Told where each combination of @rule lies within one of
 * @outer, and not where only several together cover it. */
bool rule_hides(const struct aro_rulebook *rulebook, const struct rule *outer,
                const struct rule *rule);

#endif
