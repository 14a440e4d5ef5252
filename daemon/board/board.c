/* How a board lives: it connects, learns who answers, builds the whole board under a new epoch,
 * switches to it by one write, and from then on follows each commit. Whatever goes wrong, there is
 * one way back: the connection is dropped, and after a wait all of this begins anew. A lost
 * connection may have left commands of ours in the server's hands; they name an epoch that is no
 * longer built or live by then and are refused, so they never mix with what is written later. */
#include "board/board.h"

#include "board/board_private.h"

#include "support/cleanup.h"
#include "support/memory.h"
#include "support/text.h"

#include <assert.h>
#include <errno.h>
#include <event2/util.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void timer_arm(struct event *timer, int64_t wait_ms)
{
    const struct timeval wait = { wait_ms / 1000, wait_ms % 1000 * 1000 };
    event_add(timer, &wait);
}

/* --- failing --- */

/* Between half and the whole of the wait, so that boards that lost the same server do not come back
 * to it all at once; the next is twice as long. */
static int64_t next_wait_ms(struct board *board, enum refusal_pace pace)
{
    int64_t whole = board->refusal_wait.ms;
    uint32_t random;

    if (pace == REFUSAL_SOON) {
        whole = board->retry_ms;
        board->retry_ms *= 2;
        if (board->retry_ms > board->retry_max.ms)
            board->retry_ms = board->retry_max.ms;
    }
    evutil_secure_rng_get_bytes(&random, sizeof random);
    return whole / 2 + (int64_t)(random % (uint64_t)(whole / 2 + 1));
}

/* Says a failure once, however often it comes back before the board is live again. */
static void log_failure(struct board *board, enum message message, int64_t wait_ms)
{
    const char *text = board->status.last_error;

    if (strcmp(text, board->last_logged) == 0)
        return;
    memcpy(board->last_logged, text, sizeof board->last_logged);
    LOG_MESSAGE(message, board_about(board),
                "%s; the board is stale, trying again in %" PRId64 " ms", text, wait_ms);
}

void board_fail(struct board *board, enum refusal_pace pace, enum message message,
                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(board->status.last_error, sizeof board->status.last_error, format, arguments);
    va_end(arguments);
    text_make_plain(board->status.last_error); /* it goes to the log and to status */

    link_close(board->link);
    event_del(board->check);
    mirror_start_walk(&board->mirror);
    board->phase = BOARD_WAITING;
    int64_t wait_ms = next_wait_ms(board, pace);
    timer_arm(board->retry, wait_ms);
    log_failure(board, message, wait_ms);
}

void board_distrust(struct board *board, const char *command)
{
    board_fail(board, REFUSAL_SOON, MESSAGE_board_unavailable, "not an answer to %s", command);
}

bool board_is_refused(struct board *board, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ERROR)
        return false;
    const struct refusal *refusal = refusal_find(reply->str);
    char shown[REFUSAL_SHOWN_SIZE];

    refusal_show(reply->str, board->password, shown);
    board->status.refusal_count++;
    board_fail(board, refusal->pace, refusal->message, "%s (%s)", shown, refusal->meaning);
    return true;
}

/* --- what the loop tells --- */

static void on_link_connected(void *context)
{
    struct board *board = context;

    timer_arm(board->check, board->check_interval.ms);
    board_greet(board);
}

static void on_link_failed(void *context, const char *reason)
{
    board_fail(context, REFUSAL_SOON, MESSAGE_board_unavailable, "%s", reason);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct board *board = context;

    board->phase = BOARD_CONNECTING;
    link_open(board->link);
}

static void on_check(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct board *board = context;

    timer_arm(board->check, board->check_interval.ms);
    board_check(board);
}

static void password_free(struct board *board)
{
    if (board->password)
        explicit_bzero(board->password, strlen(board->password));
    free(board->password);
}

/* --- a term --- */

static void text_set(char **text, const char *value)
{
    free(*text);
    *text = memory_copy_text(value);
}

void board_begin_term(struct board *board, const struct board_term *term, struct board_change *all)
{
    board_stop(board);
    board->claim = term->claim;
    board->latest = term->ledger_offset;
    board->sent = -1;
    board->confirmed = term->ledger_offset - 1;
    text_set(&board->owner, term->owner);
    text_set(&board->rulebook, term->rulebook);
    mirror_set_names(&board->mirror, term->queue_count, term->queues);
    mirror_apply(&board->mirror, term->ledger_offset, all);
    mirror_start_walk(&board->mirror);
    board->retry_ms = board->retry_min.ms;
    board->phase = BOARD_CONNECTING;
    link_open(board->link);
}

