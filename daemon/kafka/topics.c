#include "kafka/topics.h"

#include "kafka/client.h"
#include "kafka/permission.h"
#include "kafka/trouble.h"
#include "log/log.h"
#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    METADATA_MS = 1000,
    CREATE_MS = 10000,
    DESCRIBE_MS = 4000, /* an embedded broker never answers */
    LOOK_AGAIN_MS = 200,
    LOOKS_MAX = 15,                        /* three seconds */
    TOMBSTONES_LAST_MS = 24 * 3600 * 1000, /* Kafka's default, where the broker does not tell */
    /* The largest record that we may have to write: a dead letter (value, headers and key at their
     * bounds) or an appeal's ledger record. */
    LARGE_RECORD_BYTES = 512 * 1024,
    RECORD_BYTES = 128 * 1024,
};

/* A topic that must be there, and how. */
struct needed {
    const char *name; /* borrowed */
    bool is_ledger;
    int64_t partitions_min;
    int64_t record_bytes_min; /* 0: we only read it */
    bool exists;
};

struct needed_list {
    size_t count;
    struct needed *items;
    struct aro_span tombstones_last; /* as the ledger's settings say */
};

static void needed_add(struct needed_list *list, struct needed topic)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, topic.name) == 0)
            return;
    }
    list->items = memory_resize(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = topic;
}

static void needed_add_sources(struct needed_list *list, const struct config_texts *topics)
{
    for (size_t i = 0; i < topics->count; i++)
        needed_add(list, (struct needed){ .name = topics->items[i], .partitions_min = 1 });
}

static void needed_add_output(struct needed_list *list, const char *name, int64_t record_bytes)
{
    needed_add(list, (struct needed){
                         .name = name, .partitions_min = 1, .record_bytes_min = record_bytes });
}

static void needed_add_queues(struct needed_list *list, const struct aro_rulebook *rulebook)
{
    for (size_t i = 0; i < aro_rulebook_queue_count(rulebook); i++) {
        const char *topic = aro_rulebook_queue_at(rulebook, i)->topic;
        if (topic)
            needed_add_output(list, topic, RECORD_BYTES);
    }
}

static void needed_fill(struct needed_list *list, const struct config *config,
                        const struct aro_rulebook *rulebook)
{
    int64_t ledger_partitions = 1;

    for (size_t i = 0; i < config->shards.count; i++) {
        const struct config_shard *shard = &config->shards.items[i];
        needed_add_sources(list, &shard->appeals);
        needed_add_sources(list, &shard->agents);
        needed_add_sources(list, &shard->reviews);
        needed_add_output(list, shard->assignments, RECORD_BYTES);
        needed_add_output(list, shard->outcomes, RECORD_BYTES);
        needed_add_output(list, shard->dead_letters, LARGE_RECORD_BYTES);
        if (shard->partition + 1 > ledger_partitions)
            ledger_partitions = shard->partition + 1;
    }
    needed_add_queues(list, rulebook);
    needed_add(list, (struct needed){ .name = config->ledger_topic,
                                      .is_ledger = true,
                                      .partitions_min = ledger_partitions,
                                      .record_bytes_min = LARGE_RECORD_BYTES });
}

static void needed_done(struct needed_list *list)
{
    free(list->items);
}

/* Asks until Kafka answers. The whole list, since asking for a topic by name may create it.
 * -ESTALE: with another client, for a reload has brought other certificates. */
static int fetch_metadata(rd_kafka_t *client, bool (*is_cancelled)(void),
                          const struct rd_kafka_metadata **ret)
{
    unsigned generation = client_generation();

    for (;;) {
        rd_kafka_resp_err_t err = rd_kafka_metadata(client, 1, NULL, ret, METADATA_MS);
        if (!err) {
            trouble_forget();
            return 0;
        }
        LOG(kafka_silent, ABOUT(.peer = "kafka"), "no answer yet: %s; asking again",
            rd_kafka_err2str(err));
        if (is_cancelled())
            return -ECANCELED;
        if (client_generation() != generation)
            return -ESTALE;
    }
}

static const rd_kafka_metadata_topic_t *find_topic(const struct rd_kafka_metadata *metadata,
                                                   const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, name) == 0)
            return &metadata->topics[i];
    }
    return NULL;
}

