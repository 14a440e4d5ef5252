#include "config/config.h"

#include "config/properties.h"
#include "config/setting.h"
#include "config/shards_check.h"
#include "file/file.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

static const size_t file_size_max = (size_t)1024 * 1024;

DEFINE_CLEANUP(struct config, config_free)
DEFINE_CLEANUP(struct document, document_free)

/* Without a name of its own the instance is called as its host, which may have an unfit name. */
static int fill_instance(struct config *config, const struct document_node *root,
                         const struct setting_folders *folders, struct aro_error *reterr)
{
    char host[256] = "";
    if (config->instance)
        return 0;
    if (gethostname(host, sizeof host - 1) < 0)
        return aro_error_set(reterr, -errno, "instance: missing, and this host has no name: %s",
                             strerror(errno));
    struct document_node node = {
        .kind = DOCUMENT_TEXT, .line = root->line, .column = root->column, .text = host
    };
    struct setting setting = {
        .option = option_find(&config_options, "instance"),
        .name = "instance (the host's name)",
        .node = &node,
        .folders = folders,
        .reterr = reterr,
    };
    return setting_kinds[OPTION_NAME].parse(&setting, &config->instance);
}

static int refuse_redis(const struct document_node *redis, const char *name, const char *reason,
                        struct aro_error *reterr)
{
    const struct document_node *value = document_find(redis, name);
    return aro_error_set_at(reterr, -EINVAL, value->line, value->column, "redis.%s: %s", name,
                            reason);
}

/* So is half of TLS: who names certificates means them to be asked for. */
static int check_redis_tls(const struct config_redis *settings, const struct document_node *redis,
                           struct aro_error *reterr)
{
    const char *first = settings->ca_file            ? "ca_file"
                        : settings->certificate_file ? "certificate_file"
                        : settings->key_file         ? "key_file"
                                                     : NULL;
    if (first && !settings->is_tls)
        return refuse_redis(redis, first,
                            "has no use without TLS: redis.url must begin with rediss://", reterr);
    if (settings->certificate_file && !settings->key_file)
        return refuse_redis(redis, "certificate_file", "its key is missing: name redis.key_file",
                            reterr);
    if (settings->key_file && !settings->certificate_file)
        return refuse_redis(redis, "key_file",
                            "its certificate is missing: name redis.certificate_file", reterr);
    return 0;
}

/* Half a board is a mistake: who names a user or a secret means Redis to be used. */
static int check_redis(const struct config *config, const struct document_node *root,
                       struct aro_error *reterr)
{
    const struct document_node *redis = document_find(root, "redis");
    if (!redis || redis->count == 0)
        return 0;
    if (config->redis.url)
        return check_redis_tls(&config->redis, redis, reterr);
    return aro_error_set_at(reterr, -EINVAL, redis->line, redis->column,
                            "redis.url: missing, where other settings of redis are given");
}

static bool group_find(const char *name, gid_t *ret)
{
    char texts[16384]; /* of its members too */
    struct group group, *found;

    if (getgrnam_r(name, &group, texts, sizeof texts, &found) != 0 || !found)
        return false;
    *ret = group.gr_gid;
    return true;
}

/* Whoever is in the group may steer: one that is not there is a mistake, told at once. */
static int check_control(struct config *config, const struct document_node *root,
                         struct aro_error *reterr)
{
    const struct document_node *control = document_find(root, "control");

    config->control_gid = getegid();
    if (control && control->count > 0 && !config->control_socket)
        return aro_error_set_at(reterr, -EINVAL, control->line, control->column,
                                "control.socket: missing, where other settings of control are "
                                "given");
    if (config->control_group && !group_find(config->control_group, &config->control_gid))
        return aro_error_set_at(reterr, -EINVAL, control->line, control->column,
                                "control.group: this host has no group '%s'",
                                config->control_group);
    return 0;
}

