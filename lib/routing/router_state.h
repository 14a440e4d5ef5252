/* The router from inside: every structure and who owns what. */
#ifndef ARO_ROUTING_ROUTER_STATE_H
#define ARO_ROUTING_ROUTER_STATE_H

#include "routing/agent_class.h"
#include "routing/appeal.h"
#include "routing/appeal_class.h"
#include "routing/appellant.h"
#include "routing/arrangement.h"
#include "routing/census.h"
#include "routing/crowd.h"
#include "routing/market.h"
#include "routing/names.h"
#include "routing/queue.h"
#include "routing/reload.h"
#include "routing/reroute.h"
#include "routing/subject.h"
#include "routing/timers.h"

#include "support/buffer.h"
#include "support/number_tree.h"
#include "support/table.h"

#include <aro/router.h>

/* Pointers that one event gathers; the memory is used again by the next. */
struct gathered {
    void **items;
    size_t count, size;
};

/* What of the appeals' part of the ledger the event at hand changed; its record is still to be
 * written. One of the last three is set. */
struct touched {
    const char *key; /* in the effects' memory */
    size_t key_length;
    struct appeal *appeal;
    const struct appellant *appellant;
    const struct remembered *remembered;
};

/* Of appeals, that were asked for last: the next appeal is most likely of one of them. */
enum { RECENT_CLASSES = 64 };

struct aro_router {
    struct aro_languages *languages; /* borrowed, as is the next */
    const struct aro_rulebook *rulebook;
    const char *rulebook_name;             /* a name: that of @rulebook */
    struct queue **rulebook_queues;        /* those that it names, in its order */
    char *recorded_name, *recorded_sha256; /* of the ledger's last `rulebook`; NULL: none yet */

    struct names names;
    struct table agents;         /* owned; known ones and placeholders */
    struct table agent_classes;  /* owned */
    struct table groups;         /* owned; of those */
    struct table queues;         /* owned; of the rulebook, and others that still hold appeals */
    struct table appeal_classes; /* owned */
    struct appeal_class *recent_classes[RECENT_CLASSES];
    struct table markets;          /* owned; each that was ever met, or asked about */
    struct table appeals;          /* owned; open */
    struct number_tree by_arrival; /* the same */
    struct table remembered;       /* owned; closed within the dedupe window */
    struct table subjects;         /* owned; of open appeals, or decided within the window */
    struct table appellants;       /* owned; those that joined an open appeal */
    struct table reviews;          /* owned; by the lead's id, where others joined it */

    /* The last: the longest so first. Those due are to be linked. */
    TAILQ_HEAD(, appeal_class) linked_classes, due_classes, idle_classes;
    size_t idle_count;
    struct arrangement arrangement;
    struct crowds crowds;
    uint64_t cover_last; /* numbers the counts of those covered by independence */

    struct timers appeal_timers, remembered_timers, subject_timers, shift_timers;
    uint64_t arrival_last;
    bool is_launch_due;    /* what the rulebook pauses may be otherwise in the ledger */
    size_t job_count;      /* markets that have a job */
    size_t open_job_count; /* of these, being opened: agents may have room for what waits */
    struct reload reload;
    struct reroute reroute;
    uint32_t batch_last; /* the number of the newest effects */

    size_t speaker_size;
    uint32_t *speakers;        /* known agents, by the base_id of the language */
    uint64_t speakers_changes; /* how often it changed */

    uint64_t known_count, held_count; /* agents; appeals */
    uint64_t state_counts[APPEAL_STATE_COUNT];
    struct census census;

    struct gathered entered, hungry, searched; /* of the event at hand, as are the next */
    struct touched *touched;
    size_t touched_count, touched_size;
    struct buffer body, key; /* scratch */
};

/* @rulebook, borrowed, decides from here on; nothing else follows from that yet. */
void router_use_rulebook(struct aro_router *router, const struct aro_rulebook *rulebook);

/* There are people who may have room for what waits, as a job has not come to it yet. */
static inline bool router_is_opening(const struct aro_router *router)
{
    return router->open_job_count > 0 || router->reload.stage != RELOAD_NONE;
}

/* Appends @item. */
void gathered_add(struct gathered *gathered, void *item);

/* What @agent holds, in the order of arrival, since their list has none that a fold would keep. The
 * array is the caller's. */
struct gathered appeals_held_by(const struct agent *agent);

/* Sorts the items; @compare gets pointers to two of them, as qsort() does. */
void gathered_sort(struct gathered *gathered, int (*compare)(const void *a, const void *b));

#endif
