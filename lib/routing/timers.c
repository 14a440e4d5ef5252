#include "routing/timers.h"

#include "support/memory.h"

#include <stdlib.h>

enum { CHILDREN = 4 };

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

static bool is_before(const struct timers *timers, const struct timer_entry *a,
                      const struct timer_entry *b)
{
    if (a->due.ms != b->due.ms)
        return a->due.ms < b->due.ms;
    return timers->compare_owners(a->timer, b->timer) < 0;
}

static void place(struct timers *timers, size_t at, struct timer_entry entry)
{
    timers->heap[at] = entry;
    entry.timer->place = (uint32_t)at + 1;
}

static size_t parent_of(size_t at)
{
    return (at - 1) / CHILDREN;
}

/* The first child of @at; those that there are end before @ret_end. */
static size_t children_of(const struct timers *timers, size_t at, size_t *ret_end)
{
    size_t first = at * CHILDREN + 1;
    *ret_end = first + CHILDREN < timers->count ? first + CHILDREN : timers->count;
    return first;
}

static void move_up(struct timers *timers, size_t at, struct timer_entry entry)
{
    while (at > 0 && is_before(timers, &entry, &timers->heap[parent_of(at)])) {
        place(timers, at, timers->heap[parent_of(at)]);
        at = parent_of(at);
    }
    place(timers, at, entry);
}

static void move_down(struct timers *timers, size_t at, struct timer_entry entry)
{
    size_t end, child;

    while ((child = children_of(timers, at, &end)) < end) {
        for (size_t other = child + 1; other < end; other++) {
            if (is_before(timers, &timers->heap[other], &timers->heap[child]))
                child = other;
        }
        if (!is_before(timers, &timers->heap[child], &entry))
            break;
        place(timers, at, timers->heap[child]);
        at = child;
    }
    place(timers, at, entry);
}

static void restore_order(struct timers *timers, size_t at, struct timer_entry entry)
{
    if (at > 0 && is_before(timers, &entry, &timers->heap[parent_of(at)]))
        move_up(timers, at, entry);
    else
        move_down(timers, at, entry);
}

void timers_set(struct timers *timers, struct timer *timer, struct aro_instant due)
{
    const struct timer_entry entry = { due, timer };

    if (aro_instant_is_never(due)) {
        timers_remove(timers, timer);
        return;
    }
    if (timer->place == 0) {
        timers->heap =
            memory_reach(timers->heap, timers->count, &timers->size, sizeof *timers->heap);
        move_up(timers, timers->count++, entry);
    } else if (timers_due(timers, timer).ms != due.ms) {
        restore_order(timers, timer->place - 1, entry);
    }
}

void timers_remove(struct timers *timers, struct timer *timer)
{
    if (timer->place == 0)
        return;
    size_t hole = timer->place - 1;
    struct timer_entry last = timers->heap[--timers->count];
    timer->place = 0;
    if (last.timer != timer)
        restore_order(timers, hole, last);
}

struct timer *timers_first(const struct timers *timers)
{
    return timers->count ? timers->heap[0].timer : NULL;
}

struct aro_instant timers_due(const struct timers *timers, const struct timer *timer)
{
    return timer->place ? timers->heap[timer->place - 1].due : ARO_INSTANT_NEVER;
}

struct aro_instant timers_next_due(const struct timers *timers)
{
    return timers->count ? timers->heap[0].due : ARO_INSTANT_NEVER;
}
