#include "kafka/writer.h"

#include "kafka/lookup.h"
#include "kafka/producer.h"
#include "kafka/wakeup.h"
#include "log/log.h"
#include "loop/monotonic.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PRODUCER_COUNT = 2,
    PROBE_MS = 2000, /* each call short enough that a revocation or the end is soon noticed */
    INIT_MS = 20000,
    METADATA_MS = 2000,
    RETRIES_MAX = 5,
    RETRY_BACKOFF_FIRST_MS = 20, /* doubles with each retry */
};

struct writer {
    const struct config *config;
    const struct config_shard *shard;
    struct membership *membership;
    writer_done *done;
    void *context;

    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows, up to the blank line */
    pthread_cond_t has_job;
    enum writer_job job; /* IDLE: nothing to do, or the result is not fetched yet */
    bool has_result, is_ending;

    /* The running job's; the loop writes them while idle only. */
    struct writer_claim claim;
    struct batch *batch;
    char **queue_topics;
    size_t queue_topic_count;

    struct producer_watch watch;
    atomic_ullong begun_count, aborted_count;
    struct wakeup wakeup;
    struct writer_result result;

    /* The thread's own. */
    struct producer producers[PRODUCER_COUNT];
    unsigned turn; /* which producer begins the next transaction */
    struct term *term;
};

static void sleep_ms(int ms)
{
    struct timespec span = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    nanosleep(&span, NULL);
}

static enum writer_verdict verdict_of_errno(int r)
{
    switch (r) {
    case 0: return WRITER_DONE;
    case -EPERM: return WRITER_NOT_OWNER;
    case -EACCES:
    case -ENOENT: return WRITER_REFUSED;
    case -ECANCELED: return WRITER_CANCELLED;
    default: return WRITER_FAILED;
    }
}

/* ---- claiming a shard: design and order in docs/architecture.md, "Taking over" ---- */

static int64_t ledger_next_known(const struct writer *writer)
{
    return writer->claim.ledger_next;
}

/* The probe comes before every init_transactions: without it a resumed stale owner would fence the
 * rightful one. */
static enum writer_verdict producer_start(struct writer *writer, struct producer *producer,
                                          struct aro_error *reterr)
{
    int r = membership_probe(writer->membership, writer->term, (int32_t)writer->shard->partition,
                             ledger_next_known(writer), PROBE_MS, reterr);
    if (r < 0)
        return verdict_of_errno(r);
    r = producer_open(producer, reterr);
    if (r < 0)
        return WRITER_REFUSED;
    r = producer_init_transactions(producer, INIT_MS, reterr);
    return r == -EPERM ? WRITER_REFUSED : verdict_of_errno(r);
}

/* What the group has committed of the ledger (first) and of every source partition. */
static rd_kafka_topic_partition_list_t *offsets_to_compare(const struct writer *writer,
                                                           const struct aro_positions *sources)
{
    rd_kafka_topic_partition_list_t *offsets =
        rd_kafka_topic_partition_list_new((int)sources->source_count + 1);

    rd_kafka_topic_partition_list_add(offsets, writer->config->ledger_topic,
                                      (int32_t)writer->shard->partition);
    for (size_t i = 0; i < sources->source_count; i++)
        rd_kafka_topic_partition_list_add(offsets, sources->sources[i].topic,
                                          sources->sources[i].partition);
    return offsets;
}

static bool has_any_commit(const rd_kafka_topic_partition_list_t *offsets)
{
    for (int i = 0; i < offsets->cnt; i++) {
        if (offsets->elems[i].offset > 0)
            return true;
    }
    return false;
}

/* Has the ledger lost what the group has committed of it? It ends too early, or it is empty though
 * the group has worked: Kafka forgets a topic's committed offsets with the topic. */
static enum writer_verdict check_ledger(struct writer *writer, const struct aro_positions *sources,
                                        struct aro_error *reterr)
{
    int32_t partition = (int32_t)writer->shard->partition;
    rd_kafka_topic_partition_list_t *offsets = offsets_to_compare(writer, sources);
    int64_t low, high;

