/* What the control socket's commands do in the daemon. */
#ifndef APPEAL_ROUTERD_LOOP_COMMANDS_H
#define APPEAL_ROUTERD_LOOP_COMMANDS_H

#include "control/control.h"

#include <jansson.h>

/* A control_handler; @context is the struct daemon. */
void commands_handle(const char *command, json_t *args, struct control_reply *reply, void *context);

#endif
