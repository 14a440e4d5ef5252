#include "cmocka_headers.h"

#include "config/config.h"
#include "config/options.h"
#include "config/risks.h"
#include "file/file.h"
#include "support/cleanup.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of its own for each test, as settings files lie in one. */
struct world {
    char folder[64];
    char path[128];
    struct config *config;
    struct aro_error error;
};

static void world_write(const struct world *world, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int world_load(struct world *world, const char *text)
{
    config_free(world->config);
    world->config = NULL;
    world_write(world, "config.yaml", text);
    return config_load(world->path, &world->config, &world->error);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    snprintf(world->folder, sizeof world->folder, "/tmp/test_config.XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof world->path, "%s/config.yaml", world->folder);
    unsetenv("CREDENTIALS_DIRECTORY");
    umask(0077); /* secrets are for their owner alone */
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    char pattern[128];
    glob_t found;
    config_free(world->config);
    snprintf(pattern, sizeof pattern, "%s/*", world->folder);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (unlink(found.gl_pathv[i]) < 0)
                rmdir(found.gl_pathv[i]);
    globfree(&found);
    rmdir(world->folder);
    free(world);
    return 0;
}

#define NEEDED "kafka: { bootstrap_servers: 'k1:9092,k2:9092' }\nrulebook: rules/book.yaml\n"

static void test_what_is_left_out_has_the_value_of_the_table(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_load(world, NEEDED), 0);
    const struct config *config = world->config;

    assert_string_equal(config->kafka.bootstrap_servers, "k1:9092,k2:9092");
    assert_string_equal(config->kafka.group, "appeal-router");
    assert_int_equal(config->kafka.membership, CONFIG_MEMBERSHIP_DYNAMIC);
    assert_int_equal(config->kafka.session_timeout.ms, 6000);
    assert_false(config->kafka.create_topics);
    assert_int_equal(config->kafka.properties.count, 0);
    assert_string_equal(config->ledger_topic, "appeal-router.ledger");
    assert_int_equal(config->shards.count, 1);
    assert_string_equal(config->shards.items[0].name, "main");
    assert_string_equal(config->shards.items[0].appeals.items[0], "appeals");
    assert_string_equal(config->shards.items[0].dead_letters, "appeals.dead-letter");
    assert_null(config->redis.url);
    assert_null(config->http.host);
    assert_null(config->control_socket);
    assert_int_equal(config->log_level, LOG_LEVEL_INFO);
    assert_int_equal(config->limits.batch_records, 5000);
    assert_int_equal(config->limits.clock_jump.ms, 10000);
    assert_true(strlen(config->instance) > 0);
}

static void test_relative_paths_begin_at_the_folder_of_the_settings(void **state)
{
    struct world *world = *state;
    char expected[256];
    assert_int_equal(world_load(world, NEEDED "control: { socket: /run/c.sock }\n"), 0);
    snprintf(expected, sizeof expected, "%s/rules/book.yaml", world->folder);
    assert_string_equal(world->config->rulebook, expected);
    assert_string_equal(world->config->control_socket, "/run/c.sock");
}

static void test_a_secret_is_the_contents_of_its_file_without_the_line_end(void **state)
{
    struct world *world = *state;
    world_write(world, "redis-password", "pass word\n");
    assert_int_equal(world_load(world, NEEDED
                                "redis: { url: 'redis://r:6380/3', password_file: redis-password, "
                                "username: router }\n"),
                     0);
    assert_string_equal(world->config->redis.password, "pass word");
    assert_string_equal(world->config->redis.username, "router");
    assert_string_equal(world->config->redis.host, "r");
    assert_int_equal(world->config->redis.port, 6380);
    assert_int_equal(world->config->redis.database, 3);
    assert_string_equal(world->config->redis.prefix, "aro");
}

static void test_the_files_that_settings_name_are_kept_by_their_paths(void **state)
{
    struct world *world = *state;
    char expected[256];
    world_write(world, "redis-password", "pass word");
    world_write(world, "ca.pem", "");
    assert_int_equal(world_load(world,
                                "kafka: { bootstrap_servers: k, properties: { "
                                "security.protocol: ssl, ssl.ca.location: ca.pem } }\n"
                                "redis: { url: 'redis://r', password_file: redis-password }\n"
                                "rulebook: r\n"),
                     0);
    assert_int_equal(world->config->files.count, 2);
    snprintf(expected, sizeof expected, "%s/ca.pem", world->folder);
    assert_string_equal(world->config->files.items[0], expected);
    snprintf(expected, sizeof expected, "%s/redis-password", world->folder);
    assert_string_equal(world->config->files.items[1], expected);
}

static void test_secrets_come_from_the_credentials_folder_where_there_is_one(void **state)
{
    struct world *world = *state;
    char folder[256];
    snprintf(folder, sizeof folder, "%s/credentials", world->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    world_write(world, "password", "of the settings' folder");
    world_write(world, "credentials/password", "of systemd");
    setenv("CREDENTIALS_DIRECTORY", folder, 1);
    int r = world_load(world, "kafka: { bootstrap_servers: k, password_file: password }\n"
                              "rulebook: r\n");
    unsetenv("CREDENTIALS_DIRECTORY");
    char path[300];
    snprintf(path, sizeof path, "%s/password", folder);
    unlink(path);
    assert_int_equal(r, 0);
    assert_string_equal(world->config->kafka.password, "of systemd");
}

static const struct {
    mode_t mode;
    uid_t owner;
    const char *reason; /* NULL: it is taken */
} secret_files[] = {
    { 0400, 0, NULL },
    { 0600, 0, NULL },
    { 0640, 0, NULL },
    { 0644, 0, "its mode 0644 lets in more than its owner" },
    { 0604, 0, "its mode 0604 lets in more" },
    { 0602, 0, "its mode 0602 lets in more" },
    { 0660, 0, "its mode 0660 lets in more" },
    { 0600, 65534, "belongs to uid 65534: it must belong to root, or to the user of this" },
};

/* As a secret, and as a private key, which librdkafka reads itself. */
static const char *const secret_users[] = {
    "kafka: { bootstrap_servers: k, password_file: secret }\nrulebook: r\n",
    "kafka: { bootstrap_servers: k, properties: { ssl.key.location: secret } }\nrulebook: r\n",
};

static void test_a_secret_that_others_reach_is_refused_with_its_mode_or_owner(void **state)
{
    struct world *world = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/secret", world->folder);
    for (size_t i = 0; i < sizeof secret_files / sizeof *secret_files; i++) {
        world_write(world, "secret", "hidden\n");
        assert_int_equal(chmod(path, secret_files[i].mode), 0);
        if (secret_files[i].owner != 0 && chown(path, secret_files[i].owner, (gid_t)-1) < 0)
            continue; /* not root: nobody else to give it to */
        for (size_t k = 0; k < sizeof secret_users / sizeof *secret_users; k++) {
            int r = world_load(world, secret_users[k]);
            assert_int_equal(r, secret_files[i].reason ? -EINVAL : 0);
            if (r < 0)
                assert_non_null(strstr(world->error.message, secret_files[i].reason));
        }
        assert_int_equal(unlink(path), 0);
    }
}

static void test_an_empty_secret_or_one_of_two_lines_is_refused(void **state)
{
    struct world *world = *state;
    const char *text = "kafka: { bootstrap_servers: k, password_file: password }\nrulebook: r\n";
    world_write(world, "password", "\n");
    assert_int_equal(world_load(world, text), -EINVAL);
    assert_non_null(strstr(world->error.message, "is empty"));
    world_write(world, "password", "one\ntwo\n");
    assert_int_equal(world_load(world, text), -EINVAL);
    assert_non_null(strstr(world->error.message, "more than one line"));
    assert_null(strstr(world->error.message, "two"));
}

static void test_a_unix_socket_names_redis_too(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_load(world, NEEDED "redis: { url: 'unix:/run/redis.sock' }\n"), 0);
    assert_string_equal(world->config->redis.unix_path, "/run/redis.sock");
    assert_null(world->config->redis.host);
}

#ifdef ARO_REDIS_TLS

static void test_redis_over_tls_has_its_certificates(void **state)
{
    struct world *world = *state;
    char expected[256];
    world_write(world, "ca.pem", "of no concern yet");
    world_write(world, "ours.pem", "of no concern yet");
    world_write(world, "ours.key", "of no concern yet");
    assert_int_equal(world_load(world, NEEDED "redis: { url: 'rediss://r:6380/3', ca_file: ca.pem, "
                                              "certificate_file: ours.pem, key_file: ours.key }\n"),
                     0);
    const struct config_redis *redis = &world->config->redis;
    assert_true(redis->is_tls);
    assert_string_equal(redis->host, "r");
    assert_int_equal(redis->port, 6380);
    assert_int_equal(redis->database, 3);
    snprintf(expected, sizeof expected, "%s/ca.pem", world->folder);
    assert_string_equal(redis->ca_file, expected);
    snprintf(expected, sizeof expected, "%s/ours.key", world->folder);
    assert_string_equal(redis->key_file, expected);
    assert_int_equal(world->config->files.count, 3);
}

static void expect_tls_refused(struct world *world, const char *settings, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof whole, NEEDED "redis: { url: 'rediss://r', %s }\n", settings);
    assert_int_equal(world_load(world, whole), -EINVAL);
    if (!strstr(world->error.message, text))
        fail_msg("%s: '%s'", settings, world->error.message);
}

