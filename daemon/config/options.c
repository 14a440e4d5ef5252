#include "config/options.h"

#include "log/journal.h"

#include <string.h>

#define SECONDS(count) ((int64_t)(count)*1000)
#define MINUTES(count) SECONDS((count)*60)
#define HOURS(count) MINUTES((count)*60)
#define MIB(count) ((int64_t)(count)*1024 * 1024)

static const char *const memberships[] = {
    [CONFIG_MEMBERSHIP_DYNAMIC] = "dynamic",
    [CONFIG_MEMBERSHIP_STATIC] = "static",
    NULL,
};

static const char *const readers[] = {
    [CONFIG_READERS_GROUP] = "group",
    [CONFIG_READERS_EVERYONE] = "everyone",
    NULL,
};

static const char *const log_levels[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
    NULL,
};

static const char *const log_formats[] = {
    [LOG_FORMAT_AUTO] = "auto",
    [LOG_FORMAT_TEXT] = "text",
    [LOG_FORMAT_JSON] = "json",
    [LOG_FORMAT_JOURNALD] = "journald",
    NULL,
};

static const char *const confinements[] = {
    [CONFIG_CONFINEMENT_AUTO] = "auto",
    [CONFIG_CONFINEMENT_ON] = "on",
    [CONFIG_CONFINEMENT_OFF] = "off",
    NULL,
};

#define OF(member) .offset = offsetof(struct config, member)

