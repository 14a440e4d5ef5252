#include "kafka/membership.h"

#include "kafka/client.h"
#include "kafka/permission.h"
#include "kafka/trouble.h"
#include "kafka/wakeup.h"
#include "log/log.h"
#include "loop/last_words.h"
#include "loop/monotonic.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nothing polls a quiet consumer, and a consumer that nobody polls is thrown out of its group. */
static const struct timeval poll_interval = { .tv_usec = 500 * 1000 };

enum { HEARTBEAT_MS = 500, EVENTS_A_TURN = 64 };

struct term {
    atomic_int reference_count;
    rd_kafka_consumer_group_metadata_t *metadata;
    void *serialized; /* malloc'd by librdkafka */
    size_t serialized_size;
    char *member_id;
};

struct membership {
    const struct config *config;
    int64_t start_time_ms;
    rd_kafka_t *consumer; /* with its queue NULL only where no other could be made */
    rd_kafka_queue_t *queue;
    struct wakeup wakeup;
    struct event *poll_timer;
    struct membership_callbacks callbacks;
    char *ledger_topic, *group;
    char *member_id;
    char trouble[900]; /* see membership_trouble() */
    bool has_joined, is_inside, is_revoking, is_leaving;
    int64_t asked_at_ms; /* the consumer, for its events: monotonic */
};

static void term_free(struct term *term)
{
    if (term->metadata)
        rd_kafka_consumer_group_metadata_destroy(term->metadata);
    if (term->serialized)
        rd_kafka_mem_free(NULL, term->serialized);
    free(term->member_id);
    free(term);
}
DEFINE_CLEANUP(struct term, term_free)

struct term *term_ref(struct term *term)
{
    atomic_fetch_add(&term->reference_count, 1);
    return term;
}

void term_unref(struct term *term)
{
    if (term && atomic_fetch_sub(&term->reference_count, 1) == 1)
        term_free(term);
}

const rd_kafka_consumer_group_metadata_t *term_metadata(const struct term *term)
{
    return term->metadata;
}

/* Checks what librdkafka does not tell otherwise: metadata taken before the join has generation -1
 * and no member id, and would commit unfenced. The serialized form is "CGMDv2:", the generation
 * (4 bytes, little-endian), then group, member and instance id, each with its NUL. */
static int term_check(struct term *term)
{
    static const char magic[] = "CGMDv2:";
    const size_t head = sizeof magic - 1 + 4;
    const char *bytes = term->serialized, *end = bytes + term->serialized_size;

    if (term->serialized_size <= head || memcmp(bytes, magic, sizeof magic - 1))
        return -EINVAL;
    if ((unsigned char)bytes[head - 1] & 0x80) /* a negative generation */
        return -EINVAL;
    const char *group_end = memchr(bytes + head, '\0', (size_t)(end - bytes) - head);
    if (!group_end || group_end + 1 >= end || group_end[1] == '\0')
        return -EINVAL;
    term->member_id = memory_copy_text(group_end + 1);
    return 0;
}

static int term_new(rd_kafka_t *consumer, struct term **ret)
{
    CLEANUP(term_freep) struct term *term = memory_new(sizeof *term);

    atomic_init(&term->reference_count, 1);
    term->metadata = rd_kafka_consumer_group_metadata(consumer);
    if (!term->metadata)
        return -EINVAL;
    rd_kafka_error_t *error = rd_kafka_consumer_group_metadata_write(
        term->metadata, &term->serialized, &term->serialized_size);
    if (error) {
        rd_kafka_error_destroy(error);
        return -ENOMEM;
    }
    int r = term_check(term);
    if (r < 0)
        return r;
    *ret = TAKE(term);
    return 0;
}

/* Is @term still what the consumer itself believes in? */
static bool term_is_current(const struct term *term, rd_kafka_t *consumer)
{
    CLEANUP(term_freep) struct term *now = NULL;

    return term_new(consumer, &now) == 0 && now->serialized_size == term->serialized_size &&
           memcmp(now->serialized, term->serialized, term->serialized_size) == 0;
}

/* The consumer must hold what the group gave it, and never fetches any of it. */
static void hold_partitions(struct membership *membership, rd_kafka_topic_partition_list_t *given)
{
    for (int i = 0; i < given->cnt; i++)
        given->elems[i].offset = RD_KAFKA_OFFSET_END;
    rd_kafka_resp_err_t err = rd_kafka_assign(membership->consumer, given);
    if (!err)
        err = rd_kafka_pause_partitions(membership->consumer, given);
    if (err)
        LOG(partitions_not_held, NULL, "cannot hold the ledger partitions that the group gave: %s",
            rd_kafka_err2str(err));
}

