/* What is due, soonest first: a binary heap whose members know their place, so that any of them can
 * be moved or taken out. */
#ifndef ARO_ROUTING_TIMERS_H
#define ARO_ROUTING_TIMERS_H

#include <aro/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lies in what it wakes. */
struct timer {
    struct aro_instant due;
    uint32_t place; /* in the heap, from 1; 0: not armed */
};

struct timers {
    /* Settles the order of equal times, so that it is the same after a restore. */
    int (*compare_owners)(const struct timer *a, const struct timer *b);
    struct timer **heap; /* from 1 */
    uint32_t count, size;
};

void timers_init(struct timers *timers,
                 int (*compare_owners)(const struct timer *a, const struct timer *b));
void timers_done(struct timers *timers);

/* Arms @timer for @due, or moves it there where it is armed already; never disarms it. */
void timers_set(struct timers *timers, struct timer *timer, struct aro_instant due);
void timers_remove(struct timers *timers, struct timer *timer); /* fine where not armed */

/* The one due first; NULL where none is armed. */
struct timer *timers_first(const struct timers *timers);

#endif
