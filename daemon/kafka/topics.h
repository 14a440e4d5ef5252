/* The topics that the settings name: are they there, and are they set as exactly-once needs? */
#ifndef APPEAL_ROUTERD_KAFKA_TOPICS_H
#define APPEAL_ROUTERD_KAFKA_TOPICS_H

#include "config/config.h"

#include <aro/error.h>
#include <aro/rulebook.h>

#include <stdbool.h>

/* Looks at every topic of the settings and of @rulebook's queues; creates what is missing where
 * the settings say so. Blocks, in calls of about a second between which @is_cancelled is asked;
 * waits for as long as Kafka does not answer. 0; -ECANCELED; -ENOENT with what is missing and the
 * command that creates it; -EINVAL for a topic that is set in a way that loses data.
 * @ret_tombstones_last: how long the ledger keeps the mark that a key is gone. */
int topics_prepare(const struct config *config, const struct aro_rulebook *rulebook,
                   bool (*is_cancelled)(void), struct aro_span *ret_tombstones_last,
                   struct aro_error *reterr);

/* The same of the topics alone that @rulebook's queues name for themselves; asks nothing of Kafka
 * where none does. */
int topics_prepare_queues(const struct config *config, const struct aro_rulebook *rulebook,
                          bool (*is_cancelled)(void), struct aro_error *reterr);

#endif
