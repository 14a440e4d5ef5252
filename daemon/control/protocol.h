/* What appealctl and the daemon say to each other over the control socket.
 *
 * One JSON object a line. Request {"v": 1, "id": any text or number, "command", "args": {...}};
 * answer {"v": 1, "id": the same, "ok": true, "result": ...} or {..., "ok": false, "error":
 * {"code", "message", ...}}. Answers come in the order of the requests. */
#ifndef APPEAL_ROUTERD_CONTROL_PROTOCOL_H
#define APPEAL_ROUTERD_CONTROL_PROTOCOL_H

#include <aro/error.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    CONTROL_VERSION = 1,
    CONTROL_REQUEST_LENGTH_MAX = 64 * 1024,
    CONTROL_ANSWER_LENGTH_MAX = 64 * 1024 * 1024,
};

/* Where the sample settings have the daemon listen. */
#define CONTROL_SOCKET_DEFAULT "/run/appeal-router/control.sock"

/* Codes of an error. */
#define CONTROL_ERROR_REQUEST "bad_request"         /* no JSON, no such member, too long */
#define CONTROL_ERROR_COMMAND "unknown_command"     /* the daemon knows no such command */
#define CONTROL_ERROR_NOT_OWNER "not_owner"         /* a standby; the error has "owner" too */
#define CONTROL_ERROR_NOT_FOUND "not_found"         /* no such appeal, agent, shard */
#define CONTROL_ERROR_CONFIGURATION "configuration" /* a reload refused: what to mend */
#define CONTROL_ERROR_REFUSED "refused"             /* not in this state */
#define CONTROL_ERROR_FORBIDDEN "forbidden"         /* the caller may ask, and change nothing */
#define CONTROL_ERROR_FAILED "failed"               /* tried, and it went wrong */
#define CONTROL_ERROR_BUSY "busy"                   /* too many callers at once */

enum control_argument_kind { CONTROL_TEXT, CONTROL_BOOL, CONTROL_COUNT };

struct control_argument {
    const char *name;
    enum control_argument_kind kind;
    bool is_required;
    int maximum; /* of a count, which is 1 at least */
    const char *help;
};

enum { CONTROL_ARGUMENTS_MAX = 4 };

/* What one may ask of the daemon. The server lets nothing else through to the handler. */
struct control_command {
    const char *name;
    bool is_change;                                           /* not for whoever may only ask */
    const char *help;                                         /* one sentence */
    struct control_argument arguments[CONTROL_ARGUMENTS_MAX]; /* up to the first without name */
};

/* NULL where there is none. */
const struct control_command *control_command_find(const char *name);

/* Has @args what @command needs, of the right types, and nothing else? -EINVAL says what not. */
int control_command_check(const struct control_command *command, const json_t *args,
                          struct aro_error *reterr);

/* @text as JSON, whatever it is: a cut or foreign text that is no UTF-8 gets '?' for such bytes. */
json_t *control_text_new(const char *text);

#endif
