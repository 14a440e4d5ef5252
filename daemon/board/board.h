/* The board of capacity: what each agent and queue carries now, in Redis for anyone to read.
 *
 * Kafka is the truth; the board follows it. Whoever owns a shard writes each commit's changed rows
 * here, after the commit. Nothing here ever blocks, fails or holds up the caller: whatever Redis
 * does, the board keeps the committed rows in memory, says that it is stale, and writes the whole
 * board anew under a fresh epoch when Redis takes it. docs/board.md tells readers what they see.
 *
 * One board a shard, on the thread of its event base. */
#ifndef DAEMON_BOARD_H
#define DAEMON_BOARD_H

#include "board/tls.h"

#include <aro/router.h>
#include <aro/time.h>

#include "support/cleanup.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

/* All texts borrowed for the call of board_new() only. A span or size of 0 means the default that
 * is written beside it. */
struct board_settings {
    const char *host; /* a name or an address; NULL with a unix_path */
    int64_t port;
    const char *unix_path;
    struct tls_settings tls; /* with a host only */
    int64_t database;
    const char *prefix;   /* NULL: "aro" */
    const char *username; /* NULL: the default user */
    const char *password; /* NULL: none */
    const char *shard;
    size_t backlog_rows_max;        /* 65536: to be written; above: dropped, rebuilt later */
    size_t flight_bytes_max;        /* 1 MiB: sent and not answered */
    struct aro_span timeout;        /* 2 s: to resolve and connect; for each command */
    struct aro_span check_interval; /* 1 s: between two looks at whether Redis lost the board */
    struct aro_span retry_min;    /* 50 ms: the first wait before another try; doubles, jittered */
    struct aro_span retry_max;    /* 5 s */
    struct aro_span refusal_wait; /* 30 s: before another try where a human must act first */
};

/* Touches no network: that begins with a term. @base is borrowed and outlives the board. -ENOMEM.
 */
int board_new(struct event_base *base, const struct board_settings *settings, struct board **ret);
void board_free(struct board *board);
DEFINE_CLEANUP(struct board, board_free)

/* --- rows --- */

/* The rows that one batch changes, copied from the router when the batch is sealed: later the
 * router is already ahead of what is committed. Freed with an undone batch, or given to the board.
 */
struct board_change;

struct board_change *board_change_new(void);
void board_change_free(struct board_change *change);
/* @view NULL or not known: the agent is gone. */
void board_change_add_agent(struct board_change *change, const char *id,
                            const struct aro_agent_view *view);
/* @view NULL: the queue is gone. */
void board_change_add_queue(struct board_change *change, const char *name,
                            const struct aro_queue_view *view);

/* --- a term of ownership --- */

struct board_term {
    int64_t claim;         /* orders owners: the ledger offset of the claim */
    int64_t ledger_offset; /* up to which the rows given with it are the fold of the ledger */
    const char *owner;     /* the instance's name */
    const char *rulebook;  /* its name */
    size_t queue_count;    /* every queue of the rulebook: an agent with all queues serves these */
    const char *const *queues;
};

/* Begins to write as the owner. @all (taken) has every known agent and queue. All texts of @term
 * are borrowed for the call only. In a term already: that one is stopped first. */
void board_begin_term(struct board *board, const struct board_term *term, struct board_change *all);

/* After a commit: @ledger_offset is that of its last record in the ledger, greater than any before
 * in this term. @change is taken; NULL where no row changed. Does nothing outside a term. */
void board_write(struct board *board, int64_t ledger_offset, struct board_change *change);

/* After the commit of a reload: other queues mean other sets of free agents, a board built anew. */
void board_set_rulebook(struct board *board, const char *rulebook, size_t queue_count,
                        const char *const *queues);

/* Another password for the next time that it connects, which is at once where Redis has refused
 * something of ours. It is copied; NULL: none. */
void board_set_password(struct board *board, const char *password);

/* Builds the board anew from memory, as after a loss: for an operator's repair. */
void board_rebuild(struct board *board, const char *reason);

/* Ends the term: ownership is lost, or the daemon stops. Rows of the last commits are still handed
 * to the kernel where it takes them; the script refuses them once the next owner's newer claim is
 * on the board. */
void board_stop(struct board *board);

/* --- status and metrics --- */

struct board_status {
    bool is_connected;
    bool is_stale;    /* in a term, and Redis is not known to hold and follow the rows */
    bool is_evicting; /* its eviction policy may take rows away without a word */
    uint64_t lag;     /* ledger offsets between the last commit and what Redis has confirmed */
    size_t agent_count, queue_count, pending_row_count;
    uint64_t server_change_count; /* times that another server answered, or the same one anew */
    uint64_t rebuild_count, connect_count, refusal_count, dropped_backlog_count;
    uint64_t written_row_count;
    char epoch[64];       /* the live one; empty where there is none of this term */
    char last_error[256]; /* empty where nothing has failed yet */
};

void board_describe(const struct board *board, struct board_status *ret);

#endif
