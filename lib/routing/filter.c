#include "routing/filter.h"

#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/independence.h"
#include "routing/router_state.h"

#include <string.h>

/* What is being compared, and what the filters find out on the way. */
struct comparison {
    const struct aro_router *router;
    const struct agent_class *agents;
    const struct appeal_class *appeals;
    const struct aro_step *step;
    struct language_fit fit;
    bool serves_language, serves_level;
};

static bool language_fits_better(const struct language_fit *a, const struct language_fit *b)
{
    if (a->level != b->level)
        return a->level > b->level;
    return a->is_same_region && !b->is_same_region;
}

/* Looks for the agents' best language for @wanted, the @rank-th that the appeal names. */
static void comparison_try_language(struct comparison *comparison,
                                    const struct aro_language *wanted, unsigned rank)
{
    const struct agent_profile *profile = &comparison->agents->profile;

    for (size_t i = 0; i < profile->language_count; i++) {
        const struct aro_language_level *own = &profile->languages[i];
        if (!aro_rulebook_accepts(comparison->router->rulebook, own->language, wanted))
            continue;
        comparison->serves_language = true;
        if (own->level < comparison->step->level)
            continue;
        struct language_fit fit = {
            .language = wanted,
            .rank = rank,
            .level = own->level,
            .is_same_region =
                wanted->region[0] && strcmp(wanted->region, own->language->region) == 0,
        };
        if (!comparison->serves_level || language_fits_better(&fit, &comparison->fit))
            comparison->fit = fit;
        comparison->serves_level = true;
    }
}

/* In order of preference; what comes later matters only while nothing fits. */
static void comparison_find_language(struct comparison *comparison)
{
    const struct appeal_class *appeals = comparison->appeals;
    size_t count = comparison->step->language == ARO_LANGUAGE_FIRST ? 1 : appeals->language_count;

    for (size_t i = 0; i < count && !comparison->serves_level; i++)
        comparison_try_language(comparison, appeals->languages[i], (unsigned)i);
    if (comparison->step->language != ARO_LANGUAGE_FALLBACK || comparison->serves_level)
        return;
    const struct aro_market_terms *market =
        aro_rulebook_find_market(comparison->router->rulebook, appeals->market);
    for (size_t i = 0; market && i < market->fallback_count && !comparison->serves_level; i++)
        comparison_try_language(comparison, market->fallback[i], (unsigned)(count + i));
}

static bool serves_market(struct comparison *comparison)
{
    return agent_class_serves_market(comparison->agents, comparison->appeals->market);
}

static bool serves_language(struct comparison *comparison)
{
    comparison_find_language(comparison);
    return comparison->serves_language;
}

static bool serves_level(struct comparison *comparison)
{
    return comparison->serves_level;
}

static bool has_skills(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->step->skill_count; i++) {
        const struct aro_skill *needed = &comparison->step->skills[i];
        if (agent_class_skill_level(comparison->agents, needed->name) < needed->level)
            return false;
    }
    return true;
}

static bool is_one_of(const char *name, size_t count, const char *const *list)
{
    if (count == 0)
        return true;
    for (size_t i = 0; name && i < count; i++) {
        if (strcmp(name, list[i]) == 0)
            return true;
    }
    return false;
}

static bool is_of_site(struct comparison *comparison)
{
    return is_one_of(comparison->agents->profile.site, comparison->step->site_count,
                     comparison->step->sites);
}

static bool is_of_team(struct comparison *comparison)
{
    return is_one_of(comparison->agents->profile.team, comparison->step->team_count,
                     comparison->step->teams);
}

/* In the order in which they are asked. Those without a function are of a person. */
static const struct {
    const char *name;
    bool (*admits)(struct comparison *comparison);
} filters[FILTER_COUNT] = {
    [FILTER_MARKET] = { "market", serves_market },
    [FILTER_LANGUAGE] = { "language", serves_language },
    [FILTER_LEVEL] = { "level", serves_level },
    [FILTER_SKILLS] = { "skills", has_skills },
    [FILTER_SITE] = { "site", is_of_site },
    [FILTER_TEAM] = { "team", is_of_team },
    [FILTER_INDEPENDENCE] = { "independence", NULL },
    [FILTER_DECLINED] = { "declined", NULL },
    [FILTER_STATUS] = { "status", NULL },
    [FILTER_CAPACITY] = { "capacity", NULL },
};

const char *filter_name(enum filter filter)
{
    return filter == FILTER_NONE ? NULL : filters[filter].name;
}

enum filter filter_find(const char *name)
{
    unsigned filter = 0;
    while (filter < FILTER_COUNT && strcmp(filters[filter].name, name) != 0)
        filter++;
    return (enum filter)filter;
}

enum filter filter_class(const struct aro_router *router, const struct agent_class *agents,
                         const struct appeal_class *appeals, struct language_fit *ret_fit)
{
    struct comparison comparison = {
        .router = router,
        .agents = agents,
        .appeals = appeals,
        .step = appeal_class_step(appeals),
    };
    for (unsigned i = 0; i < FILTER_OF_CLASS_COUNT; i++) {
        if (!filters[i].admits(&comparison))
            return (enum filter)i;
    }
    *ret_fit = comparison.fit;
    return FILTER_NONE;
}

enum filter filter_person(const struct aro_router *router, const struct agent *agent,
                          const struct appeal *appeal)
{
    enum details_bar bar = independence_bar(router, appeal, agent);

    if (bar != DETAILS_BAR_NONE)
        return bar == DETAILS_BAR_DECLINED ? FILTER_DECLINED : FILTER_INDEPENDENCE;
    if (!agent_is_there(agent))
        return FILTER_STATUS;
    return agent_room(agent) < appeal->effort ? FILTER_CAPACITY : FILTER_NONE;
}
