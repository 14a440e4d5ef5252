/* Handles of librdkafka, each made from the same settings.
 *
 * What matters for exactly-once and for speed is set here, once, and cannot be overwritten from
 * the settings file: its properties are of an allow-list that has none of these. */
#ifndef APPEAL_ROUTERD_KAFKA_CLIENT_H
#define APPEAL_ROUTERD_KAFKA_CLIENT_H

#include "config/config.h"

#include <aro/error.h>

#include <librdkafka/rdkafka.h>

/* A property that the settings file may overrule. */
struct client_default {
    const char *name, *value;
};

/* A conf with what every handle of ours has, @defaults (ended by a NULL name; may be NULL) and the
 * settings file's properties. The caller owns it. NULL with @reterr. */
rd_kafka_conf_t *client_conf_new(const struct config *config, const struct client_default *defaults,
                                 struct aro_error *reterr);

/* Sets one property on @conf; one that librdkafka refuses is our own mistake. */
void client_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value);
void client_conf_set_number(rd_kafka_conf_t *conf, const char *name, int64_t value);

/* Takes @conf in any case. NULL with @reterr. */
rd_kafka_t *client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct aro_error *reterr);

/* Tells the log what librdkafka logs itself: the log callback of each handle. */
void client_log(const rd_kafka_t *handle, int level, const char *facility, const char *text);

/* Tells the log what a handle's error callback reports. */
void client_log_error(rd_kafka_t *handle, int error, const char *reason, void *opaque);

#endif
