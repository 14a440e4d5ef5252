#include "shard/queue_tally.h"

#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void queue_tallies_done(struct queue_tallies *tallies)
{
    for (size_t i = 0; i < tallies->count; i++) {
        free(tallies->items[i]->queue);
        free(tallies->items[i]);
    }
    tallies->count = 0;
}

static struct queue_tally *tallies_add(struct queue_tallies *tallies, const char *queue)
{
    struct queue_tally *tally = memory_new(sizeof *tally);

    tally->queue = memory_copy_text(queue);
    histogram_init(&tally->submitted_to_assigned, &histogram_waits);
    return tallies->items[tallies->count++] = tally;
}

/* Whoever was counted last is looked for first: notes come in runs of one queue. */
static struct queue_tally *tallies_get(struct queue_tallies *tallies, const char *queue)
{
    for (size_t i = 0; i < tallies->count; i++) {
        struct queue_tally *tally = tallies->items[i];
        if (strcmp(tally->queue, queue) == 0) {
            tallies->items[i] = tallies->items[0];
            return tallies->items[0] = tally;
        }
    }
    if (tallies->count < QUEUE_TALLY_MAX)
        return tallies_add(tallies, queue);
    if (strcmp(queue, QUEUE_TALLY_OTHER))
        return tallies_get(tallies, QUEUE_TALLY_OTHER);
    return tallies_add(tallies, queue);
}

static void count_assigned(struct queue_tally *tally, const struct aro_note *note,
                           struct aro_instant now)
{
    int64_t waited_ms = now.ms - note->submitted_at.ms;

    assert(note->step >= 1 && note->step <= ARO_STEPS_MAX);
    tally->assigned[note->step - 1]++;
    histogram_add(&tally->submitted_to_assigned, waited_ms > 0 ? (double)waited_ms / 1000 : 0);
}

void queue_tallies_add(struct queue_tallies *tallies, const struct aro_note *note,
                       struct aro_instant now)
{
    struct queue_tally *tally = tallies_get(tallies, note->queue);

    switch (note->kind) {
    case ARO_NOTE_ASSIGNED: count_assigned(tally, note, now); break;
    case ARO_NOTE_OFFERED: tally->offered++; break;
    case ARO_NOTE_ACCEPTED: tally->accepted++; break;
    case ARO_NOTE_DECLINED: tally->declined++; break;
    case ARO_NOTE_EXPIRED: tally->expired++; break;
    case ARO_NOTE_IGNORED:
    case ARO_NOTE_SYNTHETIC_DELIVERED:
    case ARO_NOTE_SYNTHETIC_CLOSED: assert(!"of no queue"); break;
    }
}
