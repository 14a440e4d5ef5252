/* Sending waiting appeals where the rulebook in force sends them: on paper first, then for real.
 *
 * One at a time, shard by shard. On paper it looks at some appeals a turn of the loop; for real the
 * shard goes on by itself, a slice with each transaction, and says when the last is committed. */
#include "loop/commands_private.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS_A_TURN = 1000 };

struct reroute_command {
    struct daemon *daemon;
    struct control_reply *reply;
    bool is_applied;
    char *market, *queue; /* owned; NULL: any */
    size_t shard_index;   /* of the next one */
    struct shard *shard;  /* the one at hand */
    struct aro_reroute_preview *preview;
    struct event *timer;
    json_t *moves; /* {shard, from, to, appeals} */
    uint64_t moved_count, stay_count;
};

static void command_free(struct reroute_command *command)
{
    command->daemon->reroute = NULL;
    if (command->timer)
        event_free(command->timer);
    aro_reroute_preview_free(command->preview);
    json_decref(command->moves);
    free(command->market);
    free(command->queue);
    free(command);
}

void reroute_command_end(struct daemon *daemon)
{
    if (daemon->reroute)
        command_free(daemon->reroute);
}

static void fail(struct reroute_command *command)
{
    control_reply_error(command->reply, CONTROL_ERROR_FAILED,
                        "the shard '%s' was lost in the middle%s", shard_name(command->shard),
                        command->is_applied ? "; its next owner goes on from there" : "");
    command_free(command);
}

/* Begun before this instance took the shard over, or by somebody else's command since. */
static void fail_as_busy(struct reroute_command *command)
{
    control_reply_error(command->reply, CONTROL_ERROR_REFUSED,
                        "another reroute is under way in the shard '%s'; %" PRIu64
                        " appeals of the shards before it have been moved. Ask again once it is "
                        "over: 'appealctl reroute' tells what is left",
                        shard_name(command->shard), command->moved_count);
    command_free(command);
}

static void answer(struct reroute_command *command)
{
    json_t *result = json_pack("{s:b, s:s?, s:s?, s:I, s:I, s:O}", "applied", command->is_applied,
                               "market", command->market, "queue", command->queue, "moved",
                               (json_int_t)command->moved_count, "stay",
                               (json_int_t)command->stay_count, "moves", command->moves);
    if (!command->is_applied && command->moved_count > 0)
        json_object_set_new(result, "note",
                            json_string("nothing has been moved yet; --apply does it"));
    control_reply_ok(command->reply, result);
    command_free(command);
}

static void add_move(const struct aro_reroute_move *move, void *context)
{
    struct reroute_command *command = context;

    if (strcmp(move->from, move->to) == 0) {
        command->stay_count += move->count;
        return;
    }
    command->moved_count += move->count;
    json_array_append_new(command->moves,
                          json_pack("{s:s, s:s, s:s, s:I}", "shard", shard_name(command->shard),
                                    "from", move->from, "to", move->to, "appeals",
                                    (json_int_t)move->count));
}

static void go_to_next_shard(struct reroute_command *command);

/* ---- for real ---- */

static void on_rerouted(bool is_committed, void *context)
{
    struct reroute_command *command = context;

    if (!is_committed) {
        fail(command);
        return;
    }
    shard_each_rerouted(command->shard, add_move, command);
    go_to_next_shard(command);
}

/* ---- on paper ---- */

static void look_on(struct reroute_command *command)
{
    static const struct timeval at_once = { 0 };
    if (event_add(command->timer, &at_once) < 0)
        memory_exhausted();
}

static void on_look_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct reroute_command *command = context;
    (void)descriptor, (void)what;

    if (!shard_is_owner(command->shard)) {
        fail(command);
        return;
    }
    if (aro_reroute_preview_go_on(command->preview, shard_router(command->shard), LOOKS_A_TURN)) {
        look_on(command);
        return;
    }
    aro_reroute_preview_each(command->preview, add_move, command);
    aro_reroute_preview_free(TAKE(command->preview));
    go_to_next_shard(command);
}

/* ---- shard by shard ---- */

static void go_to_next_shard(struct reroute_command *command)
{
    const struct aro_reroute_filter filter = { .market = command->market, .queue = command->queue };
    struct shard *shard = command_next_owned(command->daemon, &command->shard_index);

    if (!shard) {
        answer(command);
        return;
    }
    command->shard = shard;
    if (command->is_applied) {
        if (shard_reroute(shard, &filter, on_rerouted, command) < 0)
            fail_as_busy(command);
        return;
    }
    if (aro_reroute_preview_new(&filter, &command->preview) < 0)
        memory_exhausted();
    look_on(command);
}

static bool has_queue(const struct daemon *daemon, const char *name)
{
    size_t index = 0;
    struct aro_queue_view view;
    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;) {
        if (aro_router_queue_view(shard_router(shard), name, &view))
            return true;
    }
    return false;
}

static bool is_any_rerouting(const struct daemon *daemon)
{
    size_t index = 0;
    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;) {
        if (aro_router_is_rerouting(shard_router(shard)))
            return true;
    }
    return daemon->reroute;
}

/* Answers and gives false where it cannot be done. */
static bool may_reroute(const struct daemon *daemon, const char *market, const char *queue,
                        struct control_reply *reply)
{
    size_t index = 0;

    if (!command_next_owned(daemon, &index)) {
        command_reply_not_owner(daemon, reply);
        return false;
    }
    if (queue && !has_queue(daemon, queue)) {
        control_reply_error(reply, CONTROL_ERROR_NOT_FOUND, "no queue '%s'", queue);
        return false;
    }
    if (market && !command_check_market(daemon, market, reply))
        return false;
    if (is_any_rerouting(daemon)) {
        control_reply_error(reply, CONTROL_ERROR_REFUSED, "a reroute is under way");
        return false;
    }
    return true;
}

void command_reroute(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    const char *market = json_string_value(json_object_get(args, "market"));
    const char *queue = json_string_value(json_object_get(args, "queue"));

    if (!may_reroute(daemon, market, queue, reply))
        return;
    struct reroute_command *command = memory_new(sizeof *command);
    *command = (struct reroute_command){
        .daemon = daemon,
        .reply = reply,
        .is_applied = json_is_true(json_object_get(args, "apply")),
        .market = memory_copy_text(market),
        .queue = memory_copy_text(queue),
        .timer = event_new(daemon->base, -1, 0, on_look_timer, command),
        .moves = json_array(),
    };
    if (!command->timer || !command->moves)
        memory_exhausted();
    daemon->reroute = command;
    go_to_next_shard(command);
}
