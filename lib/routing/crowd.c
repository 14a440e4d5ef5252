#include "routing/crowd.h"

#include "routing/appeal_class.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* Places for each class of agents, over all crowds: most are candidates of a few appeal classes, of
 * few efforts. */
enum { PLACES_EACH = 64 };

/* --- headcounts --- */

void headcount_add_class(struct headcount *headcount, const struct agent_class *agents,
                         unsigned effort)
{
    headcount->known += agents->known;
    headcount->available += agents->available;
    headcount->full += agent_class_full_count(agents, effort);
    if (agents->profile.capacity < effort)
        return;
    headcount->able += agents->known;
    headcount->ready += agents->available;
}

void headcount_add(struct headcount *headcount, const struct headcount *other)
{
    headcount->known += other->known;
    headcount->available += other->available;
    headcount->full += other->full;
    headcount->able += other->able;
    headcount->ready += other->ready;
}

void headcount_subtract(struct headcount *headcount, const struct headcount *other)
{
    headcount->known -= other->known;
    headcount->available -= other->available;
    headcount->full -= other->full;
    headcount->able -= other->able;
    headcount->ready -= other->ready;
}

static struct headcount place_headcount(const struct crowd_place *place)
{
    return (struct headcount){
        .known = place->known,
        .available = place->available,
        .full = place->full,
        .able = place->is_able ? place->known : 0,
        .ready = place->is_able ? place->available : 0,
    };
}

/* --- a place --- */

/* The only one of @class: without a look at its trees, since unlike agents are what crowds are
 * made of. */
static void look_at_only_one(const struct crowd *crowd, const struct candidate_class *class,
                             struct crowd_place *place)
{
    struct candidate only = { LIST_FIRST(&class->agents->members), class, &crowd->asked };

    if (!only.agent->is_placed)
        return;
    place->available = 1;
    place->full = agent_room(only.agent) < crowd->asked.effort;
    if (place->full)
        return;
    place->head = only.agent;
    place->measures = candidate_measure(&only);
}

static void look_at_all(const struct crowd *crowd, const struct candidate_class *class,
                        struct crowd_place *place)
{
    const struct asked *asked = &crowd->asked;
    size_t end = agent_class_level_end(class->agents, asked->effort);

    place->available = (uint32_t) class->agents->available;
    place->full = (uint32_t)agent_class_full_count(class->agents, asked->effort);
    for (size_t level = 0; level < end; level++) {
        if (class->agents->counts[level] == 0)
            continue;
        struct agent_tree *tree =
            agent_class_tree(asked->router, class->agents, level, crowd->order);
        struct candidate first = { RB_MIN(agent_tree, tree)->agent, class, asked };
        struct candidate head = { place->head, class, asked };
        struct measures measures = candidate_measure(&first);
        int order = head.agent ? measures_compare(&measures, &place->measures) : -1;
        if (order < 0 || (order == 0 && candidate_compare_rest(&first, &head) < 0)) {
            place->head = first.agent;
            place->measures = measures;
        }
        if (crowd->is_ordered_by_level)
            return;
    }
}

/* Looks at its candidate class anew. */
static void bring_up_to_date(struct crowd *crowd, uint32_t index)
{
    struct crowd_place *place = &crowd->places[index];
    struct headcount old = place_headcount(place), new;

    *place = (struct crowd_place){ 0 };
    if (index < crowd->class->candidate_count) {
        struct candidate_class *class = &crowd->class->candidates[index];
        place->known = (uint32_t) class->agents->known;
        place->is_able = class->agents->profile.capacity >= crowd->asked.effort;
        class->agents->is_in_crowd = true;
        if (place->known == 1)
            look_at_only_one(crowd, class, place);
        else
            look_at_all(crowd, class, place);
    }
    new = place_headcount(place);
    headcount_subtract(&crowd->headcount, &old);
    headcount_add(&crowd->headcount, &new);
}

/* --- the tournament --- */

static uint32_t better_of(const struct crowd *crowd, uint32_t a, uint32_t b)
{
    const struct crowd_place *x = &crowd->places[a], *y = &crowd->places[b];

    if (!x->head || !y->head)
        return x->head ? a : b;
    int order = measures_compare(&x->measures, &y->measures);
    if (order == 0)
        order = candidate_compare_rest(
            &(struct candidate){ x->head, &crowd->class->candidates[a], &crowd->asked },
            &(struct candidate){ y->head, &crowd->class->candidates[b], &crowd->asked });
    return order <= 0 ? a : b;
}

static uint32_t find_winner(const struct crowd *crowd, uint32_t part)
{
    return better_of(crowd, crowd_winner(crowd, 2 * part), crowd_winner(crowd, 2 * part + 1));
}

/* From the place at @index up, as far as it makes a difference. */
static void hold_again(struct crowd *crowd, uint32_t index)
{
    for (uint32_t part = (crowd->size + index) / 2; part > 0; part /= 2) {
        uint32_t before = crowd->winners[part];
        crowd->winners[part] = find_winner(crowd, part);
        if (crowd->winners[part] == before && before != index)
            return;
    }
}

static void hold_whole(struct crowd *crowd)
{
    for (uint32_t part = crowd->size - 1; part > 0; part--)
        crowd->winners[part] = find_winner(crowd, part);
}

/* --- news --- */

