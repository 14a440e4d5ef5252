/* One transaction's worth of work: what it publishes, where it has read to, and who waits for it.
 *
 * The loop collects into a batch, seals it, and hands it to the writer's thread. From then on it
 * does not change, so that it can be produced again, to the byte, until one commit is known to have
 * succeeded. */
#ifndef APPEAL_ROUTERD_KAFKA_BATCH_H
#define APPEAL_ROUTERD_KAFKA_BATCH_H

#include <aro/effects.h>
#include <aro/error.h>
#include <aro/time.h>

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A record that could not be read, as it came, on its way to the dead letters. */
struct dead_letter {
    void *key; /* NULL: none */
    size_t key_length;
    void *value; /* NULL: none; cut to 256 KiB */
    size_t value_length;
    rd_kafka_headers_t *headers; /* the input's own and ours; owned */
    struct dead_letter *next;
};

struct batch {
    struct aro_effects *effects;
    struct dead_letter *dead_letters, **dead_letters_end;
    size_t dead_letter_count, dead_letter_bytes;

    /* Set by batch_seal(). */
    uint64_t seq;                             /* of the claim */
    char *positions;                          /* the ledger's positions record */
    char *topics;                             /* the ledger's topics record; NULL where unchanged */
    rd_kafka_topic_partition_list_t *offsets; /* to commit with it */

    size_t input_count; /* records read into it */
    size_t arrival_count, arrival_size;
    struct aro_instant *arrivals; /* when those of them that count came to Kafka */
    bool must_commit;             /* even if nothing else is in it */

    /* Set by the writer. */
    int64_t ledger_offset; /* of its last record in the ledger */

    /* Those to tell when it is known to be committed, or not: run on the loop, once each. */
    struct batch_waiter *waiters;
};

struct batch_waiter {
    void (*done)(bool is_committed, void *context);
    void *context;
    struct batch_waiter *next;
};

struct batch *batch_new(void);
/* Waiters not yet told are told that it was not committed. */
void batch_free(struct batch *batch);

bool batch_is_empty(const struct batch *batch);
size_t batch_byte_count(const struct batch *batch);
size_t batch_record_count(const struct batch *batch);

/* Adds the raw @message with the reason and place. */
void batch_add_dead_letter(struct batch *batch, const rd_kafka_message_t *message,
                           const struct aro_error *error);

void batch_add_arrival(struct batch *batch, struct aro_instant at);

void batch_wait(struct batch *batch, void (*done)(bool is_committed, void *context), void *context);
void batch_tell_waiters(struct batch *batch, bool is_committed);

#endif
