#include "routing/agent_class.h"

#include "routing/crowd.h"
#include "routing/ledger_record.h"
#include "routing/router_state.h"

#include "support/cleanup.h"
#include "support/memory.h"
#include "support/siphash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- the profile --- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By tag, the better level first. */
static int compare_languages(const void *a, const void *b)
{
    const struct aro_language_level *x = a, *y = b;
    int order = strcmp(x->language->tag, y->language->tag);
    return order ? order : (int)y->level - (int)x->level;
}

/* By name, the better level first. */
static int compare_skills(const void *a, const void *b)
{
    const struct aro_skill *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (int)y->level - (int)x->level;
}

static size_t names_of_list(struct aro_router *router, size_t count, const char *const *texts,
                            const char ***ret)
{
    const char **list = memory_new_array(count, sizeof *list);
    size_t kept = 0;

    if (count)
        memcpy(list, texts, count * sizeof *list);
    qsort(list, count, sizeof *list, compare_texts);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(list[kept - 1], list[i]) != 0)
            list[kept++] = names_hold(&router->names, list[i]);
    }
    *ret = list;
    return kept;
}

static void profile_set_languages(struct agent_profile *profile, const struct aro_event *event)
{
    size_t count = event->agent_language_count;
    struct aro_language_level *list = memory_new_array(count, sizeof *list);
    size_t kept = 0;

    if (count)
        memcpy(list, event->agent_languages, count * sizeof *list);
    qsort(list, count, sizeof *list, compare_languages);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || list[kept - 1].language != list[i].language)
            list[kept++] = list[i];
    }
    profile->languages = list;
    profile->language_count = kept;
}

static void profile_set_skills(struct aro_router *router, struct agent_profile *profile,
                               const struct aro_event *event)
{
    size_t count = event->skill_count;
    struct aro_skill *list = memory_new_array(count, sizeof *list);
    size_t kept = 0;

    if (count)
        memcpy(list, event->skills, count * sizeof *list);
    qsort(list, count, sizeof *list, compare_skills);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && strcmp(list[kept - 1].name, list[i].name) == 0)
            continue;
        list[kept] = list[i];
        list[kept++].name = names_hold(&router->names, list[i].name);
    }
    profile->skills = list;
    profile->skill_count = kept;
}

static void profile_init(struct aro_router *router, struct agent_profile *profile,
                         const struct aro_event *event)
{
    const struct arrangement *arrangement = &router->arrangement;

    *profile = (struct agent_profile){
        .capacity = event->capacity,
        .has_all_markets = event->all_markets,
        .has_all_queues = !(event->has & ARO_HAS_QUEUES),
        .team = names_hold(&router->names, arrangement->is_by_team ? event->team : NULL),
        .site = names_hold(&router->names, arrangement->is_by_site ? event->site : NULL),
        .lead = names_hold(&router->names, arrangement->is_by_lead ? event->lead : NULL),
    };
    profile->market_count = names_of_list(router, event->all_markets ? 0 : event->market_count,
                                          event->markets, &profile->markets);
    profile->queue_count = names_of_list(router, profile->has_all_queues ? 0 : event->queue_count,
                                         event->queues, &profile->queues);
    profile_set_languages(profile, event);
    profile_set_skills(router, profile, event);
}

static void drop_list(struct aro_router *router, size_t count, const char **list)
{
    for (size_t i = 0; i < count; i++)
        names_drop(&router->names, list[i]);
    free(list);
}

static void profile_done(struct aro_router *router, struct agent_profile *profile)
{
    drop_list(router, profile->market_count, profile->markets);
    drop_list(router, profile->queue_count, profile->queues);
    free(profile->languages);
    for (size_t i = 0; i < profile->skill_count; i++)
        names_drop(&router->names, profile->skills[i].name);
    free(profile->skills);
    names_drop(&router->names, profile->team);
    names_drop(&router->names, profile->site);
    names_drop(&router->names, profile->lead);
}

