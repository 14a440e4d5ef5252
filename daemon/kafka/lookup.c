#include "kafka/lookup.h"

#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LOOKUP_MS = 2000 };

static bool is_final(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
}

static rd_kafka_resp_err_t find_topic(const struct rd_kafka_metadata *metadata, const char *topic,
                                      int32_t *ret)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, topic))
            continue;
        *ret = metadata->topics[i].partition_cnt;
        return metadata->topics[i].err;
    }
    return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

int lookup_partitions(rd_kafka_t *handle, const char *topic, int32_t *ret, struct aro_error *reterr)
{
    const struct rd_kafka_metadata *metadata;
    int32_t partitions = 0;
    rd_kafka_topic_t *topic_handle = rd_kafka_topic_new(handle, topic, NULL);

    if (!topic_handle)
        return aro_error_set(reterr, -ENOENT, "topic '%s': %s", topic,
                             rd_kafka_err2str(rd_kafka_last_error()));
    rd_kafka_resp_err_t err = rd_kafka_metadata(handle, 0, topic_handle, &metadata, LOOKUP_MS);
    rd_kafka_topic_destroy(topic_handle);
    if (!err) {
        err = find_topic(metadata, topic, &partitions);
        rd_kafka_metadata_destroy(metadata);
    }
    if (is_final(err))
        return aro_error_set(reterr, -ENOENT, "topic '%s': %s", topic, rd_kafka_err2str(err));
    if (err || partitions == 0)
        return aro_error_set(reterr, -EAGAIN, "cannot look up topic '%s': %s", topic,
                             rd_kafka_err2str(err));
    *ret = partitions;
    return 0;
}

int lookup_ends(rd_kafka_t *handle, const char *topic, int32_t partition, int64_t *ret_low,
                int64_t *ret_high, struct aro_error *reterr)
{
    rd_kafka_resp_err_t err =
        rd_kafka_query_watermark_offsets(handle, topic, partition, ret_low, ret_high, LOOKUP_MS);

    if (err)
        return aro_error_set(reterr, -EAGAIN, "cannot find the ends of %s/%" PRId32 ": %s", topic,
                             partition, rd_kafka_err2str(err));
    return 0;
}

static void positions_add(struct aro_positions *positions, const char *topic, int32_t partition,
                          int64_t offset)
{
    positions->sources = memory_resize(positions->sources,
                                       (positions->source_count + 1) * sizeof *positions->sources);
    struct aro_position *position = &positions->sources[positions->source_count++];
    *position = (struct aro_position){ .partition = partition, .next_offset = offset };
    snprintf(position->topic, sizeof position->topic, "%s", topic);
}

int lookup_positions(rd_kafka_t *handle, const struct aro_topics *topics, enum lookup_end which,
                     struct aro_positions *positions, struct aro_error *reterr)
{
    for (size_t i = 0; i < topics->topic_count; i++) {
        const struct aro_topic *topic = &topics->topics[i];
        for (int32_t partition = 0; partition < topic->partition_count; partition++) {
            int64_t low, high;
            int r = lookup_ends(handle, topic->name, partition, &low, &high, reterr);
            if (r < 0)
                return r;
            positions_add(positions, topic->name, partition, which == LOOKUP_BEGIN ? low : high);
        }
    }
    return 0;
}
