#include "kafka/producer.h"

#include "kafka/client.h"
#include "kafka/permission.h"
#include "log/log.h"
#include "loop/monotonic.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRANSACTION_TIMEOUT_MS = 10000,
    CALL_MS = 1000,     /* of one resumable call, so that a cancel is soon noticed */
    INIT_CALL_MS = 200, /* see producer_init_transactions() */
    FULL_QUEUE_POLL_MS = 10,
};

/* Each delivery report. It also has to be there for speed: without one every commit waits in steps
 * of 10 ms. */
static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    struct producer *producer = opaque;
    (void)handle;

    if (message->err) {
        if (producer->delivery_error &&
            producer->delivery_error != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
            producer->delivery_error != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
            return;
        producer->delivery_error = message->err;
        snprintf(producer->delivery_topic, sizeof producer->delivery_topic, "%s",
                 rd_kafka_topic_name(message->rkt));
        return;
    }
    if (message->_private && message->offset > producer->ledger_offset)
        producer->ledger_offset = message->offset;
}

/* Which partition a transaction may not write to is told in librdkafka's log only: `Failed to add
 * partition "assignments" [3] to transaction: Broker: Topic authorization failed`. */
static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    struct producer *producer = rd_kafka_opaque(handle);
    const char *refusal = rd_kafka_err2str(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    const char *name = strchr(text, '"');

    if (name && strcmp(facility, "ADDPARTS") == 0 && strstr(text, refusal) &&
        !atomic_load(&producer->has_forbidden_topic)) {
        snprintf(producer->forbidden_topic, sizeof producer->forbidden_topic, "%.*s",
                 (int)strcspn(name + 1, "\""), name + 1);
        atomic_store(&producer->has_forbidden_topic, true);
    }
    client_log(handle, level, facility, text);
}

/* Produce, InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit. */
static bool is_transactional_request(int16_t api_key)
{
    return api_key == 0 || api_key == 22 || api_key == 24 || api_key == 25 || api_key == 26 ||
           api_key == 28;
}

static rd_kafka_resp_err_t on_response(rd_kafka_t *handle, int socket, const char *broker,
                                       int32_t broker_id, int16_t api_key, int16_t api_version,
                                       int32_t correlation_id, size_t size, int64_t rtt,
                                       rd_kafka_resp_err_t err, void *opaque)
{
    struct producer *producer = opaque;
    (void)handle, (void)socket, (void)broker, (void)broker_id, (void)api_version;
    (void)correlation_id, (void)size, (void)rtt;

    if (err && is_transactional_request(api_key))
        atomic_store(&producer->is_suspect, true);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *handle, const rd_kafka_conf_t *conf, void *opaque,
                                  char *text, size_t text_size)
{
    (void)conf, (void)text, (void)text_size;
    return rd_kafka_interceptor_add_on_response_received(handle, "aro", on_response, opaque);
}

bool producer_watch_is_cancelled(struct producer_watch *watch)
{
    atomic_store(&watch->alive_at_ms, monotonic_ms());
    return atomic_load(&watch->is_cancelled);
}

void producer_init(struct producer *producer, const struct config *config, const char *ledger_topic,
                   int32_t partition, int number, struct producer_watch *watch)
{
    *producer = (struct producer){ .config = config, .watch = watch };
    snprintf(producer->transactional_id, sizeof producer->transactional_id, "%s-%" PRId32 "-%d",
             ledger_topic, partition, number);
}