/* Lengths before texts, so that no two profiles give one key. */
static void key_add_text(struct buffer *key, const char *text)
{
    if (text)
        buffer_add_format(key, "%zu:%s,", strlen(text), text);
    else
        buffer_add_text(key, "-,");
}

static void key_add_list(struct buffer *key, bool is_all, size_t count, const char *const *list)
{
    buffer_add_format(key, "%s%zu[", is_all ? "*" : "", count);
    for (size_t i = 0; i < count; i++)
        key_add_text(key, list[i]);
}

static void profile_key(const struct agent_profile *profile, struct buffer *key)
{
    buffer_clear(key);
    buffer_add_format(key, "%u,", profile->capacity);
    key_add_list(key, profile->has_all_markets, profile->market_count, profile->markets);
    key_add_list(key, profile->has_all_queues, profile->queue_count, profile->queues);
    for (size_t i = 0; i < profile->language_count; i++)
        buffer_add_format(key, "%u/%u,", profile->languages[i].language->id,
                          profile->languages[i].level);
    for (size_t i = 0; i < profile->skill_count; i++) {
        key_add_text(key, profile->skills[i].name);
        buffer_add_format(key, "%u,", profile->skills[i].level);
    }
    key_add_text(key, profile->team);
    key_add_text(key, profile->site);
    key_add_text(key, profile->lead);
}

bool agent_class_serves_queue(const struct agent_class *class, const char *queue)
{
    if (class->profile.has_all_queues)
        return true;
    for (size_t i = 0; i < class->profile.queue_count; i++) {
        if (class->profile.queues[i] == queue)
            return true;
    }
    return false;
}

bool agent_class_serves_market(const struct agent_class *class, const char *market)
{
    if (class->profile.has_all_markets)
        return true;
    for (size_t i = 0; i < class->profile.market_count; i++) {
        if (class->profile.markets[i] == market)
            return true;
    }
    return false;
}

unsigned agent_class_skill_level(const struct agent_class *class, const char *skill)
{
    for (size_t i = 0; i < class->profile.skill_count; i++) {
        if (strcmp(class->profile.skills[i].name, skill) == 0)
            return class->profile.skills[i].level;
    }
    return 0;
}

/* --- the class --- */

/* Takes what @profile holds. */
static struct agent_class *class_of_profile(struct aro_router *router, struct agent_profile profile)
{
    profile_key(&profile, &router->key);

    struct agent_class *class = table_find(&router->agent_classes, router->key.data);
    if (class) {
        profile_done(router, &profile);
        return class;
    }
    class = memory_new(sizeof *class);
    class->profile = profile;
    class->key = memory_copy_text(router->key.data);
    ledger_write_agent_class(class);
    table_add(&router->agent_classes, class);
    groups_add_class(router, class);
    router->census.is_table_other = true;
    return class;
}

struct agent_class *agent_class_of_event(struct aro_router *router, const struct aro_event *event)
{
    struct agent_profile profile;
    profile_init(router, &profile, event);
    return class_of_profile(router, profile);
}

/* The class that @agent, who has one, belongs to as agents are arranged now. */
static struct agent_class *class_of_agent(struct aro_router *router, const struct agent *agent)
{
    const struct agent_profile *old = &agent->class->profile;
    const struct aro_event event = {
        .has = old->has_all_queues ? 0 : ARO_HAS_QUEUES,
        .capacity = old->capacity,
        .all_markets = old->has_all_markets,
        .market_count = old->market_count,
        .markets = old->markets,
        .queue_count = old->queue_count,
        .queues = old->queues,
        .agent_language_count = old->language_count,
        .agent_languages = old->languages,
        .skill_count = old->skill_count,
        .skills = old->skills,
        .team = agent->team,
        .site = agent->site,
        .lead = agent->lead,
    };
    return agent_class_of_event(router, &event);
}

void agent_class_free(struct aro_router *router, struct agent_class *class)
{
    crowds_forget(class);
    groups_remove_class(router, class);
    profile_done(router, &class->profile);
    free(class->counts);
    free(class->trees);
    free(class->eligible);
    free(class->candidate_indices);
    buffer_done(&class->record);
    free(class->key);
    free(class);
}

