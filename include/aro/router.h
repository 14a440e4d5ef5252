/* The router: every appeal and agent of one shard, and all decisions about them.
 *
 * One event in, a list of records out. It has no clock, no sockets and no threads; @now is always
 * the shard's core time, which never goes back. Its whole state is the fold of the ledger records
 * that it has written: aro_router_restore() of the last record of each key gives the same router.
 *
 * An allocation that fails in the middle of a change ends the process: a half-applied event is
 * worse than a restart, from which the ledger brings back the exact state. */
#ifndef ARO_ROUTER_H
#define ARO_ROUTER_H

#include <aro/effects.h>
#include <aro/error.h>
#include <aro/event.h>
#include <aro/rulebook.h>
#include <aro/time.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aro_router;

/* @languages is borrowed and outlives the router; @rulebook is borrowed until another is set. */
int aro_router_new(struct aro_languages *languages, const struct aro_rulebook *rulebook,
                   struct aro_router **ret);
void aro_router_free(struct aro_router *router);

/* What only the router can tell of an event that was read: would what it adds to its appeal go
 * beyond what is kept of one? To be asked before it is applied. -EINVAL with code LIMIT. */
int aro_router_check_event(const struct aro_router *router, const struct aro_event *event,
                           struct aro_error *reterr);

/* Applies one event. Whatever the event, @effects gets at least one record that carries @source. */
void aro_router_apply(struct aro_router *router, struct aro_instant now,
                      const struct aro_event *event, const struct aro_source *source,
                      struct aro_effects *effects);

/* Does what was due at @until (not later than @now; source: timer), at most @limit things, so that
 * the loop is never held. Returns whether more is due at once. The two times differ where what came
 * in up to @until had to be read first. */
bool aro_router_tick(struct aro_router *router, struct aro_instant now, struct aro_instant until,
                     unsigned limit, struct aro_effects *effects);

/* Pauses a market, or ends the pause: nothing of it is given out from now on, and its appeals are
 * held, or resumed, by aro_router_work(). The rulebook may pause a market as well; then the end of
 * this pause alone does not resume it. Gives whether it was otherwise before. Source: control. */
bool aro_router_pause(struct aro_router *router, struct aro_instant now, const char *market,
                      bool is_paused, struct aro_effects *effects);

/* Which waiting appeals to reroute. */
struct aro_reroute_filter {
    const char *market, *queue; /* NULL: any */
};

/* Begins to send appeals that wait where the rulebook in force sends them; aro_router_work() goes
 * on. False where that is under way already. Source: control. */
bool aro_router_reroute(struct aro_router *router, struct aro_instant now,
                        const struct aro_reroute_filter *filter, struct aro_effects *effects);
bool aro_router_is_rerouting(const struct aro_router *router);

/* What it has looked at so far in this process; @to is @from where it stays. */
struct aro_reroute_move {
    const char *from, *to;
    uint64_t count;
};
void aro_router_each_rerouted(struct aro_router *router,
                              void (*visit)(const struct aro_reroute_move *move, void *context),
                              void *context);

/* The same on paper, some appeals at a time. Appeals that come and go meanwhile may be missed. */
struct aro_reroute_preview;
int aro_reroute_preview_new(const struct aro_reroute_filter *filter,
                            struct aro_reroute_preview **ret);
void aro_reroute_preview_free(struct aro_reroute_preview *preview);
/* Looks at up to @limit more; false once there are none. */
bool aro_reroute_preview_go_on(struct aro_reroute_preview *preview, const struct aro_router *router,
                               unsigned limit);
void aro_reroute_preview_each(struct aro_reroute_preview *preview,
                              void (*visit)(const struct aro_reroute_move *move, void *context),
                              void *context);

/* Goes on with what a pause, its end, a reload or a reroute has still to do to appeals: up to
 * @limit of them, so that the loop is never held. Gives whether there is more. Source: control. */
bool aro_router_work(struct aro_router *router, struct aro_instant now, unsigned limit,
                     struct aro_effects *effects);
bool aro_router_has_work(const struct aro_router *router);