    int r = membership_committed(writer->membership, offsets, METADATA_MS, reterr);
    if (r == 0)
        r = lookup_ends(writer->claim.reads_with, writer->config->ledger_topic, partition, &low,
                        &high, reterr);
    int64_t committed = offsets->elems[0].offset;
    bool is_forgotten = !writer->claim.ledger_has_owner && has_any_commit(offsets);
    rd_kafka_topic_partition_list_destroy(offsets);
    if (r < 0)
        return verdict_of_errno(r);
    if (committed > high) {
        aro_error_set(reterr, -EINVAL,
                      "the ledger is lost: %s/%" PRId32 " ends at offset %" PRId64
                      ", but the group has committed %" PRId64,
                      writer->config->ledger_topic, partition, high, committed);
        return WRITER_LEDGER_LOST;
    }
    if (is_forgotten) {
        aro_error_set(reterr, -EINVAL,
                      "the ledger is lost: %s/%" PRId32
                      " is empty, but the group has committed offsets",
                      writer->config->ledger_topic, partition);
        return WRITER_LEDGER_LOST;
    }
    return WRITER_DONE;
}

static void topics_add(struct aro_topics *topics, const char *name)
{
    topics->topics =
        memory_resize(topics->topics, (topics->topic_count + 1) * sizeof *topics->topics);
    struct aro_topic *topic = &topics->topics[topics->topic_count++];
    *topic = (struct aro_topic){ 0 };
    snprintf(topic->name, sizeof topic->name, "%s", name);
}

/* Else the first transaction that writes to a topic waits a second for its metadata. */
static int prime_outputs(struct writer *writer, struct aro_error *reterr)
{
    const char *const names[] = { writer->config->ledger_topic, writer->shard->assignments,
                                  writer->shard->outcomes, writer->shard->dead_letters };
    struct aro_topics topics = { 0 };
    int r = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        topics_add(&topics, names[i]);
    for (size_t i = 0; i < writer->queue_topic_count; i++)
        topics_add(&topics, writer->queue_topics[i]);
    for (int i = 0; i < PRODUCER_COUNT && r == 0; i++)
        r = lookup_partitions(writer->producers[i].handle, &topics, "Write", reterr);
    aro_topics_done(&topics);
    return r;
}

static int topic_compare(const void *a, const void *b)
{
    return strcmp(((const struct aro_topic *)a)->name, ((const struct aro_topic *)b)->name);
}

/* Asks with the consumer that will read them: else it may wait a second for their leaders. */
static int find_sources(struct writer *writer, struct aro_topics *topics, struct aro_error *reterr)
{
    const struct config_texts *kinds[] = { &writer->shard->appeals, &writer->shard->agents,
                                           &writer->shard->reviews };
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (size_t i = 0; i < kinds[kind]->count; i++)
            topics_add(topics, kinds[kind]->items[i]);
    }
    qsort(topics->topics, topics->topic_count, sizeof *topics->topics, topic_compare);
    return lookup_partitions(writer->claim.reads_with, topics, "Read", reterr);
}

/* Ends the transaction that failed with @outcome, and says what that means for who asked. */
static enum writer_verdict give_up_transaction(struct producer *producer,
                                               enum transaction_outcome outcome,
                                               struct aro_error *reterr)
{
    switch (producer_abort(producer, outcome, reterr)) {
    case TRANSACTION_DEAD: return WRITER_IN_DOUBT;
    case TRANSACTION_LOST: return WRITER_NOT_OWNER;
    case TRANSACTION_REFUSED: return WRITER_REFUSED;
    default: return WRITER_FAILED;
    }
}

/* The claim is a transaction of its own, whose only offset is the ledger's: a list of source
 * offsets copied from before would rewind the group. */
