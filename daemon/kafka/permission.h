/* What Kafka's ACLs keep from us, in words that name the rule to add: docs/security.md lists them.
 */
#ifndef APPEAL_ROUTERD_KAFKA_PERMISSION_H
#define APPEAL_ROUTERD_KAFKA_PERMISSION_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* Does @err say that our user may not do it? */
bool permission_is_missing(rd_kafka_resp_err_t err);

enum { PERMISSION_HINT_SIZE = 384 };

/* "; its user needs Write on topic 'assignments'", to be put behind the error's own text; empty
 * where @err says something else, or @name is NULL. */
const char *permission_hint(rd_kafka_resp_err_t err, const char *operation, const char *resource,
                            const char *name, char buffer[static PERMISSION_HINT_SIZE]);

#endif
