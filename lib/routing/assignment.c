#include "routing/assignment.h"

#include "routing/agent_choice.h"
#include "routing/agent_class.h"
#include "routing/agent_work.h"
#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/appeal_past.h"
#include "routing/ladder.h"
#include "routing/market.h"
#include "routing/merging.h"
#include "routing/past.h"
#include "routing/route.h"
#include "routing/router_state.h"

#include "support/cleanup.h"
#include "support/text.h"
#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- structures --- */

static void agent_take(struct aro_router *router, struct agent *agent, struct appeal *appeal)
{
    agent_lift(agent);
    LIST_INSERT_HEAD(&agent->appeals, appeal, held->of_agent);
    agent->used += appeal->effort;
    agent->open++;
    agent_put(router, agent);
}

static void agent_give_back(struct aro_router *router, struct agent *agent, struct appeal *appeal)
{
    agent_lift(agent);
    LIST_REMOVE(appeal, held->of_agent);
    agent->used -= appeal->effort;
    agent->open--;
    agent_put(router, agent);
}

void appeal_register(struct aro_router *router, struct appeal *appeal)
{
    table_add(&router->appeals, appeal);
    number_tree_add(&router->by_arrival, appeal->arrival, appeal);
}

void appeal_unregister(struct aro_router *router, struct appeal *appeal)
{
    table_remove(&router->appeals, appeal->id);
    number_tree_remove(&router->by_arrival, appeal->arrival);
}

void appeal_attach(struct aro_router *router, struct appeal *appeal)
{
    queue_count_in(router, appeal);
    if (appeal_has_agent(appeal))
        agent_take(router, appeal->held->agent, appeal);
}

/* Out of counts and line, for a change after which queue_count_in() is called. */
static void appeal_lift(struct aro_router *router, struct appeal *appeal)
{
    queue_count_out(router, appeal);
    if (appeal->is_in_line)
        line_remove(appeal);
}

void appeal_detach(struct aro_router *router, struct appeal *appeal)
{
    appeal_lift(router, appeal);
    if (appeal_has_agent(appeal))
        agent_give_back(router, appeal->held->agent, appeal);
    if (appeal_is_given_out(appeal)) {
        names_drop(&router->names, appeal->held->topic);
        free(appeal->held->why);
        free(TAKE(appeal->held));
    }
}

void appeal_free(struct aro_router *router, struct appeal *appeal)
{
    timers_remove(&router->appeal_timers, &appeal->timer);
    if (appeal->class)
        appeal_leave_class(router, appeal);
    subject_remove_appeal(router, appeal);
    names_drop_number(&router->names, appeal->rule);
    names_drop_number(&router->names, appeal->rulebook);
    names_drop_number(&router->names, appeal->reason);
    names_drop_number(&router->names, appeal->source_topic);
    free(appeal->details);
    free(appeal);
}

/* Which states follow which. Closing is not among them: it ends the appeal. */
#define TO(state) (1u << (state))
static const unsigned next_states[APPEAL_STATE_COUNT] = {
    [APPEAL_WAITING] =
        TO(APPEAL_WAITING) | TO(APPEAL_OFFERED) | TO(APPEAL_ASSIGNED) | TO(APPEAL_DELIVERED),
    [APPEAL_OFFERED] = TO(APPEAL_WAITING) | TO(APPEAL_ASSIGNED),
    [APPEAL_ASSIGNED] = TO(APPEAL_WAITING),
    [APPEAL_DELIVERED] = TO(APPEAL_WAITING),
};

/* In the same queue another rule or rulebook holds from here on. */
static void note_rule(struct turn *turn, struct appeal *appeal)
{
    const struct names *names = &turn->router->names;

    appeal_note(turn, appeal,
                (struct past_move){ .kind = PAST_RULED,
                                    .rule = names_text(names, appeal->rule),
                                    .rulebook = names_text(names, appeal->rulebook) });
}

