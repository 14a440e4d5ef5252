/* What a shard reads: its ledger partition always, its source topics while it owns the shard.
 *
 * A plain consumer with assigned partitions and explicit offsets, no member of any group: where to
 * read from is in the ledger, never in the group's committed offsets. Records come one by one on
 * the loop, a bounded number a turn. */
#ifndef APPEAL_ROUTERD_KAFKA_READER_H
#define APPEAL_ROUTERD_KAFKA_READER_H

#include "config/config.h"

#include <aro/error.h>
#include <aro/event.h>
#include <aro/ledger.h>
#include <aro/time.h>

#include <event2/event.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader;

struct reader_callbacks {
    void (*on_ledger_record)(const rd_kafka_message_t *message, void *context);
    void (*on_source_record)(const rd_kafka_message_t *message, enum aro_topic_kind kind,
                             void *context);
    /* The end of the ledger as it was when asked; once each time it is reached. */
    void (*on_ledger_end)(void *context);
    /* After each turn that delivered anything. */
    void (*on_turn)(void *context);
    /* May the next record come? Not while a batch is full. */
    bool (*wants_more)(void *context);
    /* A partition that cannot be read on: offsets gone, topic gone, not authorised. */
    void (*on_broken)(const char *text, void *context);
    void *context;
};

int reader_new(struct event_base *base, const struct config *config,
               const struct config_shard *shard, const struct reader_callbacks *callbacks,
               struct reader **ret, struct aro_error *reterr);
void reader_free(struct reader *reader);

/* Reads the ledger alone, from @ledger_offset. */
int reader_follow(struct reader *reader, int64_t ledger_offset, struct aro_error *reterr);

/* Reads the ledger on from where it is, and the sources from @positions. */
int reader_work(struct reader *reader, const struct aro_positions *positions,
                struct aro_error *reterr);

/* Reads nothing until told again: a stopped shard. */
void reader_stop(struct reader *reader);

/* Holds back the appeals topics only, or lets them go. */
void reader_hold_appeals(struct reader *reader, bool is_held);

/* Is there a source partition with records to read that has given none for @limit, though not held?
 * @ret_place names it. */
bool reader_find_stalled(struct reader *reader, struct aro_instant now, struct aro_span limit,
                         char ret_place[static 300]);

/* Reads on from where everything is, with fetchers begun anew. */
int reader_restart(struct reader *reader, struct aro_error *reterr);

/* The same with a consumer made anew, by the settings as they are now. Nobody may look anything up
 * by the old one any more. -EINVAL: there is none, and the reader is of no more use. */
int reader_reopen(struct reader *reader, struct aro_error *reterr);

/* For how long it has not asked the consumer for what it has; 0 while it reads nothing. Grows too
 * while wants_more() holds it back. */
int64_t reader_silence_ms(const struct reader *reader);

/* To be called when wants_more() has become true again. */
void reader_continue(struct reader *reader);

/* Of the source's number @source: how old the record is that was read last, by Kafka's time of it,
 * or for how long it has been read where none has come yet; 0 where all that there is was read. */
int64_t reader_lag_ms(const struct reader *reader, size_t source);
/* For how long it has been read to its last stable offset while there are records behind: somebody
 * has a transaction open. Told as of the last reader_watch(), to be called each second or so. */
int64_t reader_unstable_ms(const struct reader *reader, size_t source);
void reader_watch(struct reader *reader);

/* The consumer, for look-ups from any thread while the reader lives. */
rd_kafka_t *reader_handle(const struct reader *reader);

/* The offset after the last ledger record delivered (control records skipped over count). */
int64_t reader_ledger_next(const struct reader *reader);

/* Where each source partition is read on. The list is the reader's, in the order of `positions`. */
const struct aro_positions *reader_positions(const struct reader *reader);

/* The high watermark that the last fetch of this source partition told, -1 where none has. */
int64_t reader_known_end(const struct reader *reader, size_t source);

#endif
