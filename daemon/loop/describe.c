#include "loop/describe.h"

#include "loop/commands_private.h"
#include "loop/readiness.h"
#include "version.h"

json_t *describe_status(const struct daemon *daemon)
{
    char trouble[TROUBLE_TEXT_SIZE];
    json_t *shards = json_array();

    for (size_t i = 0; i < daemon->shard_count; i++)
        json_array_append_new(shards, shard_describe(daemon->shards[i]));
    const char *member_id = daemon->membership ? membership_member_id(daemon->membership) : "";
    json_t *status = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s?, s:s, s:b, s:o}", "instance", daemon->config->instance,
        "version", ARO_VERSION, "group", daemon->config->kafka.group, "member_id", member_id,
        "rulebook", aro_rulebook_name(daemon->rulebook->rulebook), "http",
        daemon->http ? http_address(daemon->http) : NULL, "log_level",
        log_level_name(log_get_level()), "ending", daemon->is_ending, "shards", shards);
    readiness_trouble(daemon, trouble);
    if (*trouble)
        json_object_set_new(status, "waiting_for_kafka", json_string(trouble));
    return status;
}

struct queue_list {
    json_t *list;
    const char *shard;
};

static json_t *time_or_null(struct aro_instant at)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    if (aro_instant_is_never(at))
        return json_null();
    aro_instant_format(at, text);
    return json_string(text);
}

static void add_queue(const struct aro_queue_view *queue, void *context)
{
    struct queue_list *queues = context;
    json_array_append_new(queues->list,
                          json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:o}", "queue", queue->name,
                                    "shard", queues->shard, "waiting", (json_int_t)queue->waiting,
                                    "held", (json_int_t)queue->held, "assigned",
                                    (json_int_t)queue->assigned, "oldest_submitted_at",
                                    time_or_null(queue->oldest_submitted_at), "next_deadline",
                                    time_or_null(queue->next_deadline)));
}

json_t *describe_queues(const struct daemon *daemon)
{
    struct queue_list queues = { .list = json_array() };
    size_t index = 0;
    bool is_owner = false;

    for (struct shard *shard; (shard = command_next_owned(daemon, &index)) != NULL;) {
        is_owner = true;
        queues.shard = shard_name(shard);
        aro_router_each_queue(shard_router(shard), add_queue, &queues);
    }
    if (is_owner)
        return json_pack("{s:o, s:o}", "queues", queues.list, "paused_markets",
                         commands_paused_markets(daemon));
    json_decref(queues.list);
    return NULL;
}
