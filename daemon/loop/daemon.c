#include "loop/daemon.h"

#include "config/risks.h"
#include "config/shards_check.h"
#include "confinement/confinement.h"
#include "kafka/client.h"
#include "kafka/topics.h"
#include "log/log.h"
#include "loop/commands_private.h"
#include "loop/host_clock.h"
#include "loop/notify.h"
#include "loop/pages.h"
#include "shard/synthetic_event.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <aro/hash_key.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    /* SIGTERM to the end, whatever hangs. What is not committed then is not lost: the next owner
     * reads it again. */
    END_SECONDS_MAX = 9,
};

/* ---- settings and rulebook ---- */

int daemon_load(const char *config_path, struct aro_languages *languages,
                struct config **ret_config, struct rulebook_file **ret_rulebook,
                struct aro_error *reterr)
{
    struct config *config;
    struct aro_error error = { 0 };

    int r = config_load(config_path, &config, &error);
    if (r < 0 && error.line > 0)
        return aro_error_set(reterr, r, "%s:%u:%u: %.400s", config_path, error.line, error.column,
                             error.message);
    if (r < 0)
        return aro_error_set(reterr, r, "%s", error.message);
    r = client_try(config, reterr);
    if (r == 0)
        r = rulebook_file_load(config->rulebook, languages, ret_rulebook, reterr);
    if (r < 0) {
        config_free(config);
        return r;
    }
    r = shards_check_queues(config, (*ret_rulebook)->rulebook, reterr);
    if (r == 0 && config->synthetic_interval.ms > 0)
        r = synthetic_check_rulebook(languages, (*ret_rulebook)->rulebook, reterr);
    if (r < 0) {
        rulebook_file_unref(*ret_rulebook);
        config_free(config);
        return r;
    }
    *ret_config = config;
    return 0;
}

static void warn_of_risk(const char *text, void *context)
{
    (void)context;
    LOG(setting_risky, NULL, "%s", text);
}

int daemon_check(const char *config_path)
{
    struct aro_languages *languages;
    struct config *config;
    struct rulebook_file *rulebook;
    struct aro_error error = { 0 };

    if (aro_languages_new(&languages) < 0)
        memory_exhausted();
    int r = daemon_load(config_path, languages, &config, &rulebook, &error);
    if (r < 0) {
        LOG(settings_refused, NULL, "%s", error.message);
    } else {
        config_each_risk(config, warn_of_risk, NULL);
        config_free(config);
        rulebook_file_unref(rulebook);
    }
    aro_languages_free(languages);
    return r < 0 ? EXIT_CONFIGURATION : EXIT_FINE;
}

void daemon_set_log(const struct config *config)
{
    log_set_level(config->log_level);
    log_set_format(config->log_format, config->log_journal_socket);
}

/* ---- the group ---- */

struct shard *daemon_find_shard(struct daemon *daemon, const char *name)
{
    for (size_t i = 0; i < daemon->shard_count; i++) {
        if (strcmp(shard_name(daemon->shards[i]), name) == 0)
            return daemon->shards[i];
    }
    return NULL;
}

static struct shard *find_shard_of(struct daemon *daemon, int32_t partition)
{
    for (size_t i = 0; i < daemon->shard_count; i++) {
        if (shard_partition(daemon->shards[i]) == partition)
            return daemon->shards[i];
    }
    return NULL;
}

static void on_assigned(const int32_t *partitions, size_t count, struct term *term, void *context)
{
    struct daemon *daemon = context;

    LOG(shards_given, NULL, "the group gives this instance %zu of its shards", count);
    daemon->unnamed_partition = -1;
    daemon->rebalances.assigned++;
    for (size_t i = 0; i < count; i++) {
        struct shard *shard = find_shard_of(daemon, partitions[i]);
        if (shard) {
            shard_begin_term(shard, term);
            continue;
        }
        daemon->unnamed_partition = partitions[i];
        LOG(shard_unnamed, ABOUT(.topic = daemon->config->ledger_topic),
            "partition %" PRId32
            " is given to this instance, but no shard of its settings names it: "
            "nobody routes what belongs to it",
            partitions[i]);
    }
}

static void on_failed(struct shard *shard, void *context)
{
    (void)shard;
    daemon_end(context, EXIT_FAILED);
}

