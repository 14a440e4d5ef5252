#include "routing/independence.h"

#include "routing/agent_class.h"
#include "routing/router_state.h"

#include "support/text.h"

#include <string.h>

struct person person_of(const struct aro_router *router, const char *agent_id, bool has_decided)
{
    struct person person = { .id = agent_id, .has_decided = has_decided };
    const struct agent *agent = agent_id ? table_find(&router->agents, agent_id) : NULL;

    if (!agent || !agent_is_known(agent))
        return person;
    person.is_known = true;
    person.team = agent->team;
    person.site = agent->site;
    person.lead = agent->lead;
    return person;
}

/* --- as a person --- */

enum details_bar independence_bar_of(const struct appeal *appeal, const char *agent_id)
{
    enum details_bar bar = details_bar_of(appeal->details, agent_id);
    if (bar != DETAILS_BAR_INDEPENDENCE && subject_has_decider(appeal->subject, agent_id))
        return DETAILS_BAR_INDEPENDENCE;
    return bar;
}

/* --- as the lead of one --- */

static bool looks_at_leads(const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    return terms && (terms->independence & ARO_INDEPENDENT_LEAD) != 0;
}

/* The lead of the next who may not judge @appeal and has one; NULL behind the last. */
static const char *next_lead(const struct aro_router *router, const struct appeal *appeal,
                             struct lead_walk *walk)
{
    const struct subject *subject = appeal->subject;
    struct person person;

    while (details_next_person(appeal->details, &walk->position, &person)) {
        if (!person.is_known)
            person = person_of(router, person.id, person.has_decided);
        if (person.lead)
            return person.lead;
    }
    while (subject && walk->decider < subject->decider_count) {
        const struct decider *decider = &subject->deciders[walk->decider++];
        if (decider->lead)
            return decider->lead;
    }
    return NULL;
}

/* Does @agent_id come among the first @count leads? */
static bool is_among_leads(const struct aro_router *router, const struct appeal *appeal,
                           const char *agent_id, size_t count)
{
    struct lead_walk walk = { 0 };
    const char *lead;

    for (size_t i = 0; i < count && (lead = next_lead(router, appeal, &walk)) != NULL; i++) {
        if (strcmp(lead, agent_id) == 0)
            return true;
    }
    return false;
}

bool independence_is_lead(const struct aro_router *router, const struct appeal *appeal,
                          const char *agent_id)
{
    return looks_at_leads(appeal) && is_among_leads(router, appeal, agent_id, SIZE_MAX);
}

/* --- all of them --- */

/* Is the decider at @index of another name than those before, and not named by the appeal? */
static bool is_new_decider(const struct appeal *appeal, size_t index)
{
    const struct decider *deciders = appeal->subject->deciders;

    for (size_t i = 0; i < index; i++) {
        if (deciders[i].agent_id == deciders[index].agent_id)
            return false;
    }
    return details_bar_of(appeal->details, deciders[index].agent_id) == DETAILS_BAR_NONE;
}

const char *independence_next_barred(const struct aro_router *router, const struct appeal *appeal,
                                     struct barred_walk *walk, enum details_bar *ret_bar)
{
    const char *id = details_next_barred(appeal->details, &walk->position, ret_bar);
    if (id) {
        if (subject_has_decider(appeal->subject, id) || independence_is_lead(router, appeal, id))
            *ret_bar = DETAILS_BAR_INDEPENDENCE;
        return id;
    }
    *ret_bar = DETAILS_BAR_INDEPENDENCE;
    while (appeal->subject && walk->decider < appeal->subject->decider_count) {
        size_t index = walk->decider++;
        if (is_new_decider(appeal, index))
            return appeal->subject->deciders[index].agent_id;
    }
    while (looks_at_leads(appeal) && (id = next_lead(router, appeal, &walk->leads)) != NULL) {
        if (!is_among_leads(router, appeal, id, walk->lead_count++) &&
            independence_bar_of(appeal, id) == DETAILS_BAR_NONE)
            return id;
    }
    return NULL;
}

