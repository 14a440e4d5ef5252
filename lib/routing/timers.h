/* What is due, soonest first: a heap whose members know their place, so that any of them can be
 * moved or taken out.
 *
 * With each member lies when it is due, and a parent has four children: so that setting one among
 * millions looks at a few neighbouring places, and hardly ever at what they wake. */
#ifndef ARO_ROUTING_TIMERS_H
#define ARO_ROUTING_TIMERS_H

#include <aro/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lies in what it wakes. */
struct timer {
    uint32_t place; /* in the heap, from 1; 0: not armed */
};

struct timer_entry {
    struct aro_instant due;
    struct timer *timer;
};

struct timers {
    /* Settles the order of equal times, so that it is the same after a restore. */
    int (*compare_owners)(const struct timer *a, const struct timer *b);
    struct timer_entry *heap;
    size_t count, size;
};

void timers_init(struct timers *timers,
                 int (*compare_owners)(const struct timer *a, const struct timer *b));
void timers_done(struct timers *timers);

/* Arms @timer for @due, or moves it there where it is armed already; never disarms it. */
void timers_set(struct timers *timers, struct timer *timer, struct aro_instant due);
void timers_remove(struct timers *timers, struct timer *timer); /* fine where not armed */

/* The one due first; NULL where none is armed. */
struct timer *timers_first(const struct timers *timers);

/* When @timer is due; never where it is not armed. */
struct aro_instant timers_due(const struct timers *timers, const struct timer *timer);
/* When the first is. */
struct aro_instant timers_next_due(const struct timers *timers);

#endif
