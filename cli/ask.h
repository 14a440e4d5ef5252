/* Commands that ask the daemon over its control socket. */
#ifndef APPEALCTL_ASK_H
#define APPEALCTL_ASK_H

#include "cli/command.h"
#include "control/protocol.h"

#include <jansson.h>

/* The option that each of them has. */
#define ASK_SOCKET                                                                                 \
    {                                                                                              \
        .name = "socket", .value = "PATH",                                                         \
        .help = "The daemon's control socket (" CONTROL_SOCKET_DEFAULT ").",                       \
    }

/* Asks what the invocation's command is called, prints result or error, and gives the exit code.
 * Takes @args. */
int ask(const struct invocation *invocation, json_t *args);

#endif