/* When the next timer is due; never where none is armed. */
struct aro_instant aro_router_next_due(const struct aro_router *router);

/* What takes long with very many agents and is noticed by nobody: arranges them for @next, borrowed
 * for this call, besides the rulebook in force; NULL: there is none, and what only an earlier one
 * needed is let go. Also what is left to do behind a swap or a fold. Goes on by some @limit agents,
 * about a microsecond each, and gives whether there is more. Whatever has not been done when it is
 * needed is done then, at once. */
bool aro_router_prepare(struct aro_router *router, const struct aro_rulebook *next, unsigned limit);

/* Swaps the rulebook (a reload, or a take-over with another file): it decides from here on, and
 * `rulebook` is recorded. What follows for the appeals there are is left to aro_router_work():
 * those whose queue is gone move (`appeal.rerouted`), lines get their new order, what can be given
 * now is given out. Meanwhile a queue of another order gives nothing out, and no timer of an appeal
 * is due.
 * @rulebook is borrowed from here; the old one is no longer used on return. */
void aro_router_set_rulebook(struct aro_router *router, struct aro_instant now,
                             const struct aro_rulebook *rulebook, const struct aro_source *source,
                             struct aro_effects *effects);

/* Folds one record of the ledger, as the standby and the take-over do. @value NULL is a
 * tombstone. Replaces whatever the key held. Keys that are not the router's ("owner", "positions",
 * "topics") are the caller's. -EINVAL with @reterr: unknown key, unknown format version or damaged;
 * nothing changed. -ENOMEM. */
int aro_router_restore(struct aro_router *router, const char *key, const char *value,
                       size_t value_length, struct aro_error *reterr);

/* The rulebook the ledger last recorded; NULL before there is one. */
const char *aro_router_recorded_rulebook_sha256(const struct aro_router *router);
const char *aro_router_recorded_rulebook_name(const struct aro_router *router);

/* Router-wide counters that the shell keeps in `positions` (one JSON object, borrowed by the
 * callee, owned by the caller of get): the arrival counter. Restoring them is part of the fold. */
json_t *aro_router_counters_get(const struct aro_router *router);
int aro_router_counters_set(struct aro_router *router, const json_t *counters);

/* Puts back the state from before the first record of @effects. Batches are undone newest first. */
void aro_router_undo(struct aro_router *router, struct aro_effects *effects);

/* Before a batch is sealed: writes the ledger records of what changed in it but is recorded once a
 * batch only (agents' loads, queues' counters). To be called once, last; after it @effects is
 * complete and the next event needs a new one. */
void aro_router_seal(struct aro_router *router, struct aro_effects *effects);

/* --- what the board, the control socket and the metrics read --- */

struct aro_agent_view {
    const char *id;
    bool is_known; /* false: removed, or only named by an appeal */
    enum aro_agent_status status;
    bool is_off_shift; /* and so given nothing new */
    unsigned capacity, used, open;
    bool all_queues;
    size_t queue_count;
    const char *const *queues;
    size_t language_count;
    const struct aro_language_level *languages;
};

struct aro_queue_view {
    const char *name;
    uint64_t waiting, held, assigned;
    struct aro_instant oldest_submitted_at; /* of the waiting; never where none */
    struct aro_instant next_deadline;       /* of the waiting; never where none */
};

bool aro_router_agent_view(const struct aro_router *router, const char *id,
                           struct aro_agent_view *ret);
bool aro_router_queue_view(const struct aro_router *router, const char *name,
                           struct aro_queue_view *ret);

struct aro_market_view {
    const char *name;
    enum aro_launch launch; /* by the rulebook in force */
    bool is_paused_by_operator, is_paused_by_rulebook;
    bool is_changing; /* its appeals are still being held, resumed or given out */
    uint64_t waiting, held, assigned;
};

/* False where the rulebook does not name the market and nothing is known of it: then *@ret is what
 * holds for it all the same. */
bool aro_router_market_view(const struct aro_router *router, const char *name,
                            struct aro_market_view *ret);