/* Who gets it is chosen by the rulebook in force. */
static void follow_rulebook(struct turn *turn, struct appeal *appeal)
{
    struct aro_router *router = turn->router;

    if (text_equals(names_text(&router->names, appeal->rulebook), router->rulebook_name))
        return;
    appeal_past_keep_route(turn, appeal);
    names_set_number(&router->names, &appeal->rulebook, router->rulebook_name);
    note_rule(turn, appeal);
}

/* The only place where an appeal changes state, so that no line, agent or count can disagree with
 * it. @agent: whose it becomes; NULL for those states that have nobody. */
static void appeal_move(struct turn *turn, struct appeal *appeal, enum appeal_state next,
                        struct agent *agent, const struct aro_language *language)
{
    struct aro_router *router = turn->router;
    const struct queue *queue = appeal->class->queue;

    assert(next_states[appeal->state] & TO(next));
    turn_touch_queue(turn, appeal->class->queue);
    appeal_past_begin(turn, appeal);
    if (appeal->state == APPEAL_OFFERED && next == APPEAL_ASSIGNED) {
        queue_count_out(router, appeal); /* the same agent, the same epoch */
        appeal->state = (uint8_t)next;
        appeal->held->assigned_at = turn->now;
        queue_count_in(router, appeal);
        return;
    }
    appeal_detach(router, appeal);
    appeal->state = (uint8_t)next;
    if (appeal_is_given_out(appeal)) {
        appeal->is_announced = false;
        appeal->held = memory_new(sizeof *appeal->held);
        appeal->held->agent = agent;
        appeal->held->language = language;
        appeal->held->topic = names_hold(&router->names, queue->terms->topic);
        appeal->epoch++;
        appeal_set_retry_at(appeal, ARO_INSTANT_NEVER);
        follow_rulebook(turn, appeal);
    }
    if (next == APPEAL_ASSIGNED)
        appeal->held->assigned_at = turn->now;
    appeal->is_given_overdue = appeal->is_overdue && agent;
    appeal_attach(router, appeal);
}

/* --- moves --- */

void agent_note_hungry(struct turn *turn, struct agent *agent)
{
    if (agent->is_hungry)
        return;
    agent->is_hungry = true;
    gathered_add(&turn->router->hungry, agent);
}

void appeal_enter(struct turn *turn, struct appeal *appeal)
{
    assert(appeal->state == APPEAL_WAITING && !appeal->is_in_line);
    gathered_add(&turn->router->entered, appeal);
}

void appeal_take_back(struct turn *turn, struct appeal *appeal)
{
    struct agent *agent = appeal_agent(appeal);

    turn_touch_appeal(turn, appeal);
    if (agent) {
        turn_touch_agent(turn, agent);
        agent_note_hungry(turn, agent);
    }
    appeal_move(turn, appeal, APPEAL_WAITING, NULL, NULL);
    appeal_enter(turn, appeal);
}

/* Lifts them for what comes next, which puts them back: once is enough for both. */
static void agent_end_idleness(struct turn *turn, struct agent *agent)
{
    agent_lift(agent);
    agent->idle_since = turn->now;
}

/* Its next in turn is who comes behind @agent; only queues that take turns keep a record of it. */
static void queue_serve(struct turn *turn, struct queue *queue, const struct agent *agent)
{
    if (agent_order_of(queue->terms) < AGENT_ORDER_TURN)
        return;
    turn_touch_queue_record(turn, queue);
    queue_set_served_last(queue, agent->id);
}

static void appeal_offer(struct turn *turn, struct appeal *appeal, const struct choice *choice,
                         const struct aro_offer_terms *terms)
{
    appeal_move(turn, appeal, APPEAL_OFFERED, choice->agent, choice->language);
    appeal->held->offer_expires_at = aro_instant_add(turn->now, terms->expires);
    appeal->held->why = why_format(appeal, &choice->why);
    announce_offered(turn, appeal, &choice->why);
}

