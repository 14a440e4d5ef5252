#include "cli/commands.h"

#include <string.h>

/* In the order of the help: asking, changing, offline. */
static const struct command *const commands[] = {
    &command_status,
    &command_explain,
    &command_agent,
    &command_queues,
    &command_bundle,
    &command_pause,
    &command_resume,
    &command_reload,
    &command_reroute,
    &command_drain,
    &command_log_level,
    &command_start_shard,
    &command_accept_partitions,
    &command_check,
    &command_route,
    &command_settings,
    &command_metrics,
    &command_messages,
    &command_sandbox,
    &command_completions,
};

size_t command_count(void)
{
    return sizeof commands / sizeof *commands;
}

const struct command *command_at(size_t index)
{
    return commands[index];
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count(); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}