static const struct option rows[] = {
    { .name = "control.group",
      .kind = OPTION_NAME,
      OF(control_group),
      .minimum = 1,
      .maximum = 32,
      .help = "Group of the control socket: its members may steer the daemon, as root and the "
              "daemon's own user may. Absent: the group that the daemon runs as." },
    { .name = "control.readers",
      .kind = OPTION_CHOICE,
      OF(control_readers),
      .choices = readers,
      .initial = "group",
      .help = "Who may ask on the control socket, and change nothing. group: only those who may "
              "steer, too (mode 0660). everyone: every user of this host (mode 0666)." },
    { .name = "control.socket",
      .kind = OPTION_PATH,
      OF(control_socket),
      .help = "Unix socket on which appealctl reaches the daemon. Absent: none." },
    { .name = "http.listen",
      .kind = OPTION_ADDRESS,
      OF(http),
      .help = "Address and port of /metrics, /healthz and /readyz. Port 0 takes any free one. "
              "Absent: none." },
    { .name = "instance",
      .kind = OPTION_NAME,
      OF(instance),
      .minimum = 1,
      .maximum = 128,
      .help = "Name of this process among those that share the work; each has its own. "
              "Absent: the host's name." },
    { .name = "kafka.bootstrap_servers",
      .kind = OPTION_TEXT,
      OF(kafka.bootstrap_servers),
      .minimum = 1,
      .maximum = 4096,
      .required = true,
      .help = "Brokers to ask first, as host:port, separated by commas." },
    { .name = "kafka.create_topics",
      .kind = OPTION_BOOL,
      OF(kafka.create_topics),
      .initial = "false",
      .help = "Create missing topics at start. False: the error names them and the command that "
              "creates them." },
    { .name = "kafka.group",
      .kind = OPTION_NAME,
      OF(kafka.group),
      .minimum = 1,
      .maximum = 249,
      .initial = "appeal-router",
      .help = "Consumer group in which instances share the shards." },
    { .name = "kafka.key_password_file",
      .kind = OPTION_SECRET,
      OF(kafka.key_password),
      .reloadable = true,
      .help = "File with the password of the private key `ssl.key.location`." },
    { .name = "kafka.keystore_password_file",
      .kind = OPTION_SECRET,
      OF(kafka.keystore_password),
      .reloadable = true,
      .help = "File with the password of the keystore `ssl.keystore.location`." },
    { .name = "kafka.membership",
      .kind = OPTION_CHOICE,
      OF(kafka.membership),
      .choices = memberships,
      .initial = "dynamic",
      .help = "dynamic: hands its shards over at once when it leaves, and waits out the session "
              "timeout when it is killed. static: suits a single instance, which has its shards "
              "back at once after a crash; no planned hand-over." },
    { .name = "kafka.oauth_client_secret_file",
      .kind = OPTION_SECRET,
      OF(kafka.oauth_client_secret),
      .reloadable = true,
      .help = "File with the client secret of SASL/OAUTHBEARER with `sasl.oauthbearer.method: "
              "oidc`." },
    { .name = "kafka.password_file",
      .kind = OPTION_SECRET,
      OF(kafka.password),
      .reloadable = true,
      .help = "File with the SASL password of the user `sasl.username`." },
    { .name = "kafka.properties",
      .kind = OPTION_PROPERTIES,
      OF(kafka.properties),
      .initial = "{}",
      .help = "Properties for librdkafka, such as security.protocol and ssl.ca.location. Those "
              "that hold a secret are given as files." },
    { .name = "kafka.session_timeout",
      .kind = OPTION_SPAN,
      OF(kafka.session_timeout),
      .minimum = SECONDS(1),
      .maximum = MINUTES(5),
      .initial = "6s",
      .help = "How long a dead instance keeps its shards. The brokers bound it too "
              "(group.min.session.timeout.ms, 6 s)." },
    { .name = "kafka.topics.partitions",
      .kind = OPTION_INTEGER,
      OF(kafka.topics_partitions),
      .minimum = 1,
      .maximum = 10000,
      .initial = "4",
      .help = "Partitions of a topic that `create_topics` creates. The ledger gets as many as "
              "its shards need." },
    { .name = "kafka.topics.replication",
      .kind = OPTION_INTEGER,
      OF(kafka.topics_replication),
      .minimum = 1,
      .maximum = 100,
      .initial = "1",
      .help = "Copies of a topic that `create_topics` creates. In production 3." },
    { .name = "ledger.topic",
      .kind = OPTION_TOPIC,
      OF(ledger_topic),
      .initial = "appeal-router.ledger",
      .help = "Topic that holds the state of all shards, one partition each; "
              "cleanup.policy=compact." },
    { .name = "limits.batch_bytes",
      .kind = OPTION_INTEGER,
      OF(limits.batch_bytes),
      .minimum = MIB(1),
      .maximum = MIB(1024),
      .initial = "16777216",
      .reloadable = true,
      .help = "Bytes of keys, values and headers in one transaction, at which the sources pause." },
    { .name = "limits.batch_records",
      .kind = OPTION_INTEGER,
      OF(limits.batch_records),
      .minimum = 1,
      .maximum = 1000000,
      .initial = "5000",
      .reloadable = true,
      .help = "Records read for one transaction, at which the sources pause." },
    { .name = "limits.clock_jump",
      .kind = OPTION_SPAN,
      OF(limits.clock_jump),
      .minimum = SECONDS(1),
      .maximum = HOURS(24),
      .initial = "10s",
      .reloadable = true,
      .help = "A jump of the clock above this is warned of, and followed slowly." },
    { .name = "limits.connections",
      .kind = OPTION_INTEGER,
      OF(limits.connections),
      .minimum = 1,
      .maximum = 1000,
      .initial = "32",
      .help = "Callers at a time, of the control socket and of HTTP each." },
    { .name = "limits.redis_backlog",
      .kind = OPTION_INTEGER,
      OF(limits.redis_backlog),
      .minimum = 100,
      .maximum = 10000000,
      .initial = "100000",
      .help = "Rows that wait to be written to Redis; above it they are dropped, and the board "
              "is rebuilt whole later." },
    { .name = "limits.stall",
      .kind = OPTION_SPAN,
      OF(limits.stall),
      .minimum = SECONDS(1),
      .maximum = HOURS(1),
      .initial = "60s",
      .reloadable = true,
      .help = "How long records may wait in a topic while its position stands still, before "
              "the reader is opened anew." },
    { .name = "limits.waiting_appeals",
      .kind = OPTION_INTEGER,
      OF(limits.waiting_appeals),
      .minimum = 1,
      .maximum = 1000000000,
      .initial = "10000000",
      .reloadable = true,
      .help = "Appeals waiting in a shard, or merged into others, at which its appeals topics "
              "pause. The topics that free capacity are read on." },
    { .name = "log.format",
      .kind = OPTION_CHOICE,
      OF(log_format),
      .choices = log_formats,
      .initial = "auto",
      .reloadable = true,
      .help = "text: lines on stderr. json: an object a line on stderr. journald: fields for the "
              "journal, or text where that is not there. auto: journald where stderr is the "
              "journal's, as under systemd; else text." },
    { .name = "log.journal_socket",
      .kind = OPTION_PATH,
      OF(log_journal_socket),
      .initial = JOURNAL_SOCKET,
      .reloadable = true,
      .help = "The journal's socket." },
    { .name = "log.level",
      .kind = OPTION_CHOICE,
      OF(log_level),
      .choices = log_levels,
      .initial = "info",
      .reloadable = true,
      .help = "error: given up, someone must act. warning: went on, and the line says how. "
              "info: life of the daemon. debug: life of each appeal." },
    { .name = "redis.password_file",
      .kind = OPTION_SECRET,
      OF(redis.password),
      .reloadable = true,
      .help = "File with the password for Redis." },
    { .name = "redis.prefix",
      .kind = OPTION_NAME,
      OF(redis.prefix),
      .minimum = 1,
      .maximum = 64,
      .initial = "aro",
      .help = "What the board's keys begin with." },
    { .name = "redis.url",
      .kind = OPTION_REDIS_URL,
      OF(redis),
      .help = "Where the board of capacity is kept: redis://host:port/database or "
              "unix:/path/to/socket. Absent: no board." },
    { .name = "redis.username",
      .kind = OPTION_TEXT,
      OF(redis.username),
      .minimum = 1,
      .maximum = 256,
      .help = "User for Redis. Absent: its default user." },
    { .name = "rulebook",
      .kind = OPTION_PATH,
      OF(rulebook),
      .required = true,
      .reloadable = true,
      .help = "The rulebook's file." },
    { .name = "security.confinement",
      .kind = OPTION_CHOICE,
      OF(confinement),
      .choices = confinements,
      .initial = "auto",
      .help = "What the daemon forbids itself once it has started: starting programs, writing "
              "files, reading others than these settings name. auto: as far as this kernel knows "
              "how. on: all of it, or no start. off: nothing." },
    { .name = "shards",
      .kind = OPTION_SHARDS,
      OF(shards),
      .initial = "[{}]",
      .help = "Sets of topics, each owned and worked by one instance at a time. Absent: one, "
              "with the topics' default names." },
    { .name = "synthetic.interval",
      .kind = OPTION_SPAN,
      OF(synthetic_interval),
      .minimum = 0,
      .maximum = HOURS(1),
      .initial = "0s",
      .reloadable = true,
      .help = "How often the owner of a shard sends an appeal to itself, by way of Kafka, to see "
              "that it comes back: metrics `synthetic_*`. It wants a queue `synthetic` in the "
              "rulebook, and the right to write to the topics of appeals and reviews. 0s: never." },
};