static void appeal_give(struct turn *turn, struct appeal *appeal, const struct choice *choice)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;

    turn_touch_appeal(turn, appeal);
    turn_touch_agent(turn, choice->agent);
    queue_serve(turn, appeal->class->queue, choice->agent);
    if (terms->makes_offers) {
        appeal_offer(turn, appeal, choice, &terms->offer);
        return;
    }
    agent_end_idleness(turn, choice->agent);
    appeal_move(turn, appeal, APPEAL_ASSIGNED, choice->agent, choice->language);
    announce_created(turn, appeal, &choice->why);
}

void appeal_revoke(struct turn *turn, struct appeal *appeal, const char *reason)
{
    turn_touch_appeal(turn, appeal);
    announce_revoked(turn, appeal, reason);
    appeal_take_back(turn, appeal);
}

void appeal_accept(struct turn *turn, struct appeal *appeal)
{
    struct agent *agent = appeal->held->agent;

    turn_touch_appeal(turn, appeal);
    turn_touch_agent(turn, agent);
    agent->misses = 0;
    agent_end_idleness(turn, agent);
    agent_put(turn->router, agent);
    appeal_move(turn, appeal, APPEAL_ASSIGNED, agent, appeal->held->language);
    announce_accepted(turn, appeal);
    free(TAKE(appeal->held->why));
}

static void appeal_deliver(struct turn *turn, struct appeal *appeal)
{
    const struct why nobody_chosen = { .step = appeal->class->step };

    turn_touch_appeal(turn, appeal);
    appeal_move(turn, appeal, APPEAL_DELIVERED, NULL, appeal->class->languages[0]);
    announce_created(turn, appeal, &nobody_chosen);
}

/* @closed is the appeal or appellant of that @id, touched in this batch. Takes @details, for their
 * past. */
static void remember(struct turn *turn, const void *closed, const char *id, uint32_t epoch,
                     struct details *details, const struct aro_event *decision)
{
    struct remembered *remembered = remembered_new(id);

    remembered->epoch = epoch;
    remembered->touched_in = turn->effects->batch;
    remembered->details = details_drop_items(details);
    past_trim(&remembered->details, PAST_CLOSED_MOVES_MAX);
    remembered->is_withdrawn = !decision;
    remembered->outcome = decision ? (uint8_t)decision->outcome : 0;
    table_add(&turn->router->remembered, remembered);
    timers_set(&turn->router->remembered_timers, &remembered->timer, turn->now);
    turn_note_remembered(turn, closed, remembered);
}

/* The working hours of the appeal's market; NULL: always. */
static const struct aro_calendar *calendar_of(const struct aro_router *router,
                                              const struct appeal *appeal)
{
    const struct aro_market_terms *market =
        aro_rulebook_find_market(router->rulebook, appeal->class->market);
    return market ? market->calendar : NULL;
}

/* From the assignment to the decision, in the market's working hours. */
static void learn_handling(struct turn *turn, const struct appeal *appeal)
{
    struct queue *queue = appeal->class->queue;

    if (appeal->state != APPEAL_ASSIGNED || aro_instant_is_never(appeal->held->assigned_at))
        return;
    turn_touch_queue_record(turn, queue);
    handling_add(&queue->handling, aro_calendar_between(calendar_of(turn->router, appeal),
                                                        appeal->held->assigned_at, turn->now));
}

void remember_appellant(struct turn *turn, struct appellant *appellant, uint32_t epoch,
                        const struct aro_event *decision)
{
    remember(turn, appellant, appellant->id, epoch, TAKE(appellant->trace), decision);
    appellant_remove(turn->router, appellant);
}

static void close_appellants(struct turn *turn, const struct appeal *lead,
                             const struct aro_event *decision)
{
    for (struct review *review; (review = review_find(turn->router, lead->id)) != NULL;) {
        struct appellant *appellant = TAILQ_FIRST(&review->appellants);
        turn_touch_appellant(turn, appellant);
        announce_appellant_closed(turn, appellant, lead, decision);
        remember_appellant(turn, appellant, lead->epoch, decision);
    }
}

