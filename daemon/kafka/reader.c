#include "kafka/reader.h"

#include "kafka/client.h"
#include "kafka/permission.h"
#include "kafka/wakeup.h"
#include "log/log.h"
#include "loop/host_clock.h"
#include "loop/last_words.h"
#include "loop/monotonic.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A turn ends after this many records, so that timers and other descriptors have theirs. */
enum { RECORDS_A_TURN = 512 };

static const struct timeval poll_interval = { .tv_usec = 500 * 1000 };
static const struct timeval at_once = { 0 };

/* When a partition was last seen to move. */
struct progress {
    int64_t next_offset;
    struct aro_instant since;
    struct aro_instant read_at; /* Kafka's time of the last record; at first, when we began */
    int64_t stable_end;         /* where the end was met last; -1: not yet */
    int64_t unstable_since_ms;  /* monotonic; 0: nothing lies behind that end */
};

struct reader {
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    struct wakeup wakeup;
    struct event *poll_timer, *next_turn;
    const struct config *config;
    const struct config_shard *shard;
    struct reader_callbacks callbacks;

    bool is_reading;
    bool doubts_offset;  /* one of this reading was told not to be there */
    int64_t asked_at_ms; /* the consumer, for what it has: monotonic */
    int64_t ledger_next;
    struct aro_positions positions; /* of the sources; none while following */
    size_t position_last;           /* records come in runs: where the last one belonged */
    struct progress *progress;      /* of each, in the same order */
    bool holds_appeals;
};

static bool has_topic(const struct config_texts *topics, const char *name)
{
    for (size_t i = 0; i < topics->count; i++) {
        if (strcmp(topics->items[i], name) == 0)
            return true;
    }
    return false;
}

static enum aro_topic_kind topic_kind(const struct config_shard *shard, const char *topic)
{
    if (has_topic(&shard->appeals, topic))
        return ARO_TOPIC_APPEALS;
    return has_topic(&shard->agents, topic) ? ARO_TOPIC_AGENTS : ARO_TOPIC_REVIEWS;
}

static bool is_at(const struct aro_position *position, const char *topic, int32_t partition)
{
    return position->partition == partition && strcmp(position->topic, topic) == 0;
}

static struct aro_position *find_position(struct reader *reader, const char *topic,
                                          int32_t partition)
{
    struct aro_positions *positions = &reader->positions;

    if (reader->position_last < positions->source_count &&
        is_at(&positions->sources[reader->position_last], topic, partition))
        return &positions->sources[reader->position_last];
    for (size_t i = 0; i < positions->source_count; i++) {
        if (is_at(&positions->sources[i], topic, partition)) {
            reader->position_last = i;
            return &positions->sources[i];
        }
    }
    return NULL;
}

static bool is_ledger(const struct reader *reader, const rd_kafka_message_t *message)
{
    return strcmp(rd_kafka_topic_name(message->rkt), reader->config->ledger_topic) == 0;
}

static void on_ledger_record(struct reader *reader, const rd_kafka_message_t *message)
{
    if (message->offset < reader->ledger_next)
        return; /* delivered before: librdkafka may repeat itself when a leader changes */
    reader->ledger_next = message->offset + 1;
    reader->callbacks.on_ledger_record(message, reader->callbacks.context);
}

static void note_time(struct progress *progress, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t ms = rd_kafka_message_timestamp(message, &type);
    if (ms > 0)
        progress->read_at.ms = ms;
}

static void on_source_record(struct reader *reader, const rd_kafka_message_t *message)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    struct aro_position *position = find_position(reader, topic, message->partition);

    if (!position || message->offset < position->next_offset)
        return;
    position->next_offset = message->offset + 1;
    note_time(&reader->progress[position - reader->positions.sources], message);
    reader->callbacks.on_source_record(message, topic_kind(reader->shard, topic),
                                       reader->callbacks.context);
}

/* The end of a partition. What lies between the last record and it are control records, which are
 * never delivered; a reader that did not step over them would wait for them for ever. */
static void on_partition_end(struct reader *reader, const rd_kafka_message_t *message)
{
    if (is_ledger(reader, message)) {
        if (message->offset > reader->ledger_next)
            reader->ledger_next = message->offset;
        reader->callbacks.on_ledger_end(reader->callbacks.context);
        return;
    }
    struct aro_position *position =
        find_position(reader, rd_kafka_topic_name(message->rkt), message->partition);
    if (!position)
        return;
    if (message->offset > position->next_offset)
        position->next_offset = message->offset;
    reader->progress[position - reader->positions.sources].stable_end = message->offset;
}

