/* The inside of a board, for the three files that it lives in: board.c has its life and its one way
 * back from every failure, greeting.c learns who answers, feed.c writes rows. */
#ifndef DAEMON_BOARD_PRIVATE_H
#define DAEMON_BOARD_PRIVATE_H

#include "board/board.h"
#include "board/info.h"
#include "board/link.h"
#include "board/mirror.h"
#include "board/refusal.h"
#include "board/script.h"

#include "log/log.h"

enum board_phase {
    BOARD_STOPPED, /* no term */
    BOARD_WAITING, /* for the next try */
    BOARD_CONNECTING,
    BOARD_GREETING,  /* password, database, who is it, our script */
    BOARD_BUILDING,  /* rows go to an epoch that nobody reads yet */
    BOARD_SWITCHING, /* the switch is on its way, and changes behind it */
    BOARD_LIVE,
};

struct board {
    char *shard, *username, *password;
    char *key_prefix; /* of every key: "aro:{main}:" */
    int64_t database;
    size_t backlog_rows_max, flight_bytes_max;
    struct aro_span check_interval, retry_min, retry_max, refusal_wait;

    struct link *link;
    struct event *retry, *check;
    enum board_phase phase;
    struct mirror mirror;
    struct script_call call;

    /* Of the term. */
    int64_t claim;
    char *owner, *rulebook;
    int64_t latest;        /* ledger offset of the last commit */
    int64_t sent;          /* what the calls sent so far confirm; -1 for nothing */
    int64_t confirmed;     /* what Redis has said that it has */
    bool has_new_rulebook; /* its name is not sent yet */

    /* Of the epoch that is live or being built. */
    char epoch[64];
    unsigned epoch_count; /* since the board was made: tells late answers from those awaited */
    int64_t built_at_ms;  /* monotonic */
    bool has_lost_keys;   /* to eviction */

    /* Of the connection. */
    char sha1[48];
    struct info server;

    int64_t retry_ms;
    struct board_status status; /* the counters and last_error; the rest is found when asked for */
    char last_logged[256];
};

#define board_about(board) ABOUT(.shard = (board)->shard, .peer = "redis")

static inline bool board_is_writing(const struct board *board)
{
    return board->phase >= BOARD_BUILDING;
}

/* Drops the connection, says why (once), and begins anew after a wait. Whoever calls it touches
 * nothing of the epoch or the connection after. */
void board_fail(struct board *board, enum refusal_pace pace, enum message message,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Fails for an answer that no Redis gives to @command. */
void board_distrust(struct board *board, const char *command);
/* Fails where @reply is an error, as the table of refusals says. */
bool board_is_refused(struct board *board, const redisReply *reply);

/* greeting.c: from a connection to the loaded script, then board_build(). */
void board_greet(struct board *board);
/* Reads an answer to INFO. Fails where this server must not have the board. */
bool board_read_info(struct board *board, const redisReply *reply, struct info *ret);
void board_send(struct board *board, link_on_reply *on_reply, const char *first, const char *second,
                const char *third);

/* feed.c */

/* Begins to write the whole board under a new epoch. Connected and greeted only. */
void board_build(struct board *board);
/* Sends what there is to send, as far as may be on its way at once. */
void board_pump(struct board *board);
/* Looks whether Redis still has the board, and tells its readers that we are there. */
void board_check(struct board *board);

#endif
