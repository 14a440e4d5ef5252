/* The part of /metrics that only the owner of a shard shows, so that sums over instances are right.
 */
#ifndef APPEAL_ROUTERD_LOOP_METRICS_WORK_H
#define APPEAL_ROUTERD_LOOP_METRICS_WORK_H

#include "metrics/exposition.h"
#include "shard/shard.h"

void metrics_work_add(struct exposition *exposition, struct shard *shard,
                      const struct shard_figures *figures);

#endif