void appeal_close(struct turn *turn, struct appeal *appeal, const struct aro_event *decision)
{
    struct aro_router *router = turn->router;
    struct agent *agent = appeal_agent(appeal);

    turn_touch_appeal(turn, appeal);
    turn_touch_queue(turn, appeal->class->queue);
    appeal_past_keep_route(turn, appeal);
    if (!appeal->has_withdrawn)
        announce_closed(turn, appeal, decision);
    close_appellants(turn, appeal, decision);
    if (agent) {
        turn_touch_agent(turn, agent);
        agent_note_hungry(turn, agent);
    }
    if (decision) {
        learn_handling(turn, appeal);
        subject_note_decision(turn, appeal, decision);
    }
    if (agent && decision)
        agent_end_idleness(turn, agent);
    appeal_detach(router, appeal);
    appeal_unregister(router, appeal);
    remember(turn, appeal, appeal->id, appeal->epoch, TAKE(appeal->details),
             appeal->has_withdrawn ? NULL : decision);
    appeal_free(router, appeal);
}

void appeal_withdraw(struct turn *turn, struct appeal *appeal)
{
    turn_touch_appeal(turn, appeal);
    if (appeal_is_given_out(appeal))
        announce_revoked(turn, appeal, "withdrawn");
    appeal_close(turn, appeal, NULL);
}

/* Sets what holds @appeal. Its clock runs while nothing does. */
static void set_holds(struct turn *turn, struct appeal *appeal, bool is_on_hold,
                      bool is_market_paused)
{
    bool was_stopped = appeal_is_stopped(appeal);

    turn_touch_appeal(turn, appeal);
    turn_touch_queue(turn, appeal->class->queue);
    appeal_past_begin(turn, appeal);
    appeal_lift(turn->router, appeal);
    appeal->is_on_hold = is_on_hold;
    appeal->is_market_paused = is_market_paused;
    queue_count_in(turn->router, appeal);
    if (appeal->state == APPEAL_ASSIGNED)
        appeal->held->assigned_at = ARO_INSTANT_NEVER; /* no measure of the work any more */
    appeal_set_clock(appeal, turn->now, was_stopped);
}

/* As set_holds(), and tells; @reason is what comes or goes. */
static void change_holds(struct turn *turn, struct appeal *appeal, bool is_on_hold,
                         bool is_market_paused, const char *reason)
{
    set_holds(turn, appeal, is_on_hold, is_market_paused);
    if (appeal->state != APPEAL_WAITING)
        return;
    if (appeal->is_held_announced && !appeal_is_held(appeal)) {
        appeal->is_held_announced = false;
        announce_resumed(turn, appeal, reason);
    }
    appeal_enter(turn, appeal);
}

void appeal_set_hold(struct turn *turn, struct appeal *appeal, bool is_on_hold)
{
    if (appeal->is_on_hold != is_on_hold)
        change_holds(turn, appeal, is_on_hold, appeal->is_market_paused, "on_hold");
}

void appeal_set_market_paused(struct turn *turn, struct appeal *appeal, bool is_market_paused)
{
    assert(appeal->is_market_paused != is_market_paused);
    change_holds(turn, appeal, appeal->is_on_hold, is_market_paused, "market_paused");
}

void appeal_reroute(struct turn *turn, struct appeal *appeal, const struct language_list *languages,
                    const char *reason)
{
    struct queue *from = appeal->class->queue;

    turn_touch_appeal(turn, appeal);
    turn_touch_queue(turn, from);
    appeal_past_keep_route(turn, appeal);
    appeal_lift(turn->router, appeal);
    struct names *names = &turn->router->names;
    name_number rule = names_hold_number(names, names_text(names, appeal->rule));
    route_stored(turn->router, appeal, languages);
    queue_count_in(turn->router, appeal);
    if (appeal->deadline.ms > turn->now.ms)
        appeal->is_overdue = false; /* and will be once more when that has passed */
    bool is_other_rule = rule != appeal->rule;
    names_drop_number(names, rule);
    if (appeal->class->queue == from) {
        if (is_other_rule)
            note_rule(turn, appeal);
        return;
    }
    turn_touch_queue(turn, appeal->class->queue);
    appeal->is_announced = false;
    announce_rerouted(turn, appeal, from->name, reason);
}

/* --- settling --- */

