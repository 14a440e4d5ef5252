/* The census: figures for which every open appeal and every class of agents has to be looked at,
 * gathered some at a time, so that nobody ever waits for it however many there are.
 *
 * Each queue, market and language has two sets of figures: those of the last census that is
 * complete, which the views show, and those of the one under way. Appeals are gone through in the
 * order of arrival, so whatever comes and goes meanwhile none is counted twice. Nothing of it is
 * in the ledger. */
#ifndef ARO_ROUTING_CENSUS_H
#define ARO_ROUTING_CENSUS_H

#include <aro/event.h>
#include <aro/router.h>
#include <aro/time.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CENSUS_SYNTHETIC_MAX = 16 /* open synthetic appeals that are named */ };

struct census_figures {
    uint64_t waiting, overdue, at_risk; /* as in struct aro_census_row */
    struct aro_instant oldest_submitted_at;
    uint64_t capacity, used; /* of queues only */
};

/* What a queue, a market and a language has. */
struct census_place {
    struct census_figures last, counting;
};

struct census_synthetic {
    char id[ARO_ID_LENGTH_MAX + 1];
    struct aro_instant submitted_at;
};

struct census {
    bool is_complete;                 /* there are figures of one */
    bool counts_agents;               /* the appeals are done */
    uint64_t cursor;                  /* the arrival of the last appeal that was looked at */
    size_t position;                  /* the same of classes of agents, in their table */
    unsigned retries;                 /* the table changed meanwhile, and was begun again */
    bool is_table_other;              /* since the classes were begun */
    struct census_figures everywhere; /* agents with all queues */
    size_t language_count;            /* by base_id, as is the next */
    struct census_language {
        const char *name; /* NULL: not met */
        struct census_place place;
    } * languages;
    size_t synthetic_count, synthetic_counting;
    struct census_synthetic synthetic[CENSUS_SYNTHETIC_MAX],
        synthetic_next[CENSUS_SYNTHETIC_MAX]; /* the last one's, and the one under way */
};

void census_done(struct census *census);

#endif
