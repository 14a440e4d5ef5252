#include "board/refusal.h"

#include <stdio.h>
#include <string.h>

/* The first whose code the reply begins with; the last is for all others. */
static const struct refusal refusals[] = {
    { "READONLY", REFUSAL_SOON, MESSAGE_board_unavailable,
      "it is a replica now: looking for the primary" },
    { "MASTERDOWN", REFUSAL_SOON, MESSAGE_board_unavailable,
      "it is a replica cut off from its primary" },
    { "LOADING", REFUSAL_SOON, MESSAGE_board_loading, "it is still loading its data" },
    { "BUSY", REFUSAL_SOON, MESSAGE_board_unavailable, "somebody's script holds it up" },
    { "UNKILLABLE", REFUSAL_SOON, MESSAGE_board_unavailable, "somebody's script holds it up" },
    { "NOSCRIPT", REFUSAL_SOON, MESSAGE_board_loading,
      "its scripts were flushed: loading ours again" },
    { "OOM", REFUSAL_SOON, MESSAGE_board_refused, "its memory is full: raise maxmemory" },
    { "MISCONF", REFUSAL_SOON, MESSAGE_board_refused, "it cannot save to its disk" },
    { "NOREPLICAS", REFUSAL_SOON, MESSAGE_board_unavailable, "too few replicas follow it" },
    { "WRONGTYPE", REFUSAL_SOON, MESSAGE_board_unavailable,
      "somebody put another type under a key of ours: where it stays so, DEL the board's meta" },
    { "NOAUTH", REFUSAL_LATE, MESSAGE_board_refused,
      "it wants a password: set redis.password_file" },
    { "WRONGPASS", REFUSAL_LATE, MESSAGE_board_refused, "redis.username or its password is wrong" },
    { "ERR invalid password", REFUSAL_LATE, MESSAGE_board_refused, "the password is wrong" },
    { "ERR AUTH", REFUSAL_LATE, MESSAGE_board_refused, "it takes no password, or no user name" },
    { "ERR Client sent AUTH", REFUSAL_LATE, MESSAGE_board_refused, "it takes no password" },
    { "NOPERM", REFUSAL_LATE, MESSAGE_board_refused,
      "its ACL keeps our user from what docs/board.md lists" },
    { "ERR The user executing the script can't run", REFUSAL_SOON, MESSAGE_board_refused,
      "its ACL keeps our user from a command; the next try tells which" },
    { "ERR max number of clients", REFUSAL_SOON, MESSAGE_board_unavailable,
      "it has no connection left" },
    { "ERR DB index", REFUSAL_LATE, MESSAGE_board_refused,
      "it has no such database: see redis.url" },
    { "ERR invalid DB index", REFUSAL_LATE, MESSAGE_board_refused,
      "it has no such database: see redis.url" },
    { "ERR unknown command", REFUSAL_LATE, MESSAGE_board_refused,
      "a command of ours is renamed or off there" },
    { "MOVED", REFUSAL_LATE, MESSAGE_board_refused,
      "it is a cluster: name the node of the board's slot" },
    { "ASK", REFUSAL_SOON, MESSAGE_board_unavailable,
      "it is a cluster that moves the board's slot" },
    { "CLUSTERDOWN", REFUSAL_SOON, MESSAGE_board_unavailable, "its cluster is down" },
    { "", REFUSAL_SOON, MESSAGE_board_unavailable, "not an answer that we know" },
};

/* Before 7.0 the error of a command inside a script comes wrapped:
 * "ERR Error running script (call to f_...): @user_script:12: OOM command not allowed ...". */
static const char *refusal_unwrap(const char *reply)
{
    static const char wrapping[] = "ERR Error running script";
    if (strncmp(reply, wrapping, sizeof wrapping - 1) != 0)
        return reply;
    const char *place = strstr(reply, "@user_script");
    const char *inner = place ? strstr(place, ": ") : NULL;
    if (!inner)
        return reply;
    inner += 2;
    return *inner == '-' ? inner + 1 : inner;
}

const struct refusal *refusal_find(const char *reply)
{
    const char *error = refusal_unwrap(reply);
    const struct refusal *refusal = refusals;
    while (strncmp(error, refusal->code, strlen(refusal->code)) != 0)
        refusal++;
    return refusal;
}

void refusal_show(const char *reply, const char *password, char ret[static REFUSAL_SHOWN_SIZE])
{
    const char *repeated = strstr(reply, ", with args");
    size_t length = repeated ? (size_t)(repeated - reply) : strlen(reply);

    if (password && memmem(reply, length, password, strlen(password)))
        length = 0;
    snprintf(ret, REFUSAL_SHOWN_SIZE, "%.*s", (int)length, reply);
}
