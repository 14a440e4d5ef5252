/* Appeals that ask the same of an agent: same queue, market, languages and step.
 *
 * Those that wait lie in lines, one for each effort, in the order of the queue. A class is *linked*
 * while it knows which agent classes may take its appeals, and they know it; that is worked out
 * when an appeal of it is first routed, and kept up to date from then on. After another rulebook,
 * and after a fold, none is linked; those with anything in line are *due*, and are linked some at a
 * time, or when somebody needs it. Nothing that the router says depends on which are linked yet. */
#ifndef ARO_ROUTING_APPEAL_CLASS_H
#define ARO_ROUTING_APPEAL_CLASS_H

#include "routing/appeal.h"
#include "routing/filter.h"
#include "routing/line.h"
#include "routing/queue.h"

#include <aro/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/buffer.h"

struct agent;
struct agent_class;
struct aro_router;
struct market;

/* An agent class that may take appeals of this class, and how well it fits. */
struct candidate_class {
    struct agent_class *agents;
    struct language_fit fit;
    unsigned skill_sum; /* levels of the skills that the step asks for */
};

struct appeal_class {
    char *key; /* the next five as a text */
    struct queue *queue;
    const char *market; /* a name */
    struct market *market_state;
    unsigned step; /* from 1 */
    size_t language_count;
    const struct aro_language *languages[ARO_LANGUAGES_MAX];
    struct buffer record; /* the members of its appeals' records that say all this */
    size_t place_length;  /* of these, queue and market, which come first */

    size_t appeal_count;  /* open appeals of this class, wherever they are */
    size_t waiting_count; /* of these, in line */
    size_t line_count;
    struct line **lines; /* sorted by effort; those of the overdue behind those of their effort */

    bool is_linked, is_due;
    bool is_crowded; /* by so many candidates that they are in no order, and crowds look at them */
    size_t candidate_count, candidate_size;
    struct candidate_class *candidates; /* sorted by what the queue's criteria know of a class */
    LIST_HEAD(, crowd) crowds;          /* one for each effort, as they are needed */
    uint64_t pool;                      /* known agents of the queue */
    uint64_t rejected[FILTER_OF_CLASS_COUNT]; /* of these, by the first filter that says no */

    bool is_idle; /* no open appeal is of it; freed when too many are */
    TAILQ_ENTRY(appeal_class) of_queue, linked, idle;
};

void appeal_classes_init(struct aro_router *router);

/* Finds or makes the class; @appeal enters it (and leaves the one it was in). Not while in line. */
void appeal_set_class(struct aro_router *router, struct appeal *appeal, struct queue *queue,
                      const char *market, size_t language_count,
                      const struct aro_language *const *languages, unsigned step);
/* The class of its appeals at another step. Lasts as long as this turn. */
struct appeal_class *appeal_class_at_step(struct aro_router *router,
                                          const struct appeal_class *class, unsigned step);
/* @appeal leaves its class for none. */
void appeal_leave_class(struct aro_router *router, struct appeal *appeal);
void appeal_class_free(struct aro_router *router, struct appeal_class *class);

/* Nothing of it is given out for now. */
bool appeal_class_is_shut(const struct appeal_class *class);

/* The terms of the step in force; NULL where the queue is gone or takes its appeals itself. */
const struct aro_step *appeal_class_step(const struct appeal_class *class);

/* How well @agents, who serve its queue, fit @class; *@ret_filter is what keeps them all from it,
 * and
 * @ret is set where nothing does. */
void candidate_class_init(const struct aro_router *router, struct candidate_class *ret,
                          struct agent_class *agents, const struct appeal_class *class,
                          enum filter *ret_filter);

void appeal_class_link(struct aro_router *router, struct appeal_class *class);
/* It has something in line. */
void appeal_class_link_later(struct aro_router *router, struct appeal_class *class);
/* Goes on with those due while there is any of @budget; gives whether there are more. */
bool appeal_classes_link_due(struct aro_router *router, int64_t *budget);
/* Another rulebook: none is linked any more, and those with anything in line are due. */
void appeal_classes_relink(struct aro_router *router);

/* @count agents more (or fewer) in @agents: every linked class counts them, and the first or last
 * one makes or ends the link. To be called with the class already, or still, counted. */
void appeal_classes_count_agents(struct aro_router *router, struct agent_class *agents, int count);

/* Some of @of become @agents, until now nobody, who differ from them in nothing that the rulebook
 * looks at: those linked to @of are linked to these, too. Gives how many candidates that took a
 * look at, as does the next. */
size_t appeal_classes_share_links(struct aro_router *router, struct agent_class *of,
                                  struct agent_class *agents);
/* The last of @agents became others likewise. */
size_t appeal_classes_end_links(struct aro_router *router, struct agent_class *agents);

#endif
