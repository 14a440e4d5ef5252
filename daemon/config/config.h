/* The settings of the daemon: one plain struct, read whole from one file or not at all.
 *
 * Every setting is a row of a table (options.h); the parser, the manual, the schema and the check
 * of a reload all come from it. Paths are absolute once loaded: relative ones begin at the
 * settings file's folder, secrets at $CREDENTIALS_DIRECTORY where systemd gives one. A secret is
 * never a value in the file: the file names another file that holds it. */
#ifndef APPEAL_ROUTERD_CONFIG_H
#define APPEAL_ROUTERD_CONFIG_H

#include "log/log.h"

#include <aro/error.h>
#include <aro/time.h>

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum config_membership { CONFIG_MEMBERSHIP_DYNAMIC, CONFIG_MEMBERSHIP_STATIC };
enum config_readers { CONFIG_READERS_GROUP, CONFIG_READERS_EVERYONE };
enum config_confinement { CONFIG_CONFINEMENT_AUTO, CONFIG_CONFINEMENT_ON, CONFIG_CONFINEMENT_OFF };

struct config_texts {
    size_t count;
    char **items;
};

struct config_property {
    char *name, *value;
};

struct config_properties {
    size_t count;
    struct config_property *items;
};

struct config_kafka {
    char *bootstrap_servers;
    char *group;
    enum config_membership membership;
    struct aro_span session_timeout;
    bool create_topics;                  /* at start, those that are missing */
    int64_t topics_partitions;           /* of topics created, but the ledger (one a shard) */
    int64_t topics_replication;          /* of topics created; -1: the broker's default */
    struct config_properties properties; /* librdkafka's, of the allow-list only */
    char *password;                      /* contents of the files; NULL where not given */
    char *key_password;
    char *keystore_password;
    char *oauth_client_secret;
    /* Of the certificates and keys that the properties name, as they were read: they may be renewed
     * under the same name. Empty where there are none. */
    char files_sha256[65];
};

/* One unit of ownership: its topics and its ledger partition. */
struct config_shard {
    char *name;
    int64_t partition; /* of the ledger topic */
    struct config_texts appeals, agents, reviews;
    char *assignments, *outcomes, *dead_letters;
};

struct config_shards {
    size_t count; /* at least 1 */
    struct config_shard *items;
};

struct config_redis {
    char *url;  /* as written; NULL: no board */
    char *host; /* TCP; NULL with a unix_path */
    int64_t port;
    bool is_tls;
    char *unix_path;
    int64_t database;
    char *prefix;
    char *username; /* NULL: the default user */
    char *password; /* contents of the file; NULL: none */
    /* With TLS, absolute paths: whom to trust (NULL: whom this host trusts), and a certificate of
     * ours with its key (NULL both: none). */
    char *ca_file, *certificate_file, *key_file;
};

struct config_address {
    char *host;   /* numeric or a name, without brackets; NULL: not listening */
    int64_t port; /* 0: any free one */
};

/* The bounds of every buffer. */
struct config_limits {
    int64_t batch_records;   /* read for one transaction; full: sources pause */
    int64_t batch_bytes;     /* keys, values and headers of one transaction */
    int64_t waiting_appeals; /* reached: the appeals topics pause */
    int64_t redis_backlog;   /* agents and queues to be written; above: dropped, rebuilt later */
    int64_t connections;     /* at a time, of the control socket and of HTTP each */
    struct aro_span clock_jump;
    struct aro_span stall; /* records wait and the position stands still */
};

struct config {
    char *path; /* absolute, of the file itself */
    char *instance;
    struct config_kafka kafka;
    char *ledger_topic;
    struct config_shards shards;
    struct config_redis redis;
    char *rulebook;       /* absolute path */
    char *control_socket; /* absolute path */
    char *control_group;  /* its name; NULL: the process's own */
    gid_t control_gid;    /* of that */
    enum config_readers control_readers;
    struct config_address http;
    enum log_level log_level;
    enum log_format log_format;
    char *log_journal_socket;           /* absolute path */
    struct aro_span synthetic_interval; /* 0: none is sent */
    struct config_limits limits;
    enum config_confinement confinement;
    struct config_texts files; /* absolute paths of all that settings name: secrets, certificates */
};

/* Reads and checks @path. On success the caller owns *@ret. On failure *@ret is untouched and
 * @reterr names what to mend: -EINVAL with line and column in @path, or the errno of reading @path
 * itself (line 0). */
int config_load(const char *path, struct config **ret, struct aro_error *reterr);

/* As config_load(), of @length bytes of @text; @path stands for the file, and need not exist. */
int config_parse(const char *text, size_t length, const char *path, struct config **ret,
                 struct aro_error *reterr);

/* Secrets are wiped. */
void config_free(struct config *config);

/* May @fresh take the place of @current while running? -EINVAL names the first changed setting
 * that needs a restart. */
int config_reload_check(const struct config *current, const struct config *fresh,
                        struct aro_error *reterr);

/* What of a reload concerns connections that are there already. */
struct config_renewal {
    bool has_kafka_password; /* new connections take another */
    bool has_kafka_files;    /* certificates, keys or their passwords: Kafka's clients must be made
                                anew */
    bool has_redis_password;
};

/* Exchanges the settings that can be reloaded between the two. The secrets may be read by other
 * threads meanwhile, by config_set_kafka_properties(). */
struct config_renewal config_take_reloadable(struct config *current, struct config *fresh);

/* The value of a property of kafka.properties; NULL where it is not set. */
const char *config_find_kafka_property(const struct config *config, const char *name);

/* Sets the properties and secrets on @conf: of every handle, before the caller's own settings,
 * which are not on the allow-list and so never overwritten. From any thread. */
int config_set_kafka_properties(const struct config *config, rd_kafka_conf_t *conf,
                                struct aro_error *reterr);

#endif
