/* What appealctl and the daemon say to each other over the control socket.
 *
 * One JSON object a line. Request {"v": 1, "id": any text or number, "command", "args": {...}};
 * answer {"v": 1, "id": the same, "ok": true, "result": ...} or {..., "ok": false, "error":
 * {"code", "message", ...}}. Answers come in the order of the requests. */
#ifndef APPEAL_ROUTERD_CONTROL_PROTOCOL_H
#define APPEAL_ROUTERD_CONTROL_PROTOCOL_H

#include <stddef.h>

enum {
    CONTROL_VERSION = 1,
    CONTROL_REQUEST_LENGTH_MAX = 64 * 1024,
    CONTROL_ANSWER_LENGTH_MAX = 64 * 1024 * 1024,
};

/* Where the daemon listens unless its settings say otherwise. */
#define CONTROL_SOCKET_DEFAULT "/run/appeal-router/control.sock"

/* Codes of an error. */
#define CONTROL_ERROR_REQUEST "bad_request"         /* no JSON, no such member, too long */
#define CONTROL_ERROR_COMMAND "unknown_command"     /* the daemon knows no such command */
#define CONTROL_ERROR_NOT_OWNER "not_owner"         /* a standby; the error has "owner" too */
#define CONTROL_ERROR_NOT_FOUND "not_found"         /* no such appeal, agent, shard */
#define CONTROL_ERROR_CONFIGURATION "configuration" /* a reload refused: what to mend */
#define CONTROL_ERROR_REFUSED "refused"             /* not in this state */
#define CONTROL_ERROR_FAILED "failed"               /* tried, and it went wrong */
#define CONTROL_ERROR_BUSY "busy"                   /* too many callers at once */

#endif
