/* Does everything in this process that must move still move?
 *
 * The loop tells of itself by asking. Kafka and Redis have no say in it: while they do not answer
 * everything here still moves, though without success, and no restart would bring them back. */
#ifndef APPEAL_ROUTERD_LOOP_PROGRESS_H
#define APPEAL_ROUTERD_LOOP_PROGRESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct daemon;

struct progress_hang {
    char what[200]; /* "the writer of shard 'main'" */
    int64_t silent_ms;
};

/* Is there a part that has not moved for longer than @limit_ms? *@ret is the most silent one. */
bool progress_find_hang(const struct daemon *daemon, int64_t limit_ms, struct progress_hang *ret);

/* A new object: for how many seconds each part has not moved, by its name. */
json_t *progress_describe(const struct daemon *daemon);

#endif
