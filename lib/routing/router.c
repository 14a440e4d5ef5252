/* The router: one event in, records out.
 *
 * Agents with the same profile form an *agent class*, appeals that ask the same form an *appeal
 * class*. Whether those may take these is worked out once for a pair; so an appeal looks at the
 * best agent of each class that may take it (agent_choice.c), or, where those are many, at the
 * winner of a tournament among them (crowd.c), and an agent who has room looks at the first in line
 * of each class that they may take (agent_work.c). No event walks over all agents or all waiting
 * appeals.
 *
 * An event makes a *turn* (turn.c): a handler changes what the event is about (appeal_events.c,
 * agent_events.c), through the moves of assignment.c; then the turn settles, which gives out until
 * nobody who has room may take anything that waits; then the ledger records of what changed are
 * written. Before it changes, everything is touched, so that the batch can be undone by restoring
 * the ledger records from before it. */
#include <aro/router.h>

#include "routing/announcement.h"
#include "routing/assignment.h"
#include "routing/events.h"
#include "routing/ledger_record.h"
#include "routing/market.h"
#include "routing/merging.h"
#include "routing/reload.h"
#include "routing/router_state.h"
#include "routing/shift.h"

#include "support/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void gathered_add(struct gathered *gathered, void *item)
{
    gathered->items =
        memory_reach(gathered->items, gathered->count, &gathered->size, sizeof(void *));
    gathered->items[gathered->count++] = item;
}

void gathered_sort(struct gathered *gathered, int (*compare)(const void *a, const void *b))
{
    if (gathered->count) /* else there is no array */
        qsort(gathered->items, gathered->count, sizeof(void *), compare);
}

struct gathered appeals_held_by(const struct agent *agent)
{
    struct gathered held = { 0 };
    struct appeal *appeal;

    LIST_FOREACH(appeal, &agent->appeals, held->of_agent)
    {
        gathered_add(&held, appeal);
    }
    gathered_sort(&held, appeal_compare_arrivals);
    return held;
}

/* --- making and freeing --- */

#define DEFINE_KEY(type, member)                                                                   \
    static const char *type##_key(const void *item)                                                \
    {                                                                                              \
        return ((const struct type *)item)->member;                                                \
    }
DEFINE_KEY(agent, id)
DEFINE_KEY(agent_class, key)
DEFINE_KEY(group, key)
DEFINE_KEY(queue, name)
DEFINE_KEY(market, name)
DEFINE_KEY(appeal, id)
DEFINE_KEY(remembered, id)
DEFINE_KEY(subject, key)
DEFINE_KEY(appellant, id)
DEFINE_KEY(review, lead)

static const struct appeal *timer_appeal(const struct timer *timer)
{
    return (const struct appeal *)(const void *)((const char *)timer -
                                                 offsetof(struct appeal, timer));
}

static const struct remembered *timer_remembered(const struct timer *timer)
{
    return (const struct remembered *)(const void *)((const char *)timer -
                                                     offsetof(struct remembered, timer));
}

static const struct subject *timer_subject(const struct timer *timer)
{
    return (const struct subject *)(const void *)((const char *)timer -
                                                  offsetof(struct subject, timer));
}

static const struct agent *timer_agent(const struct timer *timer)
{
    return (const struct agent *)(const void *)((const char *)timer -
                                                offsetof(struct agent, shift_timer));
}

static int compare_timer_agents(const struct timer *a, const struct timer *b)
{
    return strcmp(timer_agent(a)->id, timer_agent(b)->id);
}

static int compare_timer_appeals(const struct timer *a, const struct timer *b)
{
    return strcmp(timer_appeal(a)->id, timer_appeal(b)->id);
}

static int compare_timer_remembered(const struct timer *a, const struct timer *b)
{
    return strcmp(timer_remembered(a)->id, timer_remembered(b)->id);
}

static int compare_timer_subjects(const struct timer *a, const struct timer *b)
{
    return strcmp(timer_subject(a)->key, timer_subject(b)->key);
}

int aro_router_new(struct aro_languages *languages, const struct aro_rulebook *rulebook,
                   struct aro_router **ret)
{
    struct aro_router *router = calloc(1, sizeof *router);
    if (!router)
        return -ENOMEM;
    router->languages = languages;
    names_init(&router->names);
    table_init(&router->agents, agent_key);
    table_init(&router->agent_classes, agent_class_key);
    table_init(&router->groups, group_key);
    table_init(&router->queues, queue_key);
    table_init(&router->markets, market_key);
    table_init(&router->appeals, appeal_key);
    table_init(&router->remembered, remembered_key);
    table_init(&router->subjects, subject_key);
    table_init(&router->appellants, appellant_key);
    table_init(&router->reviews, review_key);
    appeal_classes_init(router);
    crowds_init(&router->crowds);
    timers_init(&router->appeal_timers, compare_timer_appeals);
    timers_init(&router->remembered_timers, compare_timer_remembered);
    timers_init(&router->subject_timers, compare_timer_subjects);
    timers_init(&router->shift_timers, compare_timer_agents);
    router_use_rulebook(router, rulebook);
    router->is_launch_due = true;
    arrangement_init(router);
    *ret = router;
    return 0;
}

