/* Markets whose languages nobody speaks, at any hour or at some, and fallbacks without a use. */
#include "rules/lint.h"

#include "support/memory.h"

#include <stdlib.h>

enum { MS_AN_HOUR = 3600 * 1000, HOURS_MAX = 24 * 14 };

static bool speaks(const struct aro_lint *lint, const struct lint_agent *agent,
                   const struct aro_language *language)
{
    for (size_t i = 0; i < agent->language_count; i++) {
        if (aro_rulebook_accepts(lint->rulebook, agent->languages[i].language, language))
            return true;
    }
    return false;
}

/* Without shifts they are always there. */
static bool is_at_work(const struct lint_agent *agent, struct aro_instant at)
{
    for (size_t i = 0; i < agent->shift_count; i++) {
        if (agent->shifts[i].start.ms <= at.ms && at.ms < agent->shifts[i].end.ms)
            return true;
    }
    return agent->shift_count == 0;
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

static bool anybody_is_at_work(const struct lint_agent *const *agents, size_t count,
                               struct aro_instant at)
{
    for (size_t i = 0; i < count; i++) {
        if (is_at_work(agents[i], at))
            return true;
    }
    return false;
}

/* The first full hour of the schedule, two weeks of it at most, that is open and without anybody.
 */
static void check_hours(struct aro_lint *lint, const struct aro_market_terms *market,
                        const struct aro_language *language,
                        const struct lint_agent *const *speakers, size_t count)
{
    struct aro_instant at, end;
    char text[ARO_INSTANT_TEXT_SIZE];

    if (!find_schedule(lint, &at, &end))
        return;
    for (int hour = 0; hour < HOURS_MAX && at.ms < end.ms; hour++, at.ms += MS_AN_HOUR) {
        if (!aro_calendar_is_open(market->calendar, at) || anybody_is_at_work(speakers, count, at))
            continue;
        aro_instant_format(at, text);
        lint_find(lint, ARO_LINT_WARNING, market->line, market->column, "hour-unserved",
                  "market '%s' is open at %s, and nobody who speaks '%s' is at work", market->name,
                  text, language->tag);
        return;
    }
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

static bool any_step_falls_back(const struct aro_rulebook *rulebook)
{
    for (size_t i = 0; i < rulebook->queue_count; i++) {
        for (size_t s = 0; s < rulebook->queues[i].step_count; s++) {
            if (rulebook->queues[i].steps[s].language == ARO_LANGUAGE_FALLBACK)
                return true;
        }
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
    bool has_fallback_step = any_step_falls_back(lint->rulebook);

    for (size_t i = 0; i < lint->rulebook->market_count; i++) {
        const struct aro_market_terms *market = &lint->rulebook->markets[i];
        if (market->fallback_count > 0 && !has_fallback_step)
            lint_find(lint, ARO_LINT_WARNING, market->line, market->column, "fallback-unused",
                      "market '%s': its fallback is of no use, as no ladder has a step with "
                      "'language: fallback'",
                      market->name);
        check_launch(lint, market);
        for (size_t l = 0; lint->agents.count > 0 && l < market->language_count; l++)
            check_language(lint, market, market->languages[l]);
    }
}
