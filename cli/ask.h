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

/* --watch, of commands that only look. */
#define ASK_WATCH                                                                                  \
    {                                                                                              \
        .name = "watch", .help = "Ask again every two seconds, until interrupted."                 \
    }

/* Asks what the invocation's command is called, prints result or error, and gives the exit code.
 * Takes @args. */
int ask(const struct invocation *invocation, json_t *args);

/* As ask(), but on EXIT_FINE the result is the caller's, *@ret, and nothing is printed. */
int ask_for(const struct invocation *invocation, json_t *args, json_t **ret);

/* As ask() without arguments, again and again where --watch was given: a live screen on a terminal,
 * else one answer after the other. A daemon that does not answer may come back, so only a stdout
 * that takes no more ends it. */
int ask_or_watch(const struct invocation *invocation);

#endif
