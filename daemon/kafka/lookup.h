/* What Kafka knows of topics: how many partitions, where they begin and end. Blocking calls. */
#ifndef APPEAL_ROUTERD_KAFKA_LOOKUP_H
#define APPEAL_ROUTERD_KAFKA_LOOKUP_H

#include <aro/error.h>
#include <aro/ledger.h>

#include <librdkafka/rdkafka.h>

/* Fills in the partition counts of @topics, by one request; @handle knows their leaders afterwards.
 * -ENOENT where there is no such topic, or where the ACLs do not allow our user @operation (Read or
 * Write) on it; -EAGAIN. */
int lookup_partitions(rd_kafka_t *handle, struct aro_topics *topics, const char *operation,
                      struct aro_error *reterr);

/* Where a partition begins and ends (for a read_committed reader). -EAGAIN. */
int lookup_ends(rd_kafka_t *handle, const char *topic, int32_t partition, int64_t *ret_low,
                int64_t *ret_high, struct aro_error *reterr);

enum lookup_end { LOOKUP_BEGIN, LOOKUP_END };

/* The same for every partition of @topics, by one request a broker; the caller owns what is added
 * to
 * @positions. */
int lookup_positions(rd_kafka_t *handle, const struct aro_topics *topics, enum lookup_end which,
                     struct aro_positions *positions, struct aro_error *reterr);

#endif
