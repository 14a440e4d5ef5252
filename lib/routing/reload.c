#include "routing/reload.h"

#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/assignment.h"
#include "routing/events.h"
#include "routing/ladder.h"
#include "routing/ledger_record.h"
#include "routing/line.h"
#include "routing/reroute.h"
#include "routing/router_state.h"

#include "support/memory.h"
#include "support/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define KEY_RULEBOOK "rulebook"

/* What it costs to look whether somebody may take an appeal. */
enum { WORK_TRY = 4 };

static const char *const stage_names[RELOAD_STAGE_COUNT] = {
    [RELOAD_NONE] = "none",
    [RELOAD_LINE_UP] = "line_up",
    [RELOAD_OPEN] = "open",
};

const char *reload_stage_name(enum reload_stage stage)
{
    assert(stage < RELOAD_STAGE_COUNT);
    return stage_names[stage];
}

enum reload_stage reload_stage_find(const char *name)
{
    return (enum reload_stage)text_index(stage_names, RELOAD_STAGE_COUNT, name);
}

/* --- at once --- */

void router_use_rulebook(struct aro_router *router, const struct aro_rulebook *rulebook)
{
    router->rulebook = rulebook;
    names_drop(&router->names, router->rulebook_name);
    router->rulebook_name = names_hold(&router->names, aro_rulebook_name(rulebook));
    size_t queue_count = aro_rulebook_queue_count(rulebook);
    router->rulebook_queues =
        memory_resize(router->rulebook_queues, (queue_count + 1) * sizeof(struct queue *));
    for (size_t i = 0; i < queue_count; i++)
        router->rulebook_queues[i] = queue_get(router, aro_rulebook_queue_at(rulebook, i)->name);
}

static bool is_for_agents(const struct aro_queue_terms *terms)
{
    return terms && !terms->delivers_to_queue;
}

/* Does what waits in a queue have another place by its new terms? */
static bool is_to_line_up(const struct aro_queue_terms *old, const struct aro_queue_terms *new,
                          bool is_other_age_step)
{
    if (!is_for_agents(old))
        return true;
    return old->order != new->order || old->step_count > new->step_count ||
           queue_sets_overdue_apart(old) != queue_sets_overdue_apart(new) ||
           (new->order == ARO_ORDER_PRIORITY &&is_other_age_step);
}

static void set_shut(struct turn *turn, struct queue *queue, bool is_shut)
{
    if (queue->is_shut == is_shut)
        return;
    turn_touch_queue_record(turn, queue);
    queue->is_shut = is_shut;
}

static void set_terms(struct turn *turn, struct queue *queue, bool is_other_age_step)
{
    const struct aro_queue_terms *old = queue->terms;
    bool lines_up = false;

    queue->terms = aro_rulebook_find_queue(turn->router->rulebook, queue->name);
    turn_touch_queue(turn, queue); /* the board has new ones, and no longer those gone */
    if (is_for_agents(queue->terms) && queue->waiting > 0)
        lines_up = is_to_line_up(old, queue->terms, is_other_age_step);
    if (lines_up)
        lines_set_aside(queue);
    set_shut(turn, queue,
             lines_up || (queue->is_shut && is_for_agents(queue->terms) && queue->waiting > 0));
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(struct queue *const *)a)->name, (*(struct queue *const *)b)->name);
}

/* By name, so that what is written of them is in the same order after a fold. */
static struct gathered all_queues(const struct aro_router *router)
{
    struct gathered queues = { 0 };
    size_t position = 0;

    for (struct queue *queue; (queue = table_next(&router->queues, &position)) != NULL;)
        gathered_add(&queues, queue);
    gathered_sort(&queues, compare_names);
    return queues;
}

static const char *rulebook_record(struct turn *turn, size_t *ret_length)
{
    struct aro_router *router = turn->router;

    *ret_length = 0;
    if (!router->recorded_name)
        return NULL;
    ledger_write_rulebook(router, &router->body);
    *ret_length = router->body.length;
    return router->body.data;
}

