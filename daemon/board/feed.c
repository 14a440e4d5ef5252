#include "board/board_private.h"
#include "loop/monotonic.h"
#include "board/sweep.h"

#include "support/memory.h"

#include <event2/util.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls on their way at once: enough that Redis never waits for us, few enough that a change has
 * no long line before it. */
enum { CALLS_IN_FLIGHT_MAX = 4 };

/* What an answer belongs to. */
struct call_note {
    unsigned epoch_count;
    enum script_verb verb;
    int64_t offset; /* confirmed by it; -1 for none */
    uint64_t row_count;
};

static void sweep_ask(struct board *board, const char *cursor);

static struct script_terms board_terms(const struct board *board)
{
    return (struct script_terms){ .sha1 = board->sha1,
                                  .prefix = board->key_prefix,
                                  .epoch = board->epoch,
                                  .claim = board->claim,
                                  .owner = board->owner,
                                  .rulebook = board->rulebook };
}

/* --- the script's answers --- */

static void board_go_live(struct board *board)
{
    board->phase = BOARD_LIVE;
    board->has_lost_keys = false;
    board->last_logged[0] = '\0';
    LOG(board_live, board_about(board), "the board is live under epoch %s", board->epoch);
    sweep_ask(board, "0");
}

static void call_is_done(struct board *board, const struct call_note *note)
{
    if (note->epoch_count != board->epoch_count)
        return;
    board->status.written_row_count += note->row_count;
    if (note->offset > board->confirmed)
        board->confirmed = note->offset;
    if (note->verb == SCRIPT_SWITCH)
        board_go_live(board);
    board_pump(board);
}

static void on_call_answered(void *context, const redisReply *reply, void *tag)
{
    struct board *board = context;
    const struct call_note *note = tag;

    if (board_is_refused(board, reply))
        return;
    if (reply->type != REDIS_REPLY_STRING) {
        board_distrust(board, "EVALSHA");
    } else if (strcmp(reply->str, "DONE") == 0) {
        call_is_done(board, note);
    } else if (strncmp(reply->str, "OLDER ", strlen("OLDER ")) == 0) {
        board->status.refusal_count++;
        board_fail(board, REFUSAL_LATE, MESSAGE_board_taken_over,
                   "a later owner has claimed the board: ours is %" PRId64 ", theirs %.100s",
                   board->claim, reply->str + strlen("OLDER "));
    } else if (strcmp(reply->str, "GONE") == 0) {
        if (note->epoch_count == board->epoch_count)
            board_fail(board, REFUSAL_SOON, MESSAGE_board_unavailable,
                       "the board is gone from it: flushed, lost, or changed by somebody");
    } else {
        board_distrust(board, "EVALSHA");
    }
}

/* Sends board->call. */
static void call_send(struct board *board, enum script_verb verb, int64_t offset)
{
    struct call_note *note = memory_new(sizeof *note);

    *note = (struct call_note){ .epoch_count = board->epoch_count,
                                .verb = verb,
                                .offset = offset,
                                .row_count =
                                    verb == SCRIPT_UNLINK ? 0 : board->call.row_keys.word_count };
    link_send(board->link, &board->call.command, on_call_answered, note, free);
}

/* --- rows --- */

static void rows_send(struct board *board)
{
    const struct script_terms terms = board_terms(board);
    enum script_verb verb = board->phase == BOARD_BUILDING ? SCRIPT_BUILD : SCRIPT_WRITE;
    int64_t offset;

    verb = script_call_rows(&board->call, &terms, verb, &board->mirror, board->latest, &offset);
    if (verb == SCRIPT_SWITCH)
        board->phase = BOARD_SWITCHING;
    if (verb != SCRIPT_BUILD) {
        board->sent = offset;
        board->has_new_rulebook = false;
    }
    call_send(board, verb, offset);
}

static bool board_has_to_send(const struct board *board)
{
    return board->phase == BOARD_BUILDING || board->has_new_rulebook ||
           board->sent < board->latest || mirror_next(&board->mirror);
}

