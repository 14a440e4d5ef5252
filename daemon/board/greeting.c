#include "board/board_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHA1_LENGTH = 40 };

void board_send(struct board *board, link_on_reply *on_reply, const char *first, const char *second,
                const char *third)
{
    struct command command = { 0 };
    const char *const words[] = { first, second, third };

    for (size_t i = 0; i < sizeof words / sizeof *words && words[i]; i++)
        command_add(&command, words[i]);
    link_send(board->link, &command, on_reply, NULL, NULL);
    command_done(&command);
}

static void on_accepted(void *context, const redisReply *reply, void *tag)
{
    (void)tag;
    struct board *board = context;

    if (!board_is_refused(board, reply) && reply->type != REDIS_REPLY_STATUS)
        board_distrust(board, "AUTH or SELECT");
}

bool board_read_info(struct board *board, const redisReply *reply, struct info *ret)
{
    if (board_is_refused(board, reply))
        return false;
    if (reply->type != REDIS_REPLY_STRING || info_parse(reply->str, ret) < 0) {
        board_distrust(board, "INFO");
        return false;
    }
    if (!ret->is_primary) {
        board_fail(board, REFUSAL_SOON, MESSAGE_board_unavailable,
                   "it is a replica: looking for the primary");
        return false;
    }
    if (ret->is_loading) {
        board_fail(board, REFUSAL_SOON, MESSAGE_board_loading, "it is still loading its data");
        return false;
    }
    return true;
}

static void on_info(void *context, const redisReply *reply, void *tag)
{
    (void)tag;
    struct board *board = context;

    struct info before = board->server;

    if (!board_read_info(board, reply, &board->server))
        return;
    if (before.run_id[0] && !info_is_same_server(&before, &board->server))
        board->status.server_change_count++;
    if (board->server.is_evicting && !board->status.is_evicting)
        LOG(board_evicting, board_about(board),
            "its maxmemory-policy takes keys away without a word, noeviction would not; "
            "going on, and building the board anew when keys were taken");
    board->status.is_evicting = board->server.is_evicting;
}

static void on_script_loaded(void *context, const redisReply *reply, void *tag)
{
    (void)tag;
    struct board *board = context;

    if (board_is_refused(board, reply))
        return;
    if (reply->type != REDIS_REPLY_STRING || reply->len != SHA1_LENGTH) {
        board_distrust(board, "SCRIPT LOAD");
        return;
    }
    memcpy(board->sha1, reply->str, SHA1_LENGTH + 1);
    board_build(board);
}

void board_greet(struct board *board)
{
    char database[24];

    board->phase = BOARD_GREETING;
    board->status.connect_count++;
    if (board->password && board->username)
        board_send(board, on_accepted, "AUTH", board->username, board->password);
    else if (board->password)
        board_send(board, on_accepted, "AUTH", board->password, NULL);
    if (board->database > 0) {
        snprintf(database, sizeof database, "%" PRId64, board->database);
        board_send(board, on_accepted, "SELECT", database, NULL);
    }
    board_send(board, on_info, "INFO", NULL, NULL);
    board_send(board, on_script_loaded, "SCRIPT", "LOAD", board_lua);
}
