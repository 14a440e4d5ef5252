/* Sends single records outside of any transaction, as whoever sends us events does: without waiting
 * and without a promise. One that does not arrive in half a minute is logged and forgotten. */
#ifndef APPEAL_ROUTERD_KAFKA_SENDER_H
#define APPEAL_ROUTERD_KAFKA_SENDER_H

#include "config/config.h"

#include <aro/error.h>

#include <stddef.h>

struct sender;

/* @config is borrowed. Touches no network yet. */
int sender_new(const struct config *config, struct sender **ret, struct aro_error *reterr);
/* What is on its way is given up. */
void sender_free(struct sender *sender);

/* Copies all. Never blocks. */
void sender_send(struct sender *sender, const char *topic, const char *key, const char *value,
                 size_t value_length);

/* Takes Kafka's answers; to be called now and then. */
void sender_poll(struct sender *sender);

#endif
