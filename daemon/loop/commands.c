#include "loop/commands_private.h"

#include "loop/bundle.h"
#include "loop/describe.h"
#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void command_status(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    (void)args;
    control_reply_ok(reply, describe_status(daemon));
}

static void command_bundle(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    (void)args;
    control_reply_ok(reply, bundle_new(daemon));
}

/* ---- looking into what an owner has in memory ---- */

const char *command_text(json_t *args, const char *name)
{
    const char *text = json_string_value(json_object_get(args, name));
    assert(text);
    return text;
}

void command_reply_not_owner(const struct daemon *daemon, struct control_reply *reply)
{
    const char *owner = "";
    for (size_t i = 0; i < daemon->shard_count && !*owner; i++)
        owner = shard_owner_name(daemon->shards[i]);
    control_reply_error_with(reply, CONTROL_ERROR_NOT_OWNER, json_pack("{s:s}", "owner", owner),
                             "this instance owns no shard; %s%s",
                             *owner ? "ask " : "nobody does yet", owner);
}

struct shard *command_next_owned(const struct daemon *daemon, size_t *index)
{
    while (*index < daemon->shard_count) {
        struct shard *shard = daemon->shards[(*index)++];
        if (shard_is_owner(shard))
            return shard;
    }
    return NULL;
}

typedef json_t *look_function(const struct aro_router *router, struct aro_instant now,
                              json_t *args);

static json_t *look_at_appeal(const struct aro_router *router, struct aro_instant now, json_t *args)
{
    const json_t *limit = json_object_get(args, "limit");
    const struct aro_explain_page page = {
        .limit = limit ? (unsigned)json_integer_value(limit) : ARO_EXPLAIN_AGENTS,
        .after = json_string_value(json_object_get(args, "after")),
        .agent_id = json_string_value(json_object_get(args, "agent_id")),
    };
    return aro_router_explain(router, now, command_text(args, "appeal_id"), &page);
}

static json_t *look_at_agent(const struct aro_router *router, struct aro_instant now, json_t *args)
{
    (void)now;
    return aro_router_describe_agent(router, command_text(args, "agent_id"));
}

/* Asks every shard of ours for what is known by @id, which @args have. */
static void look_up(struct daemon *daemon, look_function *look, const char *what, const char *id,
                    json_t *args, struct control_reply *reply)
{
    size_t index = 0;
    bool has_asked = false;

    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;) {
        has_asked = true;
        json_t *found = look(shard_router(shard), shard_now(shard), args);
        if (found) {
            json_object_set_new(found, "shard", json_string(shard_name(shard)));
            control_reply_ok(reply, found);
            return;
        }
    }
    if (has_asked)
        control_reply_error(reply, CONTROL_ERROR_NOT_FOUND, "no %s '%s'", what, id);
    else
        command_reply_not_owner(daemon, reply);
}

static void command_explain(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    look_up(daemon, look_at_appeal, "appeal", command_text(args, "appeal_id"), args, reply);
}

static void command_agent(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    look_up(daemon, look_at_agent, "agent", command_text(args, "agent_id"), args, reply);
}

static void command_queues(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    json_t *queues = describe_queues(daemon);
    (void)args;

    if (queues)
        control_reply_ok(reply, queues);
    else
        command_reply_not_owner(daemon, reply);
}

/* ---- changing something ---- */

static void on_reloaded(enum reload_verdict verdict, const char *text, void *context)
{
    struct control_reply *reply = context;

    switch (verdict) {
    case RELOAD_DONE: control_reply_ok(reply, json_pack("{s:s}", "rulebook", text)); break;
    case RELOAD_UNCOMMITTED:
        control_reply_error(
            reply, CONTROL_ERROR_FAILED,
            "loaded, but a shard was lost before its commit; its next owner decides");
        break;
    case RELOAD_REFUSED: control_reply_error(reply, CONTROL_ERROR_CONFIGURATION, "%s", text); break;
    case RELOAD_FAILED:
        control_reply_error(reply, CONTROL_ERROR_FAILED, "not reloaded: %s", text);
        break;
    }
}

static void command_reload(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    (void)args;
    reload_ask(daemon->reload, on_reloaded, reply);
}

static void command_log_level(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    const char *name = command_text(args, "level");
    enum log_level level, before = log_get_level();
    (void)daemon;

    if (!log_level_find(name, &level)) {
        control_reply_error(reply, CONTROL_ERROR_REQUEST,
                            "'%s' is no level: expected error, warning, info or debug", name);
        return;
    }
    log_set_level(LOG_LEVEL_INFO); /* so that the change itself is told, whatever it is */
    LOG(log_level_changed, NULL, "log level %s, was %s", name, log_level_name(before));
    log_set_level(level);
    control_reply_ok(reply, json_pack("{s:s, s:s}", "level", name, "was", log_level_name(before)));
}

/* Answered before the end begins: afterwards nobody is there to answer. */
static void command_drain(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    (void)args;
    control_reply_ok(reply, json_pack("{s:b}", "draining", true));
    daemon_end(daemon, EXIT_FINE);
}

static void start_shard(struct daemon *daemon, json_t *args, struct control_reply *reply,
                        bool accepts_partitions)
{
    const char *name = command_text(args, "shard");
    struct aro_error error = { 0 };

    struct shard *shard = daemon_find_shard(daemon, name);
    if (!shard) {
        control_reply_error(reply, CONTROL_ERROR_NOT_FOUND, "no shard '%s'", name);
        return;
    }
    bool accepts_new_ledger = json_is_true(json_object_get(args, "new_ledger"));
    if (shard_start(shard, accepts_partitions, accepts_new_ledger, &error) < 0)
        control_reply_error(reply, CONTROL_ERROR_REFUSED, "%s", error.message);
    else
        control_reply_ok(reply, json_pack("{s:s, s:s}", "shard", name, "state",
                                          shard_state_name(shard_get_state(shard))));
}

static void command_start_shard(struct daemon *daemon, json_t *args, struct control_reply *reply)
{
    start_shard(daemon, args, reply, false);
}

static void command_accept_partitions(struct daemon *daemon, json_t *args,
                                      struct control_reply *reply)
{
    start_shard(daemon, args, reply, true);
}

static const struct {
    const char *name;
    void (*run)(struct daemon *daemon, json_t *args, struct control_reply *reply);
} commands[] = {
    { "accept-partitions", command_accept_partitions },
    { "agent", command_agent },
    { "bundle", command_bundle },
    { "drain", command_drain },
    { "explain", command_explain },
    { "log-level", command_log_level },
    { "pause", command_pause },
    { "queues", command_queues },
    { "reload", command_reload },
    { "reroute", command_reroute },
    { "resume", command_resume },
    { "start-shard", command_start_shard },
    { "status", command_status },
};

void commands_handle(const char *command, json_t *args, struct control_reply *reply, void *context)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, command) == 0) {
            commands[i].run(context, args, reply);
            return;
        }
    }
    control_reply_error(reply, CONTROL_ERROR_COMMAND, "no command '%s'", command);
}