void producer_done(struct producer *producer)
{
    if (!producer->handle)
        return;
    /* Waits until no answer is awaited any more: one that told that we are fenced, while the
     * producer ends, would have librdkafka free the text of its last error twice. */
    rd_kafka_purge(producer->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    client_free(producer->handle);
    producer->handle = NULL;
}

/* librdkafka makes no producer that would wait longer for an answer than its transaction may take,
 * where that is set by hand. */
static void bound_answers(rd_kafka_conf_t *conf)
{
    static const char name[] = "socket.timeout.ms";
    char value[24];
    size_t size = sizeof value;

    rd_kafka_conf_res_t r = rd_kafka_conf_get(conf, name, value, &size);
    assert(r == RD_KAFKA_CONF_OK);
    if (strtol(value, NULL, 10) > TRANSACTION_TIMEOUT_MS)
        client_conf_set_number(conf, name, TRANSACTION_TIMEOUT_MS);
}

int producer_open(struct producer *producer, struct aro_error *reterr)
{
    static const struct client_default defaults[] = { { "compression.type", "lz4" },
                                                      { "linger.ms", "0.5" },
                                                      { NULL, NULL } };
    producer_done(producer);
    rd_kafka_conf_t *conf = client_conf_new(producer->config, defaults, reterr);
    if (!conf)
        return -EINVAL;
    client_conf_set(conf, "client.id", producer->config->instance);
    client_conf_set(conf, "transactional.id", producer->transactional_id);
    client_conf_set_number(conf, "transaction.timeout.ms", TRANSACTION_TIMEOUT_MS);
    bound_answers(conf);
    client_conf_set(conf, "retry.backoff.ms", "5");
    client_conf_set(conf, "partitioner", "murmur2_random"); /* as Java producers do */
    client_conf_set(conf, "queue.buffering.max.messages", "1000000");
    client_conf_set(conf, "queue.buffering.max.kbytes", "1048576");
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_resp_err_t err = rd_kafka_conf_interceptor_add_on_new(conf, "aro", on_new, producer);
    assert(!err);
    atomic_store(&producer->is_suspect, false);
    producer->handle = client_new(RD_KAFKA_PRODUCER, conf, reterr);
    return producer->handle ? 0 : -EINVAL;
}

static bool is_lost_ownership(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
           err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
           err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
           err == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

static bool is_refused_for_ever(rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT: return true;
    default: return false;
    }
}

static bool names_partition_of(const char *text, const char *topic)
{
    size_t length = strlen(topic);
    for (const char *at = text; (at = strstr(at, topic)) != NULL; at++) {
        if (at[length] == '[')
            return true;
    }
    return false;
}

static const char *find_named(const char *text, const struct config_texts *topics)
{
    for (size_t i = 0; i < topics->count; i++) {
        if (names_partition_of(text, topics->items[i]))
            return topics->items[i];
    }
    return NULL;
}

/* The topic of whose offsets librdkafka says that they could not be committed, as
 * "appeals[0](Broker: ...)"; NULL where it names none of ours. */
static const char *find_read_topic(const struct config *config, const char *text)
{
    const char *topic =
        names_partition_of(text, config->ledger_topic) ? config->ledger_topic : NULL;
    for (size_t i = 0; i < config->shards.count && !topic; i++) {
        const struct config_shard *shard = &config->shards.items[i];
        topic = find_named(text, &shard->appeals);
        topic = topic ? topic : find_named(text, &shard->agents);
        topic = topic ? topic : find_named(text, &shard->reviews);
    }
    return topic;
}

/* Which rule of Kafka's ACLs is missing, where @err says that one is. */
static const char *find_hint(struct producer *producer, rd_kafka_resp_err_t err, const char *text,
                             char buffer[static PERMISSION_HINT_SIZE])
{
    const struct config *config = producer->config;

    switch (err) {
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        return permission_hint(err, "Read", "group", config->kafka.group, buffer);
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        return permission_hint(err, "Write", "transactional id", producer->transactional_id,
                               buffer);
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return permission_hint(err, "IdempotentWrite", "cluster", "kafka-cluster", buffer);
    default: break;
    }
    if (producer->delivery_error == err)
        return permission_hint(err, "Write", "topic", producer->delivery_topic, buffer);
    if (atomic_load(&producer->has_forbidden_topic))
        return permission_hint(err, "Write", "topic", producer->forbidden_topic, buffer);
    return permission_hint(err, "Read", "topic", find_read_topic(config, text), buffer);
}

static void describe(struct producer *producer, rd_kafka_resp_err_t err, const char *what,
                     const char *text, struct aro_error *reterr)
{
    char hint[PERMISSION_HINT_SIZE];

    if (producer->delivery_error)
        aro_error_set(reterr, -EIO, "cannot %s: %s (a record to topic %s: %s%s)", what, text,
                      producer->delivery_topic, rd_kafka_err2str(producer->delivery_error),
                      find_hint(producer, producer->delivery_error, text, hint));
    else
        aro_error_set(reterr, -EIO, "cannot %s: %s%s", what, text,
                      find_hint(producer, err, text, hint));
}

/* Takes @error. */
static enum transaction_outcome classify(struct producer *producer, rd_kafka_error_t *error,
                                         const char *what, struct aro_error *reterr)
{
    enum transaction_outcome outcome;
    rd_kafka_resp_err_t err = rd_kafka_error_code(error);

    if (rd_kafka_error_is_fatal(error))
        outcome = TRANSACTION_DEAD;
    else if (is_lost_ownership(err))
        outcome = TRANSACTION_LOST;
    else
        outcome = is_refused_for_ever(err) ? TRANSACTION_REFUSED : TRANSACTION_RETRY;
    describe(producer, err, what, rd_kafka_error_string(error), reterr);
    rd_kafka_error_destroy(error);
    return outcome;
}

int producer_init_transactions(struct producer *producer, int timeout_ms, struct aro_error *reterr)
{
    int64_t deadline = monotonic_ms() + timeout_ms;
    char hint[PERMISSION_HINT_SIZE];

    for (;;) {
        rd_kafka_error_t *error = rd_kafka_init_transactions(producer->handle, INIT_CALL_MS);
        if (!error)
            return 0;
        bool is_retriable = rd_kafka_error_is_retriable(error);
        rd_kafka_resp_err_t err = rd_kafka_error_code(error);
        const char *text = rd_kafka_error_string(error);
        aro_error_set(reterr, -EAGAIN, "cannot begin as transactional producer '%s': %s%s",
                      producer->transactional_id, text, find_hint(producer, err, text, hint));
        rd_kafka_error_destroy(error);
        if (producer_watch_is_cancelled(producer->watch))
            return -ECANCELED;
        if (is_refused_for_ever(err))
            return -EPERM;
        if (!is_retriable || monotonic_ms() > deadline)
            return -EAGAIN;
    }
}

enum transaction_outcome producer_begin(struct producer *producer, struct aro_error *reterr)
{
    producer->delivery_error = RD_KAFKA_RESP_ERR_NO_ERROR;
    producer->ledger_offset = -1;
    atomic_store(&producer->has_forbidden_topic, false);
    rd_kafka_error_t *error = rd_kafka_begin_transaction(producer->handle);
    return error ? classify(producer, error, "begin a transaction", reterr) : TRANSACTION_FINE;
}

enum transaction_outcome producer_add(struct producer *producer, const char *topic,
                                      int32_t partition, const void *key, size_t key_length,
                                      const void *value, size_t value_length,
                                      rd_kafka_headers_t *headers, struct aro_error *reterr)
{
    bool is_ledger = partition != RD_KAFKA_PARTITION_UA;
    rd_kafka_vu_t arguments[] = {
        { .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic },
        { .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition },
        { .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { (void *)key, key_length } },
        { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { (void *)value, value_length } },
        { .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = is_ledger ? producer : NULL },
        { .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
    };
    size_t count = sizeof arguments / sizeof *arguments - (headers ? 0 : 1);

    for (;;) {
        rd_kafka_error_t *error = rd_kafka_produceva(producer->handle, arguments, count);
        if (!error)
            return TRANSACTION_FINE;
        if (rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL ||
            producer_watch_is_cancelled(producer->watch)) {
            if (headers)
                rd_kafka_headers_destroy(headers);
            return classify(producer, error, "produce a record", reterr);
        }
        rd_kafka_error_destroy(error);
        rd_kafka_poll(producer->handle, FULL_QUEUE_POLL_MS);
    }
}

/* Repeats a call that may be repeated until it has an answer that counts, or is cancelled. */
static enum transaction_outcome settle(struct producer *producer, rd_kafka_error_t *error,
                                       bool *ret_again, const char *what, struct aro_error *reterr)
{
    *ret_again = false;
    if (!error)
        return TRANSACTION_FINE;
    if (!rd_kafka_error_is_fatal(error) && !rd_kafka_error_txn_requires_abort(error) &&
        rd_kafka_error_is_retriable(error)) {
        if (!producer_watch_is_cancelled(producer->watch)) {
            *ret_again = true;
            rd_kafka_error_destroy(error);
            return TRANSACTION_FINE;
        }
        classify(producer, error, what, reterr);
        return TRANSACTION_DEAD; /* the call may still take effect */
    }
    return classify(producer, error, what, reterr);
}

enum transaction_outcome producer_add_offsets(struct producer *producer,
                                              const rd_kafka_topic_partition_list_t *offsets,
                                              const rd_kafka_consumer_group_metadata_t *group,
                                              struct aro_error *reterr)
{
    enum transaction_outcome outcome;
    bool again;

    do
        outcome =
            settle(producer,
                   rd_kafka_send_offsets_to_transaction(producer->handle, offsets, group, CALL_MS),
                   &again, "commit offsets with a transaction", reterr);
    while (again);
    return outcome;
}

enum transaction_outcome producer_flush(struct producer *producer, struct aro_error *reterr)
{
    while (rd_kafka_flush(producer->handle, CALL_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (producer_watch_is_cancelled(producer->watch)) {
            aro_error_set(reterr, -ECANCELED, "cancelled while records were under way");
            return TRANSACTION_RETRY;
        }
    }
    return TRANSACTION_FINE;
}

enum transaction_outcome producer_commit(struct producer *producer, struct aro_error *reterr)
{
    enum transaction_outcome outcome;
    bool again;

    do
        outcome = settle(producer, rd_kafka_commit_transaction(producer->handle, CALL_MS), &again,
                         "commit a transaction", reterr);
    while (again);
    return outcome;
}

enum transaction_outcome producer_abort(struct producer *producer, enum transaction_outcome cause,
                                        struct aro_error *reterr)
{
    struct aro_error abort_error;
    bool again;

    if (cause == TRANSACTION_DEAD)
        return cause;
    do {
        enum transaction_outcome outcome =
            settle(producer, rd_kafka_abort_transaction(producer->handle, CALL_MS), &again,
                   "abort a transaction", &abort_error);
        if (outcome != TRANSACTION_FINE)
            atomic_store(&producer->is_suspect, true);
    } while (again);
    /* A refused record shows as an error of whatever call comes next; its own report is here only
     * now that the abort has waited for it. */
    if (cause != TRANSACTION_LOST && is_refused_for_ever(producer->delivery_error)) {
        describe(producer, producer->delivery_error, "write a transaction", "aborted", reterr);
        return TRANSACTION_REFUSED;
    }
    return cause;
}
