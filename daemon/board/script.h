/* The calls of board.lua, and the names of the board's keys. */
#ifndef DAEMON_BOARD_SCRIPT_H
#define DAEMON_BOARD_SCRIPT_H

#include "board/command.h"
#include "board/mirror.h"

#include <hiredis/hiredis.h>
#include <stddef.h>
#include <stdint.h>

/* The text of board.lua. */
extern const char board_lua[];

enum script_verb { SCRIPT_CLAIM, SCRIPT_BUILD, SCRIPT_SWITCH, SCRIPT_WRITE, SCRIPT_UNLINK };

/* What every call says beside its rows. All borrowed. */
struct script_terms {
    const char *sha1;   /* as SCRIPT LOAD answered */
    const char *prefix; /* of every key: "aro:{main}:" */
    const char *epoch;
    int64_t claim;
    const char *owner, *rulebook;
};

/* The buffers that calls are put together in, used again and again. { 0 } is empty. */
struct script_call {
    struct command command; /* the whole, to be sent */
    struct command set_keys, row_keys, rows;
    struct buffer text, into, out_of;
    size_t set_count;     /* entries in the lists of sets of all rows */
    unsigned *set_places; /* of each name of the mirror: its place among the set keys, from 1 */
    size_t set_places_size;
};

void script_call_done(struct script_call *call);

/* Puts together a call of @verb. Takes rows from @mirror, marking them as sent, until the bounds of
 * a call are reached or there are none; SCRIPT_BUILD becomes SCRIPT_SWITCH where they are the last
 * of a walk. @latest is the ledger offset of the last commit; *@ret_offset what the call confirms,
 * or -1 where the epoch is not complete. */
enum script_verb script_call_rows(struct script_call *call, const struct script_terms *terms,
                                  enum script_verb verb, struct mirror *mirror, int64_t latest,
                                  int64_t *ret_offset);
void script_call_claim(struct script_call *call, const struct script_terms *terms);
void script_call_unlink(struct script_call *call, const struct script_terms *terms, size_t count,
                        const char *const *keys, const size_t *lengths);

#endif
