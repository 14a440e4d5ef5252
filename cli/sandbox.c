/* appealctl sandbox: librdkafka's mock cluster, as a broker for trials.
 *
 * It keeps nothing: aborted records are not hidden, offsets of a transaction are not stored, and a
 * partition holds 5 MiB. Good for a demonstration and for trying settings, for nothing else. */
#include "cli/answer.h"
#include "cli/commands.h"
#include "config/config.h"
#include "support/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BROKERS_MAX = 9, PARTITIONS_MAX = 1000 };

struct sandbox {
    const struct invocation *invocation;
    rd_kafka_t *host; /* its thread serves the cluster */
    rd_kafka_mock_cluster_t *cluster;
};

DEFINE_CLEANUP(struct config, config_free)

static void sandbox_done(struct sandbox *sandbox)
{
    if (sandbox->cluster)
        rd_kafka_mock_cluster_destroy(sandbox->cluster);
    if (sandbox->host)
        rd_kafka_destroy(sandbox->host);
}

/* The cluster's own sockets take their settings from the host: with Nagle's algorithm on, commits
 * would take 40 ms each. The host itself connects nowhere, and would warn of that. */
static rd_kafka_t *host_new(char *reason, size_t size)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *host = NULL;
    if (rd_kafka_conf_set(conf, "socket.nagle.disable", "true", reason, size) == RD_KAFKA_CONF_OK &&
        rd_kafka_conf_set(conf, "log_level", "3", reason, size) == RD_KAFKA_CONF_OK)
        host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, size);
    if (!host)
        rd_kafka_conf_destroy(conf);
    return host;
}

static int sandbox_init(struct sandbox *sandbox, int broker_count)
{
    char reason[256] = "no memory";
    sandbox->host = host_new(reason, sizeof reason);
    if (sandbox->host)
        sandbox->cluster = rd_kafka_mock_cluster_new(sandbox->host, broker_count);
    if (sandbox->cluster)
        return 0;
    answer_fail(sandbox->invocation, EXIT_FAILED, "failed", "cannot start the broker: %s", reason);
    return -EIO;
}

static int create_topic(const struct sandbox *sandbox, const char *topic, int partition_count)
{
    rd_kafka_resp_err_t error =
        rd_kafka_mock_topic_create(sandbox->cluster, topic, partition_count, 1);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    answer_fail(sandbox->invocation, EXIT_FAILED, "failed", "cannot create the topic '%s': %s",
                topic, rd_kafka_err2str(error));
    return -EIO;
}

static int create_topics(const struct sandbox *sandbox, const struct config_texts *topics,
                         int partition_count)
{
    for (size_t i = 0; i < topics->count; i++) {
        int r = create_topic(sandbox, topics->items[i], partition_count);
        if (r < 0)
            return r;
    }
    return 0;
}

static int create_shard(const struct sandbox *sandbox, const struct config_shard *shard,
                        int partition_count)
{
    const struct config_texts *inputs[] = { &shard->appeals, &shard->agents, &shard->reviews };
    const char *outputs[] = { shard->assignments, shard->outcomes, shard->dead_letters };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof inputs / sizeof *inputs; i++)
        r = create_topics(sandbox, inputs[i], partition_count);
    for (size_t i = 0; r == 0 && i < sizeof outputs / sizeof *outputs; i++)
        r = create_topic(sandbox, outputs[i], partition_count);
    return r;
}

static int create_all(const struct sandbox *sandbox, const struct config *config,
                      int partition_count)
{
    int64_t ledger_partitions = 1;
    for (size_t i = 0; i < config->shards.count; i++) {
        int r = create_shard(sandbox, &config->shards.items[i], partition_count);
        if (r < 0)
            return r;
        if (config->shards.items[i].partition >= ledger_partitions)
            ledger_partitions = config->shards.items[i].partition + 1;
    }
    return create_topic(sandbox, config->ledger_topic, (int)ledger_partitions);
}

