/* The daemon: one event loop, with the settings, the shards, the group and the control socket. */
#ifndef APPEAL_ROUTERD_LOOP_DAEMON_H
#define APPEAL_ROUTERD_LOOP_DAEMON_H

#include "config/config.h"
#include "config/rulebook_file.h"
#include "control/control.h"
#include "http/http.h"
#include "kafka/membership.h"
#include "loop/loop_lag.h"
#include "loop/reload.h"
#include "loop/supervision.h"
#include "shard/shard.h"

#include <aro/error.h>
#include <aro/language.h>

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit codes, as appealctl's: 1, a restart may help; 78, it will not. */
enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_CONFIGURATION = 78 };

struct reroute_command;

struct daemon {
    struct event_base *base;
    struct config *config;
    struct aro_languages *languages;
    struct rulebook_file *rulebook;
    struct membership *membership;
    struct shard **shards;
    size_t shard_count;
    struct control *control;
    struct http *http; /* NULL: none */
    struct loop_lag lag;
    struct supervision supervision;
    struct reload *reload;
    struct reroute_command *reroute; /* the one under way; NULL: none */
    struct event *signals[3];
    struct aro_instant started_at;
    struct aro_span tombstones_last; /* in the ledger topic */

    /* How often the group gave us our shards, took them back, and had given them to others. */
    struct daemon_rebalances {
        uint64_t assigned, revoked, lost;
    } rebalances;
    bool is_joining; /* the ledgers are not read yet */
    bool is_ending;
    bool is_renewing; /* leaves the group, to come back with other certificates */
    bool accepts_new_ledger;
    int32_t unnamed_partition; /* one that the group gave us and no shard names; -1: none */
    int exit_code;
};

struct daemon_arguments {
    const char *config_path;
    bool accepts_new_ledger; /* --new-ledger */
};

/* Loads settings and rulebook and says what is wrong with them. Returns an exit code. */
int daemon_check(const char *config_path);

/* Runs until told to end. Returns an exit code. */
int daemon_run(const struct daemon_arguments *arguments);

/* Settings and rulebook, all or nothing: *@ret_config and *@ret_rulebook are set on success only.
 */
int daemon_load(const char *config_path, struct aro_languages *languages,
                struct config **ret_config, struct rulebook_file **ret_rulebook,
                struct aro_error *reterr);

/* Writes log lines as @config says from here on. */
void daemon_set_log(const struct config *config);

/* After a reload: passwords, certificates and keys that are others by now come into use. */
void daemon_renew_secrets(struct daemon *daemon, const struct config_renewal *renewal);

/* Begins to leave: finishes what is under way, hands the shards over, ends the loop. */
void daemon_end(struct daemon *daemon, int exit_code);

struct shard *daemon_find_shard(struct daemon *daemon, const char *name);

#endif
