/* Queues whose ladder leads nowhere, and those that no agent can serve. */
#include "rules/lint.h"

#include "support/memory.h"
#include "support/text.h"

#include <stdlib.h>
#include <string.h>

static void warn_queue(struct aro_lint *lint, const struct aro_queue_terms *queue, const char *name,
                       const char *message)
{
    lint_find(lint, ARO_LINT_WARNING, queue->line, queue->column, name, "queue '%s': %s",
              queue->name, message);
}

static bool step_asks_for_something(const struct aro_step *step)
{
    return step->skill_count > 0 || step->level > 1 || step->site_count > 0 ||
           step->team_count > 0 || step->language != ARO_LANGUAGE_ANY;
}

/* An inbox chooses nobody, so what says whom to choose does nothing. */
static void check_inbox(struct aro_lint *lint, const struct aro_queue_terms *queue)
{
    if (queue->makes_offers || queue->step_count > 1 || step_asks_for_something(&queue->steps[0]) ||
        queue->has_choice || queue->reclaim_after.ms > 0 || queue->overdue_share < PERCENT ||
        queue->independence)
        warn_queue(lint, queue, "inbox-chooses",
                   "it is delivered to the queue, so what it says about agents has no effect");
}

static unsigned skill_level(const struct aro_skill *skills, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(skills[i].name, name) == 0)
            return skills[i].level;
    }
    return 0;
}

/* Are all of @names among @others? None at all stands for everybody. */
static bool names_are_among(const char *const *names, size_t count, const char *const *others,
                            size_t other_count)
{
    if (other_count == 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        if (text_index(others, other_count, names[i]) == other_count)
            return false;
    }
    return count > 0;
}

/* Without a fallback to go to, those of `fallback` are those of `any`. */
static enum aro_language_step language_of(const struct aro_step *step, bool has_fallback)
{
    return step->language == ARO_LANGUAGE_FALLBACK && !has_fallback ? ARO_LANGUAGE_ANY
                                                                    : step->language;
}

/* Whoever may take it at @later may do so at @earlier already. */
static bool step_opens_to_nobody_new(const struct aro_step *earlier, const struct aro_step *later,
                                     bool has_fallback)
{
    if (language_of(later, has_fallback) > language_of(earlier, has_fallback) ||
        later->level < earlier->level)
        return false;
    for (size_t i = 0; i < earlier->skill_count; i++) {
        if (skill_level(later->skills, later->skill_count, earlier->skills[i].name) <
            earlier->skills[i].level)
            return false;
    }
    return names_are_among(later->sites, later->site_count, earlier->sites, earlier->site_count) &&
           names_are_among(later->teams, later->team_count, earlier->teams, earlier->team_count);
}

static void check_ladder(struct aro_lint *lint, const struct aro_queue_terms *queue,
                         bool has_fallback)
{
    /* Where offers are made, those who declined may be asked anew at the next step. */
    enum aro_lint_grade grade = queue->makes_offers ? ARO_LINT_NOTE : ARO_LINT_WARNING;

    for (size_t i = 1; i < queue->step_count; i++) {
        if (step_opens_to_nobody_new(&queue->steps[i - 1], &queue->steps[i], has_fallback))
            lint_find(lint, grade, queue->line, queue->column, "step-opens-to-nobody",
                      "queue '%s': step %zu of its ladder opens it to nobody whom step %zu "
                      "does not",
                      queue->name, i + 1, i);
    }
}

static bool is_named(const char *const *names, size_t count, const char *name)
{
    return count == 0 || (name && text_index(names, count, name) < count);
}

static bool has_skills(const struct lint_agent *agent, const struct aro_step *step)
{
    for (size_t i = 0; i < step->skill_count; i++) {
        if (skill_level(agent->skills, agent->skill_count, step->skills[i].name) <
            step->skills[i].level)
            return false;
    }
    return true;
}

static bool has_level(const struct lint_agent *agent, unsigned level)
{
    for (size_t i = 0; i < agent->language_count; i++) {
        if (agent->languages[i].level >= level)
            return true;
    }
    return false;
}

bool lint_agent_can_serve(const struct lint_agent *agent, const struct aro_queue_terms *queue,
                          const struct aro_step *step)
{
    return (agent->all_markets || agent->market_count > 0) &&
           lint_agent_is_in_queue(agent, queue->name) && has_skills(agent, step) &&
           has_level(agent, step->level) && is_named(step->sites, step->site_count, agent->site) &&
           is_named(step->teams, step->team_count, agent->team);
}

static bool anybody_can_serve(const struct aro_lint *lint, const struct aro_queue_terms *queue,
                              const struct aro_step *step)
{
    size_t position = 0;
    const struct lint_agent *agent;
    while ((agent = table_next(&lint->agents, &position))) {
        if (lint_agent_can_serve(agent, queue, step))
            return true;
    }
    return false;
}

static void check_agents(struct aro_lint *lint, const struct aro_queue_terms *queue)
{
    size_t served = 0;
    for (size_t i = 0; i < queue->step_count; i++) {
        if (anybody_can_serve(lint, queue, &queue->steps[i]))
            served++;
        else if (i + 1 == queue->step_count && served > 0)
            warn_queue(lint, queue, "ladder-cannot-end",
                       "nobody can take what reaches the last step of its ladder");
        else if (queue->step_count > 1 && i + 1 < queue->step_count)
            lint_find(lint, ARO_LINT_NOTE, queue->line, queue->column, "step-unserved",
                      "queue '%s': nobody can take anything at step %zu", queue->name, i + 1);
    }
    if (served == 0)
        warn_queue(lint, queue, "queue-unserved", "no agent can take anything from it");
}

/* What comes after a turn can never decide. */
static void check_criteria(struct aro_lint *lint, const struct aro_queue_terms *queue)
{
    for (size_t i = 0; i + 1 < queue->criterion_count; i++) {
        if (queue->criteria[i] == ARO_ROUND_ROBIN)
            warn_queue(lint, queue, "criterion-unused",
                       "what its 'choose' names behind round_robin has no effect");
    }
}

/* The queues that some market with a fallback sends to. The caller frees. */
static bool *fallback_marks_new(const struct aro_rulebook *rulebook)
{
    bool *marks = memory_new_array(rulebook->queue_count, sizeof *marks);
    for (size_t i = 0; i < rulebook->market_count; i++) {
        if (rulebook->markets[i].fallback_count > 0)
            lint_mark_queues(rulebook, &rulebook->markets[i], marks);
    }
    return marks;
}

void lint_check_queues(struct aro_lint *lint)
{
    CLEANUP(freep) bool *has_fallback = fallback_marks_new(lint->rulebook);

    for (size_t i = 0; i < lint->rulebook->queue_count; i++) {
        const struct aro_queue_terms *queue = &lint->rulebook->queues[i];
        if (queue->delivers_to_queue) {
            check_inbox(lint, queue);
            continue;
        }
        check_criteria(lint, queue);
        check_ladder(lint, queue, has_fallback[i]);
        if (lint->has_agents)
            check_agents(lint, queue);
    }
}