/* Whole at once, so that who waits for the file never reads half an address. */
static int write_address_file(const struct invocation *invocation, const char *path,
                              const char *address)
{
    CLEANUP(freep) char *temporary = NULL;
    if (asprintf(&temporary, "%s.new", path) < 0)
        return -ENOMEM;
    FILE *file = fopen(temporary, "we");
    bool is_written = file && fprintf(file, "%s\n", address) > 0;
    if (file && fclose(file) != 0)
        is_written = false;
    if (is_written && rename(temporary, path) == 0)
        return 0;
    answer_fail(invocation, EXIT_FAILED, "failed", "cannot write '%s': %s", path, strerror(errno));
    unlink(temporary);
    return -EIO;
}

/* The file comes first: who has read the line finds it there. */
static int announce(const struct invocation *invocation, const char *address)
{
    const char *file = invocation_value(invocation, "address-file");
    if (file && write_address_file(invocation, file, address) < 0)
        return -EIO;
    printf(invocation->is_json ? "{\"bootstrap_servers\":\"%s\"}\n" : "%s\n", address);
    fflush(stdout);
    return 0;
}

/* The topics of a settings file, or those every setting's default gives. Gives EXIT_FINE, or an
 * exit code once it has said what is wrong. */
static int load_config(const struct invocation *invocation, struct config **ret)
{
    static const char defaults[] = "{ kafka: { bootstrap_servers: none }, rulebook: none }";
    const char *path = invocation_value(invocation, "config");
    struct aro_error error = { 0 };
    int r = path ? config_load(path, ret, &error)
                 : config_parse(defaults, strlen(defaults), "defaults", ret, &error);
    return r < 0 ? answer_fail_file(invocation, path ? path : "defaults", &error) : EXIT_FINE;
}

static bool parse_count(const char *text, int initial, int maximum, int *ret)
{
    char *end;
    long count = text ? strtol(text, &end, 10) : initial;
    if (text && (*text == '\0' || *end != '\0' || count < 1 || count > maximum))
        return false;
    *ret = (int)count;
    return true;
}

/* Signals are taken by sigwait(): blocked here, before there are threads that could get them. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
    sigprocmask(SIG_BLOCK, signals, NULL);
}

static int run(const struct invocation *invocation)
{
    CLEANUP(sandbox_done) struct sandbox sandbox = { .invocation = invocation };
    CLEANUP(config_freep) struct config *config = NULL;
    const char *address_file = invocation_value(invocation, "address-file");
    int brokers, partitions, received;
    sigset_t signals;

    if (!parse_count(invocation_value(invocation, "brokers"), 1, BROKERS_MAX, &brokers) ||
        !parse_count(invocation_value(invocation, "partitions"), 4, PARTITIONS_MAX, &partitions))
        return answer_fail(invocation, EXIT_USAGE, "usage",
                           "--brokers takes 1 to %d, --partitions 1 to %d", BROKERS_MAX,
                           PARTITIONS_MAX);
    int code = load_config(invocation, &config);
    if (code != EXIT_FINE)
        return code;
    block_signals(&signals);
    if (sandbox_init(&sandbox, brokers) < 0 || create_all(&sandbox, config, partitions) < 0 ||
        announce(invocation, rd_kafka_mock_cluster_bootstraps(sandbox.cluster)) < 0)
        return EXIT_FAILED;
    sigwait(&signals, &received);
    if (address_file)
        unlink(address_file);
    return EXIT_FINE;
}

const struct command command_sandbox = {
    .name = "sandbox",
    .summary = "A Kafka broker for trials, in this process.",
    .arguments = {
        { .name = "config", .value = "FILE", .help = "Create the topics of these settings." },
        { .name = "address-file", .value = "PATH",
          .help = "Write the address here too, once it answers." },
        { .name = "brokers", .value = "COUNT", .help = "Brokers of the cluster (1)." },
        { .name = "partitions", .value = "COUNT", .help = "Partitions of each topic (4)." },
    },
    .description = "Starts a small Kafka broker on a free port of 127.0.0.1, creates the "
"topics, prints its address, and runs until it is interrupted. For trials "
"only: it keeps everything in memory, 5 MiB a partition, and promises "
"nothing about transactions.",
    .examples =
        "  appealctl sandbox                          the default topics\n"
        "  appealctl sandbox --config router.yaml     the topics of these settings\n"
        "  appealctl sandbox --address-file /tmp/a    scripts wait for /tmp/a to appear\n",
    .run = run,
};
