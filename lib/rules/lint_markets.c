/* Markets whose languages nobody speaks, at any hour or at some, and fallbacks without a use. */
#include "rules/lint.h"

#include "rules/rule_index.h"
#include "support/memory.h"

#include <stdlib.h>

static const struct aro_span schedule_max = { INT64_C(14) * 24 * 3600 * 1000 };

static bool speaks(const struct aro_lint *lint, const struct lint_agent *agent,
                   const struct aro_language *language)
{
    for (size_t i = 0; i < agent->language_count; i++) {
        if (aro_rulebook_accepts(lint->rulebook, agent->languages[i].language, language))
            return true;
    }
    return false;
}

/* When the last of those who are at work at @at leave; @at where nobody is. Who has no shifts is
 * always there. */
static struct aro_instant covered_until(const struct lint_agent *const *agents, size_t count,
                                        struct aro_instant at)
{
    struct aro_instant until = at;

    for (size_t i = 0; i < count; i++) {
        if (agents[i]->shift_count == 0)
            return ARO_INSTANT_NEVER;
        for (size_t s = 0; s < agents[i]->shift_count; s++) {
            const struct aro_shift *shift = &agents[i]->shifts[s];
            if (shift->start.ms <= at.ms && shift->end.ms > until.ms)
                until = shift->end;
        }
    }
    return until;
}

/* The first moment from @at on at which the market is open. */
static struct aro_instant next_open(const struct aro_calendar *calendar, struct aro_instant at)
{
    struct aro_instant next = aro_calendar_add(calendar, at, (struct aro_span){ 1 });
    return aro_instant_is_never(next) ? next : (struct aro_instant){ next.ms - 1 };
}

/* From the first start to the last end of all shifts; false where there are none. */
static bool find_schedule(const struct aro_lint *lint, struct aro_instant *ret_start,
                          struct aro_instant *ret_end)
{
    size_t position = 0;
    const struct lint_agent *agent;

    *ret_start = ARO_INSTANT_NEVER;
    *ret_end = (struct aro_instant){ INT64_MIN };
    while ((agent = table_next(&lint->agents, &position))) {
        for (size_t i = 0; i < agent->shift_count; i++) {
            if (agent->shifts[i].start.ms < ret_start->ms)
                *ret_start = agent->shifts[i].start;
            if (agent->shifts[i].end.ms > ret_end->ms)
                *ret_end = agent->shifts[i].end;
        }
    }
    return !aro_instant_is_never(*ret_start);
}

/* Those who work for @market and serve @language. The caller frees. */
static const struct lint_agent **find_speakers(const struct aro_lint *lint, const char *market,
                                               const struct aro_language *language,
                                               size_t *ret_count)
{
    const struct lint_agent **speakers = memory_new_array(lint->agents.count, sizeof *speakers);
    const struct lint_agent *agent;
    size_t position = 0;

    *ret_count = 0;
    while ((agent = table_next(&lint->agents, &position))) {
        if (lint_agent_is_in_market(agent, market) && speaks(lint, agent, language))
            speakers[(*ret_count)++] = agent;
    }
    return speakers;
}

/* The first moment of the schedule, two weeks of it at most, that is open and without anybody. */
static void check_hours(struct aro_lint *lint, const struct aro_market_terms *market,
                        const struct aro_language *language,
                        const struct lint_agent *const *speakers, size_t count)
{
    struct aro_instant start, end;
    char text[ARO_INSTANT_TEXT_SIZE];

    if (!find_schedule(lint, &start, &end))
        return;
    if (end.ms > aro_instant_add(start, schedule_max).ms)
        end = aro_instant_add(start, schedule_max);
    struct aro_instant at = next_open(market->calendar, start);
    while (at.ms < end.ms) {
        struct aro_instant until = covered_until(speakers, count, at);
        if (until.ms == at.ms)
            break;
        at = next_open(market->calendar, until);
    }
    if (at.ms >= end.ms)
        return;
    aro_instant_format(at, text);
    lint_find(lint, ARO_LINT_WARNING, market->line, market->column, "hour-unserved",
              "market '%s' is open at %s, and nobody who speaks '%s' is at work", market->name,
              text, language->tag);
}

