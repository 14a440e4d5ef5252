#include "routing/timers.h"

#include "support/memory.h"

#include <stdlib.h>

enum { HEAP_FIRST = 64 };

void timers_init(struct timers *timers,
                 int (*compare_owners)(const struct timer *a, const struct timer *b))
{
    *timers = (struct timers){ .compare_owners = compare_owners };
}

void timers_done(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){ 0 };
}

static bool is_before(const struct timers *timers, const struct timer *a, const struct timer *b)
{
    if (a->due.ms != b->due.ms)
        return a->due.ms < b->due.ms;
    return timers->compare_owners(a, b) < 0;
}

static void place(struct timers *timers, uint32_t at, struct timer *timer)
{
    timers->heap[at] = timer;
    timer->place = at;
}

static void move_up(struct timers *timers, uint32_t at, struct timer *timer)
{
    while (at > 1 && is_before(timers, timer, timers->heap[at / 2])) {
        place(timers, at, timers->heap[at / 2]);
        at /= 2;
    }
    place(timers, at, timer);
}

static void move_down(struct timers *timers, uint32_t at, struct timer *timer)
{
    for (uint32_t child; (child = at * 2) <= timers->count; at = child) {
        if (child < timers->count &&
            is_before(timers, timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!is_before(timers, timers->heap[child], timer))
            break;
        place(timers, at, timers->heap[child]);
    }
    place(timers, at, timer);
}

static void restore_order(struct timers *timers, uint32_t at, struct timer *timer)
{
    if (at > 1 && is_before(timers, timer, timers->heap[at / 2]))
        move_up(timers, at, timer);
    else
        move_down(timers, at, timer);
}

static uint32_t place_at_the_end(struct timers *timers)
{
    if (timers->count + 1 >= timers->size) {
        timers->size = timers->size ? timers->size * 2 : HEAP_FIRST;
        timers->heap = memory_resize(timers->heap, timers->size * sizeof(struct timer *));
    }
    return ++timers->count;
}

void timers_set(struct timers *timers, struct timer *timer, struct aro_instant due)
{
    if (aro_instant_is_never(due)) {
        timers_remove(timers, timer);
        return;
    }
    timer->due = due;
    restore_order(timers, timer->place ? timer->place : place_at_the_end(timers), timer);
}

void timers_remove(struct timers *timers, struct timer *timer)
{
    uint32_t hole = timer->place;
    if (hole == 0)
        return;
    struct timer *last = timers->heap[timers->count--];
    timer->place = 0;
    if (last != timer)
        restore_order(timers, hole, last);
}

struct timer *timers_first(const struct timers *timers)
{
    return timers->count ? timers->heap[1] : NULL;
}