/* librdkafka may tell of an offset that a reading before this one asked for: read on from where we
 * are, and if it is this one's, it is told again. */
static bool is_doubtful(struct reader *reader, rd_kafka_resp_err_t err)
{
    struct aro_error error;
    bool is_of_offset =
        err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;

    if (!is_of_offset || reader->doubts_offset)
        return false;
    reader->doubts_offset = true;
    return reader_restart(reader, &error) == 0;
}

static void on_read_error(struct reader *reader, const rd_kafka_message_t *message)
{
    char text[1000], hint[PERMISSION_HINT_SIZE];
    const char *topic = message->rkt ? rd_kafka_topic_name(message->rkt) : NULL;

    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        on_partition_end(reader, message);
        return;
    }
    if (is_doubtful(reader, message->err))
        return;
    snprintf(text, sizeof text, "%s/%" PRId32 " at offset %" PRId64 ": %s%s",
             topic ? topic : "a topic", message->partition, message->offset,
             rd_kafka_message_errstr(message),
             permission_hint(message->err, "Read", "topic", topic, hint));
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
        reader->callbacks.on_broken(text, reader->callbacks.context);
        break;
    default: LOG(read_failed, ABOUT(.shard = reader->shard->name, .peer = "kafka"), "%s", text);
    }
}

static void deliver(struct reader *reader, const rd_kafka_message_t *message)
{
    if (message->err)
        on_read_error(reader, message);
    else if (is_ledger(reader, message))
        on_ledger_record(reader, message);
    else
        on_source_record(reader, message);
}

/* Continued by a timer and not by event_active(), which would starve the other timers. */
static void take_turn(struct reader *reader)
{
    bool has_asked = false;
    int count = 0;

    last_words_enter("the reader", reader->shard->name);
    while (count < RECORDS_A_TURN && reader->is_reading &&
           reader->callbacks.wants_more(reader->callbacks.context)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->consumer, 0);
        has_asked = true;
        if (!message)
            break;
        if (reader->is_reading)
            deliver(reader, message);
        rd_kafka_message_destroy(message);
        count++;
    }
    if (has_asked)
        reader->asked_at_ms = monotonic_ms();
    if (count == RECORDS_A_TURN)
        event_add(reader->next_turn, &at_once);
    if (count > 0)
        reader->callbacks.on_turn(reader->callbacks.context);
    last_words_enter(NULL, NULL);
}

static void on_wakeup(evutil_socket_t descriptor, short what, void *context)
{
    struct reader *reader = context;
    (void)descriptor, (void)what;
    wakeup_clear(&reader->wakeup);
    take_turn(reader);
}

static void on_timer(evutil_socket_t descriptor, short what, void *context)
{
    (void)descriptor, (void)what;
    take_turn(context);
}

static rd_kafka_conf_t *reader_conf(const struct config *config, struct aro_error *reterr)
{
    /* On librdkafka 2.0.2 a full fetch queue is looked at again only a second later, so it must
     * hold a second of peak traffic. */
    static const struct client_default defaults[] = {
        { "queued.min.messages", "1000000" },
        { "fetch.wait.max.ms", "100" },
        { NULL, NULL },
    };
    rd_kafka_conf_t *conf = client_conf_new(config, defaults, reterr);
    if (!conf)
        return NULL;
    client_conf_set(conf, "client.id", config->instance);
    client_conf_set(conf, "group.id", config->kafka.group); /* never joined; librdkafka wants one */
    client_conf_set(conf, "enable.auto.commit", "false");
    client_conf_set(conf, "enable.auto.offset.store", "false");
    client_conf_set(conf, "auto.offset.reset", "error");
    client_conf_set(conf, "isolation.level", "read_committed");
    client_conf_set(conf, "enable.partition.eof", "true");
    client_conf_set(conf, "check.crcs", "true");
    client_conf_set(conf, "fetch.error.backoff.ms", "50");
    return conf;
}

static int open_consumer(struct reader *reader, struct aro_error *reterr)
{
    rd_kafka_conf_t *conf = reader_conf(reader->config, reterr);

    reader->consumer = conf ? client_new(RD_KAFKA_CONSUMER, conf, reterr) : NULL;
    if (!reader->consumer)
        return -EINVAL;
    rd_kafka_poll_set_consumer(reader->consumer);
    reader->queue = rd_kafka_queue_get_consumer(reader->consumer);
    wakeup_watch_queue(&reader->wakeup, reader->queue);
    return 0;
}

int reader_new(struct event_base *base, const struct config *config,
               const struct config_shard *shard, const struct reader_callbacks *callbacks,
               struct reader **ret, struct aro_error *reterr)
{
    struct reader *reader = memory_new(sizeof *reader);