static enum writer_verdict commit_claim(struct writer *writer, struct aro_error *reterr)
{
    struct producer *producer = &writer->producers[writer->turn];
    int32_t partition = (int32_t)writer->shard->partition;
    CLEANUP(freep) char *owner = aro_owner_format(&writer->claim.owner);
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, writer->config->ledger_topic, partition)->offset =
        ledger_next_known(writer);

    enum transaction_outcome outcome = producer_begin(producer, reterr);
    if (outcome == TRANSACTION_FINE)
        outcome =
            producer_add(producer, writer->config->ledger_topic, partition, ARO_LEDGER_KEY_OWNER,
                         strlen(ARO_LEDGER_KEY_OWNER), owner, strlen(owner), NULL, reterr);
    if (outcome == TRANSACTION_FINE)
        outcome = producer_add_offsets(producer, offsets, term_metadata(writer->term), reterr);
    if (outcome == TRANSACTION_FINE)
        outcome = producer_commit(producer, reterr);
    rd_kafka_topic_partition_list_destroy(offsets);
    if (outcome != TRANSACTION_FINE) {
        enum writer_verdict verdict = give_up_transaction(producer, outcome, reterr);
        return verdict == WRITER_IN_DOUBT ? WRITER_FAILED
                                          : verdict; /* a claim is simply repeated */
    }
    writer->turn = (writer->turn + 1) % PRODUCER_COUNT;
    writer->result.claim_offset = producer->ledger_offset;
    return WRITER_DONE;
}

static enum writer_verdict run_claim(struct writer *writer, struct aro_error *reterr)
{
    struct writer_result *result = &writer->result;
    enum writer_verdict verdict;

    term_unref(writer->term);
    writer->term = term_ref(writer->claim.term);
    for (int i = 0; i < PRODUCER_COUNT; i++)
        producer_done(&writer->producers[i]);
    for (int i = 0; i < PRODUCER_COUNT; i++) {
        verdict = producer_start(writer, &writer->producers[i], reterr);
        if (verdict != WRITER_DONE)
            return verdict;
    }
    int r = find_sources(writer, &result->topics, reterr);
    if (r == 0)
        r = lookup_positions(writer->claim.reads_with, &result->topics, LOOKUP_BEGIN, &result->ends,
                             reterr);
    if (r == 0)
        r = prime_outputs(writer, reterr);
    if (r < 0)
        return verdict_of_errno(r);
    if (writer->claim.is_new_term && !writer->claim.accepts_new_ledger) {
        verdict = check_ledger(writer, &result->ends, reterr);
        if (verdict != WRITER_DONE)
            return verdict;
    }
    return commit_claim(writer, reterr);
}

/* ---- committing a batch ---- */

static rd_kafka_headers_t *source_header(const struct aro_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, "aro-source", -1, record->source, -1);
    return headers;
}

static rd_kafka_headers_t *event_headers(const struct writer *writer,
                                         const struct aro_record *record)
{
    char origin[300];
    snprintf(origin, sizeof origin, "/appeal-router/%s", writer->shard->name);
    const struct {
        const char *name, *value;
    } rows[] = {
        { "ce_specversion", "1.0" },
        { "ce_id", record->id },
        { "ce_source", origin },
        { "ce_type", record->type },
        { "ce_subject", record->key },
        { "ce_time", record->time },
        { "content-type", "application/json" },
        { "aro-source", record->source },
        { "traceparent", record->traceparent },
        { "tracestate", record->tracestate },
    };
    rd_kafka_headers_t *headers = rd_kafka_headers_new(sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].value)
            rd_kafka_header_add(headers, rows[i].name, -1, rows[i].value, -1);
    }
    return headers;
}

static enum transaction_outcome add_record(struct writer *writer, struct producer *producer,
                                           const struct aro_record *record,
                                           struct aro_error *reterr)
{
    const char *topic = record->topic;
    bool is_ledger = record->kind == ARO_RECORD_LEDGER;

    if (is_ledger)
        topic = writer->config->ledger_topic;
    else if (!topic)
        topic = record->kind == ARO_RECORD_ASSIGNMENT ? writer->shard->assignments
                                                      : writer->shard->outcomes;
    return producer_add(producer, topic,
                        is_ledger ? (int32_t)writer->shard->partition : RD_KAFKA_PARTITION_UA,
                        record->key, strlen(record->key), record->value, record->value_length,
                        is_ledger ? source_header(record) : event_headers(writer, record), reterr);
}

static enum transaction_outcome add_bookkeeping(struct writer *writer, struct producer *producer,
                                                const char *key, const char *value,
                                                struct aro_error *reterr)
{
    if (!value)
        return TRANSACTION_FINE;
    return producer_add(producer, writer->config->ledger_topic, (int32_t)writer->shard->partition,
                        key, strlen(key), value, strlen(value), NULL, reterr);
}

