/* What can keep an agent from an appeal.
 *
 * The first filter that says no is counted, so the counts of a `why` and those left add up to the
 * pool: the known agents of the queue. */
#ifndef ARO_ROUTING_FILTER_H
#define ARO_ROUTING_FILTER_H

#include <aro/event.h>
#include <aro/rulebook.h>
#include <stdbool.h>

struct agent;
struct agent_class;
struct appeal;
struct appeal_class;
struct aro_router;

enum filter {
    /* of a class of agents, decided once */
    FILTER_MARKET,
    FILTER_LANGUAGE, /* serves none of the languages of this step */
    FILTER_LEVEL,    /* serves one, but not well enough */
    FILTER_SKILLS,
    FILTER_SITE,
    FILTER_TEAM,
    FILTER_OF_CLASS_COUNT,
    /* of a person, at this moment */
    FILTER_INDEPENDENCE = FILTER_OF_CLASS_COUNT,
    FILTER_DECLINED, /* gave it back at this step */
    FILTER_STATUS,
    FILTER_CAPACITY,
    FILTER_COUNT,
    FILTER_NONE = FILTER_COUNT, /* nothing keeps them from it */
};

/* "language"; NULL of FILTER_NONE. */
const char *filter_name(enum filter filter);
enum filter filter_find(const char *name); /* FILTER_NONE: no such filter */

/* How an agent's languages fit an appeal's. */
struct language_fit {
    const struct aro_language *language; /* the appeal's, or its market's fallback */
    unsigned rank;                       /* place of that in order of preference, from 0 */
    unsigned level;                      /* the agent's */
    bool is_same_region;
};

/* The first filter that keeps every agent of @agents, who serve its queue, from @appeals;
 * FILTER_NONE and *@ret_fit where none does. */
enum filter filter_class(const struct aro_router *router, const struct agent_class *agents,
                         const struct appeal_class *appeals, struct language_fit *ret_fit);

/* The first filter that keeps @agent, of a class that may take it, from @appeal now. */
enum filter filter_person(const struct aro_router *router, const struct agent *agent,
                          const struct appeal *appeal);

#endif