static void test_half_a_certificate_for_redis_is_refused(void **state)
{
    struct world *world = *state;
    world_write(world, "file", "");
    expect_tls_refused(world, "certificate_file: file", "name redis.key_file");
    expect_tls_refused(world, "key_file: file", "name redis.certificate_file");
    expect_tls_refused(world, "ca_file: no-such-file", "redis.ca_file: cannot read");
}

static void test_a_key_for_redis_that_others_can_read_is_refused(void **state)
{
    struct world *world = *state;
    char path[256];
    world_write(world, "file", "");
    snprintf(path, sizeof path, "%s/file", world->folder);
    assert_int_equal(chmod(path, 0644), 0);
    expect_tls_refused(world, "certificate_file: file, key_file: file", "redis.key_file: ");
}

#else

static void test_redis_over_tls_is_refused_with_what_is_missing(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_load(world, NEEDED "redis: { url: 'rediss://127.0.0.1:6379/0' }\n"),
                     -EINVAL);
    assert_int_equal(world->error.line, 3);
    assert_string_equal(world->error.field, "redis.url");
    assert_non_null(strstr(world->error.message, "takes hiredis 1.0 or later"));
    assert_non_null(strstr(world->error.message, "was built with hiredis "));
    assert_non_null(strstr(world->error.message, "use a Unix socket"));
}

