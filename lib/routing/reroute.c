#include "routing/reroute.h"

#include "routing/appeal_class.h"
#include "routing/assignment.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void tally_done(struct reroute_tally *tally)
{
    for (size_t i = 0; i < tally->count; i++) {
        free((char *)(uintptr_t)tally->moves[i].from);
        free((char *)(uintptr_t)tally->moves[i].to);
    }
    free(tally->moves);
    *tally = (struct reroute_tally){ 0 };
}

/* Queues come and go with rulebooks while this lasts, so it has names of its own. */
static void tally_add(struct reroute_tally *tally, const char *from, const char *to)
{
    for (size_t i = 0; i < tally->count; i++) {
        struct aro_reroute_move *move = &tally->moves[i];
        if (strcmp(move->from, from) == 0 && strcmp(move->to, to) == 0) {
            move->count++;
            return;
        }
    }
    tally->moves = memory_reach(tally->moves, tally->count, &tally->size, sizeof *tally->moves);
    tally->moves[tally->count++] = (struct aro_reroute_move){ .from = memory_copy_text(from),
                                                              .to = memory_copy_text(to),
                                                              .count = 1 };
}

static int compare_moves(const void *a, const void *b)
{
    const struct aro_reroute_move *x = a, *y = b;
    int order = strcmp(x->from, y->from);
    return order ? order : strcmp(x->to, y->to);
}

static void tally_each(struct reroute_tally *tally,
                       void (*visit)(const struct aro_reroute_move *move, void *context),
                       void *context)
{
    if (tally->count)
        qsort(tally->moves, tally->count, sizeof *tally->moves, compare_moves);
    for (size_t i = 0; i < tally->count; i++)
        visit(&tally->moves[i], context);
}

void reroute_done(struct reroute *reroute)
{
    free(reroute->market);
    free(reroute->queue);
    tally_done(&reroute->tally);
    *reroute = (struct reroute){ 0 };
}

void reroute_restore(struct reroute *reroute, bool is_under_way, const char *market,
                     const char *queue, uint64_t cursor)
{
    char *own_market = memory_copy_text(market), *own_queue = memory_copy_text(queue);

    free(reroute->market);
    free(reroute->queue);
    reroute->is_under_way = is_under_way;
    reroute->market = own_market;
    reroute->queue = own_queue;
    reroute->cursor = cursor;
}

/* Is @appeal one that is asked for, and waits? */
static bool is_meant(const struct reroute *reroute, const struct appeal *appeal)
{
    const struct appeal_class *class = appeal->class;
    return appeal->state == APPEAL_WAITING &&
           (!reroute->market || strcmp(reroute->market, class->market) == 0) &&
           (!reroute->queue || strcmp(reroute->queue, class->queue->name) == 0);
}

/* The next appeal, which costs @budget; NULL where there is none, or no budget. */
static struct appeal *next_appeal(const struct aro_router *router, struct reroute *reroute,
                                  int64_t *budget)
{
    for (struct appeal *appeal; *budget > 0;) {
        appeal = number_tree_first(&router->by_arrival, reroute->cursor + 1);
        if (!appeal) {
            reroute->is_under_way = false;
            return NULL;
        }
        reroute->cursor = appeal->arrival;
        bool is_one = is_meant(reroute, appeal);
        *budget -= is_one ? WORK_CHANGE : WORK_LOOK;
        if (is_one)
            return appeal;
    }
    return NULL;
}

/* --- for real --- */

static void reroute_appeal(struct turn *turn, struct appeal *appeal)
{
    struct aro_router *router = turn->router;
    struct routing routing;

    route_look(router, appeal, &routing);
    tally_add(&router->reroute.tally, appeal->class->queue->name, routing.queue->name);
    if (routing_is_of(router, &routing, appeal))
        return;
    appeal_reroute(turn, appeal, NULL, "control");
    appeal_enter(turn, appeal);
}

void reroute_work(struct aro_router *router, struct aro_instant now, int64_t *budget,
                  struct aro_effects *effects)
{
    struct turn turn;

    turn_begin_control(&turn, router, now, effects);
    turn_touch_reroute(&turn);
    for (struct appeal *appeal; (appeal = next_appeal(router, &router->reroute, budget)) != NULL;)
        reroute_appeal(&turn, appeal);
    turn_settle(&turn);
    turn_write_reroute(&turn);
    turn_end(&turn);
}

bool aro_router_reroute(struct aro_router *router, struct aro_instant now,
                        const struct aro_reroute_filter *filter, struct aro_effects *effects)
{
    struct turn turn;

    if (router->reroute.is_under_way)
        return false;
    turn_begin_control(&turn, router, now, effects);
    turn_touch_reroute(&turn);
    tally_done(&router->reroute.tally);
    reroute_restore(&router->reroute, true, filter->market, filter->queue, 0);
    turn_write_reroute(&turn);
    turn_settle(&turn);
    turn_end(&turn);
    return true;
}

bool aro_router_is_rerouting(const struct aro_router *router)
{
    return router->reroute.is_under_way;
}

void aro_router_each_rerouted(struct aro_router *router,
                              void (*visit)(const struct aro_reroute_move *move, void *context),
                              void *context)
{
    tally_each(&router->reroute.tally, visit, context);
}

/* --- on paper --- */

struct aro_reroute_preview {
    struct reroute reroute;
};

int aro_reroute_preview_new(const struct aro_reroute_filter *filter,
                            struct aro_reroute_preview **ret)
{
    struct aro_reroute_preview *preview = calloc(1, sizeof *preview);
    if (!preview)
        return -ENOMEM;
    reroute_restore(&preview->reroute, true, filter->market, filter->queue, 0);
    *ret = preview;
    return 0;
}

void aro_reroute_preview_free(struct aro_reroute_preview *preview)
{
    if (preview)
        reroute_done(&preview->reroute);
    free(preview);
}

bool aro_reroute_preview_go_on(struct aro_reroute_preview *preview, const struct aro_router *router,
                               unsigned limit)
{
    struct reroute *reroute = &preview->reroute;
    int64_t budget = (int64_t)limit * WORK_CHANGE;
    struct routing routing;

    for (struct appeal *appeal; (appeal = next_appeal(router, reroute, &budget)) != NULL;) {
        route_look(router, appeal, &routing);
        tally_add(&reroute->tally, appeal->class->queue->name, routing.queue->name);
    }
    return reroute->is_under_way;
}

void aro_reroute_preview_each(struct aro_reroute_preview *preview,
                              void (*visit)(const struct aro_reroute_move *move, void *context),
                              void *context)
{
    tally_each(&preview->reroute.tally, visit, context);
}
