/* The life of a shard in this process.
 *
 *   FOLDING -> STANDBY -> CLAIMING -> SETTLING -> OWNER <-> RESOLVING
 *                 ^___________|__________|__________|__________|
 *
 * Back to STANDBY from anywhere when the group takes the shard, or a fence says that it has; to
 * STOPPED from anywhere when going on would lose or repeat something.
 *
 * An owner has up to two batches: @in_flight, sealed and with the writer, and @collecting, which
 * takes the effects of what is read meanwhile. Nothing waits for a timer: the writer's return seals
 * the next one. Both can be undone, newest first, as each knows what it changed. */
#include "shard/shard_private.h"

#include "loop/host_clock.h"
#include "loop/monotonic.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RELEASE_MS = 2000 /* to finish what is under way when the group asks for the shard */
};

const char *shard_state_name(enum shard_state state)
{
    static const char *const names[] = {
        [SHARD_FOLDING] = "folding",   [SHARD_STANDBY] = "standby", [SHARD_CLAIMING] = "claiming",
        [SHARD_SETTLING] = "settling", [SHARD_OWNER] = "owner",     [SHARD_RESOLVING] = "resolving",
        [SHARD_STOPPED] = "stopped",
    };
    return names[state];
}

const struct log_subject *shard_about(const struct shard *shard)
{
    static struct log_subject subject;
    subject = (struct log_subject){ .shard = shard->settings->name };
    return &subject;
}

void shard_move(struct shard *shard, enum shard_state next)
{
    if (shard->state == next)
        return;
    LOG(shard_state, shard_about(shard), "%s, was %s", shard_state_name(next),
        shard_state_name(shard->state));
    shard->state = next;
}

struct aro_instant shard_now(struct shard *shard)
{
    return core_clock_now(&shard->clock, host_clock_now());
}

static void drop_batch(struct shard *shard, struct batch **batch)
{
    if (!*batch)
        return;
    aro_router_undo(shard->router, (*batch)->effects);
    batch_free(TAKE(*batch));
}

/* Back to the state of the last transaction known to be committed. */
static void undo_uncommitted(struct shard *shard)
{
    size_t count = (shard->collecting ? batch_record_count(shard->collecting) : 0) +
                   (shard->in_flight ? batch_record_count(shard->in_flight) : 0);
    if (count > 0)
        LOG(records_undone, shard_about(shard), "%zu records were not committed and are undone",
            count);
    drop_batch(shard, &shard->collecting);
    drop_batch(shard, &shard->in_flight);
    board_change_free(TAKE(shard->in_flight_change));
    aro_positions_done(&shard->in_flight_positions);
}

bool shard_has_worked(const struct shard *shard)
{
    return shard->state == SHARD_OWNER || shard->state == SHARD_RESOLVING;
}

/* What only an owner has. The writer must be idle, or busy with no batch. */
static void leave_work(struct shard *shard)
{
    if (!shard_has_worked(shard))
        return;
    undo_uncommitted(shard);
    shard_end_waiting_for_work(shard);
    shard_end_waiting_for_swap(shard);
    shard_prepare(shard); /* what a reload that was cut short has left */
    ledger_fold_end_work(&shard->fold);
    if (shard->board)
        board_stop(shard->board);
    event_del(shard->tick_timer);
    event_del(shard->census_timer);
    shard->wants_ends = shard->has_ends = false;
}

void shard_stop(struct shard *shard, const char *reason)
{
    reader_stop(shard->reader);
    event_del(shard->claim_timer);
    snprintf(shard->stop_reason, sizeof shard->stop_reason, "%s", reason);
    if (shard->writer_has_batch) {
        shard->exit_pending = SHARD_EXIT_STOP;
        return;
    }
    leave_work(shard);
    shard_move(shard, SHARD_STOPPED);
    LOG(shard_stopped, shard_about(shard),
        "stopped: %s; when that is mended, 'appealctl start-shard %s' goes on", reason,
        shard->settings->name);
}