void board_pump(struct board *board)
{
    while (board_is_writing(board) && board_has_to_send(board) &&
           link_flight_count(board->link) < CALLS_IN_FLIGHT_MAX &&
           link_flight_bytes(board->link) < board->flight_bytes_max)
        rows_send(board);
}

/* No two epochs ever have one name, not of two owners of one claim number either. */
static void epoch_name(struct board *board)
{
    uint32_t random;

    evutil_secure_rng_get_bytes(&random, sizeof random);
    snprintf(board->epoch, sizeof board->epoch, "%" PRId64 "-%08" PRIx32, board->claim, random);
    board->epoch_count++;
}

void board_build(struct board *board)
{
    epoch_name(board);
    const struct script_terms terms = board_terms(board);

    board->phase = BOARD_BUILDING;
    board->sent = -1;
    board->built_at_ms = monotonic_ms();
    board->status.rebuild_count++;
    mirror_start_walk(&board->mirror);
    script_call_claim(&board->call, &terms);
    call_send(board, SCRIPT_CLAIM, -1);
    board_pump(board);
}

/* --- looking after a board that is live --- */

/* A board that has lost keys is built anew, but not without end: what is written then may push out
 * keys again. */
static void board_mind_eviction(struct board *board, const struct info *info)
{
    if (info->is_evicting && info->evicted_key_count > board->server.evicted_key_count)
        board->has_lost_keys = true;
    board->server.evicted_key_count = info->evicted_key_count;
    board->status.is_evicting = info->is_evicting;
    if (board->has_lost_keys && monotonic_ms() - board->built_at_ms >= board->refusal_wait.ms)
        board_rebuild(board, "keys may have been evicted");
}

static void on_check_info(void *context, const redisReply *reply, void *tag)
{
    (void)tag;
    struct board *board = context;
    struct info info;

    if (!board_read_info(board, reply, &info))
        return;
    if (!info_is_same_server(&info, &board->server)) {
        board_fail(board, REFUSAL_SOON, MESSAGE_board_unavailable,
                   "it restarted or failed over, and may have lost writes");
        return;
    }
    board->retry_ms = board->retry_min.ms;
    board_mind_eviction(board, &info);
}

void board_check(struct board *board)
{
    if (board->phase != BOARD_LIVE || link_flight_count(board->link) >= CALLS_IN_FLIGHT_MAX)
        return; /* busy: the deadline of what is on its way watches it */
    board_send(board, on_check_info, "INFO", NULL, NULL);
    rows_send(board); /* without rows too: it finds a board gone, and renews updated_at */
}

/* --- sweeping --- */

static void slice_unlink(struct board *board, const struct sweep_slice *slice)
{
    const struct script_terms terms = board_terms(board);

    for (size_t at = 0; at < slice->count; at += SWEEP_KEYS_MAX) {
        size_t left = slice->count - at;
        script_call_unlink(&board->call, &terms, left < SWEEP_KEYS_MAX ? left : SWEEP_KEYS_MAX,
                           slice->keys + at, slice->lengths + at);
        call_send(board, SCRIPT_UNLINK, -1);
    }
}

static void on_slice(void *context, const redisReply *reply, void *tag)
{
    struct board *board = context;
    const struct call_note *note = tag;
    struct sweep_slice slice;

    if (note->epoch_count != board->epoch_count)
        return; /* another epoch is being built; a sweep follows it */
    if (board_is_refused(board, reply))
        return;
    if (sweep_read(reply, board->key_prefix, board->epoch, &slice) < 0) {
        board_distrust(board, "SCAN");
        return;
    }
    slice_unlink(board, &slice);
    if (strcmp(slice.cursor, "0") != 0)
        sweep_ask(board, slice.cursor);
    sweep_slice_done(&slice);
}

static void sweep_ask(struct board *board, const char *cursor)
{
    struct command command = { 0 };
    struct call_note *note = memory_new(sizeof *note);

    note->epoch_count = board->epoch_count;
    sweep_format(&command, cursor, board->key_prefix);
    link_send(board->link, &command, on_slice, note, free);
    command_done(&command);
}
