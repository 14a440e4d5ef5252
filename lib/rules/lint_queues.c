/* Queues whose ladder leads nowhere, and those that no agent can serve. */
#include "rules/lint.h"

#include "support/text.h"

#include <string.h>

static void warn_queue(struct aro_lint *lint, const struct aro_queue_terms *queue, const char *name,
                       const char *message)
{
    lint_find(lint, ARO_LINT_WARNING, queue->line, queue->column, name, "queue '%s': %s",
              queue->name, message);
}

/* An inbox chooses nobody, so what says whom to choose does nothing. */
static void check_inbox(struct aro_lint *lint, const struct aro_queue_terms *queue)
{
    if (queue->makes_offers || queue->step_count > 1 || queue->steps[0].skill_count > 0 ||
        queue->steps[0].level > 1 || queue->reclaim_after.ms > 0 || queue->independence)
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

/* Whoever may take it at @later may do so at @earlier already. */
static bool step_opens_to_nobody_new(const struct aro_step *earlier, const struct aro_step *later)
{
    if (later->language > earlier->language || later->level < earlier->level)
        return false;
    for (size_t i = 0; i < earlier->skill_count; i++) {
        if (skill_level(later->skills, later->skill_count, earlier->skills[i].name) <
            earlier->skills[i].level)
            return false;
    }
    return names_are_among(later->sites, later->site_count, earlier->sites, earlier->site_count) &&
           names_are_among(later->teams, later->team_count, earlier->teams, earlier->team_count);
}

static void check_ladder(struct aro_lint *lint, const struct aro_queue_terms *queue)
{
    for (size_t i = 1; i < queue->step_count; i++) {
        if (step_opens_to_nobody_new(&queue->steps[i - 1], &queue->steps[i]))
            lint_find(lint, ARO_LINT_WARNING, queue->line, queue->column, "step-opens-to-nobody",
                      "queue '%s': step %zu of its ladder opens it to nobody whom step %zu "
                      "does not",
                      queue->name, i + 1, i);
    }
}

static bool is_named(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (name && strcmp(names[i], name) == 0)
            return true;
    }
    return count == 0;
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

/* Could @agent take anything at all at @step? */
static bool can_serve(const struct lint_agent *agent, const struct aro_queue_terms *queue,
                      const struct aro_step *step)
{
    return lint_agent_is_in_queue(agent, queue->name) && has_skills(agent, step) &&
           has_level(agent, step->level) && is_named(step->sites, step->site_count, agent->site) &&
           is_named(step->teams, step->team_count, agent->team);
}

static bool anybody_can_serve(const struct aro_lint *lint, const struct aro_queue_terms *queue,
                              const struct aro_step *step)
{
    size_t position = 0;
    const struct lint_agent *agent;
    while ((agent = table_next(&lint->agents, &position))) {
        if (can_serve(agent, queue, step))
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

void lint_check_queues(struct aro_lint *lint)
{
    for (size_t i = 0; i < lint->rulebook->queue_count; i++) {
        const struct aro_queue_terms *queue = &lint->rulebook->queues[i];
        if (queue->delivers_to_queue) {
            check_inbox(lint, queue);
            continue;
        }
        check_ladder(lint, queue);
        if (lint->agents.count > 0)
            check_agents(lint, queue);
    }
}