/* Positions come first, so that whoever reads the ledger knows which transaction the records
 * after them belong to. */
static enum transaction_outcome produce_batch(struct writer *writer, struct producer *producer,
                                              const struct batch *batch, struct aro_error *reterr)
{
    enum transaction_outcome outcome =
        add_bookkeeping(writer, producer, ARO_LEDGER_KEY_POSITIONS, batch->positions, reterr);
    if (outcome == TRANSACTION_FINE)
        outcome = add_bookkeeping(writer, producer, ARO_LEDGER_KEY_TOPICS, batch->topics, reterr);

    size_t count = aro_effects_record_count(batch->effects);
    for (size_t i = 0; i < count && outcome == TRANSACTION_FINE; i++)
        outcome = add_record(writer, producer, aro_effects_record_at(batch->effects, i), reterr);
    for (const struct dead_letter *letter = batch->dead_letters;
         letter && outcome == TRANSACTION_FINE; letter = letter->next)
        outcome = producer_add(producer, writer->shard->dead_letters, RD_KAFKA_PARTITION_UA,
                               letter->key, letter->key_length, letter->value, letter->value_length,
                               rd_kafka_headers_copy(letter->headers), reterr);
    return outcome;
}

/* Has a record of the batch come to lie before what the ledger had? Then it is not the ledger that
 * our state is the fold of: somebody has made it anew, or Kafka has lost the end of it. Asked
 * before the commit, so that nothing is published that only this process knows. A broker that was
 * begun anew may have the batch of a retry, and not tell where: that is no loss. */
static bool is_ledger_behind(const struct writer *writer, const struct producer *producer,
                             struct aro_error *reterr)
{
    if (producer->delivery_error || producer->ledger_offset < 0 ||
        producer->ledger_offset >= ledger_next_known(writer))
        return false;
    aro_error_set(reterr, -EINVAL,
                  "the ledger is lost: %s/%" PRId32 " writes at offset %" PRId64
                  ", but it went up to %" PRId64 " before",
                  writer->config->ledger_topic, (int32_t)writer->shard->partition,
                  producer->ledger_offset, ledger_next_known(writer));
    return true;
}

static enum writer_verdict try_commit(struct writer *writer, struct batch *batch,
                                      struct aro_error *reterr)
{
    struct producer *producer = &writer->producers[writer->turn];

    writer->turn = (writer->turn + 1) % PRODUCER_COUNT;
    if (atomic_load(&producer->is_suspect) || !producer->handle) {
        enum writer_verdict verdict = producer_start(writer, producer, reterr);
        if (verdict != WRITER_DONE)
            return verdict;
    }
    atomic_fetch_add(&writer->begun_count, 1);
    enum transaction_outcome outcome = producer_begin(producer, reterr);
    if (outcome == TRANSACTION_FINE)
        outcome = produce_batch(writer, producer, batch, reterr);
    if (outcome == TRANSACTION_FINE)
        outcome =
            producer_add_offsets(producer, batch->offsets, term_metadata(writer->term), reterr);
    if (outcome == TRANSACTION_FINE)
        outcome = producer_flush(producer, reterr);
    if (outcome == TRANSACTION_FINE && is_ledger_behind(writer, producer, reterr)) {
        struct aro_error abort_error;
        producer_abort(producer, TRANSACTION_REFUSED, &abort_error);
        return WRITER_LEDGER_LOST;
    }
    if (outcome == TRANSACTION_FINE)
        outcome = producer_commit(producer, reterr);
    if (outcome != TRANSACTION_FINE) {
        enum writer_verdict verdict = give_up_transaction(producer, outcome, reterr);
        if (verdict == WRITER_FAILED)
            atomic_fetch_add(&writer->aborted_count, 1);
        return verdict;
    }
    batch->ledger_offset =
        producer->ledger_offset < 0 ? ledger_next_known(writer) : producer->ledger_offset;
    writer->claim.ledger_next = batch->ledger_offset + 1;
    return WRITER_DONE;
}

static enum writer_verdict commit_or_retry(struct writer *writer, struct aro_error *reterr)
{
    int backoff_ms = RETRY_BACKOFF_FIRST_MS;