static int check_partitions(struct needed_list *list, const struct rd_kafka_metadata *metadata,
                            struct aro_error *reterr)
{
    for (size_t i = 0; i < list->count; i++) {
        struct needed *topic = &list->items[i];
        const rd_kafka_metadata_topic_t *found = find_topic(metadata, topic->name);
        topic->exists = found && !found->err && found->partition_cnt > 0;
        if (topic->exists && found->partition_cnt < topic->partitions_min)
            return aro_error_set(reterr, -EINVAL,
                                 "topic '%s' has %d partitions, the settings' shards need %" PRId64,
                                 topic->name, found->partition_cnt, topic->partitions_min);
    }
    return 0;
}

static int64_t partitions_to_create(const struct config *config, const struct needed *topic)
{
    return topic->is_ledger ? topic->partitions_min : config->kafka.topics_partitions;
}

static bool are_all_there(const struct needed_list *list)
{
    size_t i = 0;
    while (i < list->count && list->items[i].exists)
        i++;
    return i == list->count;
}

/* What our user must be allowed to do with a topic; each allows to see it, too. */
static const char *operation_on(const struct needed *topic)
{
    if (topic->is_ledger)
        return "Read and Write";
    return topic->record_bytes_min ? "Write" : "Read";
}

/* The list of all topics has none that the ACLs keep from us; asked by name, Kafka says so. */
static rd_kafka_resp_err_t ask_by_name(rd_kafka_t *client, const char *name)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
    rd_kafka_resp_err_t err = rd_kafka_metadata(client, 0, topic, &metadata, METADATA_MS);

    rd_kafka_topic_destroy(topic);
    if (err)
        return err;
    err = metadata->topic_cnt > 0 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    rd_kafka_metadata_destroy(metadata);
    return err;
}

/* -EACCES where topics are not missing but kept from us; names the rules that let us in. */
static int refuse_forbidden(rd_kafka_t *client, const struct needed_list *list,
                            struct aro_error *reterr)
{
    CLEANUP(buffer_done) struct buffer names = { 0 };
    char hint[PERMISSION_HINT_SIZE];

    for (size_t i = 0; i < list->count; i++) {
        const struct needed *topic = &list->items[i];
        rd_kafka_resp_err_t err = topic->exists ? 0 : ask_by_name(client, topic->name);
        if (!permission_is_missing(err))
            continue;
        buffer_add_format(&names, "%s'%s'", names.length ? ", " : "", topic->name);
        LOG(topic_forbidden, ABOUT(.topic = topic->name), "%s%s", rd_kafka_err2str(err),
            permission_hint(err, operation_on(topic), "topic", topic->name, hint));
    }
    if (names.length == 0)
        return 0;
    return aro_error_set(reterr, -EACCES,
                         "Kafka's ACLs keep topics from its user; the lines above name the rules "
                         "that are missing: %.300s",
                         names.data);
}

/* Names what is missing, and the commands that create it. */
static int refuse_missing(const struct config *config, const struct needed_list *list,
                          struct aro_error *reterr)
{
    CLEANUP(buffer_done) struct buffer names = { 0 };

    for (size_t i = 0; i < list->count; i++) {
        const struct needed *topic = &list->items[i];
        if (topic->exists)
            continue;
        buffer_add_format(&names, "%s'%s'", names.length ? ", " : "", topic->name);
        LOG(topic_missing, ABOUT(.topic = topic->name),
            "missing; this creates it: kafka-topics.sh --bootstrap-server %s --create --topic %s "
            "--partitions %" PRId64 "%s",
            config->kafka.bootstrap_servers, topic->name, partitions_to_create(config, topic),
            topic->is_ledger ? " --config cleanup.policy=compact" : "");
    }
    return aro_error_set(reterr, -ENOENT,
                         "topics are missing: %.300s: create them by the commands in the lines "
                         "above, or set kafka.create_topics: true",
                         names.data);
}