void agent_class_release(struct aro_router *router, struct agent_class *class)
{
    if (class->known > 0)
        return;
    assert(class->eligible_count == 0);
    table_remove(&router->agent_classes, class->key);
    router->census.is_table_other = true;
    agent_class_free(router, class);
}

/* The trees of @class, laid out anew, and as many empty ones as that takes. */
static void class_resize_trees(struct agent_class *class, size_t level_count, size_t slot_count)
{
    struct agent_tree *trees = memory_new_array(level_count * slot_count, sizeof *trees);

    for (size_t level = 0; level < class->level_count; level++)
        memcpy(trees + level * slot_count, class->trees + level * class->slot_count,
               class->slot_count * sizeof *trees);
    free(class->trees);
    class->trees = trees;
    class->slot_count = slot_count;
}

/* Makes room for @level in counts and trees. */
static void class_reach_level(const struct aro_router *router, struct agent_class *class,
                              size_t level)
{
    size_t level_count = class->level_count, slot_count = router->arrangement.slot_count;

    if (level >= level_count)
        level_count = level + 1 > 2 * level_count ? level + 1 : 2 * level_count;
    if (slot_count < class->slot_count)
        slot_count = class->slot_count;
    if (level_count == class->level_count && slot_count == class->slot_count)
        return;
    class_resize_trees(class, level_count, slot_count);
    class->counts = memory_resize(class->counts, level_count * sizeof *class->counts);
    memset(class->counts + class->level_count, 0,
           (level_count - class->level_count) * sizeof *class->counts);
    class->level_count = level_count;
}

size_t agent_class_full_count(const struct agent_class *class, unsigned effort)
{
    if (effort > class->profile.capacity)
        return class->available;
    size_t full = 0;
    for (size_t level = class->profile.capacity - effort + 1; level < class->level_count; level++)
        full += class->counts[level];
    return full;
}

size_t agent_class_level_end(const struct agent_class *class, unsigned effort)
{
    if (effort > class->profile.capacity)
        return 0;
    size_t end = class->profile.capacity - effort + 1;
    return end < class->level_count ? end : class->level_count;
}

size_t agent_class_find_eligible(const struct agent_class *agents, const struct appeal_class *class)
{
    size_t at = 0;
    while (at < agents->eligible_count && agents->eligible[at] != class)
        at++;
    return at;
}

/* --- order within a level --- */

static int compare_idle(const struct agent *a, const struct agent *b)
{
    return (a->idle_since.ms > b->idle_since.ms) - (a->idle_since.ms < b->idle_since.ms);
}

static int compare_open(const struct agent *a, const struct agent *b)
{
    return (a->open > b->open) - (a->open < b->open);
}

typedef int compare_agents(const struct agent *a, const struct agent *b);

static compare_agents *const order_parts[AGENT_ORDER_TURN][2] = {
    [AGENT_ORDER_IDLE] = { compare_idle },
    [AGENT_ORDER_OPEN] = { compare_open },
    [AGENT_ORDER_IDLE_OPEN] = { compare_idle, compare_open },
    [AGENT_ORDER_OPEN_IDLE] = { compare_open, compare_idle },
};

static int compare_ties(const struct agent *a, const struct agent *b, unsigned side)
{
    if (a->ties[side] != b->ties[side])
        return a->ties[side] < b->ties[side] ? -1 : 1;
    return strcmp(a->id, b->id);
}

int agent_compare_tie(const struct aro_router *router, const struct agent *a, const struct agent *b)
{
    return compare_ties(a, b, router->arrangement.side);
}

static int compare_parts(const struct agent_place *a, const struct agent_place *b)
{
    compare_agents *const *parts = order_parts[a->order % AGENT_ORDER_TURN];
    int order = 0;

    for (unsigned i = 0; i < 2 && parts[i] && order == 0; i++)
        order = parts[i](a->agent, b->agent);
    return order;
}