    reader->config = config;
    reader->shard = shard;
    reader->callbacks = *callbacks;
    reader->wakeup.descriptor = -1;
    reader->poll_timer = event_new(base, -1, EV_PERSIST, on_timer, reader);
    reader->next_turn = event_new(base, -1, 0, on_timer, reader);
    if (!reader->poll_timer || !reader->next_turn ||
        event_add(reader->poll_timer, &poll_interval) < 0 ||
        wakeup_init(&reader->wakeup, base, on_wakeup, reader) < 0) {
        reader_free(reader);
        return aro_error_set(reterr, -ENOMEM, "cannot watch what is read");
    }
    int r = open_consumer(reader, reterr);
    if (r < 0) {
        reader_free(reader);
        return r;
    }
    *ret = reader;
    return 0;
}

static void close_consumer(struct reader *reader)
{
    if (reader->queue) {
        rd_kafka_queue_io_event_enable(reader->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(TAKE(reader->queue));
    }
    client_free(TAKE(reader->consumer));
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    if (reader->poll_timer)
        event_free(reader->poll_timer);
    if (reader->next_turn)
        event_free(reader->next_turn);
    close_consumer(reader);
    wakeup_done(&reader->wakeup);
    aro_positions_done(&reader->positions);
    free(reader->progress);
    free(reader);
}

/* librdkafka stops what was assigned before a moment later, and ends the process where the next
 * assignment, or its own end, has it stop the same again meanwhile. It takes up one thing after the
 * other: the stops come before the first question, their reports before the second. */
static rd_kafka_resp_err_t assign_and_wait(struct reader *reader,
                                           const rd_kafka_topic_partition_list_t *list)
{
    enum { QUESTIONS = 2 };
    rd_kafka_topic_partition_list_t *assigned;

    rd_kafka_resp_err_t err = rd_kafka_assign(reader->consumer, list);
    for (int i = 0; i < QUESTIONS; i++) {
        if (!rd_kafka_assignment(reader->consumer, &assigned))
            rd_kafka_topic_partition_list_destroy(assigned);
    }
    return err;
}

/* Assigns the ledger and every source partition, at the offsets known here: a partition repeated
 * without one may rewind or stop delivering. */
static int assign(struct reader *reader, struct aro_error *reterr)
{
    const struct aro_positions *positions = &reader->positions;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)positions->source_count + 1);

    rd_kafka_topic_partition_list_add(list, reader->config->ledger_topic,
                                      (int32_t)reader->shard->partition)
        ->offset = reader->ledger_next;
    for (size_t i = 0; i < positions->source_count; i++)
        rd_kafka_topic_partition_list_add(list, positions->sources[i].topic,
                                          positions->sources[i].partition)
            ->offset = positions->sources[i].next_offset;
    rd_kafka_resp_err_t err = assign_and_wait(reader, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err)
        return aro_error_set(reterr, -EIO, "cannot read the shard's topics: %s",
                             rd_kafka_err2str(err));
    reader->is_reading = true;
    reader_continue(reader);
    return 0;
}

int reader_follow(struct reader *reader, int64_t ledger_offset, struct aro_error *reterr)
{
    reader_hold_appeals(reader, false); /* what is paused stays so through a new assignment */
    aro_positions_done(&reader->positions);
    reader->ledger_next = ledger_offset;
    reader->doubts_offset = false;
    return assign(reader, reterr);
}

int reader_work(struct reader *reader, const struct aro_positions *positions,
                struct aro_error *reterr)
{
    size_t size = positions->source_count * sizeof *positions->sources;

    aro_positions_done(&reader->positions);
    reader->positions.sources =
        memory_new_array(positions->source_count, sizeof *positions->sources);
    memcpy(reader->positions.sources, positions->sources, size);
    reader->positions.source_count = positions->source_count;
    free(reader->progress);
    reader->progress = memory_new_array(positions->source_count, sizeof *reader->progress);
    for (size_t i = 0; i < positions->source_count; i++)
        reader->progress[i] = (struct progress){ .read_at = host_clock_now(), .stable_end = -1 };
    reader->doubts_offset = false;
    return assign(reader, reterr);
}

static void progress_move(struct progress *progress, int64_t next_offset, struct aro_instant now)
{
    progress->next_offset = next_offset;
    progress->since = now;
}