static int read_settings(struct config *config, const struct document_node *root,
                         const char *folder, struct aro_error *reterr)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    struct setting_folders folders = {
        .settings = folder,
        .secrets = credentials && *credentials ? credentials : folder,
        .files = &config->files,
    };
    int r = settings_read(&config_options, root, "", &folders, config, reterr);
    if (r == 0)
        r = fill_instance(config, root, &folders, reterr);
    if (r == 0)
        r = check_redis(config, root, reterr);
    if (r == 0)
        r = check_control(config, root, reterr);
    if (r == 0)
        r = properties_read_files(&config->kafka.properties, config->kafka.files_sha256, reterr);
    return r < 0 ? r : shards_check(config, root, reterr);
}

int config_parse(const char *text, size_t length, const char *path, struct config **ret,
                 struct aro_error *reterr)
{
    CLEANUP(config_freep) struct config *config = memory_new(sizeof *config);
    CLEANUP(document_freep) struct document *document = NULL;
    CLEANUP(freep) char *folder = memory_copy_text(path);

    config->path = memory_copy_text(path);
    int r = document_parse(text, length, &document, reterr);
    if (r < 0)
        return r;
    r = read_settings(config, document_root(document), dirname(folder), reterr);
    if (r < 0)
        return r;
    *ret = TAKE(config);
    return 0;
}

int config_load(const char *path, struct config **ret, struct aro_error *reterr)
{
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *whole = NULL;
    size_t length;

    int r = file_read(path, file_size_max, &text, &length, reterr);
    if (r < 0)
        return r;
    whole = realpath(path, NULL);
    if (!whole)
        return aro_error_set(reterr, -errno, "cannot find '%s': %s", path, strerror(errno));
    return config_parse(text, length, whole, ret, reterr);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    settings_free(&config_options, config);
    for (size_t i = 0; i < config->files.count; i++)
        free(config->files.items[i]);
    free(config->files.items);
    free(config->path);
    free(config);
}

int config_reload_check(const struct config *current, const struct config *fresh,
                        struct aro_error *reterr)
{
    for (size_t i = 0; i < config_options.count; i++) {
        const struct option *option = &config_options.options[i];
        const void *before = (const char *)current + option->offset;
        const void *after = (const char *)fresh + option->offset;
        if (!option->reloadable && !setting_kinds[option->kind].equals(before, after))
            return aro_error_set(reterr, -EINVAL,
                                 "%s: changed, and takes effect at a restart only; the settings "
                                 "in force stay as they were",
                                 option->name);
    }
    return 0;
}

static void swap_bytes(void *a, void *b, size_t size)
{
    unsigned char *left = a, *right = b;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = left[i];
        left[i] = right[i];
        right[i] = byte;
    }
}

static bool differs(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) != 0 : a != b;
}

static struct config_renewal find_renewal(const struct config *before, const struct config *after)
{
    const struct config_kafka *old = &before->kafka, *new = &after->kafka;
    return (struct config_renewal){
        .has_kafka_password = differs(old->password, new->password),
        .has_kafka_files = differs(old->files_sha256, new->files_sha256) ||
                           differs(old->key_password, new->key_password) ||
                           differs(old->keystore_password, new->keystore_password) ||
                           differs(old->oauth_client_secret, new->oauth_client_secret),
        .has_redis_password = differs(before->redis.password, after->redis.password),
    };
}

struct config_renewal config_take_reloadable(struct config *current, struct config *fresh)
{
    struct config_renewal renewal = find_renewal(current, fresh);

    properties_lock_secrets();
    for (size_t i = 0; i < config_options.count; i++) {
        const struct option *option = &config_options.options[i];
        if (option->reloadable)
            swap_bytes((char *)current + option->offset, (char *)fresh + option->offset,
                       setting_kinds[option->kind].size);
    }
    properties_unlock_secrets();
    memcpy(current->kafka.files_sha256, fresh->kafka.files_sha256,
           sizeof current->kafka.files_sha256);
    return renewal;
}