/* Reads on behind the last transaction that is in memory. */
void shard_follow_ledger(struct shard *shard)
{
    struct aro_error error;

    if (reader_follow(shard->reader, shard->ledger_next, &error) < 0)
        shard_stop(shard, error.message);
}

void shard_become_standby(struct shard *shard)
{
    bool worked = shard_has_worked(shard);

    if (shard->writer_has_batch) {
        shard->exit_pending = SHARD_EXIT_STANDBY;
        writer_cancel(shard->writer); /* it is fenced; what it has done is in the ledger */
        return;
    }
    leave_work(shard);
    event_del(shard->claim_timer);
    if (shard->state == SHARD_STOPPED || shard->state == SHARD_FOLDING)
        return;
    shard_move(shard, SHARD_STANDBY);
    if (worked)
        shard_follow_ledger(shard);
}

void shard_exit(struct shard *shard)
{
    enum shard_exit pending = shard->exit_pending;
    char reason[sizeof shard->stop_reason];

    shard->exit_pending = SHARD_EXIT_NONE;
    if (pending == SHARD_EXIT_STANDBY) {
        shard_become_standby(shard);
    } else {
        memcpy(reason, shard->stop_reason, sizeof reason);
        shard_stop(shard, reason);
    }
}

static void finish_release(struct shard *shard)
{
    if (!shard->is_releasing)
        return;
    shard->is_releasing = false;
    event_del(shard->release_timer);
    shard->callbacks.on_released(shard, shard->callbacks.context);
}

/* The group takes the shard back, and nothing more will be committed. Waits for the writer, which
 * may still hold a batch. */
static void release_if_idle(struct shard *shard)
{
    if (!shard->is_releasing || !writer_is_idle(shard->writer))
        return;
    shard_become_standby(shard);
    finish_release(shard);
}

void shard_end_term(struct shard *shard, bool is_lost)
{
    static const struct timeval release_span = { .tv_sec = RELEASE_MS / 1000,
                                                 .tv_usec = RELEASE_MS % 1000 * 1000 };
    if (!shard->term)
        return;
    term_unref(TAKE(shard->term));
    shard->is_releasing = true;
    event_del(shard->claim_timer);
    if (is_lost || shard->state != SHARD_OWNER)
        writer_cancel(shard->writer);
    else
        event_add(shard->release_timer, &release_span);
    if (shard->state == SHARD_OWNER && !is_lost)
        shard_commit_next(shard);
    release_if_idle(shard);
}

static void on_release_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    (void)descriptor, (void)what;
    LOG(release_overdue, shard_about(shard),
        "what is under way has not been committed in %d ms, giving it up", RELEASE_MS);
    writer_cancel(shard->writer);
}

static void on_writer_done(struct writer_result *result, void *context)
{
    struct shard *shard = context;

    /* While the group waits, a claim's outcome no longer matters; nor where the shard has stopped
     * meanwhile, or stopped and been started: then it claims once more. */
    bool is_claiming = shard->state == SHARD_CLAIMING || shard->state == SHARD_RESOLVING;
    switch (result->job) {
    case WRITER_CLAIM:
        if (shard->term && is_claiming)
            shard_on_claim_done(shard, result);
        break;
    case WRITER_COMMIT: shard_on_commit_done(shard, result); break;
    case WRITER_ENDS: shard_on_ends_done(shard, result); break;
    case WRITER_IDLE: break;
    }
    release_if_idle(shard);
}

int shard_renew_client(struct shard *shard, struct aro_error *reterr)
{
    assert(!shard->term && writer_is_idle(shard->writer));
    sender_free(TAKE(shard->synthetic.sender)); /* the next one knows the files as they are now */
    return reader_reopen(shard->reader, reterr);
}

void shard_renew_redis_password(struct shard *shard, const char *password)
{
    if (shard->board)
        board_set_password(shard->board, password);
}

void shard_accept_new_ledger(struct shard *shard)
{
    shard->accepts_new_ledger = true;
}

