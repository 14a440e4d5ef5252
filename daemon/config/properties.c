#include "config/properties.h"

#include "file/file.h"

#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/memory.h"
#include "support/nearest.h"
#include "support/sha256.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

enum { CERTIFICATE_BYTES_MAX = 4 * 1024 * 1024 }; /* of a host's authorities all together: 0.3 */

const char *const properties_allowed[] = {
    "broker.address.family",
    "compression.type",
    "debug",
    "fetch.",
    "linger.ms",
    "metadata.",
    "queued.",
    "reconnect.",
    "sasl.",
    "security.protocol",
    "socket.",
    "ssl.",
    "statistics.interval.ms",
};
const size_t properties_allowed_count = sizeof properties_allowed / sizeof *properties_allowed;

/* Secrets, and the setting that takes each from a file. */
static const struct {
    const char *name, *instead;
} secrets[] = {
    { "sasl.password", "kafka.password_file" },
    { "sasl.oauthbearer.client.secret", "kafka.oauth_client_secret_file" },
    { "sasl.oauthbearer.config", "kafka.oauth_client_secret_file" },
    { "ssl.key.password", "kafka.key_password_file" },
    { "ssl.key.pem", "the property ssl.key.location" },
    { "ssl.keystore.password", "kafka.keystore_password_file" },
};

/* Values that are paths. */
static const struct {
    const char *name;
    bool is_secret;
} paths[] = {
    { "ssl.ca.location", false },      { "ssl.certificate.location", false },
    { "ssl.crl.location", false },     { "ssl.key.location", true },
    { "ssl.keystore.location", true },
};

static bool is_prefix(const char *allowed)
{
    return allowed[strlen(allowed) - 1] == '.';
}

static bool is_allowed(const char *name)
{
    for (size_t i = 0; i < properties_allowed_count; i++) {
        const char *allowed = properties_allowed[i];
        if (is_prefix(allowed) ? strncmp(name, allowed, strlen(allowed)) == 0
                               : strcmp(name, allowed) == 0)
            return true;
    }
    return false;
}

static int refuse_name(const struct setting *setting, const struct document_node *key)
{
    CLEANUP(buffer_done) struct buffer known = { 0 };
    for (size_t i = 0; i < properties_allowed_count; i++)
        buffer_add_format(&known, "%s%s%s", i ? ", " : "", properties_allowed[i],
                          is_prefix(properties_allowed[i]) ? "*" : "");
    return setting_refuse_at(setting, key, "'%s' cannot be set; allowed are %s", key->text,
                             known.data);
}

static int check_name(const struct setting *setting, const struct document_node *key)
{
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (strcmp(key->text, secrets[i].name) == 0)
            return setting_refuse_at(setting, key,
                                     "'%s' holds a secret, which has no place here: use %s",
                                     key->text, secrets[i].instead);
    return is_allowed(key->text) ? 0 : refuse_name(setting, key);
}

static int resolve_value(const struct setting *setting, const char *name,
                         const struct document_node *value, char **ret)
{
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(name, paths[i].name) == 0 && strcmp(value->text, "probe") != 0)
            return setting_find_file(setting, value, paths[i].is_secret, ret);
    *ret = memory_copy_text(value->text);
    return 0;
}

static int refuse_unknown(const struct setting *setting, const struct document_node *key,
                          rd_kafka_conf_t *conf)
{
    size_t count;
    struct nearest nearest;
    nearest_init(&nearest, key->text);
    const char **dump = rd_kafka_conf_dump(conf, &count);
    for (size_t i = 0; i < count; i += 2) /* name, value, name, value */
        nearest_offer(&nearest, dump[i]);
    int r = nearest.best
                ? setting_refuse_at(setting, key, "librdkafka has no '%s'; did you mean '%s'?",
                                    key->text, nearest.best)
                : setting_refuse_at(setting, key, "librdkafka has no '%s'", key->text);
    rd_kafka_conf_dump_free(dump, count);
    return r;
}

static int try_property(const struct setting *setting, const struct document_node *key,
                        const struct document_node *value, const char *text, rd_kafka_conf_t *conf)
{
    char reason[256];
    switch (rd_kafka_conf_set(conf, key->text, text, reason, sizeof reason)) {
    case RD_KAFKA_CONF_OK: return 0;
    case RD_KAFKA_CONF_UNKNOWN: return refuse_unknown(setting, key, conf);
    case RD_KAFKA_CONF_INVALID: break;
    }
    return setting_refuse_at(setting, value, "%s", reason);
}

static int parse_property(const struct setting *setting, const struct document_node *key,
                          const struct document_node *value, rd_kafka_conf_t *conf,
                          struct config_property *property)
{
    int r = check_name(setting, key);
    if (r < 0)
        return r;
    if (value->kind == DOCUMENT_NULL || value->kind == DOCUMENT_LIST ||
        value->kind == DOCUMENT_MAP || value->text[0] == '\0')
        return setting_expected(setting, value, "a value for '%s'", key->text);
    property->name = memory_copy_text(key->text);
    r = resolve_value(setting, key->text, value, &property->value);
    return r < 0 ? r : try_property(setting, key, value, property->value, conf);
}

