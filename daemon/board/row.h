/* One row of the board: what an agent or a queue carried when a batch was sealed. */
#ifndef DAEMON_BOARD_ROW_H
#define DAEMON_BOARD_ROW_H

#include "board/board.h"

#include "support/buffer.h"
#include "support/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum row_kind { ROW_AGENT, ROW_QUEUE };

struct row_agent {
    enum aro_agent_status status;
    bool is_off_shift;
    unsigned capacity, used, open;
    bool all_queues;
    size_t queue_count;
    char *queues;    /* their names one after the other, a NUL behind each */
    char *languages; /* JSON */
};

struct row_queue {
    uint64_t waiting, held;
    struct aro_instant oldest_submitted_at, next_deadline;
};

struct row {
    enum row_kind kind;
    char *name;
    bool is_gone;
    union {
        struct row_agent agent;
        struct row_queue queue;
    };

    /* The mirror's, of a row that is in one. */
    int64_t offset;        /* of the ledger, when it changed last */
    int64_t pending_since; /* of the ledger, when it changed first since it was last sent */
    bool is_pending;
    bool has_moved;        /* since last sent: sets other than those of its queues may hold it */
    unsigned sent_walk;    /* the mirror's walk in or after which it was sent last; 0: never */
    unsigned sets_version; /* of the mirror's names, that @sets was found in; 0: not found yet */
    size_t set_count;
    unsigned *sets; /* of an agent with queues of its own: places in the names, ascending */
    TAILQ_ENTRY(row) by_place;
    TAILQ_ENTRY(row) by_age; /* of the pending */
};

TAILQ_HEAD(row_list, row);

struct board_change {
    size_t count, size;
    struct row **rows; /* each owned; NULL once taken */
    struct buffer scratch;
};

void row_free(struct row *row);
DEFINE_CLEANUP(struct row, row_free)

/* Free units as the sets of free agents show them: 0 where nothing may be given now. */
unsigned row_free_units(const struct row *row);

/* Do both agents name the same queues, in the same order? */
bool row_has_same_queues(const struct row *row, const struct row *other);

#endif