static void on_assign(struct membership *membership, rd_kafka_topic_partition_list_t *given)
{
    struct term *term = NULL;

    int r = term_new(membership->consumer, &term);
    hold_partitions(membership, given);
    if (r < 0) {
        /* Another rebalance has come already; its own assignment follows. */
        LOG(assignment_outdated, NULL,
            "the group's assignment is out of date already, waiting for the next");
        return;
    }
    free(membership->member_id);
    membership->member_id = memory_copy_text(term->member_id);
    membership->trouble[0] = '\0';
    membership->is_inside = true;
    trouble_forget();

    int32_t *partitions = memory_new_array((size_t)given->cnt, sizeof *partitions);
    for (int i = 0; i < given->cnt; i++)
        partitions[i] = given->elems[i].partition;
    membership->callbacks.on_assigned(partitions, (size_t)given->cnt, term,
                                      membership->callbacks.context);
    free(partitions);
    term_unref(term);
}

static void on_rebalance(struct membership *membership, rd_kafka_event_t *event)
{
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        on_assign(membership, rd_kafka_event_topic_partition_list(event));
        return;
    }
    bool is_lost = rd_kafka_assignment_lost(membership->consumer) != 0;
    if (is_lost)
        membership->is_inside = false;
    membership->is_revoking = true;
    membership->callbacks.on_revoked(is_lost, membership->callbacks.context);
}

/* The consumer goes on asking, so this is told once. */
static void report_trouble(struct membership *membership, rd_kafka_resp_err_t err, const char *text)
{
    bool is_topic = err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    char trouble[sizeof membership->trouble], hint[PERMISSION_HINT_SIZE];

    snprintf(trouble, sizeof trouble, "the group does not let this instance in: %s%s", text,
             permission_hint(err, "Read", is_topic ? "topic" : "group",
                             is_topic ? membership->ledger_topic : membership->group, hint));
    if (strcmp(trouble, membership->trouble) == 0)
        return;
    memcpy(membership->trouble, trouble, sizeof trouble);
    LOG(group_forbidden, NULL, "%s", trouble);
}

static void on_error(struct membership *membership, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t err = rd_kafka_event_error(event);
    char text[512];

    if (err == RD_KAFKA_RESP_ERR__FATAL)
        err = rd_kafka_fatal_error(membership->consumer, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s", rd_kafka_event_error_string(event));
    if (err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        membership->callbacks.on_fenced(text, membership->callbacks.context);
    else if (permission_is_missing(err))
        report_trouble(membership, err, text);
    else
        client_log_error(membership->consumer, err, text, NULL);
}

static void on_event(struct membership *membership, rd_kafka_event_t *event)
{
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_REBALANCE: on_rebalance(membership, event); break;
    case RD_KAFKA_EVENT_ERROR: on_error(membership, event); break;
    default: break; /* a record that was fetched before the pause: the shard's reader has it too */
    }
}

static void poll_events(struct membership *membership)
{
    if (!membership->queue)
        return;
    last_words_enter("the group's consumer", NULL);
    for (int i = 0; i < EVENTS_A_TURN; i++) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(membership->queue, 0);
        if (!event)
            break;
        on_event(membership, event);
        rd_kafka_event_destroy(event);
        if (i + 1 == EVENTS_A_TURN)
            wakeup_send(&membership->wakeup); /* the rest after the other events' turn */
    }
    last_words_enter(NULL, NULL);
    membership->asked_at_ms = monotonic_ms();
    if (membership->is_leaving && rd_kafka_consumer_closed(membership->consumer)) {
        membership->is_leaving = false;
        membership->has_joined = false;
        membership->callbacks.on_left(membership->callbacks.context);
    }
}

static void on_wakeup(evutil_socket_t descriptor, short what, void *context)
{
    struct membership *membership = context;
    (void)descriptor;
    (void)what;
    wakeup_clear(&membership->wakeup);
    poll_events(membership);
}

/* librdkafka's thread sleeps by the wall clock: where that is put back an hour, it sleeps an hour,
 * and sends no heartbeats. A question wakes it. */