static void settle_agent(struct turn *turn, struct agent *agent)
{
    struct choice choice;
    for (struct appeal *appeal;
         (appeal = agent_find_work(turn->router, agent, turn->now)) != NULL;) {
        choice_make(turn->router, appeal, &choice);
        assert(choice.agent);
        appeal_give(turn, appeal, &choice);
    }
}

/* Once, when it first comes to wait in a queue in order of slack. */
static void set_latest_start(struct turn *turn, struct appeal *appeal)
{
    const struct queue *queue = appeal->class->queue;
    const struct aro_queue_terms *terms = queue->terms;

    if (!terms || terms->order != ARO_ORDER_SLACK || appeal_is_stopped(appeal) ||
        !aro_instant_is_never(appeal->latest_start))
        return;
    struct aro_span expected = handling_expected(&queue->handling);
    if (expected.ms < 1) /* so that a deadline at night counts as the evening before */
        expected.ms = 1;
    turn_touch_appeal(turn, appeal);
    appeal->latest_start =
        aro_calendar_subtract(calendar_of(turn->router, appeal), appeal->deadline, expected);
}

/* In line it lies already; see appeal_serve(). */
static void serve(struct turn *turn, struct appeal *appeal)
{
    struct choice choice;

    while (appeal->is_in_line) {
        choice_make(turn->router, appeal, &choice);
        if (!choice.agent)
            return;
        settle_agent(turn, choice.agent);
    }
}

/* The job that holds a whole market may not have come to it yet. */
static void follow_market(struct turn *turn, struct appeal *appeal)
{
    assert(appeal->state == APPEAL_WAITING && !appeal->is_in_line);
    if (!appeal->is_market_paused && market_is_paused(appeal->class->market_state))
        set_holds(turn, appeal, appeal->is_on_hold, true);
}

/* It is held, and says so once. */
static bool settle_held(struct turn *turn, struct appeal *appeal)
{
    if (!appeal_is_held(appeal))
        return false;
    if (!appeal->is_held_announced) {
        appeal->is_held_announced = true;
        announce_held(turn, appeal);
    }
    return true;
}

/* One that whoever is free may take: directly, or, while there are others who wait for the same
 * people, by its place in line. */
static void settle_free(struct turn *turn, struct appeal *appeal)
{
    bool is_shut = appeal_class_is_shut(appeal->class);
    struct choice choice;

    choice_make(turn->router, appeal, &choice);
    if (choice.agent && !is_shut && !router_is_opening(turn->router)) {
        appeal_give(turn, appeal, &choice);
        return;
    }
    line_add(turn->router, appeal);
    if (choice.agent && !is_shut)
        serve(turn, appeal);
}

/* A synthetic appeal that a later rulebook sends where people would meet it. It waits, in no line,
 * until whoever sent it takes it back. */
static bool is_astray(const struct appeal *appeal)
{
    return appeal_is_synthetic(appeal) && !aro_queue_takes_synthetic(appeal->class->queue->terms);
}

/* One that waits and lies in no line: given out, held, or put in line. */
static void settle_appeal(struct turn *turn, struct appeal *appeal)
{
    if (appeal->state != APPEAL_WAITING || appeal->is_in_line)
        return; /* entered twice, and settled already */
    if (settle_held(turn, appeal))
        return;
    if (!appeal->class->queue->terms)
        appeal_reroute(turn, appeal, NULL, "queue_gone");
    if (is_astray(appeal))
        return;
    set_latest_start(turn, appeal);
    if (appeal->class->queue->terms->delivers_to_queue) {
        appeal_deliver(turn, appeal);
        return;
    }
    ladder_climb(turn, appeal);
    settle_free(turn, appeal);
}

static int compare_queues_and_places(const void *a, const void *b, void *context)
{
    const struct appeal *x = *(struct appeal *const *)a, *y = *(struct appeal *const *)b;
    const struct turn *turn = context;
    int order = strcmp(x->class->queue->name, y->class->queue->name);
    return order ? order : appeal_compare_place(x, y, turn->router, turn->now);
}