static void check_language(struct aro_lint *lint, const struct aro_market_terms *market,
                           const struct aro_language *language)
{
    size_t count;
    CLEANUP(freep)
    const struct lint_agent **speakers = find_speakers(lint, market->name, language, &count);
    if (count == 0)
        lint_find(lint, ARO_LINT_WARNING, market->line, market->column, "language-unserved",
                  "market '%s': nobody who works for it speaks '%s'", market->name, language->tag);
    else
        check_hours(lint, market, language, speakers, count);
}

/* Does @conjunction take all that is left of a market? */
static bool asks_for_market_alone(const struct conjunction *conjunction)
{
    return conjunction->constraint_count == 0 ||
           (conjunction->constraint_count == 1 &&
            conjunction->constraints[0].column == column_of(FIELD_MARKET, 0));
}

void lint_mark_queues(const struct aro_rulebook *rulebook, const struct aro_market_terms *market,
                      bool *marks)
{
    struct aro_text name = aro_text_of(market->name);
    uint32_t text = vocabulary_find_text(&rulebook->vocabulary, &name);
    const struct market_index *index = rule_index_market(rulebook->index, text);
    bool is_any_left = true;

    for (uint32_t i = 0; i < index->count && is_any_left; i++) {
        const struct conjunction *conjunction = &rulebook->conjunctions[index->conjunctions[i]];
        const struct rule *rule = &rulebook->rules[conjunction->rule];
        for (size_t s = 0; s < rule->share_count; s++)
            marks[rule->shares[s].queue->index] = true;
        is_any_left = !asks_for_market_alone(conjunction);
    }
    if (market->launch_otherwise)
        marks[aro_rulebook_find_queue(rulebook, market->launch_otherwise)->index] = true;
}

static bool queue_falls_back(const struct aro_queue_terms *queue)
{
    for (size_t i = 0; i < queue->step_count; i++) {
        if (queue->steps[i].language == ARO_LANGUAGE_FALLBACK)
            return true;
    }
    return false;
}

/* Is there a queue that appeals of @market come to and that goes as far as its fallback? */
static bool uses_fallback(const struct aro_rulebook *rulebook,
                          const struct aro_market_terms *market)
{
    CLEANUP(freep) bool *marks = memory_new_array(rulebook->queue_count, sizeof *marks);

    lint_mark_queues(rulebook, market, marks);
    for (size_t i = 0; i < rulebook->queue_count; i++) {
        if (marks[i] && queue_falls_back(&rulebook->queues[i]))
            return true;
    }
    return false;
}

/* A share of none or of all says in a roundabout way what another state says. */
static void check_launch(struct aro_lint *lint, const struct aro_market_terms *market)
{
    if (market->launch != ARO_LAUNCH_CANARY)
        return;
    if (market->launch_share == 0)
        lint_find(lint, ARO_LINT_WARNING, market->line, market->column, "canary-of-none",
                  "market '%s': no appeal is in the share of its canary; state 'shadow' would tell "
                  "what its rules would do",
                  market->name);
    else if (market->launch_share == 100)
        lint_find(lint, ARO_LINT_WARNING, market->line, market->column, "canary-of-all",
                  "market '%s': every appeal is in the share of its canary; that is state 'full'",
                  market->name);
}

void lint_check_markets(struct aro_lint *lint)
{
    for (size_t i = 0; i < lint->rulebook->market_count; i++) {
        const struct aro_market_terms *market = &lint->rulebook->markets[i];
        if (market->fallback_count > 0 && !uses_fallback(lint->rulebook, market))
            lint_find(lint, ARO_LINT_WARNING, market->line, market->column, "fallback-unused",
                      "market '%s': its fallback is of no use, as no queue that its appeals come "
                      "to has a step with 'language: fallback'",
                      market->name);
        check_launch(lint, market);
        for (size_t l = 0; lint->has_agents && l < market->language_count; l++)
            check_language(lint, market, market->languages[l]);
    }
}