#endif

static void test_an_address_may_be_of_the_sixth_version(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_load(world, NEEDED "http: { listen: '[::1]:0' }\n"), 0);
    assert_string_equal(world->config->http.host, "::1");
    assert_int_equal(world->config->http.port, 0);
}

static void test_properties_and_secrets_reach_librdkafka(void **state)
{
    struct world *world = *state;
    char value[64];
    size_t size = sizeof value;
    world_write(world, "password", "hidden\n");
    assert_int_equal(world_load(world, "kafka:\n"
                                       "  bootstrap_servers: k\n"
                                       "  password_file: password\n"
                                       "  properties: { security.protocol: SASL_PLAINTEXT, "
                                       "socket.keepalive.enable: true, fetch.wait.max.ms: 10 }\n"
                                       "rulebook: r\n"),
                     0);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    assert_int_equal(config_set_kafka_properties(world->config, conf, &world->error), 0);
    assert_int_equal(rd_kafka_conf_get(conf, "fetch.wait.max.ms", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "10");
    size = sizeof value;
    assert_int_equal(rd_kafka_conf_get(conf, "sasl.password", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "hidden");
    rd_kafka_conf_destroy(conf);
}

static void test_each_shard_has_the_partition_and_the_topics_written_for_it(void **state)
{
    struct world *world = *state;
    assert_int_equal(world_load(world, NEEDED
                                "shards:\n"
                                "  - { name: a, partition: 2 }\n"
                                "  - { name: b, partition: 5, appeals: [x, y], agents: [z], "
                                "reviews: [w], assignments: s, outcomes: o, dead_letters: d }\n"),
                     0);
    assert_int_equal(world->config->shards.count, 2);
    const struct config_shard *a = &world->config->shards.items[0], *b = a + 1;
    assert_string_equal(a->name, "a");
    assert_int_equal(a->partition, 2);
    assert_string_equal(b->name, "b");
    assert_int_equal(b->partition, 5);
    assert_int_equal(b->appeals.count, 2);
    assert_string_equal(b->appeals.items[1], "y");
    assert_string_equal(b->dead_letters, "d");
}

static void test_a_reload_names_the_setting_that_needs_a_restart(void **state)
{
    struct world *world = *state;
    struct config *fresh;
    assert_int_equal(world_load(world, NEEDED), 0);

    world_write(world, "config.yaml", NEEDED "log: { level: debug }\nlimits: { stall: 5s }\n");
    assert_int_equal(config_load(world->path, &fresh, &world->error), 0);
    assert_int_equal(config_reload_check(world->config, fresh, &world->error), 0);
    config_free(fresh);

    world_write(world, "config.yaml", NEEDED "shards: [{ name: other }]\n");
    assert_int_equal(config_load(world->path, &fresh, &world->error), 0);
    assert_int_equal(config_reload_check(world->config, fresh, &world->error), -EINVAL);
    assert_non_null(strstr(world->error.message, "shards: changed"));
    config_free(fresh);
}

static void test_a_property_of_kafka_that_changes_needs_a_restart(void **state)
{
    static const char *const changed[] = { "{ security.protocol: PLAINTEXT }",
                                           "{ socket.timeout.ms: 2000 }", "{}" };
    struct world *world = *state;
    char text[200];

    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        struct config *fresh;
        assert_int_equal(world_load(world, "kafka: { bootstrap_servers: k, properties: { "
                                           "socket.timeout.ms: 1000 } }\nrulebook: r\n"),
                         0);
        snprintf(text, sizeof text,
                 "kafka: { bootstrap_servers: k, properties: %s }\nrulebook: r\n", changed[i]);
        world_write(world, "config.yaml", text);
        assert_int_equal(config_load(world->path, &fresh, &world->error), 0);
        assert_int_equal(config_reload_check(world->config, fresh, &world->error), -EINVAL);
        assert_non_null(strstr(world->error.message, "kafka.properties: changed"));
        config_free(fresh);
    }
}

static void test_a_file_that_is_not_there_says_so(void **state)
{
    struct world *world = *state;
    assert_int_equal(config_load(world->path, &world->config, &world->error), -ENOENT);
    assert_int_equal(world->error.line, 0);
    assert_non_null(strstr(world->error.message, "No such file"));
}

/* "# <line>:<column>: <message begins so>" is the first line of each. */
static bool is_refused_as_it_says(const char *path)
{
    struct config *config = NULL;
    struct aro_error error = { 0 };
    CLEANUP(freep) char *text = NULL;
    char found[1024];
    size_t length;

    assert_int_equal(file_read(path, 65536, &text, &length, NULL), 0);
    text[strcspn(text, "\n")] = '\0';
    const char *expected = text + strlen("# ");
    int r = config_load(path, &config, &error);
    config_free(config);
    snprintf(found, sizeof found, "%u:%u: %s", error.line, error.column, error.message);
    if (r == -EINVAL && strncmp(found, expected, strlen(expected)) == 0)
        return true;
    print_error("%s\nexpected %s\nfound    %s\n", path, expected, found);
    return false;
}

static void test_each_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    glob_t found;
    size_t wrong_count = 0;
    assert_int_equal(glob(SOURCE_DIR "/tests/golden/configs/bad/*.yaml", 0, NULL, &found), 0);
    assert_true(found.gl_pathc > 40);
    for (size_t i = 0; i < found.gl_pathc; i++)
        wrong_count += !is_refused_as_it_says(found.gl_pathv[i]);
    globfree(&found);
    assert_int_equal(wrong_count, 0);
}