static void release_if_all_released(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->shard_count; i++) {
        if (!shard_is_released(daemon->shards[i]))
            return;
    }
    membership_release(daemon->membership);
}

static void on_revoked(bool is_lost, void *context)
{
    struct daemon *daemon = context;

    if (is_lost)
        LOG(shards_lost, NULL,
            "the group was out of reach, and may have given this instance's shards to others");
    *(is_lost ? &daemon->rebalances.lost : &daemon->rebalances.revoked) += 1;
    for (size_t i = 0; i < daemon->shard_count; i++)
        shard_end_term(daemon->shards[i], is_lost);
    release_if_all_released(daemon);
}

static void on_released(struct shard *shard, void *context)
{
    (void)shard;
    release_if_all_released(context);
}

/* Nobody works with the clients now: this instance is in no group. */
static int renew_clients(struct daemon *daemon, struct aro_error *reterr)
{
    int r = membership_reopen(daemon->membership, reterr);
    for (size_t i = 0; i < daemon->shard_count && r == 0; i++)
        r = shard_renew_client(daemon->shards[i], reterr);
    if (r == 0 && !daemon->is_joining)
        r = membership_join(daemon->membership, reterr);
    return r;
}

static void finish_renewal(struct daemon *daemon)
{
    struct aro_error error = { 0 };

    daemon->is_renewing = false;
    if (renew_clients(daemon, &error) < 0) {
        LOG(clients_not_renewed, NULL, "%s", error.message);
        daemon_end(daemon, EXIT_FAILED);
        return;
    }
    LOG(clients_renewed, NULL,
        "connections to Kafka are made with the certificates and keys as they "
        "are now");
}

void daemon_renew_secrets(struct daemon *daemon, const struct config_renewal *renewal)
{
    if (renewal->has_redis_password) {
        for (size_t i = 0; i < daemon->shard_count; i++)
            shard_renew_redis_password(daemon->shards[i], daemon->config->redis.password);
        LOG(password_renewed, ABOUT(.peer = "redis"), "the next connection takes another password");
    }
    if (renewal->has_kafka_password) {
        client_renew_password(daemon->config);
        LOG(password_renewed, ABOUT(.peer = "kafka"), "the next connection takes another password");
    }
    if (!renewal->has_kafka_files)
        return;
    client_renew_files();
    if (!daemon->membership || daemon->is_renewing || daemon->is_ending)
        return; /* the clients are made later, or are being made */
    daemon->is_renewing = true;
    if (membership_has_joined(daemon->membership))
        membership_leave(daemon->membership);
    else
        finish_renewal(daemon);
}

static void on_left(void *context)
{
    struct daemon *daemon = context;

    if (daemon->is_renewing && !daemon->is_ending)
        finish_renewal(daemon);
    else
        event_base_loopbreak(daemon->base);
}

static void on_fenced(const char *text, void *context)
{
    struct daemon *daemon = context;
    LOG(instance_duplicate, NULL, "another process runs as static instance '%s': %s",
        daemon->config->instance, text);
    daemon->exit_code = EXIT_CONFIGURATION;
    event_base_loopbreak(daemon->base);
}

/* Joins once every ledger has been read, so that the arrival of a fresh process costs the group
 * milliseconds. */
static void on_caught_up(struct shard *caught_up, void *context)
{
    struct daemon *daemon = context;
    struct aro_error error = { 0 };
    (void)caught_up;

    for (size_t i = 0; i < daemon->shard_count; i++) {
        if (!daemon->shards[i] || shard_get_state(daemon->shards[i]) == SHARD_FOLDING)
            return;
    }
    if (!daemon->is_joining || daemon->is_ending)
        return;
    daemon->is_joining = false;
    if (membership_join(daemon->membership, &error) < 0) {
        LOG(group_not_joined, NULL, "%s", error.message);
        daemon_end(daemon, EXIT_FAILED);
        return;
    }
    notify_ready();
}

/* ---- signals, and the end ---- */

void daemon_end(struct daemon *daemon, int exit_code)
{
    if (daemon->is_ending)
        return;
    daemon->is_ending = true;
    daemon->exit_code = exit_code;
    notify_stopping();
    alarm(END_SECONDS_MAX);
    if (daemon->membership && membership_has_joined(daemon->membership))
        membership_leave(daemon->membership);
    else
        event_base_loopbreak(daemon->base);
}

