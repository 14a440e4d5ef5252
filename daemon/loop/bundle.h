/* The support bundle: what one would ask the operator of an instance for, in one text.
 *
 * Ids, counts, settings and the last lines of the log: no secret, and no appeal's text. */
#ifndef APPEAL_ROUTERD_LOOP_BUNDLE_H
#define APPEAL_ROUTERD_LOOP_BUNDLE_H

#include <jansson.h>

struct daemon;

/* All of it. A new object. */
json_t *bundle_new(const struct daemon *daemon);

#endif
