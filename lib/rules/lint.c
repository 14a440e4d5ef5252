#include "rules/lint.h"

#include "support/buffer.h"
#include "support/memory.h"
#include "support/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names of rules and queues have 128 bytes at most; a message has up to four. */
enum { MESSAGE_SIZE = 1024 };

static const char *agent_key(const void *item)
{
    return ((const struct lint_agent *)item)->id;
}

int aro_lint_new(const struct aro_rulebook *rulebook, struct aro_lint **ret)
{
    struct aro_lint *lint = memory_new(sizeof *lint);
    lint->rulebook = rulebook;
    table_init(&lint->agents, agent_key);
    *ret = lint;
    return 0;
}

void aro_lint_free(struct aro_lint *lint)
{
    if (!lint)
        return;
    table_done(&lint->agents);
    arena_done(&lint->arena);
    free(lint->findings);
    free(lint);
}

static const char *copy_text(struct aro_lint *lint, const char *text)
{
    return text ? arena_copy_text(&lint->arena, text, strlen(text)) : NULL;
}

static const char *const *copy_texts(struct aro_lint *lint, const char *const *texts, size_t count)
{
    const char **copies = arena_new_array(&lint->arena, count, sizeof *copies);
    for (size_t i = 0; i < count; i++)
        copies[i] = copy_text(lint, texts[i]);
    return copies;
}

static const struct aro_skill *copy_skills(struct aro_lint *lint, const struct aro_event *event)
{
    struct aro_skill *copies = arena_new_array(&lint->arena, event->skill_count, sizeof *copies);
    for (size_t i = 0; i < event->skill_count; i++)
        copies[i] = (struct aro_skill){ .name = copy_text(lint, event->skills[i].name),
                                        .level = event->skills[i].level };
    return copies;
}

void aro_lint_consider_agents(struct aro_lint *lint)
{
    lint->has_agents = true;
}

void aro_lint_add_agent(struct aro_lint *lint, const struct aro_event *event)
{
    struct lint_agent *agent = table_find(&lint->agents, event->agent_id);
    bool is_new = !agent;

    lint->has_agents = true;
    if (is_new)
        agent = arena_new(&lint->arena, sizeof *agent);
    *agent = (struct lint_agent){
        .id = is_new ? copy_text(lint, event->agent_id) : agent->id,
        .capacity = event->capacity,
        .all_markets = event->all_markets,
        .market_count = event->market_count,
        .markets = copy_texts(lint, event->markets, event->market_count),
        .all_queues = !(event->has & ARO_HAS_QUEUES),
        .queue_count = event->queue_count,
        .queues = copy_texts(lint, event->queues, event->queue_count),
        .language_count = event->agent_language_count,
        .languages = arena_copy(&lint->arena, event->agent_languages,
                                event->agent_language_count * sizeof *event->agent_languages),
        .skill_count = event->skill_count,
        .skills = copy_skills(lint, event),
        .shift_count = event->shift_count,
        .shifts =
            arena_copy(&lint->arena, event->shifts, event->shift_count * sizeof *event->shifts),
        .team = copy_text(lint, event->team),
        .site = copy_text(lint, event->site),
    };
    if (is_new)
        table_add(&lint->agents, agent);
}

void aro_lint_remove_agent(struct aro_lint *lint, const char *id)
{
    table_remove(&lint->agents, id); /* their memory is the lint's */
}

void lint_find(struct aro_lint *lint, enum aro_lint_grade grade, unsigned line, unsigned column,
               const char *name, const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    lint->findings = memory_reach(lint->findings, lint->finding_count, &lint->finding_size,
                                  sizeof *lint->findings);
    lint->findings[lint->finding_count] =
        (struct lint_finding){ .told = { .grade = grade,
                                         .line = line,
                                         .column = column,
                                         .name = name,
                                         .message = copy_text(lint, message) },
                               .number = lint->finding_count };
    lint->finding_count++;
}

bool lint_agent_is_in_market(const struct lint_agent *agent, const char *market)
{
    return agent->capacity > 0 &&
           (agent->all_markets ||
            text_index(agent->markets, agent->market_count, market) < agent->market_count);
}

bool lint_agent_is_in_queue(const struct lint_agent *agent, const char *queue)
{
    return agent->capacity > 0 &&
           (agent->all_queues ||
            text_index(agent->queues, agent->queue_count, queue) < agent->queue_count);
}

static int compare_findings(const void *a, const void *b)
{
    const struct lint_finding *left = a, *right = b;
    if (left->told.line != right->told.line)
        return left->told.line < right->told.line ? -1 : 1;
    if (left->told.column != right->told.column)
        return left->told.column < right->told.column ? -1 : 1;
    return left->number < right->number ? -1 : 1;
}

void aro_lint_run(struct aro_lint *lint)
{
    lint_check_rules(lint);
    lint_check_unserved(lint);
    lint_check_queues(lint);
    lint_check_markets(lint);
    if (lint->finding_count > 1)
        qsort(lint->findings, lint->finding_count, sizeof *lint->findings, compare_findings);
}

size_t aro_lint_finding_count(const struct aro_lint *lint)
{
    return lint->finding_count;
}

const struct aro_lint_finding *aro_lint_finding_at(const struct aro_lint *lint, size_t index)
{
    return &lint->findings[index].told;
}
