/* Every subcommand, each in the file of its name. */
#ifndef APPEALCTL_COMMANDS_H
#define APPEALCTL_COMMANDS_H

#include "cli/command.h"

size_t command_count(void);
const struct command *command_at(size_t index);
/* NULL where there is none. */
const struct command *command_find(const char *name);

extern const struct command command_status;
extern const struct command command_explain;
extern const struct command command_agent;
extern const struct command command_queues;
extern const struct command command_bundle;
extern const struct command command_pause;
extern const struct command command_resume;
extern const struct command command_reroute;
extern const struct command command_reload;
extern const struct command command_drain;
extern const struct command command_log_level;
extern const struct command command_start_shard;
extern const struct command command_accept_partitions;
extern const struct command command_check;
extern const struct command command_route;
extern const struct command command_settings;
extern const struct command command_messages;
extern const struct command command_metrics;
extern const struct command command_sandbox;
extern const struct command command_completions;

#endif