/* Visits each market that the rulebook names, that has appeals, or is paused; by name. */
void aro_router_each_market(const struct aro_router *router,
                            void (*visit)(const struct aro_market_view *market, void *context),
                            void *context);

/* Visits every known agent, by id; every queue of the rulebook, and those gone that still hold
 * appeals. */
void aro_router_each_agent(const struct aro_router *router,
                           void (*visit)(const struct aro_agent_view *agent, void *context),
                           void *context);
void aro_router_each_queue(const struct aro_router *router,
                           void (*visit)(const struct aro_queue_view *queue, void *context),
                           void *context);

/* The ids of the agents and queues whose view changed in @effects, each once. Valid until freed. */
size_t aro_effects_changed_agent_count(const struct aro_effects *effects);
const char *aro_effects_changed_agent_at(const struct aro_effects *effects, size_t index);
size_t aro_effects_changed_queue_count(const struct aro_effects *effects);
const char *aro_effects_changed_queue_at(const struct aro_effects *effects, size_t index);

/* The figures for which every open appeal and every agent has to be looked at: a census, taken some
 * at a time. Goes on with it by up to @limit appeals or agents' profiles, and gives whether there
 * are more. Once there are none the rows are of this census, and the next call begins another. */
bool aro_router_take_census(struct aro_router *router, struct aro_instant now, unsigned limit);

enum { ARO_AT_RISK_MINUTES = 60 };
struct aro_census_row {
    const char *name;                       /* of the queue, market, or language ("pt-Latn") */
    uint64_t waiting;                       /* not held */
    struct aro_instant oldest_submitted_at; /* of these; never where none */
    uint64_t overdue;                       /* open, whoever has it, and past its deadline */
    uint64_t at_risk; /* the same, with ARO_AT_RISK_MINUTES or less to go to it */
    /* Queues only: the capacity of those available who serve it, and what of it is in use, for
     * whatever queue. Whoever serves several is counted in each. */
    uint64_t capacity, used;
};
enum aro_census_kind { ARO_CENSUS_QUEUES, ARO_CENSUS_MARKETS, ARO_CENSUS_LANGUAGES };
/* By no order. Queues: those of the rulebook, and others with open appeals. Markets and languages:
 * those met since the start; of markets only where the rulebook names them or they have open
 * appeals. None before the first census is complete. */
void aro_router_each_census_row(const struct aro_router *router, enum aro_census_kind kind,
                                void (*visit)(const struct aro_census_row *row, void *context),
                                void *context);
/* Synthetic appeals that were open then, some of them where there are very many. */
void aro_router_each_synthetic(const struct aro_router *router,
                               void (*visit)(const char *id, struct aro_instant submitted_at,
                                             void *context),
                               void *context);

struct aro_router_counts {
    uint64_t agents, waiting, held, offered, assigned, delivered, remembered;
    uint64_t merged; /* into those above, besides */
};
void aro_router_counts(const struct aro_router *router, struct aro_router_counts *ret);

/* Which agents an explanation names. */
struct aro_explain_page {
    unsigned limit;       /* this many at most; up to ARO_EXPLAIN_AGENTS_MAX */
    const char *after;    /* those behind this one in the answer's order; NULL: from the first on */
    const char *agent_id; /* this one alone; NULL: any */
};
enum { ARO_EXPLAIN_AGENTS = 20, ARO_EXPLAIN_AGENTS_MAX = 200 };

/* Why an appeal is where it is: what has happened to it, how many agents of its queue each filter
 * keeps it from, and for those of @page the filter or the criterion by which they lose, the nearest
 * first. `agents_more` says that there are more behind. A new JSON object; NULL where the
 * appeal is unknown. */
json_t *aro_router_explain(const struct aro_router *router, struct aro_instant now,
                           const char *appeal_id, const struct aro_explain_page *page);

/* An agent with what they hold: {agent_id, status, capacity, used, open, appeals: [...], ...};
 * NULL where unknown. */
json_t *aro_router_describe_agent(const struct aro_router *router, const char *agent_id);

#endif