bool reader_find_stalled(struct reader *reader, struct aro_instant now, struct aro_span limit,
                         char ret_place[static 300])
{
    for (size_t i = 0; i < reader->positions.source_count; i++) {
        const struct aro_position *position = &reader->positions.sources[i];
        struct progress *progress = &reader->progress[i];
        bool is_held = reader->holds_appeals &&
                       topic_kind(reader->shard, position->topic) == ARO_TOPIC_APPEALS;
        if (is_held || progress->since.ms == 0 || progress->next_offset != position->next_offset ||
            reader_known_end(reader, i) <= position->next_offset) {
            progress_move(progress, position->next_offset, now);
        } else if (now.ms - progress->since.ms > limit.ms) {
            progress_move(progress, position->next_offset, now);
            snprintf(ret_place, 300, "%s/%" PRId32, position->topic, position->partition);
            return true;
        }
    }
    return false;
}

int reader_restart(struct reader *reader, struct aro_error *reterr)
{
    reader_stop(reader);
    return assign(reader, reterr);
}

int reader_reopen(struct reader *reader, struct aro_error *reterr)
{
    close_consumer(reader);
    reader->holds_appeals = false;
    int r = open_consumer(reader, reterr);
    return r == 0 && reader->is_reading ? assign(reader, reterr) : r;
}

void reader_stop(struct reader *reader)
{
    reader_hold_appeals(reader, false);
    reader->is_reading = false;
    rd_kafka_resp_err_t err = assign_and_wait(reader, NULL);
    if (err)
        LOG(reading_not_stopped, ABOUT(.shard = reader->shard->name), "cannot stop reading: %s",
            rd_kafka_err2str(err));
}

void reader_hold_appeals(struct reader *reader, bool is_held)
{
    if (is_held == reader->holds_appeals)
        return;
    reader->holds_appeals = is_held;
    const struct aro_positions *positions = &reader->positions;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)positions->source_count);
    for (size_t i = 0; i < positions->source_count; i++) {
        if (topic_kind(reader->shard, positions->sources[i].topic) == ARO_TOPIC_APPEALS)
            rd_kafka_topic_partition_list_add(list, positions->sources[i].topic,
                                              positions->sources[i].partition);
    }
    rd_kafka_resp_err_t err = is_held ? rd_kafka_pause_partitions(reader->consumer, list)
                                      : rd_kafka_resume_partitions(reader->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err)
        LOG(appeals_not_paused, ABOUT(.shard = reader->shard->name),
            "cannot %s the appeals topics: %s", is_held ? "pause" : "resume",
            rd_kafka_err2str(err));
}

int64_t reader_silence_ms(const struct reader *reader)
{
    return reader->is_reading ? monotonic_ms() - reader->asked_at_ms : 0;
}

void reader_continue(struct reader *reader)
{
    reader->asked_at_ms = monotonic_ms(); /* it was held back until now */
    if (!event_pending(reader->next_turn, EV_TIMEOUT, NULL))
        event_add(reader->next_turn, &at_once);
}

static bool has_more(const struct reader *reader, size_t source)
{
    return reader_known_end(reader, source) > reader->positions.sources[source].next_offset;
}

int64_t reader_lag_ms(const struct reader *reader, size_t source)
{
    int64_t ms = host_clock_now().ms - reader->progress[source].read_at.ms;
    return has_more(reader, source) && ms > 0 ? ms : 0;
}

int64_t reader_unstable_ms(const struct reader *reader, size_t source)
{
    int64_t since_ms = reader->progress[source].unstable_since_ms;
    return since_ms > 0 ? monotonic_ms() - since_ms : 0;
}

void reader_watch(struct reader *reader)
{
    for (size_t i = 0; i < reader->positions.source_count; i++) {
        struct progress *progress = &reader->progress[i];
        bool is_at_end = progress->stable_end == reader->positions.sources[i].next_offset;
        if (!is_at_end || !has_more(reader, i))
            progress->unstable_since_ms = 0;
        else if (progress->unstable_since_ms == 0)
            progress->unstable_since_ms = monotonic_ms();
    }
}

rd_kafka_t *reader_handle(const struct reader *reader)
{
    return reader->consumer;
}

int64_t reader_ledger_next(const struct reader *reader)
{
    return reader->ledger_next;
}

const struct aro_positions *reader_positions(const struct reader *reader)
{
    return &reader->positions;
}

int64_t reader_known_end(const struct reader *reader, size_t source)
{
    const struct aro_position *position = &reader->positions.sources[source];
    int64_t low, high;

    if (rd_kafka_get_watermark_offsets(reader->consumer, position->topic, position->partition, &low,
                                       &high) ||
        high == RD_KAFKA_OFFSET_INVALID)
        return -1;
    return high;
}
