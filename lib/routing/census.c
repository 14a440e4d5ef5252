#include "routing/census.h"

#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RETRIES_MAX = 3, /* then the capacities stay those of the census before */
    AT_RISK_MS = ARO_AT_RISK_MINUTES * 60 * 1000,
};

void census_done(struct census *census)
{
    free(census->languages);
}

/* --- appeals --- */

static struct census_place *language_place(struct census *census,
                                           const struct aro_language *language)
{
    if (language->base_id >= census->language_count) {
        size_t count = 2 * ((size_t)language->base_id + 1);
        census->languages = memory_resize(census->languages, count * sizeof *census->languages);
        memset(census->languages + census->language_count, 0,
               (count - census->language_count) * sizeof *census->languages);
        census->language_count = count;
    }
    census->languages[language->base_id].name = language->base;
    return &census->languages[language->base_id].place;
}

static void count_appeal(struct census_figures *figures, const struct appeal *appeal,
                         struct aro_instant now)
{
    if (appeal->state == APPEAL_WAITING && !appeal_is_held(appeal)) {
        if (figures->waiting++ == 0 || appeal->submitted_at.ms < figures->oldest_submitted_at.ms)
            figures->oldest_submitted_at = appeal->submitted_at;
    }
    if (appeal->deadline.ms < now.ms)
        figures->overdue++;
    else if (appeal->deadline.ms - now.ms <= AT_RISK_MS)
        figures->at_risk++;
}

static void note_synthetic(struct census *census, const struct appeal *appeal)
{
    if (census->synthetic_counting == CENSUS_SYNTHETIC_MAX)
        return;
    struct census_synthetic *synthetic = &census->synthetic_next[census->synthetic_counting++];
    snprintf(synthetic->id, sizeof synthetic->id, "%s", appeal->id);
    synthetic->submitted_at = appeal->submitted_at;
}

static void look_at_appeal(struct census *census, const struct appeal *appeal,
                           struct aro_instant now)
{
    const struct appeal_class *class = appeal->class;

    if (appeal_is_synthetic(appeal)) {
        note_synthetic(census, appeal);
        return;
    }
    struct census_place *places[] = { &class->queue->census, &class->market_state->census,
                                      language_place(census, class->languages[0]) };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        count_appeal(&places[i]->counting, appeal, now);
}

/* Whether there are more. */
static bool count_appeals(struct aro_router *router, struct aro_instant now, unsigned *limit)
{
    struct census *census = &router->census;

    for (; *limit > 0; --*limit) {
        const struct appeal *appeal = number_tree_first(&router->by_arrival, census->cursor + 1);
        if (!appeal)
            return false;
        census->cursor = appeal->arrival;
        look_at_appeal(census, appeal, now);
    }
    return true;
}

/* --- agents --- */

static void add_capacity(struct census_figures *figures, const struct agent_class *class)
{
    figures->capacity += (uint64_t) class->available * class->profile.capacity;
    for (size_t level = 1; level < class->level_count; level++)
        figures->used += (uint64_t)level * class->counts[level];
}

static void count_class(struct aro_router *router, const struct agent_class *class)
{
    if (class->profile.has_all_queues) {
        add_capacity(&router->census.everywhere, class);
        return;
    }
    for (size_t i = 0; i < class->profile.queue_count; i++) {
        struct queue *queue = queue_find(router, class->profile.queues[i]);
        if (queue)
            add_capacity(&queue->census.counting, class);
    }
}

static void begin_agents(struct aro_router *router)
{
    struct census *census = &router->census;
    size_t position = 0;

    for (struct queue *queue; (queue = table_next(&router->queues, &position)) != NULL;)
        queue->census.counting.capacity = queue->census.counting.used = 0;
    census->everywhere = (struct census_figures){ 0 };
    census->position = 0;
    census->is_table_other = false;
    census->counts_agents = true;
}

/* Whether there are more. The table of classes may not change under a walk; then it begins again.
 */
static bool count_agents(struct aro_router *router, unsigned *limit)
{
    struct census *census = &router->census;

    if (census->is_table_other) {
        if (census->retries++ == RETRIES_MAX)
            return false;
        begin_agents(router);
    }
    for (; *limit > 0; --*limit) {
        const struct agent_class *class = table_next(&router->agent_classes, &census->position);
        if (!class)
            return false;
        count_class(router, class);
    }
    return true;
}

/* --- the whole --- */

