/* The committed rows of a shard, in memory: what the board in Redis shows, or is going to.
 *
 * A row that changes ten times before Redis takes it is sent once, as it is then. So what waits is
 * never more than there are rows, and a slow Redis costs the board its freshness and nothing else.
 * From here the whole board is written anew too: a walk over all rows, a slice at a time, while
 * changes go on. */
#ifndef DAEMON_BOARD_MIRROR_H
#define DAEMON_BOARD_MIRROR_H

#include "board/row.h"

#include "support/table.h"

struct mirror {
    struct table agents, queues;
    struct row_list rows; /* all, the oldest first */
    struct row_list pending;
    size_t pending_count, gone_count;
    struct row *walk_next; /* NULL: the walk is over, or there is none */
    unsigned walk_count;
    size_t name_count; /* queues of the rulebook */
    char **names;
    struct table name_places;
    unsigned names_version; /* from 1 */
};

void mirror_init(struct mirror *mirror);
void mirror_done(struct mirror *mirror);
/* Forgets all rows; the names stay. */
void mirror_clear(struct mirror *mirror);

/* The queues that have a set of free agents. A walk must follow: the live epoch knows the old. */
void mirror_set_names(struct mirror *mirror, size_t count, const char *const *names);
bool mirror_has_names(const struct mirror *mirror, size_t count, const char *const *names);

/* Takes in the rows of @change (taken), as of @offset. */
void mirror_apply(struct mirror *mirror, int64_t offset, struct board_change *change);

/* Begins a walk over all rows, for an epoch that holds none yet. What was pending no longer is. */
void mirror_start_walk(struct mirror *mirror);
bool mirror_is_walking(const struct mirror *mirror);

/* The next row to send: of the walk, else the pending one that waits longest. NULL: none. */
struct row *mirror_next(const struct mirror *mirror);
/* @row, from mirror_next(), is on its way. One that is gone is forgotten, and @row with it. */
void mirror_mark_sent(struct mirror *mirror, struct row *row);

/* Is @row in the epoch that the last walk was for? */
bool mirror_was_sent(const struct mirror *mirror, const struct row *row);
/* The sets of free agents of the queues that @row, an agent, serves: @count places in the names, or
 * NULL for the first @count. Valid until the row changes. */
const unsigned *mirror_sets(const struct mirror *mirror, struct row *row, size_t *ret_count);

/* Every change up to here is in rows sent; @latest where nothing is pending. Without a walk only.
 */
int64_t mirror_sent_offset(const struct mirror *mirror, int64_t latest);

#endif