    for (int tries = 1;; tries++) {
        enum writer_verdict verdict = try_commit(writer, writer->batch, reterr);
        if (verdict != WRITER_FAILED)
            return verdict;
        if (producer_watch_is_cancelled(&writer->watch))
            return WRITER_CANCELLED;
        if (tries > RETRIES_MAX)
            return WRITER_IN_DOUBT; /* begin anew with fresh producers */
        LOG(commit_repeated, ABOUT(.shard = writer->shard->name), "%s; trying again in %d ms",
            reterr->message, backoff_ms);
        sleep_ms(backoff_ms);
        backoff_ms *= 2;
    }
}

/* The producers borrow what they send from the batch. One that did not finish may still look at it,
 * so they end before the batch goes back; the next claim has new ones. */
static enum writer_verdict run_commit(struct writer *writer, struct aro_error *reterr)
{
    enum writer_verdict verdict = commit_or_retry(writer, reterr);

    for (int i = 0; verdict != WRITER_DONE && i < PRODUCER_COUNT; i++)
        producer_done(&writer->producers[i]);
    return verdict;
}

/* ---- where the sources end now ---- */

static enum writer_verdict run_find_ends(struct writer *writer, struct aro_error *reterr)
{
    struct writer_result *result = &writer->result;
    rd_kafka_t *handle = writer->claim.reads_with;
    int64_t low;

    int r = find_sources(writer, &result->topics, reterr);
    if (r == 0)
        r = lookup_positions(handle, &result->topics, LOOKUP_END, &result->ends, reterr);
    if (r == 0)
        r = lookup_ends(handle, writer->config->ledger_topic, (int32_t)writer->shard->partition,
                        &low, &result->ledger_end, reterr);
    return verdict_of_errno(r);
}

/* ---- the thread, and its hand-over with the loop ---- */

static void run_job(struct writer *writer, enum writer_job job)
{
    struct writer_result *result = &writer->result;

    *result = (struct writer_result){ .job = job };
    switch (job) {
    case WRITER_CLAIM: result->verdict = run_claim(writer, &result->error); break;
    case WRITER_COMMIT: result->verdict = run_commit(writer, &result->error); break;
    case WRITER_ENDS: result->verdict = run_find_ends(writer, &result->error); break;
    case WRITER_IDLE: assert(!"no job"); break;
    }
    if (result->verdict == WRITER_FAILED && atomic_load(&writer->watch.is_cancelled))
        result->verdict = WRITER_CANCELLED;
}

