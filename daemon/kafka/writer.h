/* The writer of a shard: one helper thread with two transactional producers.
 *
 * librdkafka's transaction calls block, so they live here, one job at a time, and the loop is woken
 * with the result. The producers take turns: transaction n+1 begins when n's commit has returned,
 * on the other id, since the broker still writes n's markers meanwhile. Their ids are named by the
 * ledger partition and not by the group, so that two groups on one ledger collide.
 *
 * The writer never decides who owns the shard: it asks (membership_probe()) before every
 * init_transactions, which would otherwise let a resumed stale owner fence the rightful one. */
#ifndef APPEAL_ROUTERD_KAFKA_WRITER_H
#define APPEAL_ROUTERD_KAFKA_WRITER_H

#include "config/config.h"
#include "kafka/batch.h"
#include "kafka/membership.h"

#include <aro/error.h>
#include <aro/ledger.h>

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

enum writer_job { WRITER_IDLE, WRITER_CLAIM, WRITER_COMMIT, WRITER_ENDS };

enum writer_verdict {
    WRITER_DONE,
    WRITER_NOT_OWNER,   /* the group says so: undo and stand by */
    WRITER_LEDGER_LOST, /* the ledger ends before what the group has committed of it */
    WRITER_REFUSED,     /* Kafka will refuse this for ever: stop, and say what */
    WRITER_IN_DOUBT,    /* the batch may be committed or not: claim again, and read */
    WRITER_FAILED,      /* no answer in time; nothing is in doubt */
    WRITER_CANCELLED,   /* by writer_cancel(); a batch is in doubt */
};

struct writer_claim {
    struct term *term;
    rd_kafka_t *reads_with; /* will read the sources: knows their leaders afterwards */
    struct aro_owner owner;
    int64_t ledger_next;     /* the ledger offset after the last record read */
    bool ledger_has_owner;   /* a claim was read in it */
    bool is_new_term;        /* check the ledger against the group's commits */
    bool accepts_new_ledger; /* as --new-ledger says */
};

struct writer_result {
    enum writer_job job;
    enum writer_verdict verdict;
    struct aro_error error; /* of every verdict but DONE and NOT_OWNER */

    int64_t claim_offset;      /* CLAIM: of our claim in the ledger */
    struct aro_topics topics;  /* CLAIM: the sources' partition counts; owned by the result */
    struct aro_positions ends; /* CLAIM: where each source partition begins; ENDS: where it ends */
    int64_t ledger_end;        /* ENDS */

    struct batch *batch; /* COMMIT: given back to the loop */
};

typedef void writer_done(struct writer_result *result, void *context);

/* @shard, @config and @membership are borrowed. @done runs on the loop, once a job; it owns nothing
 * of the result but the batch. */
int writer_new(struct event_base *base, const struct config *config,
               const struct config_shard *shard, struct membership *membership, writer_done *done,
               void *context, struct writer **ret, struct aro_error *reterr);
/* Waits for the running job, which is cancelled. A batch still inside is freed. */
void writer_free(struct writer *writer);

bool writer_is_idle(const struct writer *writer);

/* For how long its thread has not got on with its job; 0 while idle. It gets on, though with no
 * success, while Kafka does not answer: seconds are normal, a minute means that it hangs. */
int64_t writer_silence_ms(const struct writer *writer);

/* Transactions begun for batches, and of these those that were aborted, to be tried again. */
uint64_t writer_begun_count(const struct writer *writer);
uint64_t writer_aborted_count(const struct writer *writer);

/* Each may be called only while idle. */
void writer_claim(struct writer *writer, const struct writer_claim *claim);
void writer_commit(struct writer *writer, struct batch *batch); /* takes @batch until done */
void writer_find_ends(struct writer *writer, rd_kafka_t *reads_with);

/* Makes the running job return soon, as CANCELLED unless it has done its work. */
void writer_cancel(struct writer *writer);

/* Output topics of queues, to be known to the broker connections before the first record. */
void writer_set_queue_topics(struct writer *writer, const char *const *topics, size_t count);

#endif
