#include "kafka/lookup.h"

#include "kafka/permission.h"

#include "support/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

static int find_partitions(const struct rd_kafka_metadata *metadata, struct aro_topic *topic,
                           const char *operation, struct aro_error *reterr)
{
    char hint[PERMISSION_HINT_SIZE];
    rd_kafka_resp_err_t err = find_topic(metadata, topic->name, &topic->partition_count);

    if (is_final(err))
        return aro_error_set(reterr, -ENOENT, "topic '%s': %s%s", topic->name,
                             rd_kafka_err2str(err),
                             permission_hint(err, operation, "topic", topic->name, hint));
    if (err || topic->partition_count == 0)
        return aro_error_set(reterr, -EAGAIN, "cannot look up topic '%s': %s", topic->name,
                             rd_kafka_err2str(err));
    return 0;
}

/* Makes @topics known to @handle, since it asks for all that it knows. The array and the handles in
 * it are the caller's. */
static rd_kafka_topic_t **know_topics(rd_kafka_t *handle, const struct aro_topics *topics)
{
    rd_kafka_topic_t **known = memory_new_array(topics->topic_count, sizeof *known);

    for (size_t i = 0; i < topics->topic_count; i++)
        known[i] = rd_kafka_topic_new(handle, topics->topics[i].name, NULL);
    return known;
}

static void forget_topics(rd_kafka_topic_t **known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (known[i])
            rd_kafka_topic_destroy(known[i]);
    }
    free(known);
}

int lookup_partitions(rd_kafka_t *handle, struct aro_topics *topics, const char *operation,
                      struct aro_error *reterr)
{
    const struct rd_kafka_metadata *metadata;
    int r = 0;

    rd_kafka_topic_t **known = know_topics(handle, topics);
    rd_kafka_resp_err_t err = rd_kafka_metadata(handle, 0, NULL, &metadata, LOOKUP_MS);
    forget_topics(known, topics->topic_count);
    if (err)
        return aro_error_set(reterr, -EAGAIN, "cannot look up the topics: %s",
                             rd_kafka_err2str(err));
    for (size_t i = 0; i < topics->topic_count && r == 0; i++)
        r = find_partitions(metadata, &topics->topics[i], operation, reterr);
    rd_kafka_metadata_destroy(metadata);
    return r;
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

/* Every partition of @topics, with the timestamp that asks for its beginning or its end. */
static rd_kafka_topic_partition_list_t *list_partitions(const struct aro_topics *topics,
                                                        enum lookup_end which)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(0);

    for (size_t i = 0; i < topics->topic_count; i++) {
        const struct aro_topic *topic = &topics->topics[i];
        for (int32_t partition = 0; partition < topic->partition_count; partition++)
            rd_kafka_topic_partition_list_add(list, topic->name, partition)->offset =
                which == LOOKUP_BEGIN ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
    }
    return list;
}

int lookup_positions(rd_kafka_t *handle, const struct aro_topics *topics, enum lookup_end which,
                     struct aro_positions *positions, struct aro_error *reterr)
{
    rd_kafka_topic_partition_list_t *list = list_partitions(topics, which);
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(handle, list, LOOKUP_MS);
    int r = 0;

    if (err)
        r = aro_error_set(reterr, -EAGAIN, "cannot find the ends of the sources: %s",
                          rd_kafka_err2str(err));
    for (int i = 0; i < list->cnt && r == 0; i++) {
        const rd_kafka_topic_partition_t *found = &list->elems[i];
        if (found->err || found->offset < 0)
            r = aro_error_set(reterr, -EAGAIN, "cannot find the ends of %s/%" PRId32 ": %s",
                              found->topic, found->partition, rd_kafka_err2str(found->err));
        else
            positions_add(positions, found->topic, found->partition, found->offset);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return r;
}
