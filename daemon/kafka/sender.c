#include "kafka/sender.h"

#include "kafka/client.h"
#include "kafka/permission.h"
#include "log/log.h"
#include "support/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sender {
    rd_kafka_t *handle;
};

static void log_failure(const char *topic, rd_kafka_resp_err_t err)
{
    char hint[PERMISSION_HINT_SIZE];

    LOG(synthetic_not_sent, ABOUT(.topic = topic), "cannot send an event to ourselves: %s%s",
        rd_kafka_err2str(err), permission_hint(err, "Write", "topic", topic, hint));
}

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle, (void)opaque;
    if (message->err && message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
        message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        log_failure(rd_kafka_topic_name(message->rkt), message->err);
}

int sender_new(const struct config *config, struct sender **ret, struct aro_error *reterr)
{
    rd_kafka_conf_t *conf = client_conf_new(config, NULL, reterr);
    if (!conf)
        return -EINVAL;
    client_conf_set(conf, "client.id", config->instance);
    client_conf_set(conf, "enable.idempotence", "true");
    client_conf_set(conf, "linger.ms", "0");
    client_conf_set(conf, "message.timeout.ms", "30000");
    client_conf_set(conf, "queue.buffering.max.messages", "1000");
    client_conf_set(conf, "partitioner", "murmur2_random"); /* as Java producers do */
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *handle = client_new(RD_KAFKA_PRODUCER, conf, reterr);
    if (!handle)
        return -EINVAL;
    *ret = memory_new(sizeof **ret);
    (*ret)->handle = handle;
    return 0;
}

void sender_free(struct sender *sender)
{
    if (!sender)
        return;
    rd_kafka_purge(sender->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                       RD_KAFKA_PURGE_F_NON_BLOCKING);
    client_free(sender->handle);
    free(sender);
}

void sender_send(struct sender *sender, const char *topic, const char *key, const char *value,
                 size_t value_length)
{
    rd_kafka_resp_err_t err =
        rd_kafka_producev(sender->handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(key, strlen(key)),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value_length),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (err)
        log_failure(topic, err);
    sender_poll(sender);
}

void sender_poll(struct sender *sender)
{
    rd_kafka_poll(sender->handle, 0);
}
