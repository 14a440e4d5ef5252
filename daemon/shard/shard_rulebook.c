/* Another rulebook: everything is made ready for it some at a time, then it is swapped in between
 * two events. */
#include "shard/shard_private.h"

#include "config/rulebook_file.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <stdlib.h>

enum { AGENTS_A_SLICE = 1000 /* a millisecond or two */ };

void shard_prepare(struct shard *shard)
{
    static const struct timeval at_once = { 0 };
    event_add(shard->prepare_timer, &at_once);
}

/* Somebody who waits for the commit of a swap. */
struct swap_waiter {
    void (*done)(bool is_committed, void *context);
    void *context;
    struct shard *shard;
    struct swap_waiter *next;
};

/* A shard that the group takes back meanwhile is its next owner's to answer for, like one that this
 * daemon never had. */
static void on_swap_over(bool is_committed, void *context)
{
    struct swap_waiter *waiter = context;

    waiter->done(is_committed || waiter->shard->is_releasing, waiter->context);
    free(waiter);
}

static void swap(struct shard *shard)
{
    shard_swap_rulebook(shard);
    for (struct swap_waiter *waiter; (waiter = shard->swap_waiters) != NULL;) {
        shard->swap_waiters = waiter->next;
        batch_wait(shard->collecting, on_swap_over, waiter);
    }
    shard_commit_next(shard);
    shard_prepare(shard); /* what is left to do */
}

void shard_on_prepare_timer(evutil_socket_t descriptor, short what, void *context)
{
    struct shard *shard = context;
    bool has_next = shard->rulebook_next != shard->rulebook;
    const struct aro_rulebook *next = has_next ? shard->rulebook_next->rulebook : NULL;
    (void)descriptor, (void)what;

    if (aro_router_prepare(shard->router, next, AGENTS_A_SLICE))
        shard_prepare(shard);
    else if (has_next && shard_has_worked(shard))
        swap(shard);
}

void shard_set_rulebook(struct shard *shard, struct rulebook_file *rulebook,
                        void (*done)(bool is_committed, void *context), void *context)
{
    rulebook_file_unref(shard->rulebook_next);
    shard->rulebook_next = rulebook_file_ref(rulebook);
    shard_prepare(shard);
    if (!shard_has_worked(shard)) {
        done(true, context);
        return;
    }
    struct swap_waiter *waiter = memory_new(sizeof *waiter);
    *waiter = (struct swap_waiter){
        .done = done, .context = context, .shard = shard, .next = shard->swap_waiters
    };
    shard->swap_waiters = waiter;
}

void shard_end_waiting_for_swap(struct shard *shard)
{
    for (struct swap_waiter *waiter; (waiter = shard->swap_waiters) != NULL;) {
        shard->swap_waiters = waiter->next;
        on_swap_over(false, waiter);
    }
}