bool agent_place_is_equal(const struct agent_place *a, const struct agent_place *b)
{
    return compare_parts(a, b) == 0;
}

static int agent_place_compare(const struct agent_place *a, const struct agent_place *b)
{
    int order = compare_parts(a, b);
    if (order)
        return order;
    return a->order >= AGENT_ORDER_TURN ? strcmp(a->agent->id, b->agent->id)
                                        : compare_ties(a->agent, b->agent, a->side);
}

RB_GENERATE(agent_tree, agent_place, node, agent_place_compare)

struct agent_tree *agent_class_tree(const struct aro_router *router,
                                    const struct agent_class *class, size_t level,
                                    enum agent_order order)
{
    size_t slot = arrangement_slot(&router->arrangement, order);

    assert(slot < class->slot_count && level < class->level_count);
    return &class->trees[level * class->slot_count + slot];
}

/* --- an agent in their class --- */

unsigned agent_room(const struct agent *agent)
{
    unsigned capacity = agent_capacity(agent);
    if (!agent_is_there(agent) || agent->used >= capacity)
        return 0;
    return capacity - agent->used;
}

static size_t agent_level(const struct agent *agent)
{
    unsigned capacity = agent_capacity(agent);
    return agent->used < capacity ? agent->used : capacity;
}

/* The tree that @place is for. */
static struct agent_tree *place_tree(const struct agent_place *place, size_t level)
{
    const struct agent_class *class = place->agent->class;
    return &class->trees[level * class->slot_count + place->slot];
}

void agent_lift(struct agent *agent)
{
    if (!agent->is_placed)
        return;
    size_t level = agent_level(agent);
    for (size_t i = 0; i < agent->place_count; i++)
        RB_REMOVE(agent_tree, place_tree(&agent->places[i], level), &agent->places[i]);
    agent->class->counts[level]--;
    agent->class->available--;
    agent->is_placed = false;
}

void agent_put(struct aro_router *router, struct agent *agent)
{
    assert(!agent->is_placed);
    if (agent->class)
        crowds_note(&router->crowds, agent->class);
    if (!agent->class || !agent_is_there(agent))
        return;
    if (!agent->places)
        arrangement_place(router, agent);
    size_t level = agent_level(agent);
    class_reach_level(router, agent->class, level);
    for (size_t i = 0; i < agent->place_count; i++)
        RB_INSERT(agent_tree, place_tree(&agent->places[i], level), &agent->places[i]);
    agent->class->counts[level]++;
    agent->class->available++;
    agent->is_placed = true;
}

/* How many people speak each language at all, whatever the region. */
static void count_speakers(struct aro_router *router, const struct agent_class *class, int count)
{
    const struct agent_profile *profile = &class->profile;

    router->speakers_changes++;
    for (size_t i = 0; i < profile->language_count; i++) {
        uint32_t base = profile->languages[i].language->base_id;
        size_t first = 0;
        while (profile->languages[first].language->base_id != base)
            first++;
        if (first < i)
            continue; /* of another region, and counted */
        if (base >= router->speaker_size) {
            size_t size = 2 * (size_t)base + 16;
            router->speakers = memory_resize(router->speakers, size * sizeof *router->speakers);
            memset(router->speakers + router->speaker_size, 0,
                   (size - router->speaker_size) * sizeof *router->speakers);
            router->speaker_size = size;
        }
        router->speakers[base] += (uint32_t)count;
    }
}

/* May be NULL, and then speaks none. */
static bool speak_the_same(const struct agent_class *a, const struct agent_class *b)
{
    if (!a || !b || a->profile.language_count != b->profile.language_count)
        return false;
    for (size_t i = 0; i < a->profile.language_count; i++) {
        if (a->profile.languages[i].language != b->profile.languages[i].language)
            return false;
    }
    return true;
}

/* One agent of @old is of @new now. */
static void count_speaker(struct aro_router *router, const struct agent_class *old,
                          const struct agent_class *new)
{
    if (speak_the_same(old, new))
        return;
    if (new)
        count_speakers(router, new, 1);
    if (old)
        count_speakers(router, old, -1);
}