#undef OF
#define OF(member) .offset = offsetof(struct config_shard, member)

static const struct option shard_rows[] = {
    { .name = "agents",
      .kind = OPTION_TOPICS,
      OF(agents),
      .initial = "[agents]",
      .help = "Topics with agents and their status." },
    { .name = "appeals",
      .kind = OPTION_TOPICS,
      OF(appeals),
      .initial = "[appeals]",
      .help = "Topics with appeals." },
    { .name = "assignments",
      .kind = OPTION_TOPIC,
      OF(assignments),
      .initial = "assignments",
      .help = "Topic for assignments; a queue of the rulebook may name its own." },
    { .name = "dead_letters",
      .kind = OPTION_TOPIC,
      OF(dead_letters),
      .initial = "appeals.dead-letter",
      .help = "Topic for what could not be read." },
    { .name = "name",
      .kind = OPTION_NAME,
      OF(name),
      .minimum = 1,
      .maximum = 64,
      .initial = "main",
      .help = "The shard's name, in events, metrics and the board's keys." },
    { .name = "outcomes",
      .kind = OPTION_TOPIC,
      OF(outcomes),
      .initial = "outcomes",
      .help = "Topic for what became of appeals, beside assignments." },
    { .name = "partition",
      .kind = OPTION_INTEGER,
      OF(partition),
      .minimum = 0,
      .maximum = 9999,
      .initial = "0",
      .help = "The shard's partition of the ledger topic." },
    { .name = "reviews",
      .kind = OPTION_TOPICS,
      OF(reviews),
      .initial = "[reviews]",
      .help = "Topics with what agents did." },
};

const struct option_table config_options = { rows, sizeof rows / sizeof *rows };
const struct option_table shard_options = { shard_rows, sizeof shard_rows / sizeof *shard_rows };

const struct option *option_find(const struct option_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->options[i].name, name) == 0)
            return &table->options[i];
    return NULL;
}
