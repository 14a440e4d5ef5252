/* What the instance is doing, in answers that commands and the support bundle give. */
#ifndef APPEAL_ROUTERD_LOOP_DESCRIBE_H
#define APPEAL_ROUTERD_LOOP_DESCRIBE_H

#include <jansson.h>

struct daemon;

/* The instance, its shards, and what each is doing: `appealctl status`. A new object. */
json_t *describe_status(const struct daemon *daemon);

/* Every queue of the shards that are ours: `appealctl queues`. A new object; NULL where none is. */
json_t *describe_queues(const struct daemon *daemon);

#endif