void board_write(struct board *board, int64_t ledger_offset, struct board_change *change)
{
    if (board->phase == BOARD_STOPPED) {
        board_change_free(change);
        return;
    }
    assert(ledger_offset > board->latest);
    board->latest = ledger_offset;
    if (change)
        mirror_apply(&board->mirror, ledger_offset, change);
    if (board_is_writing(board) && board->mirror.pending_count > board->backlog_rows_max) {
        board->status.dropped_backlog_count++;
        board_fail(board, REFUSAL_SOON, MESSAGE_board_unavailable,
                   "it takes rows more slowly than they change: dropped %zu",
                   board->mirror.pending_count);
        return;
    }
    board_pump(board);
}

void board_set_rulebook(struct board *board, const char *rulebook, size_t queue_count,
                        const char *const *queues)
{
    if (board->phase == BOARD_STOPPED)
        return;
    text_set(&board->rulebook, rulebook);
    board->has_new_rulebook = true;
    if (mirror_has_names(&board->mirror, queue_count, queues)) {
        board_pump(board);
        return;
    }
    mirror_set_names(&board->mirror, queue_count, queues);
    board_rebuild(board, "the rulebook has other queues");
}

void board_set_password(struct board *board, const char *password)
{
    password_free(board);
    board->password = memory_copy_text(password);
    if (board->phase == BOARD_WAITING)
        timer_arm(board->retry, 0);
}

void board_rebuild(struct board *board, const char *reason)
{
    if (!board_is_writing(board))
        return; /* what comes next is a new board anyway */
    LOG(board_rebuilt, board_about(board), "building the board anew: %s", reason);
    board_build(board);
}

void board_stop(struct board *board)
{
    board_pump(board);
    link_flush(board->link);
    link_close(board->link);
    event_del(board->retry);
    event_del(board->check);
    mirror_clear(&board->mirror);
    board->phase = BOARD_STOPPED;
    board->epoch[0] = '\0';
    board->last_logged[0] = '\0';
}

void board_describe(const struct board *board, struct board_status *ret)
{
    *ret = board->status;
    ret->is_connected = link_is_connected(board->link);
    ret->pending_row_count = board->mirror.pending_count;
    ret->agent_count = board->mirror.agents.count;
    ret->queue_count = board->mirror.queues.count;
    if (board->phase == BOARD_STOPPED)
        return;
    ret->is_stale = board->phase != BOARD_LIVE || board->has_lost_keys;
    ret->lag = (uint64_t)(board->latest - board->confirmed);
    if (board->phase == BOARD_LIVE)
        memcpy(ret->epoch, board->epoch, sizeof ret->epoch);
}

/* --- life --- */

static void settings_take(struct board *board, const struct board_settings *settings)
{
    static const int64_t check_ms = 1000, retry_min_ms = 50, retry_max_ms = 5000;
    static const int64_t refusal_wait_ms = 30000;
    static const size_t backlog_rows = 65536, flight_bytes = 1024 * 1024;

    board->shard = memory_copy_text(settings->shard);
    board->username = memory_copy_text(settings->username);
    board->password = memory_copy_text(settings->password);
    board->database = settings->database;
    board->backlog_rows_max = settings->backlog_rows_max ?: backlog_rows;
    board->flight_bytes_max = settings->flight_bytes_max ?: flight_bytes;
    board->check_interval.ms = settings->check_interval.ms ?: check_ms;
    board->retry_min.ms = settings->retry_min.ms ?: retry_min_ms;
    board->retry_max.ms = settings->retry_max.ms ?: retry_max_ms;
    board->refusal_wait.ms = settings->refusal_wait.ms ?: refusal_wait_ms;

    struct buffer prefix = { 0 };
    buffer_add_format(&prefix, "%s:{%s}:", settings->prefix ?: "aro", settings->shard);
    board->key_prefix = buffer_take(&prefix);
}

int board_new(struct event_base *base, const struct board_settings *settings, struct board **ret)
{
    static const struct aro_span timeout = { 2000 };
    CLEANUP(board_freep) struct board *board = calloc(1, sizeof *board);
    if (!board)
        return -ENOMEM;

    mirror_init(&board->mirror);
    settings_take(board, settings);
    board->retry = evtimer_new(base, on_retry, board);
    board->check = evtimer_new(base, on_check, board);
    if (!board->retry || !board->check)
        return -ENOMEM;
    const struct link_address address = { .host = settings->host,
                                          .port = (uint16_t)settings->port,
                                          .unix_path = settings->unix_path,
                                          .tls = settings->tls };
    const struct link_events events = { .on_connected = on_link_connected,
                                        .on_failed = on_link_failed,
                                        .context = board };
    int r = link_new(base, &address, settings->timeout.ms ? settings->timeout : timeout, &events,
                     &board->link);
    if (r < 0)
        return r;
    *ret = TAKE(board);
    return 0;
}

void board_free(struct board *board)
{
    if (!board)
        return;
    link_free(board->link);
    if (board->retry)
        event_free(board->retry);
    if (board->check)
        event_free(board->check);
    mirror_done(&board->mirror);
    script_call_done(&board->call);
    free(board->shard);
    free(board->username);
    password_free(board);
    free(board->key_prefix);
    free(board->owner);
    free(board->rulebook);
    free(board);
}