static void wake_consumer(struct membership *membership)
{
    rd_kafka_topic_partition_list_t *topics = NULL;

    if (!membership->has_joined || membership->is_leaving)
        return;
    last_words_enter("the group's consumer", NULL);
    if (rd_kafka_subscription(membership->consumer, &topics) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_topic_partition_list_destroy(topics);
    last_words_enter(NULL, NULL);
}

static void on_poll_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct membership *membership = context;
    (void)descriptor;
    (void)what;
    poll_events(membership);
    wake_consumer(membership);
}

static rd_kafka_conf_t *membership_conf(const struct config *config, int64_t start_time_ms,
                                        struct aro_error *reterr)
{
    rd_kafka_conf_t *conf = client_conf_new(config, NULL, reterr);
    if (!conf)
        return NULL;

    /* Members are served in the order of their ids, which begin with this: the instance that has
     * run longest keeps its shards, and one that crashes in a loop never takes them. */
    char client_id[512];
    snprintf(client_id, sizeof client_id, "%013" PRId64 "-%s", start_time_ms, config->instance);
    client_conf_set(conf, "client.id", client_id);
    client_conf_set(conf, "group.id", config->kafka.group);
    if (config->kafka.membership == CONFIG_MEMBERSHIP_STATIC)
        client_conf_set(conf, "group.instance.id", config->instance);
    client_conf_set(conf, "partition.assignment.strategy", "range");
    client_conf_set_number(conf, "session.timeout.ms", config->kafka.session_timeout.ms);
    client_conf_set_number(conf, "heartbeat.interval.ms", HEARTBEAT_MS);
    client_conf_set(conf, "enable.auto.commit", "false");
    client_conf_set(conf, "enable.auto.offset.store", "false");
    client_conf_set(conf, "auto.offset.reset", "error");
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR);
    return conf;
}

static int open_consumer(struct membership *membership, struct aro_error *reterr)
{
    rd_kafka_conf_t *conf = membership_conf(membership->config, membership->start_time_ms, reterr);

    membership->consumer = conf ? client_new(RD_KAFKA_CONSUMER, conf, reterr) : NULL;
    if (!membership->consumer)
        return -EINVAL;
    rd_kafka_poll_set_consumer(membership->consumer);
    membership->queue = rd_kafka_queue_get_consumer(membership->consumer);
    wakeup_watch_queue(&membership->wakeup, membership->queue);
    membership->asked_at_ms = monotonic_ms();
    return 0;
}

int membership_new(struct event_base *base, const struct config *config, int64_t start_time_ms,
                   const struct membership_callbacks *callbacks, struct membership **ret,
                   struct aro_error *reterr)
{
    struct membership *membership = memory_new(sizeof *membership);

    membership->callbacks = *callbacks;
    membership->wakeup.descriptor = -1;
    membership->ledger_topic = memory_copy_text(config->ledger_topic);
    membership->group = memory_copy_text(config->kafka.group);
    membership->member_id = memory_copy_text("");
    membership->config = config;
    membership->start_time_ms = start_time_ms;
    membership->poll_timer = event_new(base, -1, EV_PERSIST, on_poll_timer, membership);
    if (!membership->poll_timer || event_add(membership->poll_timer, &poll_interval) < 0 ||
        wakeup_init(&membership->wakeup, base, on_wakeup, membership) < 0) {
        membership_free(membership);
        return aro_error_set(reterr, -ENOMEM, "cannot watch the group's events");
    }
    int r = open_consumer(membership, reterr);
    if (r < 0) {
        membership_free(membership);
        return r;
    }
    *ret = membership;
    return 0;
}

static void close_consumer(struct membership *membership)
{
    if (membership->queue) {
        rd_kafka_queue_io_event_enable(membership->queue, -1, NULL, 0);
        rd_kafka_queue_destroy(TAKE(membership->queue));
    }
    client_free(TAKE(membership->consumer)); /* it has left, or is not to be waited for */
}

int membership_reopen(struct membership *membership, struct aro_error *reterr)
{
    assert(!membership->has_joined);
    close_consumer(membership);
    return open_consumer(membership, reterr);
}

void membership_free(struct membership *membership)
{
    if (!membership)
        return;
    if (membership->poll_timer)
        event_free(membership->poll_timer);
    close_consumer(membership);
    wakeup_done(&membership->wakeup);
    free(membership->ledger_topic);
    free(membership->group);
    free(membership->member_id);
    free(membership);
}