static void note(struct crowd *crowd, size_t index)
{
    if (crowd->is_all_news)
        return;
    if (index >= crowd->size) {
        crowd->is_all_news = true;
        return;
    }
    if (crowd->places[index].is_news)
        return;
    crowd->places[index].is_news = true;
    crowd->news =
        memory_reach(crowd->news, crowd->news_count, &crowd->news_size, sizeof *crowd->news);
    crowd->news[crowd->news_count++] = (uint32_t)index;
}

void crowds_note_candidate(struct appeal_class *class, size_t index)
{
    struct crowd *crowd;
    LIST_FOREACH(crowd, &class->crowds, of_class)
    {
        note(crowd, index);
    }
}

/* Tells every crowd that @agents is in. */
static void tell(struct agent_class *agents)
{
    agents->is_changed = agents->is_in_crowd = false;
    for (size_t i = 0; i < agents->eligible_count; i++) {
        if (LIST_EMPTY(&agents->eligible[i]->crowds))
            continue;
        crowds_note_candidate(agents->eligible[i], agents->candidate_indices[i]);
        agents->is_in_crowd = true;
    }
}

static void tell_all(struct crowds *crowds)
{
    for (struct agent_class *agents; (agents = LIST_FIRST(&crowds->changed)) != NULL;) {
        LIST_REMOVE(agents, changed);
        tell(agents);
    }
}

void crowds_forget(struct agent_class *agents)
{
    if (agents->is_changed)
        LIST_REMOVE(agents, changed);
}

/* --- a crowd --- */

static void crowd_free(struct crowds *crowds, struct crowd *crowd)
{
    LIST_REMOVE(crowd, of_class);
    TAILQ_REMOVE(&crowds->recent, crowd, recent);
    crowds->place_count -= crowd->size;
    free(crowd->places);
    free(crowd->winners);
    free(crowd->news);
    free(crowd);
}

void crowds_free(struct crowds *crowds, struct appeal_class *class)
{
    for (struct crowd *crowd; (crowd = LIST_FIRST(&class->crowds)) != NULL;)
        crowd_free(crowds, crowd);
}

void crowds_init(struct crowds *crowds)
{
    crowds->above = CROWD_ABOVE;
    TAILQ_INIT(&crowds->recent);
}

static struct crowd *find(struct aro_router *router, struct appeal_class *class, unsigned effort)
{
    const struct aro_queue_terms *terms = class->queue->terms;
    struct crowd *crowd;

    LIST_FOREACH(crowd, &class->crowds, of_class)
    {
        if (crowd->asked.effort != effort)
            continue;
        TAILQ_REMOVE(&router->crowds.recent, crowd, recent);
        TAILQ_INSERT_TAIL(&router->crowds.recent, crowd, recent);
        return crowd;
    }
    crowd = memory_new(sizeof *crowd);
    crowd->class = class;
    crowd->asked = (struct asked){ router, class->queue, effort };
    crowd->order = agent_order_of(terms);
    crowd->is_ordered_by_level = criteria_order_by_level(terms);
    crowd->looks_at_speakers = criteria_look_at_speakers(terms);
    crowd->is_all_news = true;
    LIST_INSERT_HEAD(&class->crowds, crowd, of_class);
    TAILQ_INSERT_TAIL(&router->crowds.recent, crowd, recent);
    return crowd;
}

static void begin_anew(struct crowds *crowds, struct crowd *crowd)
{
    uint32_t size = crowd->size ? crowd->size : 1;
    while (size < crowd->class->candidate_count)
        size *= 2;
    crowds->place_count += size - crowd->size;
    crowd->size = size;
    crowd->places = memory_resize(crowd->places, size * sizeof *crowd->places);
    crowd->winners = memory_resize(crowd->winners, size * sizeof *crowd->winners);
    memset(crowd->places, 0, size * sizeof *crowd->places);
    crowd->headcount = (struct headcount){ 0 };
    crowd->is_all_news = false;
    for (uint32_t index = 0; index < size; index++)
        bring_up_to_date(crowd, index);
    hold_whole(crowd);
}

/* All are looked at before any is compared, since a head that there is news of may be gone. */
static void hear_news(struct crowds *crowds, struct crowd *crowd)
{
    if (crowd->is_all_news || crowd->news_count > 1 + crowd->size / 4) {
        begin_anew(crowds, crowd);
    } else {
        for (size_t i = 0; i < crowd->news_count; i++)
            bring_up_to_date(crowd, crowd->news[i]);
        for (size_t i = 0; i < crowd->news_count; i++)
            hold_again(crowd, crowd->news[i]);
    }
    crowd->news_count = 0;
}

struct crowd *crowd_get(struct aro_router *router, struct appeal_class *class, unsigned effort)
{
    struct crowds *crowds = &router->crowds;

    tell_all(crowds);
    struct crowd *crowd = find(router, class, effort);
    if (crowd->looks_at_speakers && crowd->speakers_seen != router->speakers_changes)
        crowd->is_all_news = true;
    crowd->speakers_seen = router->speakers_changes;
    hear_news(crowds, crowd);
    while (crowds->place_count > PLACES_EACH * router->agent_classes.count &&
           TAILQ_FIRST(&crowds->recent) != crowd)
        crowd_free(crowds, TAILQ_FIRST(&crowds->recent));
    return crowd;
}
