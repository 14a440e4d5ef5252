/* One transactional producer, and what its last transaction met. */
#ifndef APPEAL_ROUTERD_KAFKA_PRODUCER_H
#define APPEAL_ROUTERD_KAFKA_PRODUCER_H

#include "config/config.h"

#include <aro/effects.h>
#include <aro/error.h>

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>

/* How an error of a transaction is to be answered. */
enum transaction_outcome {
    TRANSACTION_FINE,
    TRANSACTION_LOST,    /* the group has given the shard to somebody else */
    TRANSACTION_REFUSED, /* will fail in the same way for ever */
    TRANSACTION_RETRY,   /* aborted; the same records may be tried again */
    TRANSACTION_DEAD,    /* this producer is: what it did last is in doubt */
};

/* Between the thread that works and the loop that watches it. */
struct producer_watch {
    atomic_bool is_cancelled; /* ends every wait */
    atomic_llong alive_at_ms; /* when the thread last got on: monotonic */
};

struct producer {
    rd_kafka_t *handle; /* NULL: not made yet */
    const struct config *config;
    char transactional_id[300];
    struct producer_watch *watch; /* borrowed */

    /* A request whose answer did not come may still arrive at the broker, in the middle of a later
     * transaction of this producer. Set by librdkafka's threads. */
    atomic_bool is_suspect;

    /* Of the transaction at hand; set by delivery reports, which run on the caller's thread. */
    rd_kafka_resp_err_t delivery_error;
    char delivery_topic[256];
    /* A topic that the ACLs keep from us, where librdkafka's threads have told of one. */
    char forbidden_topic[256];
    atomic_bool has_forbidden_topic; /* it is written before this, and read after it */
    int64_t ledger_offset;           /* of the last ledger record delivered; -1 before */
};

/* @config and @watch are borrowed. */
void producer_init(struct producer *producer, const struct config *config, const char *ledger_topic,
                   int32_t partition, int number, struct producer_watch *watch);

/* Says that the thread gets on; is it to end what it does? To be asked in every wait. */
bool producer_watch_is_cancelled(struct producer_watch *watch);
void producer_done(struct producer *producer); /* purges what is in flight */

/* Makes the handle anew. -EINVAL with @reterr. */
int producer_open(struct producer *producer, struct aro_error *reterr);

/* Fences whoever else has this id and ends its transaction. In short calls: one long one would sit
 * out its whole time while the dead owner's transaction is being aborted. -EAGAIN: no answer in
 * @timeout_ms; -ECANCELED; -EPERM: refused for ever. */
int producer_init_transactions(struct producer *producer, int timeout_ms, struct aro_error *reterr);

enum transaction_outcome producer_begin(struct producer *producer, struct aro_error *reterr);

/* One record. Key and value are borrowed until the transaction has ended, @headers is taken in any
 * case. A ledger record goes to @partition and reports its offset; others pass
 * RD_KAFKA_PARTITION_UA. */
enum transaction_outcome producer_add(struct producer *producer, const char *topic,
                                      int32_t partition, const void *key, size_t key_length,
                                      const void *value, size_t value_length,
                                      rd_kafka_headers_t *headers, struct aro_error *reterr);

enum transaction_outcome producer_add_offsets(struct producer *producer,
                                              const rd_kafka_topic_partition_list_t *offsets,
                                              const rd_kafka_consumer_group_metadata_t *group,
                                              struct aro_error *reterr);
/* Waits until each record is delivered or refused, which the commit then tells; RETRY where it is
 * cancelled. Afterwards @ledger_offset is what the ledger gave. */
enum transaction_outcome producer_flush(struct producer *producer, struct aro_error *reterr);
enum transaction_outcome producer_commit(struct producer *producer, struct aro_error *reterr);

/* Ends the transaction that failed with @cause. Gives what that comes to: @cause, or REFUSED with
 * @reterr where a record of it turns out to have been refused. A producer that cannot even abort is
 * marked suspect. */
enum transaction_outcome producer_abort(struct producer *producer, enum transaction_outcome cause,
                                        struct aro_error *reterr);

#endif