static void expect_table_is_sound(const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        if (i > 0)
            assert_true(strcmp(table->options[i - 1].name, option->name) < 0);
        assert_true(option->minimum <= option->maximum);
        assert_true(option->help && option->help[strlen(option->help) - 1] == '.');
        assert_false(option->required && option->initial);
    }
}

static void test_the_table_is_sorted_and_each_row_has_help(void **state)
{
    (void)state;
    expect_table_is_sound(&config_options);
    expect_table_is_sound(&shard_options);
}

/* ---- secrets that are others by now ---- */

/* What taking the settings over anew renews, after @name was written with @text. */
static struct config_renewal renew(struct world *world, const char *name, const char *text)
{
    struct config *fresh = NULL;
    world_write(world, name, text);
    assert_int_equal(config_load(world->path, &fresh, &world->error), 0);
    assert_int_equal(config_reload_check(world->config, fresh, &world->error), 0);
    struct config_renewal renewal = config_take_reloadable(world->config, fresh);
    config_free(fresh);
    return renewal;
}

static void test_a_secret_or_a_certificate_that_changed_is_taken_by_a_reload(void **state)
{
    struct world *world = *state;
    struct config_renewal renewal;
    static const char *const files[] = { "kafka", "redis", "phrase", "key", "certificate" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        world_write(world, files[i], "first\n");
    assert_int_equal(world_load(world, "kafka: { bootstrap_servers: k, password_file: kafka,\n"
                                       "  key_password_file: phrase, properties: {\n"
                                       "  ssl.key.location: key,\n"
                                       "  ssl.certificate.location: certificate } }\n"
                                       "redis: { url: 'unix:/r', password_file: redis }\n"
                                       "rulebook: r\n"),
                     0);
    renewal = renew(world, "kafka", "first\n");
    assert_false(renewal.has_kafka_password || renewal.has_kafka_files ||
                 renewal.has_redis_password);
    renewal = renew(world, "kafka", "second\n");
    assert_true(renewal.has_kafka_password);
    assert_false(renewal.has_kafka_files || renewal.has_redis_password);
    assert_string_equal(world->config->kafka.password, "second");
    renewal = renew(world, "redis", "second\n");
    assert_true(renewal.has_redis_password);
    assert_false(renewal.has_kafka_files || renewal.has_kafka_password);
    assert_string_equal(world->config->redis.password, "second");
    for (size_t i = 2; i < sizeof files / sizeof *files; i++) {
        renewal = renew(world, files[i], "second\n");
        assert_true(renewal.has_kafka_files);
        assert_false(renewal.has_kafka_password || renewal.has_redis_password);
        assert_false(renew(world, files[i], "second\n").has_kafka_files);
    }
}

/* ---- what is allowed, and risky ---- */

static const struct {
    const char *settings, *warning; /* NULL: none */
} risks[] = {
    { "http: { listen: '127.0.0.1:9464' }\n", NULL },
    { "http: { listen: '[::1]:9464' }\n", NULL },
    { "http: { listen: '0.0.0.0:9464' }\n", "http.listen: '0.0.0.0' can be reached from other" },
    { "http: { listen: '[::]:9464' }\n", "http.listen: '::' can be reached from other hosts" },
    { "http: { listen: '10.1.2.3:9464' }\n", "nobody is asked for a password" },
    { "redis: { url: 'redis://redis-1:6379' }\n", NULL },
    { "redis: { url: 'redis://127.0.0.1:6379', password_file: secret }\n", NULL },
    { "redis: { url: 'unix:/run/redis.sock', password_file: secret }\n", NULL },
    { "redis: { url: 'redis://redis-1:6379', password_file: secret }\n",
      "redis.url: the password goes to redis-1 as plain text" },
#ifdef ARO_REDIS_TLS
    { "redis: { url: 'rediss://redis-1:6379', password_file: secret }\n", NULL },
#endif
};

static const struct {
    const char *properties, *warning;
} property_risks[] = {
    { "security.protocol: SSL", NULL },
    { "security.protocol: SASL_SSL", NULL },
    { "security.protocol: sasl_plaintext", "take SASL_SSL" },
    { "ssl.endpoint.identification.algorithm: https", NULL },
    { "ssl.endpoint.identification.algorithm: none", "any certificate of the CA is taken" },
};

static void keep_risk(const char *text, void *context)
{
    snprintf(context, 512, "%s", text);
}

static void expect_risk(struct world *world, const char *settings, const char *warning)
{
    char found[512] = "";
    if (world_load(world, settings) < 0)
        fail_msg("%s: %s", settings, world->error.message);
    config_each_risk(world->config, keep_risk, found);
    if (warning ? !strstr(found, warning) : *found)
        fail_msg("%s: '%s'", settings, found);
}

/* Kafka 4 refuses what librdkafka before 2.6.1 says in SCRAM. */
static void test_passwords_that_kafka_4_does_not_take_are_warned_of(void **state)
{
    bool is_old = rd_kafka_version() < 0x020601ff;
    expect_risk(*state,
                "kafka: { bootstrap_servers: k, properties: { sasl.mechanisms: SCRAM-SHA-512 } }\n"
                "rulebook: r\n",
                is_old ? "take 2.6.1 or later, or a certificate" : NULL);
    expect_risk(*state,
                "kafka: { bootstrap_servers: k, properties: { sasl.mechanisms: PLAIN } }\n"
                "rulebook: r\n",
                NULL);
}

static void test_a_setting_that_lets_strangers_in_is_warned_of(void **state)
{
    struct world *world = *state;
    char settings[512];
    world_write(world, "secret", "hidden\n");
    for (size_t i = 0; i < sizeof risks / sizeof *risks; i++) {
        snprintf(settings, sizeof settings, NEEDED "%s", risks[i].settings);
        expect_risk(world, settings, risks[i].warning);
    }
    for (size_t i = 0; i < sizeof property_risks / sizeof *property_risks; i++) {
        snprintf(settings, sizeof settings,
                 "kafka: { bootstrap_servers: k, properties: { %s } }\nrulebook: r\n",
                 property_risks[i].properties);
        expect_risk(world, settings, property_risks[i].warning);
    }
}

#define WITH_WORLD(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(test_what_is_left_out_has_the_value_of_the_table),
        WITH_WORLD(test_relative_paths_begin_at_the_folder_of_the_settings),
        WITH_WORLD(test_a_secret_is_the_contents_of_its_file_without_the_line_end),
        WITH_WORLD(test_the_files_that_settings_name_are_kept_by_their_paths),
        WITH_WORLD(test_secrets_come_from_the_credentials_folder_where_there_is_one),
        WITH_WORLD(test_a_secret_that_others_reach_is_refused_with_its_mode_or_owner),
        WITH_WORLD(test_an_empty_secret_or_one_of_two_lines_is_refused),
        WITH_WORLD(test_a_secret_or_a_certificate_that_changed_is_taken_by_a_reload),
        WITH_WORLD(test_a_setting_that_lets_strangers_in_is_warned_of),
        WITH_WORLD(test_passwords_that_kafka_4_does_not_take_are_warned_of),
        WITH_WORLD(test_a_unix_socket_names_redis_too),
#ifdef ARO_REDIS_TLS
        WITH_WORLD(test_redis_over_tls_has_its_certificates),
        WITH_WORLD(test_half_a_certificate_for_redis_is_refused),
        WITH_WORLD(test_a_key_for_redis_that_others_can_read_is_refused),
#else
        WITH_WORLD(test_redis_over_tls_is_refused_with_what_is_missing),
#endif
        WITH_WORLD(test_an_address_may_be_of_the_sixth_version),
        WITH_WORLD(test_properties_and_secrets_reach_librdkafka),
        WITH_WORLD(test_each_shard_has_the_partition_and_the_topics_written_for_it),
        WITH_WORLD(test_a_reload_names_the_setting_that_needs_a_restart),
        WITH_WORLD(test_a_property_of_kafka_that_changes_needs_a_restart),
        WITH_WORLD(test_a_file_that_is_not_there_says_so),
        cmocka_unit_test(test_each_mistake_is_told_with_its_place),
        cmocka_unit_test(test_the_table_is_sorted_and_each_row_has_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