static void *writer_main(void *argument)
{
    struct writer *writer = argument;

    pthread_setname_np(pthread_self(), "writer"); /* as top -H shows it */
    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        while (!writer->is_ending && (writer->job == WRITER_IDLE || writer->has_result))
            pthread_cond_wait(&writer->has_job, &writer->mutex);
        if (writer->is_ending)
            break;
        enum writer_job job = writer->job;
        pthread_mutex_unlock(&writer->mutex);
        run_job(writer, job);
        pthread_mutex_lock(&writer->mutex);
        writer->has_result = true;
        wakeup_send(&writer->wakeup);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

static void on_wakeup(evutil_socket_t descriptor, short what, void *context)
{
    struct writer *writer = context;
    (void)descriptor, (void)what;

    wakeup_clear(&writer->wakeup);
    pthread_mutex_lock(&writer->mutex);
    bool has_result = writer->has_result;
    writer->has_result = false;
    if (has_result)
        writer->job = WRITER_IDLE;
    pthread_mutex_unlock(&writer->mutex);
    if (!has_result)
        return;

    struct writer_result result = writer->result;
    result.batch = TAKE(writer->batch);
    writer->result = (struct writer_result){ 0 };
    term_unref(TAKE(writer->claim.term));
    writer->done(&result, writer->context);
    aro_topics_done(&result.topics);
    aro_positions_done(&result.ends);
}

static void start_job(struct writer *writer, enum writer_job job)
{
    assert(writer_is_idle(writer));
    atomic_store(&writer->watch.is_cancelled, false);
    atomic_store(&writer->watch.alive_at_ms, monotonic_ms());
    pthread_mutex_lock(&writer->mutex);
    writer->job = job;
    pthread_cond_signal(&writer->has_job);
    pthread_mutex_unlock(&writer->mutex);
}

bool writer_is_idle(const struct writer *writer)
{
    struct writer *lockable = (struct writer *)writer;

    pthread_mutex_lock(&lockable->mutex);
    bool is_idle = writer->job == WRITER_IDLE;
    pthread_mutex_unlock(&lockable->mutex);
    return is_idle;
}

int64_t writer_silence_ms(const struct writer *writer)
{
    struct writer *readable = (struct writer *)writer;
    int64_t silence_ms = monotonic_ms() - atomic_load(&readable->watch.alive_at_ms);
    return writer_is_idle(writer) || silence_ms < 0 ? 0 : silence_ms;
}

uint64_t writer_begun_count(const struct writer *writer)
{
    return atomic_load(&((struct writer *)writer)->begun_count);
}

uint64_t writer_aborted_count(const struct writer *writer)
{
    return atomic_load(&((struct writer *)writer)->aborted_count);
}

void writer_claim(struct writer *writer, const struct writer_claim *claim)
{
    assert(writer_is_idle(writer));
    writer->claim = *claim;
    writer->claim.term = term_ref(claim->term);
    start_job(writer, WRITER_CLAIM);
}

void writer_commit(struct writer *writer, struct batch *batch)
{
    assert(writer_is_idle(writer));
    writer->batch = batch;
    start_job(writer, WRITER_COMMIT);
}

void writer_find_ends(struct writer *writer, rd_kafka_t *reads_with)
{
    assert(writer_is_idle(writer));
    writer->claim.reads_with = reads_with;
    start_job(writer, WRITER_ENDS);
}

void writer_cancel(struct writer *writer)
{
    atomic_store(&writer->watch.is_cancelled, true);
}

static void free_queue_topics(struct writer *writer)
{
    for (size_t i = 0; i < writer->queue_topic_count; i++)
        free(writer->queue_topics[i]);
    free(writer->queue_topics);
    writer->queue_topics = NULL;
    writer->queue_topic_count = 0;
}

void writer_set_queue_topics(struct writer *writer, const char *const *topics, size_t count)
{
    assert(writer_is_idle(writer));
    free_queue_topics(writer);
    writer->queue_topics = memory_new_array(count, sizeof *writer->queue_topics);
    for (size_t i = 0; i < count; i++)
        writer->queue_topics[i] = memory_copy_text(topics[i]);
    writer->queue_topic_count = count;
}

int writer_new(struct event_base *base, const struct config *config,
               const struct config_shard *shard, struct membership *membership, writer_done *done,
               void *context, struct writer **ret, struct aro_error *reterr)
{
    struct writer *writer = memory_new(sizeof *writer);

    writer->config = config;
    writer->shard = shard;
    writer->membership = membership;
    writer->done = done;
    writer->context = context;
    for (int i = 0; i < PRODUCER_COUNT; i++)
        producer_init(&writer->producers[i], config, config->ledger_topic,
                      (int32_t)shard->partition, i, &writer->watch);
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->has_job, NULL);
    int r = wakeup_init(&writer->wakeup, base, on_wakeup, writer);
    if (r == 0)
        r = -pthread_create(&writer->thread, NULL, writer_main, writer);
    if (r < 0) {
        wakeup_done(&writer->wakeup);
        pthread_cond_destroy(&writer->has_job);
        pthread_mutex_destroy(&writer->mutex);
        free(writer);
        return aro_error_set(reterr, r, "cannot start the writer's thread: %s", strerror(-r));
    }
    *ret = writer;
    return 0;
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    writer_cancel(writer);
    pthread_mutex_lock(&writer->mutex);
    writer->is_ending = true;
    pthread_cond_signal(&writer->has_job);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);

    for (int i = 0; i < PRODUCER_COUNT; i++)
        producer_done(&writer->producers[i]);
    batch_free(writer->batch);
    term_unref(writer->term);
    term_unref(writer->claim.term);
    free_queue_topics(writer);
    aro_topics_done(&writer->result.topics);
    aro_positions_done(&writer->result.ends);
    wakeup_done(&writer->wakeup);
    pthread_cond_destroy(&writer->has_job);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}