static void conf_destroy(rd_kafka_conf_t *conf)
{
    rd_kafka_conf_destroy(conf);
}

DEFINE_CLEANUP(rd_kafka_conf_t, conf_destroy)

int properties_parse(const struct setting *setting, void *target)
{
    struct config_properties *properties = target;
    const struct document_node *node = setting->node;

    if (node->kind == DOCUMENT_NULL)
        return 0;
    if (node->kind != DOCUMENT_MAP)
        return setting_expected_map(setting, node, "a map of librdkafka's properties");
    CLEANUP(conf_destroyp) rd_kafka_conf_t *conf = rd_kafka_conf_new();
    properties->items = memory_new_array(node->count, sizeof *properties->items);
    properties->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        int r =
            parse_property(setting, &node->keys[i], &node->items[i], conf, &properties->items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

bool properties_equal(const void *a, const void *b)
{
    const struct config_properties *one = a, *other = b;
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++)
        if (strcmp(one->items[i].name, other->items[i].name) != 0 ||
            strcmp(one->items[i].value, other->items[i].value) != 0)
            return false;
    return true;
}

void properties_free(void *target)
{
    struct config_properties *properties = target;
    for (size_t i = 0; i < properties->count; i++) {
        free(properties->items[i].name);
        free(properties->items[i].value);
    }
    free(properties->items);
}

static int set_property(rd_kafka_conf_t *conf, const char *name, const char *value,
                        struct aro_error *reterr)
{
    char reason[256];
    if (value && rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK)
        return aro_error_set(reterr, -EINVAL, "%s", reason);
    return 0;
}

static pthread_mutex_t secrets_mutex = PTHREAD_MUTEX_INITIALIZER;

void properties_lock_secrets(void)
{
    pthread_mutex_lock(&secrets_mutex);
}

void properties_unlock_secrets(void)
{
    pthread_mutex_unlock(&secrets_mutex);
}

static bool is_path(const char *name)
{
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (strcmp(name, paths[i].name) == 0)
            return true;
    }
    return false;
}

/* A folder of authorities (ssl.ca.location may be one) is not looked into. */
static int add_file(const char *path, struct buffer *contents, struct aro_error *reterr)
{
    struct stat status;
    char *text;
    size_t length;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    int r = file_read(path, CERTIFICATE_BYTES_MAX, &text, &length, reterr);
    if (r < 0)
        return r;
    buffer_add(contents, text, length);
    explicit_bzero(text, length);
    free(text);
    return 0;
}

int properties_read_files(const struct config_properties *properties, char ret_sha256[static 65],
                          struct aro_error *reterr)
{
    struct buffer contents = { 0 };
    int r = 0;

    for (size_t i = 0; i < properties->count && r == 0; i++) {
        const struct config_property *property = &properties->items[i];
        if (is_path(property->name) && strcmp(property->value, "probe") != 0)
            r = add_file(property->value, &contents, reterr);
    }
    ret_sha256[0] = '\0';
    if (r == 0 && contents.length > 0)
        sha256_format(contents.data, contents.length, ret_sha256);
    if (contents.length > 0)
        explicit_bzero(contents.data, contents.length);
    buffer_done(&contents);
    return r;
}

const char *config_find_kafka_property(const struct config *config, const char *name)
{
    const struct config_properties *properties = &config->kafka.properties;
    for (size_t i = 0; i < properties->count; i++) {
        if (strcmp(properties->items[i].name, name) == 0)
            return properties->items[i].value;
    }
    return NULL;
}

static int set_all(const struct config *config, rd_kafka_conf_t *conf, struct aro_error *reterr)
{
    const struct config_kafka *kafka = &config->kafka;
    const struct {
        const char *name, *value;
    } from_files[] = {
        { "sasl.password", kafka->password },
        { "sasl.oauthbearer.client.secret", kafka->oauth_client_secret },
        { "ssl.key.password", kafka->key_password },
        { "ssl.keystore.password", kafka->keystore_password },
    };
    for (size_t i = 0; i < kafka->properties.count; i++) {
        const struct config_property *property = &kafka->properties.items[i];
        int r = set_property(conf, property->name, property->value, reterr);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < sizeof from_files / sizeof *from_files; i++) {
        int r = set_property(conf, from_files[i].name, from_files[i].value, reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

int config_set_kafka_properties(const struct config *config, rd_kafka_conf_t *conf,
                                struct aro_error *reterr)
{
    properties_lock_secrets();
    int r = set_all(config, conf, reterr);
    properties_unlock_secrets();
    return r;
}
