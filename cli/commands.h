/* Every subcommand, each in the file of its name. */
#ifndef APPEALCTL_COMMANDS_H
#define APPEALCTL_COMMANDS_H

#include "cli/command.h"

extern const struct command command_sandbox;

#endif
