/* What no setting can tell alone: names, partitions and topics, each of one shard only. */
#ifndef APPEAL_ROUTERD_CONFIG_SHARDS_CHECK_H
#define APPEAL_ROUTERD_CONFIG_SHARDS_CHECK_H

#include "config/config.h"
#include "support/document.h"

#include <aro/rulebook.h>

/* @root is the text that @config was read from: it knows the places. */
int shards_check(const struct config *config, const struct document_node *root,
                 struct aro_error *reterr);

/* Does a queue of @rulebook name a topic for its assignments that is read from, or written other
 * things to? One that is some shard's for assignments it may. -EINVAL with @reterr. */
int shards_check_queues(const struct config *config, const struct aro_rulebook *rulebook,
                        struct aro_error *reterr);

#endif