static void on_end_signal(evutil_socket_t number, short what, void *context)
{
    struct daemon *daemon = context;
    (void)what;
    LOG(ending, NULL, "%s: finishing what is under way and leaving the group",
        strsignal((int)number));
    daemon_end(daemon, EXIT_FINE);
}

static void on_reloaded(enum reload_verdict verdict, const char *text, void *context)
{
    (void)context;
    if (verdict == RELOAD_REFUSED || verdict == RELOAD_FAILED)
        LOG(reload_refused, NULL, "not reloaded, everything goes on as before: %s", text);
}

static void on_reload_signal(evutil_socket_t number, short what, void *context)
{
    struct daemon *daemon = context;
    (void)number, (void)what;
    reload_ask(daemon->reload, on_reloaded, daemon);
}

/* The end takes too long: a library hangs. Everything that counts is in Kafka. */
static void on_alarm(int number)
{
    (void)number;
    log_last_words(MESSAGE_end_forced, "gave up waiting for a clean end");
    _exit(EXIT_FINE);
}

static int watch_signals(struct daemon *daemon)
{
    static const struct {
        int number;
        event_callback_fn on_signal;
    } rows[] = { { SIGTERM, on_end_signal },
                 { SIGINT, on_end_signal },
                 { SIGHUP, on_reload_signal } };

    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, on_alarm);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        daemon->signals[i] = evsignal_new(daemon->base, rows[i].number, rows[i].on_signal, daemon);
        if (!daemon->signals[i] || event_add(daemon->signals[i], NULL) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* ---- start ---- */

/* While the start waits for Kafka the loop still has its turns: signals and `appealctl status`. */
static struct daemon *starting_daemon;

static bool start_is_cancelled(void)
{
    event_base_loop(starting_daemon->base, EVLOOP_NONBLOCK);
    return starting_daemon->is_ending;
}

static int prepare_topics(struct daemon *daemon, struct aro_error *reterr)
{
    struct rulebook_file *rulebook = rulebook_file_ref(daemon->rulebook); /* also over a reload */

    starting_daemon = daemon;
    int r = topics_prepare(daemon->config, rulebook->rulebook, start_is_cancelled,
                           &daemon->tombstones_last, reterr);
    starting_daemon = NULL;
    rulebook_file_unref(rulebook);
    return r;
}

static int open_shards(struct daemon *daemon, struct aro_error *reterr)
{
    const struct shard_callbacks callbacks = { .on_caught_up = on_caught_up,
                                               .on_released = on_released,
                                               .on_failed = on_failed,
                                               .context = daemon };
    const struct config_shards *settings = &daemon->config->shards;

    daemon->shards = memory_new_array(settings->count, sizeof(struct shard *));
    for (size_t i = 0; i < settings->count; i++) {
        int r = shard_new(daemon->base, daemon->config, &settings->items[i], daemon->membership,
                          daemon->languages, daemon->rulebook, daemon->started_at.ms,
                          daemon->tombstones_last, &callbacks, &daemon->shards[i], reterr);
        if (r < 0)
            return r;
        daemon->shard_count++;
        if (daemon->accepts_new_ledger)
            shard_accept_new_ledger(daemon->shards[i]);
    }
    return 0;
}

static int open_http(struct daemon *daemon, struct aro_error *reterr)
{
    size_t page_count;
    const struct http_page *pages = pages_get(&page_count);

    if (!daemon->config->http.host)
        return 0;
    int r =
        http_new(daemon->base, &daemon->config->http, (unsigned)daemon->config->limits.connections,
                 pages, page_count, daemon, &daemon->http, reterr);
    if (r == 0)
        LOG(http_listening, ABOUT(.peer = "http"), "listening at %s", http_address(daemon->http));
    return r;
}

static int open_control(struct daemon *daemon, struct aro_error *reterr)
{
    const struct config *config = daemon->config;
    const struct control_settings settings = {
        .path = config->control_socket,
        .group = config->control_gid,
        .is_open = config->control_readers == CONFIG_READERS_EVERYONE,
        .connections_max = (unsigned)config->limits.connections,
    };
    if (!config->control_socket)
        return 0;
    return control_new(daemon->base, &settings, commands_handle, daemon, &daemon->control, reterr);
}

/* 0, or the exit code to end with; @reterr says why. */
static int start(struct daemon *daemon, struct aro_error *reterr)
{
    const struct membership_callbacks callbacks = { .on_assigned = on_assigned,
                                                    .on_revoked = on_revoked,
                                                    .on_left = on_left,
                                                    .on_fenced = on_fenced,
                                                    .context = daemon };
    int r = open_control(daemon, reterr);
    if (r == 0)
        r = open_http(daemon, reterr);
    if (r < 0)
        return EXIT_FAILED;
    if (confinement_enter(daemon->config, reterr) < 0)
        return EXIT_CONFIGURATION;
    r = prepare_topics(daemon, reterr);
    if (r == -ECANCELED)
        return EXIT_FINE;
    if (r < 0)
        return r == -EINVAL || r == -ENOENT || r == -EACCES ? EXIT_CONFIGURATION : EXIT_FAILED;
    r = membership_new(daemon->base, daemon->config, daemon->started_at.ms, &callbacks,
                       &daemon->membership, reterr);
    if (r == 0)
        r = open_shards(daemon, reterr);
    return r < 0 ? EXIT_FAILED : 0;
}

static void daemon_done(struct daemon *daemon)
{
    http_free(daemon->http);
    control_free(daemon->control);
    supervision_done(&daemon->supervision);
    loop_lag_done(&daemon->lag);
    for (size_t i = 0; i < daemon->shard_count; i++)
        shard_free(daemon->shards[i]);
    free(daemon->shards);
    reroute_command_end(daemon);
    membership_free(daemon->membership);
    for (size_t i = 0; i < sizeof daemon->signals / sizeof *daemon->signals; i++) {
        if (daemon->signals[i])
            event_free(daemon->signals[i]);
    }
    rulebook_file_unref(daemon->rulebook);
    reload_free(daemon->reload);
    if (daemon->base)
        event_base_free(daemon->base);
    aro_languages_free(daemon->languages);
    if (daemon->config)
        config_free(daemon->config);
}

/* Another for each process: nobody outside can aim ids at one place of a table. */
static void choose_hash_key(void)
{
    uint64_t key[2];
    if (getrandom(key, sizeof key, 0) == sizeof key)
        aro_hash_key_set(key[0], key[1]);
    else
        LOG(hash_key_known, NULL, "no randomness from the kernel, going on with a known hash key");
}

static void run_loop(struct daemon *daemon)
{
    if (loop_lag_begin(&daemon->lag) < 0)
        memory_exhausted();
    event_base_dispatch(daemon->base);
}

int daemon_run(const struct daemon_arguments *arguments)
{
    struct daemon daemon = { .is_joining = true,
                             .unnamed_partition = -1,
                             .accepts_new_ledger = arguments->accepts_new_ledger };
    struct aro_error error = { 0 };

    choose_hash_key();
    daemon.started_at = host_clock_now();
    daemon.base = event_base_new();
    if (!daemon.base || aro_languages_new(&daemon.languages) < 0 || watch_signals(&daemon) < 0 ||
        loop_lag_init(&daemon.lag, daemon.base) < 0 || reload_new(&daemon, &daemon.reload) < 0 ||
        supervision_init(&daemon.supervision, &daemon) < 0)
        memory_exhausted();
    if (daemon_load(arguments->config_path, daemon.languages, &daemon.config, &daemon.rulebook,
                    &error) < 0) {
        daemon.exit_code = EXIT_CONFIGURATION;
    } else {
        daemon_set_log(daemon.config);
        config_each_risk(daemon.config, warn_of_risk, NULL);
        reload_frees(daemon.reload, daemon.rulebook);
        daemon.exit_code = start(&daemon, &error);
    }
    if (daemon.exit_code != EXIT_FINE)
        LOG_MESSAGE(daemon.config ? MESSAGE_start_failed : MESSAGE_settings_refused, NULL,
                    "cannot start: %s", error.message);
    else if (!daemon.is_ending)
        run_loop(&daemon);
    int exit_code = daemon.exit_code;
    daemon_done(&daemon);
    return exit_code;
}