int shard_start(struct shard *shard, bool accepts_partitions, bool accepts_new_ledger,
                struct aro_error *reterr)
{
    if (shard->state != SHARD_STOPPED)
        return aro_error_set(reterr, -EINVAL, "shard '%s' is not stopped, it is %s",
                             shard->settings->name, shard_state_name(shard->state));
    shard->accepts_partitions = accepts_partitions;
    shard->accepts_new_ledger = accepts_new_ledger;
    if (shard->distrusts_memory || accepts_new_ledger) {
        int r = shard_begin_fold(shard, reterr);
        if (r < 0)
            return r;
    } else {
        shard_move(shard, SHARD_STANDBY);
    }
    shard->stop_reason[0] = '\0';
    shard_follow_ledger(shard);
    shard->assigned_at = host_clock_now(); /* this is the word that it takes over by */
    shard_claim(shard);
    return 0;
}

static int board_open(struct shard *shard, struct event_base *base)
{
    const struct config_redis *redis = &shard->config->redis;
    const struct board_settings settings = {
        .host = redis->host,
        .port = redis->port,
        .unix_path = redis->unix_path,
        .tls = { .is_used = redis->is_tls,
                 .ca_file = redis->ca_file,
                 .certificate_file = redis->certificate_file,
                 .key_file = redis->key_file },
        .database = redis->database,
        .prefix = redis->prefix,
        .username = redis->username,
        .password = redis->password,
        .shard = shard->settings->name,
        .backlog_rows_max = (size_t)shard->config->limits.redis_backlog,
    };
    return redis->url ? board_new(base, &settings, &shard->board) : 0;
}

int shard_begin_fold(struct shard *shard, struct aro_error *reterr)
{
    struct aro_router *router;

    int r = aro_router_new(shard->languages, shard->rulebook->rulebook, &router);
    if (r < 0)
        return aro_error_set(reterr, r, "no memory for the shard's router");
    if (shard->router)
        ledger_fold_done(&shard->fold);
    aro_router_free(shard->router);
    shard->router = router;
    ledger_fold_init(&shard->fold, router, shard->config->kafka.group);
    shard->ledger_next = 0;
    shard->has_caught_up = shard->distrusts_memory = false;
    shard->state = SHARD_FOLDING;
    return 0;
}

static int shard_open(struct shard *shard, struct event_base *base, struct aro_languages *languages,
                      struct aro_error *reterr)
{
    static const struct timeval watch_interval = { .tv_sec = 1 };
    const struct reader_callbacks callbacks = {
        .on_ledger_record = shard_on_ledger_record,
        .on_source_record = shard_on_source_record,
        .on_ledger_end = shard_on_ledger_end,
        .on_turn = shard_on_turn,
        .wants_more = shard_wants_more,
        .on_broken = shard_on_broken,
        .context = shard,
    };

    shard->tick_timer = event_new(base, -1, 0, shard_on_tick_timer, shard);
    shard->claim_timer = event_new(base, -1, 0, shard_on_claim_timer, shard);
    shard->release_timer = event_new(base, -1, 0, on_release_timer, shard);
    shard->watch_timer = event_new(base, -1, EV_PERSIST, shard_on_watch_timer, shard);
    shard->census_timer = event_new(base, -1, 0, shard_on_census_timer, shard);
    shard->prepare_timer = event_new(base, -1, 0, shard_on_prepare_timer, shard);
    if (!shard->tick_timer || !shard->claim_timer || !shard->release_timer || !shard->watch_timer ||
        !shard->census_timer || !shard->prepare_timer ||
        event_add(shard->watch_timer, &watch_interval) < 0)
        return aro_error_set(reterr, -ENOMEM, "no memory for the shard's timers");
    shard->languages = languages;
    if (aro_event_reader_new(languages, &shard->event_reader) < 0)
        return aro_error_set(reterr, -ENOMEM, "no memory for the shard's event reader");
    int r = shard_begin_fold(shard, reterr);
    if (r < 0)
        return r;
    r = reader_new(base, shard->config, shard->settings, &callbacks, &shard->reader, reterr);
    if (r == 0)
        r = writer_new(base, shard->config, shard->settings, shard->membership, on_writer_done,
                       shard, &shard->writer, reterr);
    if (r == 0)
        r = board_open(shard, base);
    return r == 0 ? reader_follow(shard->reader, 0, reterr) : r;
}

