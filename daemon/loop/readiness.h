/* Is this instance fit to do its part: does it work each shard that is its own, and follow the
 * others? What keeps it from that is told reason by reason. */
#ifndef APPEAL_ROUTERD_LOOP_READINESS_H
#define APPEAL_ROUTERD_LOOP_READINESS_H

#include "kafka/trouble.h"

#include <jansson.h>

struct daemon;

/* A new array of {code, text} and, where it is about one, `shard` or `partition`; empty: ready. */
json_t *readiness_reasons(const struct daemon *daemon);

/* Why Kafka has not answered the start, or whoever is outside the group, in one line. Empty where
 * nothing is known, and for whoever waits for nothing. Gives @ret. */
const char *readiness_trouble(const struct daemon *daemon, char ret[static TROUBLE_TEXT_SIZE]);

#endif