/* Takes the most urgent of @heads, each the first of a queue, and moves that head on. */
static struct appeal *take_most_urgent(struct turn *turn, struct gathered *heads,
                                       struct appeal **end)
{
    struct appeal *best = NULL;
    size_t at = 0;

    for (size_t i = 0; i < heads->count; i++) {
        struct appeal *head = *(struct appeal **)heads->items[i];
        if (!best || appeal_compare_urgency(head, best, turn->router, turn->now) < 0) {
            best = head;
            at = i;
        }
    }
    struct appeal **next = (struct appeal **)heads->items[at] + 1;
    if (next < end && (*next)->class->queue == best->class->queue)
        heads->items[at] = next;
    else
        heads->items[at] = heads->items[--heads->count];
    return best;
}

/* Those that enter at once are served as one who frees up would take them: of each queue the first
 * in its order, of these the most urgent. */
static void order_entered(struct turn *turn, struct gathered *entered)
{
    struct gathered sorted = { 0 }, heads = { 0 };

    if (entered->count < 2)
        return;
    for (size_t i = 0; i < entered->count; i++) {
        set_latest_start(turn, entered->items[i]);
        line_find_place(turn->router, entered->items[i]);
        gathered_add(&sorted, entered->items[i]);
    }
    qsort_r(sorted.items, sorted.count, sizeof(void *), compare_queues_and_places, turn);
    struct appeal **appeals = (struct appeal **)sorted.items;
    for (size_t i = 0; i < sorted.count; i++) {
        if (i == 0 || appeals[i]->class->queue != appeals[i - 1]->class->queue)
            gathered_add(&heads, &appeals[i]);
    }
    for (size_t i = 0; i < entered->count; i++)
        entered->items[i] = take_most_urgent(turn, &heads, appeals + sorted.count);
    free(heads.items);
    free(sorted.items);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp((*(struct agent *const *)a)->id, (*(struct agent *const *)b)->id);
}

static void announce_entered(struct turn *turn, struct appeal *appeal)
{
    struct why why;
    if (!appeal->is_in_line || appeal->is_announced)
        return;
    if (appeal_class_is_shut(appeal->class))
        return; /* it may yet be given out, when all that were held are in line */
    turn_touch_appeal(turn, appeal);
    choice_count_of_waiting(turn->router, appeal, &why);
    announce_waiting(turn, appeal, &why);
    appeal->is_announced = true;
}

void appeal_serve(struct turn *turn, struct appeal *appeal)
{
    serve(turn, appeal);
    announce_entered(turn, appeal);
}

/* An overdue one beyond its queue's share comes after all that are in time. */
static bool comes_last(const struct appeal *appeal)
{
    const struct queue *queue = appeal->class->queue;

    return appeal->state == APPEAL_WAITING && !appeal->is_in_line && !appeal_is_held(appeal) &&
           appeal->is_overdue && queue->terms && !queue->terms->delivers_to_queue &&
           queue_sets_overdue_apart(queue->terms) &&
           !queue_has_overdue_share(queue, appeal->effort);
}

void turn_settle(struct turn *turn)
{
    struct gathered *entered = &turn->router->entered, *hungry = &turn->router->hungry;
    struct gathered last = { 0 };

    for (size_t i = 0; i < entered->count; i++)
        follow_market(turn, entered->items[i]);
    order_entered(turn, entered);
    if (hungry->count > 1)
        qsort(hungry->items, hungry->count, sizeof(void *), compare_ids);
    for (size_t i = 0; i < entered->count; i++) {
        if (comes_last(entered->items[i]))
            gathered_add(&last, entered->items[i]);
        else
            settle_appeal(turn, entered->items[i]);
    }
    for (size_t i = 0; i < hungry->count; i++) {
        struct agent *agent = hungry->items[i];
        agent->is_hungry = false;
        settle_agent(turn, agent);
    }
    for (size_t i = 0; i < last.count; i++)
        settle_appeal(turn, last.items[i]);
    free(last.items);
    for (size_t i = 0; i < entered->count; i++)
        announce_entered(turn, entered->items[i]);
}
