/* Rules that send to a queue what none of its agents can take, though others' appeals they can. */
#include "rules/lint.h"

#include "rules/conjunction.h"

/* With more they are not compared with each agent. */
enum { RULES_MAX = 1000 };

/* Does @agent work for a market that @asked accepts? */
static bool works_for(const struct aro_lint *lint, const struct lint_agent *agent,
                      const struct conjunction *asked)
{
    const struct value_set *set = conjunction_find(asked, column_of(FIELD_MARKET, 0));

    if (agent->all_markets || !set)
        return agent->all_markets || agent->market_count > 0;
    for (size_t i = 0; i < agent->market_count; i++) {
        struct aro_text market = aro_text_of(agent->markets[i]);
        if (value_set_has_text(set, vocabulary_find_text(&lint->rulebook->vocabulary, &market)))
            return true;
    }
    return false;
}

static bool speaks(const struct aro_lint *lint, const struct lint_agent *agent, unsigned level,
                   uint32_t base_id)
{
    const struct aro_language asked = { .base_id = base_id };

    for (size_t i = 0; i < agent->language_count; i++) {
        if (agent->languages[i].level >= level &&
            aro_rulebook_accepts(lint->rulebook, agent->languages[i].language, &asked))
            return true;
    }
    return false;
}

/* Does @agent speak a first language that @asked accepts? Where it accepts all but some, or asks
 * for others of the appeal's languages too, that cannot be told from here. */
static bool speaks_what_is_asked(const struct aro_lint *lint, const struct lint_agent *agent,
                                 unsigned level, const struct conjunction *asked)
{
    const struct value_set *set = conjunction_find(asked, column_of(FIELD_LANGUAGE, 0));

    if (!set || set->other || conjunction_find(asked, column_of(FIELD_LANGUAGES, 1)))
        return true;
    for (uint32_t i = 0; i < set->text_count; i++) {
        if (speaks(lint, agent, level, lint->rulebook->vocabulary.languages[set->texts[i]].base_id))
            return true;
    }
    return false;
}

static bool takes_at_some_step(const struct aro_lint *lint, const struct lint_agent *agent,
                               const struct aro_queue_terms *queue, const struct conjunction *asked)
{
    if (!works_for(lint, agent, asked))
        return false;
    for (size_t i = 0; i < queue->step_count; i++) {
        const struct aro_step *step = &queue->steps[i];
        if (lint_agent_can_serve(agent, queue, step) &&
            (step->language == ARO_LANGUAGE_FALLBACK ||
             speaks_what_is_asked(lint, agent, step->level, asked)))
            return true;
    }
    return false;
}

static bool anybody_takes(const struct aro_lint *lint, const struct aro_queue_terms *queue,
                          const struct conjunction *asked)
{
    const struct lint_agent *agent;
    size_t position = 0;

    while ((agent = table_next(&lint->agents, &position))) {
        if (takes_at_some_step(lint, agent, queue, asked))
            return true;
    }
    return false;
}

/* Is something that @rule matches for somebody of @queue? */
static bool is_served(const struct aro_lint *lint, const struct rule *rule,
                      const struct aro_queue_terms *queue)
{
    for (size_t i = 0; i < rule->conjunction_count; i++) {
        if (anybody_takes(lint, queue, &lint->rulebook->conjunctions[rule->first_conjunction + i]))
            return true;
    }
    return rule->conjunction_count == 0;
}

/* A queue that nobody can serve at all is told once, of itself. */
static void check_rule(struct aro_lint *lint, const struct rule *rule)
{
    static const struct conjunction anything = { 0 };

    for (size_t i = 0; i < rule->share_count; i++) {
        const struct aro_queue_terms *queue = rule->shares[i].queue;
        if (!queue->delivers_to_queue && !is_served(lint, rule, queue) &&
            anybody_takes(lint, queue, &anything))
            lint_find(lint, ARO_LINT_WARNING, rule->line, rule->column, "rule-unserved",
                      "rule '%s': no agent can take what it sends to queue '%s'", rule->name,
                      queue->name);
    }
}

void lint_check_unserved(struct aro_lint *lint)
{
    if (!lint->has_agents || lint->rulebook->rule_count > RULES_MAX)
        return;
    for (size_t i = 0; i < lint->rulebook->rule_count; i++)
        check_rule(lint, &lint->rulebook->rules[i]);
}