static void place_turn(struct census_place *place)
{
    place->last = place->counting;
    place->counting = (struct census_figures){ 0 };
}

static void queue_turn(struct aro_router *router, struct queue *queue)
{
    const struct census *census = &router->census;
    struct census_figures *figures = &queue->census.counting;

    if (queue->terms && queue->terms->delivers_to_queue) {
        figures->capacity = figures->used = 0; /* no agent takes anything of it */
    } else if (census->is_table_other) {
        figures->capacity = queue->census.last.capacity;
        figures->used = queue->census.last.used;
    } else {
        figures->capacity += census->everywhere.capacity;
        figures->used += census->everywhere.used;
    }
    place_turn(&queue->census);
}

static void complete(struct aro_router *router)
{
    struct census *census = &router->census;
    size_t position = 0;

    for (struct queue *queue; (queue = table_next(&router->queues, &position)) != NULL;)
        queue_turn(router, queue);
    position = 0;
    for (struct market *market; (market = table_next(&router->markets, &position)) != NULL;)
        place_turn(&market->census);
    for (size_t i = 0; i < census->language_count; i++)
        place_turn(&census->languages[i].place);
    memcpy(census->synthetic, census->synthetic_next, sizeof census->synthetic);
    census->synthetic_count = census->synthetic_counting;
    census->synthetic_counting = 0;
    census->cursor = 0;
    census->retries = 0;
    census->counts_agents = false;
    census->is_complete = true;
}

bool aro_router_take_census(struct aro_router *router, struct aro_instant now, unsigned limit)
{
    if (!router->census.counts_agents) {
        if (count_appeals(router, now, &limit))
            return true;
        begin_agents(router);
    }
    if (count_agents(router, &limit))
        return true;
    complete(router);
    return false;
}

/* --- looking --- */

static void tell(const char *name, const struct census_place *place,
                 void (*visit)(const struct aro_census_row *row, void *context), void *context)
{
    const struct census_figures *figures = &place->last;
    const struct aro_census_row row = {
        .name = name,
        .waiting = figures->waiting,
        .oldest_submitted_at =
            figures->waiting > 0 ? figures->oldest_submitted_at : ARO_INSTANT_NEVER,
        .overdue = figures->overdue,
        .at_risk = figures->at_risk,
        .capacity = figures->capacity,
        .used = figures->used,
    };
    visit(&row, context);
}

static bool has_anything(const struct census_place *place)
{
    return place->last.waiting + place->last.overdue + place->last.at_risk > 0;
}

static void each_queue(const struct aro_router *router,
                       void (*visit)(const struct aro_census_row *row, void *context),
                       void *context)
{
    size_t position = 0;
    for (struct queue *queue; (queue = table_next(&router->queues, &position)) != NULL;) {
        if (queue->terms || has_anything(&queue->census))
            tell(queue->name, &queue->census, visit, context);
    }
}

static void each_market(const struct aro_router *router,
                        void (*visit)(const struct aro_census_row *row, void *context),
                        void *context)
{
    size_t position = 0;
    for (struct market *market; (market = table_next(&router->markets, &position)) != NULL;) {
        if (has_anything(&market->census) ||
            aro_rulebook_find_market(router->rulebook, market->name))
            tell(market->name, &market->census, visit, context);
    }
}

static void each_language(const struct aro_router *router,
                          void (*visit)(const struct aro_census_row *row, void *context),
                          void *context)
{
    const struct census *census = &router->census;
    for (size_t i = 0; i < census->language_count; i++) {
        if (census->languages[i].name)
            tell(census->languages[i].name, &census->languages[i].place, visit, context);
    }
}

void aro_router_each_census_row(const struct aro_router *router, enum aro_census_kind kind,
                                void (*visit)(const struct aro_census_row *row, void *context),
                                void *context)
{
    if (!router->census.is_complete)
        return;
    switch (kind) {
    case ARO_CENSUS_QUEUES: each_queue(router, visit, context); break;
    case ARO_CENSUS_MARKETS: each_market(router, visit, context); break;
    case ARO_CENSUS_LANGUAGES: each_language(router, visit, context); break;
    }
}

void aro_router_each_synthetic(const struct aro_router *router,
                               void (*visit)(const char *id, struct aro_instant submitted_at,
                                             void *context),
                               void *context)
{
    const struct census *census = &router->census;
    for (size_t i = 0; i < census->synthetic_count; i++)
        visit(census->synthetic[i].id, census->synthetic[i].submitted_at, context);
}