int membership_join(struct membership *membership, struct aro_error *reterr)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(topics, membership->ledger_topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(membership->consumer, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (err)
        return aro_error_set(reterr, -EIO, "cannot join the group: %s", rd_kafka_err2str(err));
    membership->has_joined = true;
    membership->is_inside = false;
    membership->asked_at_ms = monotonic_ms();
    return 0;
}

void membership_release(struct membership *membership)
{
    if (!membership->is_revoking)
        return;
    membership->is_revoking = false;
    rd_kafka_resp_err_t err = rd_kafka_assign(membership->consumer, NULL);
    if (err)
        LOG(partitions_not_given_back, NULL, "cannot give the ledger partitions back: %s",
            rd_kafka_err2str(err));
}

void membership_leave(struct membership *membership)
{
    if (membership->is_leaving)
        return;
    rd_kafka_error_t *error =
        rd_kafka_consumer_close_queue(membership->consumer, membership->queue);
    if (error) {
        LOG(group_not_left, NULL, "cannot leave the group: %s; it will notice by itself",
            rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        membership->has_joined = false;
        membership->callbacks.on_left(membership->callbacks.context);
        return;
    }
    membership->is_leaving = true;
    wakeup_send(&membership->wakeup);
}

bool membership_has_joined(const struct membership *membership)
{
    return membership->has_joined;
}

int64_t membership_silence_ms(const struct membership *membership)
{
    return monotonic_ms() - membership->asked_at_ms;
}

const char *membership_member_id(const struct membership *membership)
{
    return membership->member_id;
}

bool membership_is_outside(const struct membership *membership)
{
    return membership->has_joined && !membership->is_inside;
}

const char *membership_trouble(const struct membership *membership)
{
    return membership->trouble;
}

static bool says_not_a_member(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
           err == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
           err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

/* A plain commit whose answer is waited for no longer than @timeout_ms. */
static rd_kafka_resp_err_t commit_offset(struct membership *membership, int32_t partition,
                                         int64_t offset, int timeout_ms)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, membership->ledger_topic, partition)->offset =
        offset;
    rd_kafka_queue_t *answers = rd_kafka_queue_new(membership->consumer);
    rd_kafka_resp_err_t err =
        rd_kafka_commit_queue(membership->consumer, offsets, answers, NULL, NULL);

    if (!err) {
        rd_kafka_event_t *answer = rd_kafka_queue_poll(answers, timeout_ms);
        err = answer ? rd_kafka_event_error(answer) : RD_KAFKA_RESP_ERR__TIMED_OUT;
        if (answer)
            rd_kafka_event_destroy(answer);
    }
    rd_kafka_queue_destroy(answers);
    rd_kafka_topic_partition_list_destroy(offsets);
    return err;
}

/* Of a commit of the ledger's offset, or of offsets read: a topic may be meant as well. */
static int refuse(const struct membership *membership, rd_kafka_resp_err_t err, const char *what,
                  struct aro_error *reterr)
{
    bool is_topic = err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    char hint[PERMISSION_HINT_SIZE];

    return aro_error_set(reterr, -EACCES, "cannot %s: %s%s", what, rd_kafka_err2str(err),
                         permission_hint(err, "Read", is_topic ? "topic" : "group",
                                         is_topic ? membership->ledger_topic : membership->group,
                                         hint));
}

int membership_probe(struct membership *membership, const struct term *term, int32_t partition,
                     int64_t ledger_offset, int timeout_ms, struct aro_error *reterr)
{
    if (!term_is_current(term, membership->consumer))
        return -EPERM;
    rd_kafka_resp_err_t err = commit_offset(membership, partition, ledger_offset, timeout_ms);

    /* The consumer commits with the generation it has by now, which may be a later term's. */
    if (says_not_a_member(err) || !term_is_current(term, membership->consumer))
        return -EPERM;
    if (permission_is_missing(err))
        return refuse(membership, err, "commit offsets as a member of the group", reterr);
    if (err)
        return aro_error_set(reterr, -EAGAIN, "the group's coordinator does not answer: %s",
                             rd_kafka_err2str(err));
    return 0;
}

int membership_committed(struct membership *membership, rd_kafka_topic_partition_list_t *offsets,
                         int timeout_ms, struct aro_error *reterr)
{
    rd_kafka_resp_err_t err = rd_kafka_committed(membership->consumer, offsets, timeout_ms);

    for (int i = 0; !err && i < offsets->cnt; i++)
        err = offsets->elems[i].err;
    if (permission_is_missing(err))
        return refuse(membership, err, "read the group's committed offsets", reterr);
    if (err)
        return aro_error_set(reterr, -EAGAIN, "cannot read the group's committed offsets: %s",
                             rd_kafka_err2str(err));
    return 0;
}
