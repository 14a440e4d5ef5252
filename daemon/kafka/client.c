#include "kafka/client.h"

#include "log/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Messages of librdkafka's own log: its levels are syslog's. */
static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    (void)handle;
    /* The settings' properties go to every handle, and some are for producers or consumers only. */
    if (strcmp(facility, "CONFWARN") == 0)
        level = 7;
    if (level <= 4)
        LOG(kafka_library_warning, ABOUT(.peer = "kafka"), "%s: %s", facility, text);
    else if (level <= 6)
        LOG(kafka_library_notice, ABOUT(.peer = "kafka"), "%s: %s", facility, text);
    else
        LOG(kafka_library_detail, ABOUT(.peer = "kafka"), "%s: %s", facility, text);
}

void client_log_error(rd_kafka_t *handle, int error, const char *reason, void *opaque)
{
    (void)opaque;
    /* A fatal error is met again, with its consequences, by whoever uses the handle next. */
    LOG(kafka_client_error, ABOUT(.peer = "kafka"), "%s: %s (%s)", rd_kafka_name(handle), reason,
        rd_kafka_err2name((rd_kafka_resp_err_t)error));
}

void client_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    rd_kafka_conf_res_t r = rd_kafka_conf_set(conf, name, value, text, sizeof text);
    assert(r == RD_KAFKA_CONF_OK);
}

void client_conf_set_number(rd_kafka_conf_t *conf, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    client_conf_set(conf, name, text);
}

rd_kafka_conf_t *client_conf_new(const struct config *config, const struct client_default *defaults,
                                 struct aro_error *reterr)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    client_conf_set(conf, "socket.nagle.disable", "true"); /* else each commit takes 40 ms more */
    client_conf_set(conf, "log.connection.close", "false");
    client_conf_set(conf, "reconnect.backoff.ms", "50");
    client_conf_set(conf, "reconnect.backoff.max.ms", "2000");
    for (const struct client_default *row = defaults; row && row->name; row++)
        client_conf_set(conf, row->name, row->value);
    int r = config_set_kafka_properties(config, conf, reterr);
    if (r < 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    client_conf_set(conf, "bootstrap.servers", config->kafka.bootstrap_servers);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, client_log_error);
    return conf;
}

rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct aro_error *reterr)
{
    char text[512];
    rd_kafka_t *handle = rd_kafka_new(type, conf, text, sizeof text);

    if (!handle) {
        rd_kafka_conf_destroy(conf);
        aro_error_set(reterr, -EINVAL, "cannot make a Kafka client: %s", text);
    }
    return handle;
}