int shard_new(struct event_base *base, const struct config *config,
              const struct config_shard *settings, struct membership *membership,
              struct aro_languages *languages, struct rulebook_file *rulebook,
              int64_t start_time_ms, struct aro_span tombstones_last,
              const struct shard_callbacks *callbacks, struct shard **ret, struct aro_error *reterr)
{
    struct shard *shard = memory_new(sizeof *shard);

    shard->config = config;
    shard->settings = settings;
    shard->membership = membership;
    shard->callbacks = *callbacks;
    shard->start_time_ms = start_time_ms;
    shard->tombstones_last = tombstones_last;
    shard->was_at_end_at = host_clock_now();
    shard->rulebook = rulebook_file_ref(rulebook);
    shard->rulebook_next = rulebook_file_ref(rulebook);
    shard->took_over_ms = -1;
    histogram_init(&shard->tally.take_over_seconds, &histogram_seconds);
    histogram_init(&shard->tally.transaction_seconds, &histogram_seconds);
    histogram_init(&shard->tally.transaction_records, &histogram_records);
    histogram_init(&shard->tally.transaction_bytes, &histogram_bytes);
    histogram_init(&shard->tally.event_to_commit_seconds, &histogram_seconds);
    histogram_init(&shard->tally.synthetic_seconds, &histogram_seconds);
    shard_outputs_init(&shard->tally);
    int r = shard_open(shard, base, languages, reterr);
    if (r < 0) {
        shard_free(shard);
        return r;
    }
    *ret = shard;
    return 0;
}

void shard_free(struct shard *shard)
{
    if (!shard)
        return;
    shard_end_waiting_for_work(shard);
    shard_end_waiting_for_swap(shard);
    writer_free(shard->writer); /* with the batch that it has */
    if (!shard->writer_has_batch)
        batch_free(shard->in_flight);
    batch_free(shard->collecting);
    reader_free(shard->reader);
    board_change_free(shard->in_flight_change);
    board_free(shard->board);
    if (shard->router)
        ledger_fold_done(&shard->fold);
    aro_router_free(shard->router);
    aro_event_reader_free(shard->event_reader);
    struct event *timers[] = { shard->tick_timer,  shard->claim_timer,  shard->release_timer,
                               shard->watch_timer, shard->census_timer, shard->prepare_timer };
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        if (timers[i])
            event_free(timers[i]);
    }
    sender_free(shard->synthetic.sender);
    queue_tallies_done(&shard->tally.queues);
    rulebook_file_unref(shard->rulebook);
    rulebook_file_unref(shard->rulebook_next);
    term_unref(shard->term);
    aro_topics_done(&shard->topics_now);
    aro_positions_done(&shard->begins_now);
    aro_positions_done(&shard->in_flight_positions);
    aro_positions_done(&shard->resume_positions);
    aro_positions_done(&shard->ends);
    free(shard);
}

const char *shard_name(const struct shard *shard)
{
    return shard->settings->name;
}

int32_t shard_partition(const struct shard *shard)
{
    return (int32_t)shard->settings->partition;
}

enum shard_state shard_get_state(const struct shard *shard)
{
    return shard->state;
}

bool shard_is_owner(const struct shard *shard)
{
    return shard_has_worked(shard);
}

bool shard_is_released(const struct shard *shard)
{
    return !shard->is_releasing;
}

int64_t shard_committing_ms(const struct shard *shard)
{
    return shard->writer_has_batch ? monotonic_ms() - shard->sent_at_ms : 0;
}

const char *shard_owner_name(const struct shard *shard)
{
    return shard->fold.owner.instance;
}

const char *shard_stop_reason(const struct shard *shard)
{
    return shard->state == SHARD_STOPPED ? shard->stop_reason : "";
}

const struct aro_router *shard_router(const struct shard *shard)
{
    return shard->router;
}
