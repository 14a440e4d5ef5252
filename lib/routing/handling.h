/* How long the people of a queue take for an appeal: the median of the last decisions.
 *
 * A median, since one appeal that lay in a drawer for a week must not make the others look urgent;
 * of the last few, since work changes. Whole milliseconds and a fixed number of them: the same on
 * every host, and the same after a fold of the ledger, which has them all. */
#ifndef ARO_ROUTING_HANDLING_H
#define ARO_ROUTING_HANDLING_H

#include <aro/time.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDLING_SPANS_MAX = 31 };

struct handling {
    size_t count;
    int64_t spans_ms[HANDLING_SPANS_MAX]; /* the oldest first */
};

/* Learns one more, and forgets the oldest where there is no room. */
void handling_add(struct handling *handling, struct aro_span span);

/* The median; of an even number the lesser of the middle two; 0 where nothing is known. */
struct aro_span handling_expected(const struct handling *handling);

#endif