static void touch(struct turn *turn)
{
    struct reload *reload = &turn->router->reload;
    size_t length;

    if (reload->touched_in == turn->effects->batch)
        return;
    reload->touched_in = turn->effects->batch;
    const char *record = rulebook_record(turn, &length);
    turn_save(turn, KEY_RULEBOOK, record, length);
}

static void write(struct turn *turn)
{
    size_t length;
    const char *record = rulebook_record(turn, &length);
    turn_write_ledger(turn, KEY_RULEBOOK, record, length);
}

static void record_rulebook(struct turn *turn)
{
    struct aro_router *router = turn->router;

    touch(turn);
    free(router->recorded_name);
    free(router->recorded_sha256);
    router->recorded_name = memory_copy_text(aro_rulebook_name(router->rulebook));
    router->recorded_sha256 = memory_copy_text(aro_rulebook_sha256(router->rulebook));
    router->reload.stage = router->appeals.count > 0 ? RELOAD_LINE_UP : RELOAD_NONE;
    router->reload.cursor = 0;
    router->reload.is_halfway = router->reload.stage == RELOAD_LINE_UP;
    write(turn);
}

/* What they have learnt goes with them. */
static void free_gone_queues(struct turn *turn)
{
    struct aro_router *router = turn->router;
    struct gathered queues = all_queues(router);

    for (size_t i = 0; i < queues.count; i++) {
        struct queue *queue = queues.items[i];
        if (queue->terms || queue->waiting + queue->held + queue->given_out > 0)
            continue;
        if (queue_has_record(queue)) {
            turn_touch_queue_record(turn, queue);
            queue_forget(queue);
            turn_write_queue(turn, queue);
        }
        if (TAILQ_EMPTY(&queue->classes)) {
            table_remove(&router->queues, queue->name);
            queue_free(router, queue);
        }
    }
    free(queues.items);
}

void aro_router_set_rulebook(struct aro_router *router, struct aro_instant now,
                             const struct aro_rulebook *rulebook, const struct aro_source *source,
                             struct aro_effects *effects)
{
    bool is_other_age_step =
        aro_rulebook_age_step(router->rulebook).ms != aro_rulebook_age_step(rulebook).ms;
    int64_t all = INT64_MAX;
    struct turn turn;

    turn_begin(&turn, router, now, source, effects);
    appeal_classes_relink(router);
    arrangement_go_on(router, rulebook, &all); /* what aro_router_prepare() has left */
    router_use_rulebook(router, rulebook);
    arrangement_follow_rulebook(router);
    struct gathered queues = all_queues(router);
    for (size_t i = 0; i < queues.count; i++)
        set_terms(&turn, queues.items[i], is_other_age_step);
    free(queues.items);
    record_rulebook(&turn);
    markets_follow_rulebook(&turn);
    turn_settle(&turn);
    turn_end(&turn);
    if (router->reload.stage == RELOAD_NONE)
        free_gone_queues(&turn);
}

/* --- some at a time --- */

/* What a visit costs depends on nothing that a fold would not bring back. */
static int64_t line_up(struct turn *turn, struct appeal *appeal)
{
    const struct queue *queue = appeal->class->queue;
    bool is_misplaced = appeal->is_in_line && !is_for_agents(queue->terms);
    bool is_lined_up = appeal->is_in_line && !is_misplaced && queue->is_shut;

    if (is_misplaced) {
        turn_touch_appeal(turn, appeal);
        line_remove(appeal);
        appeal_enter(turn, appeal);
    } else if (is_lined_up) {
        line_remove(appeal);
        ladder_lower(turn, appeal);
        appeal_class_link(turn->router, appeal->class); /* it may be another class now */
        line_add(turn->router, appeal);
    }
    appeal_timer_set(turn->router, appeal);
    return is_misplaced || is_lined_up ? WORK_CHANGE : WORK_LOOK;
}