/* --- as one of a team --- */

static bool shares(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Is somebody of @profile a companion of @id, who is of that team, site and lead? */
static bool profile_shares(const struct agent_profile *profile, unsigned independence,
                           const char *id, const char *team, const char *site, const char *lead)
{
    return ((independence & ARO_INDEPENDENT_TEAM) && shares(profile->team, team)) ||
           ((independence & ARO_INDEPENDENT_SITE) && shares(profile->site, site)) ||
           ((independence & ARO_INDEPENDENT_LEAD) &&
            (shares(profile->lead, lead) || shares(profile->lead, id)));
}

bool independence_covers(const struct aro_router *router, const struct appeal *appeal,
                         const struct agent_class *agents)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    unsigned independence = terms ? terms->independence : 0;
    const struct subject *subject = appeal->subject;
    struct person person;

    if (!independence)
        return false;
    for (size_t position = 0; details_next_person(appeal->details, &position, &person);) {
        if (!person.is_known)
            person = person_of(router, person.id, person.has_decided);
        if (profile_shares(&agents->profile, independence, person.id, person.team, person.site,
                           person.lead))
            return true;
    }
    for (size_t i = 0; subject && i < subject->decider_count; i++) {
        const struct decider *decider = &subject->deciders[i];
        if (profile_shares(&agents->profile, independence, decider->agent_id, decider->team,
                           decider->site, decider->lead))
            return true;
    }
    return false;
}

/* The classes of some groups, each visited once. */
struct covered_walk {
    struct aro_router *router;
    unsigned independence;
    void (*visit)(struct agent_class *agents, void *context);
    void *context;
};

static void visit_group(const struct covered_walk *walk, enum group_kind kind, const char *name)
{
    const struct group *group = group_find(walk->router, kind, name);
    struct agent_class *agents;

    if (!group)
        return;
    LIST_FOREACH(agents, &group->classes, of_group[kind])
    {
        if (agents->covered_in == walk->router->cover_last)
            continue;
        agents->covered_in = walk->router->cover_last;
        walk->visit(agents, walk->context);
    }
}

static void visit_groups(const struct covered_walk *walk, const char *id, const char *team,
                         const char *site, const char *lead)
{
    if (walk->independence & ARO_INDEPENDENT_TEAM)
        visit_group(walk, GROUP_TEAM, team);
    if (walk->independence & ARO_INDEPENDENT_SITE)
        visit_group(walk, GROUP_SITE, site);
    if (walk->independence & ARO_INDEPENDENT_LEAD) {
        visit_group(walk, GROUP_LEAD, lead);
        visit_group(walk, GROUP_LEAD, id);
    }
}

void independence_each_covered(struct aro_router *router, const struct appeal *appeal,
                               void (*visit)(struct agent_class *agents, void *context),
                               void *context)
{
    const struct covered_walk walk = { router, appeal->class->queue->terms->independence, visit,
                                       context };
    const struct subject *subject = appeal->subject;
    struct person person;

    if (!walk.independence)
        return;
    router->cover_last++;
    for (size_t position = 0; details_next_person(appeal->details, &position, &person);) {
        if (!person.is_known)
            person = person_of(router, person.id, person.has_decided);
        visit_groups(&walk, person.id, person.team, person.site, person.lead);
    }
    for (size_t i = 0; subject && i < subject->decider_count; i++)
        visit_groups(&walk, subject->deciders[i].agent_id, subject->deciders[i].team,
                     subject->deciders[i].site, subject->deciders[i].lead);
}

enum details_bar independence_bar(const struct aro_router *router, const struct appeal *appeal,
                                  const struct agent *agent)
{
    if (independence_covers(router, appeal, agent->class) ||
        independence_is_lead(router, appeal, agent->id))
        return DETAILS_BAR_INDEPENDENCE;
    return independence_bar_of(appeal, agent->id);
}
