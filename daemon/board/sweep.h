/* Takes away what is left of epochs that are no longer live: of the board before the last switch,
 * of an owner that died while building, of a server that came back from an old copy.
 *
 * One walk over the keys of the database after each switch, a slice at a time and never two at
 * once. It is the script that unlinks, so one who is no longer the owner unlinks nothing. */
#ifndef DAEMON_BOARD_SWEEP_H
#define DAEMON_BOARD_SWEEP_H

#include "board/command.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

enum { SWEEP_KEYS_MAX = 256 }; /* unlinked by one call */

/* The keys of one slice that are to go; they point into its reply. */
struct sweep_slice {
    char cursor[32]; /* of the next slice; "0" after the last */
    size_t count;
    const char **keys;
    size_t *lengths;
};

void sweep_slice_done(struct sweep_slice *slice);

/* The command for the slice at @cursor, "0" for the first. */
void sweep_format(struct command *command, const char *cursor, const char *prefix);

/* Reads a slice: which of its keys belong to epochs other than @epoch. Only what has the shape of
 * a key of ours is named. -EINVAL where @reply is no answer to SCAN. */
int sweep_read(const redisReply *reply, const char *prefix, const char *epoch,
               struct sweep_slice *ret);

#endif
