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

/* Ends a handle without leaving its group. NULL is none. */
void client_free(rd_kafka_t *handle);

/* Makes a handle with the certificates and keys of @config and ends it again: does librdkafka take
 * them? Nobody is connected to. -EINVAL with @reterr. From any thread. */
int client_try(const struct config *config, struct aro_error *reterr);

/* After a reload. Every handle, also of those to come, takes the password of @config where it has
 * to say who it is the next time; what is connected stays so. */
void client_renew_password(const struct config *config);

/* Grows with each client_renew_files(), by which a reload says that certificates or keys are others
 * by now: whoever made a handle before that makes it anew. */
void client_renew_files(void);
unsigned client_generation(void);

/* Tells the log what librdkafka logs itself: the log callback of each handle. */
void client_log(const rd_kafka_t *handle, int level, const char *facility, const char *text);

/* Tells the log what a handle's error callback reports. */
void client_log_error(rd_kafka_t *handle, int error, const char *reason, void *opaque);

#endif