static rd_kafka_NewTopic_t *new_topic(const struct config *config, const struct needed *topic)
{
    char text[256];
    rd_kafka_NewTopic_t *created =
        rd_kafka_NewTopic_new(topic->name, (int)partitions_to_create(config, topic),
                              (int)config->kafka.topics_replication, text, sizeof text);
    assert(created); /* names and ranges were checked with the settings */
    if (topic->is_ledger)
        rd_kafka_NewTopic_set_config(created, "cleanup.policy", "compact");
    return created;
}

/* What an admin call answered: 0, or the first error among its topics. */
static int read_created(rd_kafka_event_t *event, struct aro_error *reterr)
{
    char hint[PERMISSION_HINT_SIZE];
    size_t count;

    if (!event)
        return aro_error_set(reterr, -EAGAIN, "no answer to the creation of topics");
    if (rd_kafka_event_error(event))
        return aro_error_set(reterr, -EAGAIN, "cannot create topics: %s",
                             rd_kafka_event_error_string(event));
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[i]);
        const char *name = rd_kafka_topic_result_name(results[i]);
        if (err && err != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return aro_error_set(reterr, -EIO, "cannot create topic '%s': %s%s", name,
                                 rd_kafka_topic_result_error_string(results[i]),
                                 permission_hint(err, "Create", "topic", name, hint));
        if (!err)
            LOG(topic_created, ABOUT(.topic = name), "created");
    }
    return 0;
}

static int create_missing(rd_kafka_t *client, const struct config *config,
                          const struct needed_list *list, struct aro_error *reterr)
{
    rd_kafka_NewTopic_t **topics = memory_new_array(list->count, sizeof(rd_kafka_NewTopic_t *));
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (!list->items[i].exists)
            topics[count++] = new_topic(config, &list->items[i]);
    }
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_CreateTopics(client, topics, count, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CREATE_MS);
    int r = read_created(event, reterr);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue); /* one left over would hang the client's end */
    rd_kafka_NewTopic_destroy_array(topics, count);
    free(topics);
    return r;
}

static int check_config(struct needed_list *list, const struct needed *topic, const char *name,
                        const char *value, struct aro_error *reterr)
{
    if (topic->is_ledger && strcmp(name, "cleanup.policy") == 0 && strcmp(value, "compact"))
        return aro_error_set(
            reterr, -EINVAL,
            "the ledger topic '%s' has cleanup.policy=%s; it must be exactly 'compact', or "
            "Kafka deletes appeals",
            topic->name, value);
    if (topic->is_ledger && strcmp(name, "delete.retention.ms") == 0)
        list->tombstones_last.ms = strtoll(value, NULL, 10);
    if (topic->record_bytes_min && strcmp(name, "max.message.bytes") == 0 &&
        strtoll(value, NULL, 10) < topic->record_bytes_min)
        return aro_error_set(reterr, -EINVAL,
                             "topic '%s' has max.message.bytes=%s; it must take records of %" PRId64
                             " bytes",
                             topic->name, value, topic->record_bytes_min);
    if (topic->record_bytes_min && strcmp(name, "unclean.leader.election.enable") == 0 &&
        strcmp(value, "true") == 0)
        LOG(topic_election_unclean, ABOUT(.topic = topic->name),
            "unclean.leader.election.enable=true: Kafka may lose what it has acknowledged");
    return 0;
}

static const struct needed *needed_find(const struct needed_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    }
    return NULL;
}

static int check_described(struct needed_list *list, const rd_kafka_ConfigResource_t *resource,
                           struct aro_error *reterr)
{
    const char *name = rd_kafka_ConfigResource_name(resource);
    rd_kafka_resp_err_t err = rd_kafka_ConfigResource_error(resource);
    char hint[PERMISSION_HINT_SIZE];
    const struct needed *topic = needed_find(list, name);
    size_t count;

    if (!topic)
        return 0;
    if (err) {
        LOG(topic_settings_unknown, ABOUT(.topic = name), "cannot check its settings: %s%s",
            rd_kafka_ConfigResource_error_string(resource),
            permission_hint(err, "DescribeConfigs", "topic", name, hint));
        return 0;
    }
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        int r =
            value ? check_config(list, topic, rd_kafka_ConfigEntry_name(entries[i]), value, reterr)
                  : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

/* A broker that cannot tell (an embedded one, or one whose ACLs forbid it) is warned of, not
 * refused. */
static int read_described(struct needed_list *list, rd_kafka_event_t *event,
                          struct aro_error *reterr)
{
    size_t count;