static int64_t open(struct turn *turn, struct appeal *appeal)
{
    size_t before = aro_effects_record_count(turn->effects);

    if (!appeal->is_in_line || appeal_class_is_shut(appeal->class))
        return WORK_LOOK;
    appeal_serve(turn, appeal);
    size_t told = aro_effects_record_count(turn->effects) - before;
    return told ? WORK_CHANGE * (int64_t)told : WORK_TRY;
}

/* Gives whether it came to the end. */
static bool visit_appeals(struct turn *turn, int64_t *budget)
{
    struct aro_router *router = turn->router;
    struct reload *reload = &router->reload;

    while (*budget > 0) {
        struct appeal *appeal = number_tree_first(&router->by_arrival, reload->cursor + 1);
        if (!appeal)
            return true;
        reload->cursor = appeal->arrival;
        *budget -= reload->stage == RELOAD_LINE_UP ? line_up(turn, appeal) : open(turn, appeal);
    }
    return false;
}

static void open_queues(struct turn *turn)
{
    struct gathered queues = all_queues(turn->router);

    for (size_t i = 0; i < queues.count; i++) {
        set_shut(turn, queues.items[i], false);
        lines_drop_old(queues.items[i]);
    }
    free(queues.items);
    turn->router->reload.is_halfway = false;
}

static void end_stage(struct turn *turn)
{
    struct reload *reload = &turn->router->reload;

    if (reload->stage == RELOAD_LINE_UP)
        open_queues(turn);
    else
        free_gone_queues(turn);
    reload->stage = reload->stage == RELOAD_LINE_UP ? RELOAD_OPEN : RELOAD_NONE;
    reload->cursor = 0;
}

static void work_on_stage(struct aro_router *router, struct aro_instant now, int64_t *budget,
                          struct aro_effects *effects)
{
    struct turn turn;

    turn_begin_control(&turn, router, now, effects);
    touch(&turn);
    bool is_over = visit_appeals(&turn, budget);
    turn_settle(&turn);
    if (is_over)
        end_stage(&turn);
    write(&turn);
    turn_end(&turn);
}

void reload_work(struct aro_router *router, struct aro_instant now, int64_t *budget,
                 struct aro_effects *effects)
{
    while (*budget > 0 && router->reload.stage != RELOAD_NONE)
        work_on_stage(router, now, budget, effects);
}

/* --- cut short --- */

void reload_restore(struct aro_router *router, enum reload_stage stage, uint64_t cursor)
{
    router->reload.stage = stage;
    router->reload.cursor = cursor;
    if (!router->reload.is_halfway || router->reload.is_cut_short)
        return;
    router->reload.is_cut_short = true;
    router->reload.mended = 0;
}

/* Gives whether there are more. */
static bool mend_appeals(struct aro_router *router, int64_t *budget)
{
    uint64_t *mended = &router->reload.mended;

    for (struct appeal *appeal;
         (appeal = number_tree_first(&router->by_arrival, *mended + 1)) != NULL; (*budget)--) {
        if (*budget <= 0)
            return true;
        *mended = appeal->arrival;
        line_put_back(router, appeal);
        appeal_timer_set(router, appeal);
    }
    return false;
}

bool reload_mend(struct aro_router *router, int64_t *budget)
{
    size_t position = 0;

    if (!router->reload.is_cut_short)
        return false;
    if (mend_appeals(router, budget))
        return true;
    for (struct queue *queue; (queue = table_next(&router->queues, &position)) != NULL;)
        lines_drop_old(queue);
    router->reload.is_halfway = router->reload.is_cut_short = false;
    return false;
}

void reload_mend_all(struct aro_router *router)
{
    int64_t all = INT64_MAX;
    reload_mend(router, &all);
}

/* --- what nobody notices --- */

bool aro_router_prepare(struct aro_router *router, const struct aro_rulebook *next, unsigned limit)
{
    int64_t budget = limit;

    return reload_mend(router, &budget) || appeal_classes_link_due(router, &budget) ||
           arrangement_go_on(router, next, &budget);
}
