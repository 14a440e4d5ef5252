/* What the leak sanitizer has to know about librdkafka, in builds with it.
 *
 * rd_kafka_send_offsets_to_transaction() returns early when the producer dies of something else
 * meanwhile, such as a refused record. What it has made for the request is then librdkafka's, whose
 * handler of the answer (rd_kafka_txn_handle_TxnOffsetCommit, up to 2.15.0) frees it in every case
 * but one: the producer is destroyed before the answer has come. Nothing else can be done with a
 * dead producer, and the answer may never come. So this one call's memory is not looked for, and
 * the memory of all others is: a suppression by librdkafka's name would hide what we forget as
 * well. */
#include <librdkafka/rdkafka.h>
#include <sanitizer/lsan_interface.h>

/* The linker puts the first in place of the call, and gives the second to the true one. */
rd_kafka_error_t *
__wrap_rd_kafka_send_offsets_to_transaction(rd_kafka_t *, const rd_kafka_topic_partition_list_t *,
                                            const rd_kafka_consumer_group_metadata_t *, int);
rd_kafka_error_t *
__real_rd_kafka_send_offsets_to_transaction(rd_kafka_t *, const rd_kafka_topic_partition_list_t *,
                                            const rd_kafka_consumer_group_metadata_t *, int);

rd_kafka_error_t *__wrap_rd_kafka_send_offsets_to_transaction(
    rd_kafka_t *producer, const rd_kafka_topic_partition_list_t *offsets,
    const rd_kafka_consumer_group_metadata_t *group, int timeout_ms)
{
    __lsan_disable(); /* on this thread */
    rd_kafka_error_t *error =
        __real_rd_kafka_send_offsets_to_transaction(producer, offsets, group, timeout_ms);
    __lsan_enable();
    return error;
}