uint32_t agent_class_rarest(const struct aro_router *router, const struct agent_class *class)
{
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < class->profile.language_count; i++) {
        uint32_t count = router->speakers[class->profile.languages[i].language->base_id];
        least = count < least ? count : least;
    }
    return least;
}

void agent_set_class(struct aro_router *router, struct agent *agent, struct agent_class *class)
{
    struct agent_class *old = agent->class;

    if (!class)
        timers_remove(&router->shift_timers, &agent->shift_timer);
    agent_lift(agent);
    if (class != old) {
        count_speaker(router, old, class);
        if (class) {
            class->known++;
            router->known_count++;
            appeal_classes_count_agents(router, class, 1);
        }
        if (old)
            LIST_REMOVE(agent, of_class);
        agent->class = class;
        if (class) {
            LIST_INSERT_HEAD(&class->members, agent, of_class);
            agent_class_forget_shifts(class);
        }
        if (old) {
            appeal_classes_count_agents(router, old, -1);
            old->known--;
            router->known_count--;
            agent_class_release(router, old);
        }
    }
    agent_put(router, agent);
}

size_t agent_regroup(struct aro_router *router, struct agent *agent)
{
    struct agent_class *old = agent->class, *class = class_of_agent(router, agent);
    size_t looked_at = 0;

    agent_lift(agent);
    if (class != old) {
        if (++class->known == 1)
            looked_at += appeal_classes_share_links(router, old, class);
        LIST_REMOVE(agent, of_class);
        agent->class = class;
        LIST_INSERT_HEAD(&class->members, agent, of_class);
        agent_class_forget_shifts(class);
        crowds_note(&router->crowds, old);
        if (--old->known == 0)
            looked_at += appeal_classes_end_links(router, old);
        agent_class_release(router, old);
    }
    agent_put(router, agent);
    return looked_at;
}

struct agent *agent_get(struct aro_router *router, const char *id)
{
    struct agent *agent = table_find(&router->agents, id);
    if (agent)
        return agent;
    agent = agent_new(id);
    arrangement_add(router, agent);
    table_add(&router->agents, agent);
    return agent;
}

void agent_discard(struct aro_router *router, struct agent *agent)
{
    arrangement_remove(router, agent);
    names_drop(&router->names, agent->team);
    names_drop(&router->names, agent->site);
    names_drop(&router->names, agent->lead);
    agent_free(agent);
}

void agent_forget_unknown(struct aro_router *router, struct agent *agent)
{
    if (agent_is_known(agent) || agent->open > 0)
        return;
    table_remove(&router->agents, agent->id);
    agent_discard(router, agent);
}

void agent_set_people(struct aro_router *router, struct agent *agent, const struct aro_event *event)
{
    names_set(&router->names, &agent->team, event->team);
    names_set(&router->names, &agent->site, event->site);
    names_set(&router->names, &agent->lead, event->lead);
}

/* The part of @terms' criteria that tells two agents of one class and level apart. */
enum agent_order agent_order_of(const struct aro_queue_terms *terms)
{
    enum agent_order order = AGENT_ORDER_TIE;

    for (size_t i = 0; i < terms->criterion_count; i++) {
        if (terms->criteria[i] == ARO_ROUND_ROBIN)
            return AGENT_ORDER_TURN + order; /* which leaves nobody equal */
        if (terms->criteria[i] == ARO_LONGEST_IDLE)
            order = order == AGENT_ORDER_TIE    ? AGENT_ORDER_IDLE
                    : order == AGENT_ORDER_OPEN ? AGENT_ORDER_OPEN_IDLE
                                                : order;
        else if (terms->criteria[i] == ARO_FEWEST_OPEN)
            order = order == AGENT_ORDER_TIE    ? AGENT_ORDER_OPEN
                    : order == AGENT_ORDER_IDLE ? AGENT_ORDER_IDLE_OPEN
                                                : order;
    }
    return order;
}