    if (!event || rd_kafka_event_error(event)) {
        LOG(topic_settings_unknown, ABOUT(.peer = "kafka"), "cannot check the topics' settings: %s",
            event ? rd_kafka_event_error_string(event) : "no answer");
        return 0;
    }
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        int r = check_described(list, resources[i], reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

static int check_configs(rd_kafka_t *client, struct needed_list *list, struct aro_error *reterr)
{
    rd_kafka_ConfigResource_t **resources =
        memory_new_array(list->count, sizeof(rd_kafka_ConfigResource_t *));
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].record_bytes_min) /* nothing is asked of the others */
            resources[count++] =
                rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, list->items[i].name);
    }
    rd_kafka_DescribeConfigs(client, resources, count, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, DESCRIBE_MS);
    int r = read_described(list, event, reterr);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_ConfigResource_destroy_array(resources, count);
    free(resources);
    return r;
}

/* Topics made a moment ago are not known to every broker at once. Waits a little; false where it
 * has waited long enough. */
static bool may_come_yet(int *looks)
{
    static const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };

    if (++*looks > LOOKS_MAX)
        return false;
    nanosleep(&pause, NULL);
    return true;
}

static int prepare(rd_kafka_t *client, const struct config *config, struct needed_list *list,
                   bool (*is_cancelled)(void), struct aro_error *reterr)
{
    bool has_created = false;
    int looks = 0;

    for (;;) {
        const struct rd_kafka_metadata *metadata;
        int r = fetch_metadata(client, is_cancelled, &metadata);
        if (r < 0)
            return r;
        r = check_partitions(list, metadata, reterr);
        rd_kafka_metadata_destroy(metadata);
        if (r < 0)
            return r;
        if (are_all_there(list))
            return check_configs(client, list, reterr);
        if (is_cancelled())
            return -ECANCELED;
        if (config->kafka.create_topics && !has_created) {
            r = create_missing(client, config, list, reterr);
            if (r < 0)
                return r;
            has_created = true;
        } else if (!may_come_yet(&looks)) {
            r = refuse_forbidden(client, list, reterr);
            return r < 0 ? r : refuse_missing(config, list, reterr);
        }
    }
}

static int prepare_with_client(const struct config *config, struct needed_list *list,
                               bool (*is_cancelled)(void), struct aro_error *reterr)
{
    rd_kafka_conf_t *conf = client_conf_new(config, NULL, reterr);
    if (!conf)
        return -EINVAL;
    client_conf_set(conf, "client.id", config->instance);
    rd_kafka_t *client = client_new(RD_KAFKA_CONSUMER, conf, reterr);
    if (!client)
        return -EINVAL;
    int r = prepare(client, config, list, is_cancelled, reterr);
    client_free(client);
    return r;
}

/* As the client's certificates are by then. */
static int prepare_anyhow(const struct config *config, struct needed_list *list,
                          bool (*is_cancelled)(void), struct aro_error *reterr)
{
    int r;

    do
        r = prepare_with_client(config, list, is_cancelled, reterr);
    while (r == -ESTALE);
    return r;
}

int topics_prepare_queues(const struct config *config, const struct aro_rulebook *rulebook,
                          bool (*is_cancelled)(void), struct aro_error *reterr)
{
    struct needed_list list = { 0 };
    int r = 0;

    needed_add_queues(&list, rulebook);
    if (list.count > 0)
        r = prepare_anyhow(config, &list, is_cancelled, reterr);
    needed_done(&list);
    return r;
}

int topics_prepare(const struct config *config, const struct aro_rulebook *rulebook,
                   bool (*is_cancelled)(void), struct aro_span *ret_tombstones_last,
                   struct aro_error *reterr)
{
    struct needed_list list = { .tombstones_last = { TOMBSTONES_LAST_MS } };

    needed_fill(&list, config, rulebook);
    int r = prepare_anyhow(config, &list, is_cancelled, reterr);
    if (r == 0)
        *ret_tombstones_last = list.tombstones_last;
    needed_done(&list);
    return r;
}