static void free_appeals(struct aro_router *router)
{
    size_t position = 0;
    for (struct appeal *appeal; (appeal = table_next(&router->appeals, &position)) != NULL;) {
        appeal_detach(router, appeal);
        appeal_free(router, appeal);
    }
    position = 0;
    for (struct remembered *remembered;
         (remembered = table_next(&router->remembered, &position)) != NULL;)
        remembered_free(remembered);
    reviews_free(router);
    position = 0;
    for (struct subject *subject; (subject = table_next(&router->subjects, &position)) != NULL;)
        subject_free(router, subject);
    for (struct appeal_class *class; (class = TAILQ_FIRST(&router->idle_classes)) != NULL;)
        appeal_class_free(router, class);
}

static void free_agents(struct aro_router *router)
{
    size_t position = 0;
    for (struct agent *agent; (agent = table_next(&router->agents, &position)) != NULL;) {
        agent_set_class(router, agent, NULL);
        agent_discard(router, agent);
    }
    position = 0;
    for (struct queue *queue; (queue = table_next(&router->queues, &position)) != NULL;)
        queue_free(router, queue);
}

void aro_router_free(struct aro_router *router)
{
    if (!router)
        return;
    free_appeals(router);
    free_agents(router);
    struct table *tables[] = {
        &router->agents,         &router->agent_classes, &router->groups,     &router->queues,
        &router->appeal_classes, &router->appeals,       &router->remembered, &router->subjects,
        &router->appellants,     &router->reviews,
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        table_done(tables[i]);
    markets_free(router);
    number_tree_done(&router->by_arrival);
    reroute_done(&router->reroute);
    timers_done(&router->appeal_timers);
    timers_done(&router->remembered_timers);
    timers_done(&router->subject_timers);
    timers_done(&router->shift_timers);
    struct gathered *gathered[] = { &router->entered, &router->hungry, &router->searched };
    for (size_t i = 0; i < sizeof gathered / sizeof *gathered; i++)
        free(gathered[i]->items);
    free(router->touched);
    buffer_done(&router->body);
    buffer_done(&router->key);
    free(router->rulebook_queues);
    free(router->speakers);
    census_done(&router->census);
    free(router->recorded_name);
    free(router->recorded_sha256);
    names_done(&router->names);
    free(router);
}

/* --- events and timers --- */

static bool is_about_an_agent(const struct aro_event *event)
{
    return event->type == ARO_AGENT_UPDATED || event->type == ARO_AGENT_STATUS ||
           event->type == ARO_AGENT_REMOVED;
}

void aro_router_apply(struct aro_router *router, struct aro_instant now,
                      const struct aro_event *event, const struct aro_source *source,
                      struct aro_effects *effects)
{
    struct turn turn;

    turn_begin(&turn, router, now, source, effects);
    if (is_about_an_agent(event))
        agent_event_apply(&turn, event);
    else
        appeal_event_apply(&turn, event);
    turn_settle(&turn);
    turn_end(&turn);
}

static struct aro_instant remembered_due(const struct aro_router *router)
{
    return aro_instant_add(timers_next_due(&router->remembered_timers),
                           aro_rulebook_dedupe_window(router->rulebook));
}

static struct aro_instant appeal_due(const struct aro_router *router)
{
    return router->reload.stage == RELOAD_LINE_UP ? ARO_INSTANT_NEVER
                                                  : timers_next_due(&router->appeal_timers);
}

static struct aro_instant subject_due(const struct aro_router *router)
{
    return aro_instant_add(timers_next_due(&router->subject_timers),
                           aro_rulebook_independence_window(router->rulebook));
}

static struct aro_instant shift_due(const struct aro_router *router)
{
    return timers_next_due(&router->shift_timers);
}

struct aro_instant aro_router_next_due(const struct aro_router *router)
{
    const struct aro_instant dues[] = { appeal_due(router), remembered_due(router),
                                        subject_due(router), shift_due(router) };
    struct aro_instant first = ARO_INSTANT_NEVER;

    for (size_t i = 0; i < sizeof dues / sizeof *dues; i++)
        first = dues[i].ms < first.ms ? dues[i] : first;
    return first;
}

static void forget_first_remembered(struct turn *turn)
{
    struct aro_router *router = turn->router;
    struct timer *timer = timers_first(&router->remembered_timers);
    struct remembered *remembered = (struct remembered *)(uintptr_t)timer_remembered(timer);

    turn_touch_remembered(turn, remembered);
    turn_write_tombstone(turn, remembered->id);
    timers_remove(&router->remembered_timers, timer);
    table_remove(&router->remembered, remembered->id);
    remembered_free(remembered);
}

/* Forgets whoever decided so long before @until on the subject that is due first. */
static void forget_first_deciders(struct turn *turn, struct aro_instant until)
{
    int64_t window = aro_rulebook_independence_window(turn->router->rulebook).ms;
    struct timer *timer = timers_first(&turn->router->subject_timers);

    subject_forget_due(turn, (struct subject *)(uintptr_t)timer_subject(timer),
                       (struct aro_instant){ until.ms - window });
}

bool aro_router_tick(struct aro_router *router, struct aro_instant now, struct aro_instant until,
                     unsigned limit, struct aro_effects *effects)
{
    static const struct aro_source source = { .kind = ARO_SOURCE_TIMER };
    struct turn turn;

    assert(until.ms <= now.ms);
    for (unsigned i = 0; i < limit && aro_router_next_due(router).ms <= until.ms; i++) {
        turn_begin(&turn, router, now, &source, effects);
        if (appeal_due(router).ms <= until.ms)
            appeal_timer_fire(
                &turn,
                (struct appeal *)(uintptr_t)timer_appeal(timers_first(&router->appeal_timers)),
                until);
        else if (shift_due(router).ms <= until.ms)
            shift_fire(&turn,
                       (struct agent *)(uintptr_t)timer_agent(timers_first(&router->shift_timers)),
                       until);
        else if (remembered_due(router).ms <= until.ms)
            forget_first_remembered(&turn);
        else
            forget_first_deciders(&turn, until);
        turn_settle(&turn);
        turn_end(&turn);
    }
    return aro_router_next_due(router).ms <= until.ms;
}

/* --- the ledger --- */

const char *aro_router_recorded_rulebook_sha256(const struct aro_router *router)
{
    return router->recorded_sha256;
}

const char *aro_router_recorded_rulebook_name(const struct aro_router *router)
{
    return router->recorded_name;
}

json_t *aro_router_counters_get(const struct aro_router *router)
{
    json_t *counters = json_pack("{s:I}", "arrival", (json_int_t)router->arrival_last);
    if (!counters)
        memory_exhausted();
    return counters;
}

int aro_router_counters_set(struct aro_router *router, const json_t *counters)
{
    const json_t *arrival = json_object_get(counters, "arrival");
    if (!json_is_integer(arrival) || json_integer_value(arrival) < 0)
        return -EINVAL;
    router->arrival_last = (uint64_t)json_integer_value(arrival);
    return 0;
}

/* What a queue learnt in the batch. */
static void seal_queue(struct turn *turn, const struct changed_queue *changed)
{
    struct queue *queue = queue_find(turn->router, changed->name);

    if (!queue || !queue->is_record_due)
        return;
    turn_set_source(turn, changed->source);
    turn_write_queue(turn, queue);
}

/* The record of an agent whose load or idle time changed; those removed are let go of only now, so
 * that one who comes back within the batch is still the one whose record was saved. */
static void seal_agent(struct turn *turn, const struct changed_agent *changed)
{
    struct agent *agent = changed->agent;

    if (agent_is_known(agent) && agent->is_record_due)
        turn_write_changed_agent(turn, changed);
    agent_forget_unknown(turn->router, agent);
}

/* Agents who changed early in the batch have left the caches since: by the time it is their turn
 * they are on their way back. */
enum { SEAL_AHEAD = 4 };

void aro_router_seal(struct aro_router *router, struct aro_effects *effects)
{
    struct turn turn = { .router = router, .effects = effects };

    for (size_t i = 0; i < effects->agents.count; i++) {
        if (i + SEAL_AHEAD < effects->agents.count)
            __builtin_prefetch(effects_agent_at(effects, i + SEAL_AHEAD)->agent);
        seal_agent(&turn, effects_agent_at(effects, i));
    }
    for (size_t i = 0; i < effects->queues.count; i++)
        seal_queue(&turn, effects_queue_at(effects, i));
    effects->is_sealed = true;
}

void aro_router_undo(struct aro_router *router, struct aro_effects *effects)
{
    struct buffer record = { 0 };
    struct aro_error error;

    for (size_t i = effects->saved.count; i-- > 0;) {
        struct saved_record saved =
            *(struct saved_record *)series_at(&effects->saved, i, sizeof saved);
        if (saved.appeal) {
            ledger_write_kept_appeal(saved.appeal, &record);
            saved.value = record.data;
            saved.value_length = record.length;
        }
        int r = aro_router_restore(router, saved.key, saved.value, saved.value_length, &error);
        assert(r == 0);
        (void)r;
    }
    buffer_done(&record);
    if (effects->batch > 0)
        router->arrival_last = effects->arrival_before;
}
