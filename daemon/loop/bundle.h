/* The support bundle: what one would ask the operator of an instance for, in one text.
 *
 * Ids, counts, settings and the last lines of the log: no secret, and no appeal's text. */
#ifndef APPEAL_ROUTERD_LOOP_BUNDLE_H
#define APPEAL_ROUTERD_LOOP_BUNDLE_H

#include <jansson.h>

struct daemon;

/* The instance, its shards, and what each is doing: `appealctl status`. A new object. */
json_t *bundle_status(const struct daemon *daemon);

/* Every queue of the shards that are ours: `appealctl queues`. A new object; NULL where none is. */
json_t *bundle_queues(const struct daemon *daemon);

/* All of it. A new object. */
json_t *bundle_new(const struct daemon *daemon);

#endif
