/* What this process has done in each queue, counted as batches are committed.
 *
 * Queues come and go with rulebooks, and their figures stay as long as the process does; so there
 * is a bound, beyond which a queue is counted with the others of no name. */
#ifndef APPEAL_ROUTERD_SHARD_QUEUE_TALLY_H
#define APPEAL_ROUTERD_SHARD_QUEUE_TALLY_H

#include "metrics/histogram.h"

#include <aro/effects.h>
#include <aro/rulebook.h>
#include <aro/time.h>

#include <stddef.h>
#include <stdint.h>

#define QUEUE_TALLY_OTHER "other"
enum { QUEUE_TALLY_MAX = 500 };

struct queue_tally {
    char *queue;
    uint64_t assigned[ARO_STEPS_MAX]; /* by step, less 1 */
    uint64_t offered, accepted, declined, expired;
    struct histogram submitted_to_assigned;
};

/* { 0 } is an empty one. */
struct queue_tallies {
    size_t count;
    struct queue_tally *items[QUEUE_TALLY_MAX + 1]; /* the last is of all the others */
};

void queue_tallies_done(struct queue_tallies *tallies);

/* @note is of a queue, and was committed @now. */
void queue_tallies_add(struct queue_tallies *tallies, const struct aro_note *note,
                       struct aro_instant now);

#endif
