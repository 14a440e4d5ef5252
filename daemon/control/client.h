/* The caller's side of the control socket, for appealctl: one question, one answer, waiting. */
#ifndef APPEAL_ROUTERD_CONTROL_CLIENT_H
#define APPEAL_ROUTERD_CONTROL_CLIENT_H

#include "control/protocol.h"

#include <aro/time.h>

/* Asks the daemon at @path. @args is borrowed and may be NULL. On success *@ret is the whole
 * answer, the caller's: its "ok" is true or false. A negative errno where no answer came. */
int client_call(const char *path, const char *command, json_t *args, struct aro_span patience,
                json_t **ret, struct aro_error *reterr);

#endif
