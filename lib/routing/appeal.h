/* An appeal while it is open, and what is remembered of it once it is closed. */
#ifndef ARO_ROUTING_APPEAL_H
#define ARO_ROUTING_APPEAL_H

#include "routing/details.h"
#include "routing/names.h"
#include "routing/subject.h"
#include "routing/timers.h"

#include <aro/event.h>
#include <aro/time.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct agent;
struct appeal_class;
struct queue;

enum appeal_state {
    APPEAL_WAITING,   /* in line, held, or on its way into the line within one event */
    APPEAL_OFFERED,   /* to an agent, who has to accept */
    APPEAL_ASSIGNED,  /* an agent's */
    APPEAL_DELIVERED, /* in a queue's own inbox */
    APPEAL_MERGED,    /* a struct appellant */
    APPEAL_CLOSED,    /* a struct remembered */
    APPEAL_STATE_COUNT,
};

/* "waiting" */
const char *appeal_state_name(enum appeal_state state);
enum appeal_state appeal_state_find(const char *name); /* APPEAL_STATE_COUNT: no such state */

/* What there is only of an appeal that is offered, assigned or delivered. */
struct holding {
    struct agent *agent; /* NULL: delivered */
    LIST_ENTRY(appeal) of_agent;
    const struct aro_language *language; /* in which the agent will read it */
    const char *topic;                   /* a name; NULL: the shard's own */
    union {
        struct aro_instant offer_expires_at; /* offered only */
        struct aro_instant assigned_at;      /* assigned only; never: held meanwhile */
    };
    char *why; /* offered only; JSON: what chose the agent; owned */
};

/* There may be ten million that wait: what only some of them need lies elsewhere. */
struct appeal {
    union {
        int64_t order_key;    /* waiting: what its queue orders by, before arrival; set in line */
        struct holding *held; /* otherwise; owned */
    };
    struct appeal_class *class; /* queue, market, languages, step */
    struct subject *subject;    /* NULL: none, and the next is unused */
    SLIST_ENTRY(appeal) of_subject;
    struct details *details;
    uint64_t arrival; /* its place in every line, never another's */
    struct aro_instant submitted_at, deadline;
    struct aro_instant latest_start; /* for order slack; never: not worked out for this queue */
    int64_t clock;         /* runs: when its age was 0, hold time left out; stopped: its age, ms */
    int64_t source_offset; /* of its submission, as are the next two */
    int32_t source_partition; /* -1: not a record */
    name_number source_topic; /* "control" and the like */
    name_number rule;         /* the one that chose the queue */
    name_number rulebook;     /* by which it was routed or assigned last */
    name_number reason;       /* 0 where absent */
    uint32_t tier;
    uint32_t epoch, output_count;
    uint32_t touched_in; /* the last batch that changed it */
    struct timer timer;  /* of all that may come, what comes first */
    uint8_t effort;
    uint8_t priority : 4, event_priority : 4;
    uint8_t state : 3;     /* enum appeal_state */
    uint8_t waits_for : 4; /* enum filter; without a past: the last that kept somebody from it */
    bool is_in_line : 1;
    bool is_on_hold : 1;
    bool is_market_paused : 1;
    bool is_announced : 1;      /* appeal.waiting was written since it entered the line */
    bool is_held_announced : 1; /* appeal.held was written and appeal.resumed not yet */
    bool is_overdue : 1;        /* appeal.overdue was written */
    bool has_withdrawn : 1;     /* it is open for those alone that joined it */
    bool is_given_overdue : 1;  /* in an agent's hands: it was so when it was given to them */
    bool is_apart : 1;          /* in line: among the overdue of its queue */
    bool is_retry_set : 1;      /* appeal_retry_at() is not never */
    bool is_record_due : 1; /* this event changed it: its ledger record is still to be written */
    char id[];
};

/* A new one of @id in state waiting, nowhere yet. */
struct appeal *appeal_new(const char *id);

static inline bool appeal_has_agent(const struct appeal *appeal)
{
    return appeal->state == APPEAL_OFFERED || appeal->state == APPEAL_ASSIGNED;
}

static inline bool appeal_is_held(const struct appeal *appeal)
{
    return appeal->state == APPEAL_WAITING && (appeal->is_on_hold || appeal->is_market_paused);
}

static inline bool appeal_is_given_out(const struct appeal *appeal)
{
    return appeal->state != APPEAL_WAITING;
}

/* The daemon's own: see aro/event.h. */
static inline bool appeal_is_synthetic(const struct appeal *appeal)
{
    return aro_id_is_synthetic(appeal->id);
}

/* Who has it; NULL where nobody does. */
struct agent *appeal_agent(const struct appeal *appeal);

/* Priority and age in one number that time does not change, the smaller the sooner: with ageing,
 * when an appeal of priority 0 would have come that has the same effective priority at every
 * moment; without (@age_step 0), the priority, negative. Its clock runs. */
int64_t appeal_ripening(const struct appeal *appeal, struct aro_span age_step);

/* One more than the priority for each whole age step waited. */
int64_t appeal_effective_priority(const struct appeal *appeal, struct aro_span age_step,
                                  struct aro_instant now);
/* The same, of all that have this ripening. */
int64_t ripening_priority(int64_t ripening, struct aro_span age_step, struct aro_instant now);

/* For qsort() of pointers to appeals. */
int appeal_compare_arrivals(const void *a, const void *b);

/* Its age, hold time left out. */
struct aro_span appeal_age(const struct appeal *appeal, struct aro_instant now);

/* Stops or runs the clock as its flags say after @was_stopped. */
void appeal_set_clock(struct appeal *appeal, struct aro_instant now, bool was_stopped);
static inline bool appeal_is_stopped(const struct appeal *appeal)
{
    return appeal->is_on_hold || appeal->is_market_paused;
}

/* Another deadline is another latest start, to be worked out when it next waits. */
void appeal_set_deadline(struct appeal *appeal, struct aro_instant deadline);

/* Its details, packed anew. */
void appeal_set_details(struct appeal *appeal, const struct details_view *view);

/* When those who gave it back may be asked again; never: nobody is to be. */
struct aro_instant appeal_retry_at(const struct appeal *appeal);
void appeal_set_retry_at(struct appeal *appeal, struct aro_instant at);

/* Closed, and kept for the dedupe window so that late events about it are told apart. */
struct remembered {
    struct timer timer; /* due: when it was closed; the window is added by who looks */
    uint32_t epoch;
    uint32_t touched_in;
    struct details *details; /* its past, and nothing else; owned */
    bool is_withdrawn;
    uint8_t outcome; /* enum aro_outcome, of a decided one */
    char id[];
};

struct remembered *remembered_new(const char *id);
void remembered_free(struct remembered *remembered);

#endif
