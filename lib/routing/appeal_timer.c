/* What time alone does to an appeal. It has one timer, set for whatever comes first; when it fires,
 * each row is asked whether its time has come. */
#include "routing/agent_class.h"
#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/appeal_past.h"
#include "routing/assignment.h"
#include "routing/events.h"
#include "routing/ladder.h"
#include "routing/router_state.h"

typedef struct aro_instant due_time(const struct appeal *appeal);
typedef void on_due(struct turn *turn, struct appeal *appeal);

static struct aro_instant overdue_due(const struct appeal *appeal)
{
    return appeal->is_overdue ? ARO_INSTANT_NEVER : appeal->deadline;
}

static void overdue_fire(struct turn *turn, struct appeal *appeal)
{
    bool is_in_line = appeal->is_in_line;

    if (is_in_line)
        line_remove(appeal);
    appeal->is_overdue = true;
    if (is_in_line)
        line_add(turn->router, appeal); /* where it may have to wait apart */
    announce_overdue(turn, appeal);
}

static struct aro_instant offer_due(const struct appeal *appeal)
{
    return appeal->state == APPEAL_OFFERED ? appeal->held->offer_expires_at : ARO_INSTANT_NEVER;
}

/* Whoever lets too many offers in a row expire is not there. Gives whether that is so now. */
static bool agent_miss(struct turn *turn, struct agent *agent, const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;

    turn_touch_agent(turn, agent);
    agent->misses++;
    if (!terms || !terms->makes_offers || agent->misses < terms->offer.misses_max)
        return false;
    agent->misses = 0;
    agent_set_status(turn->router, agent, ARO_AGENT_AWAY, turn->now);
    return true;
}

static void offer_fire(struct turn *turn, struct appeal *appeal)
{
    struct agent *agent = appeal->held->agent;

    announce_expired(turn, appeal, agent_miss(turn, agent, appeal));
    ladder_add_declined(turn, appeal, agent->id);
    appeal_take_back(turn, appeal);
}

static struct aro_instant reclaim_due(const struct appeal *appeal)
{
    const struct aro_queue_terms *terms = appeal->class->queue->terms;
    if (appeal->state != APPEAL_ASSIGNED || !terms || terms->reclaim_after.ms == 0)
        return ARO_INSTANT_NEVER;
    return aro_instant_add(appeal->held->agent->away_since, terms->reclaim_after);
}

static void reclaim_fire(struct turn *turn, struct appeal *appeal)
{
    appeal_revoke(turn, appeal, "reclaimed");
}

static struct aro_instant retry_due(const struct appeal *appeal)
{
    return appeal->state == APPEAL_WAITING ? appeal_retry_at(appeal) : ARO_INSTANT_NEVER;
}

static void enter_anew(struct turn *turn, struct appeal *appeal)
{
    if (!appeal->is_in_line)
        return; /* held: it enters when it is resumed */
    line_remove(appeal);
    appeal_enter(turn, appeal);
}

static void retry_fire(struct turn *turn, struct appeal *appeal)
{
    if (!ladder_retry(turn, appeal))
        return;
    appeal_note(turn, appeal, (struct past_move){ .kind = PAST_ASKED_AGAIN });
    enter_anew(turn, appeal);
}

static const struct {
    due_time *due;
    on_due *fire;
} rows[] = {
    { overdue_due, overdue_fire }, { offer_due, offer_fire },       { reclaim_due, reclaim_fire },
    { retry_due, retry_fire },     { ladder_step_end, enter_anew },
};

void appeal_timer_set(struct aro_router *router, struct appeal *appeal)
{
    struct aro_instant first = ARO_INSTANT_NEVER;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct aro_instant due = rows[i].due(appeal);
        if (due.ms < first.ms)
            first = due;
    }
    timers_set(&router->appeal_timers, &appeal->timer, first);
}

void agent_set_timers(struct aro_router *router, const struct agent *agent)
{
    struct appeal *appeal;
    LIST_FOREACH(appeal, &agent->appeals, held->of_agent)
    {
        appeal_timer_set(router, appeal);
    }
}

void agent_set_status(struct aro_router *router, struct agent *agent, enum aro_agent_status status,
                      struct aro_instant now)
{
    if (agent->status == status)
        return;
    agent_lift(agent);
    agent->status = (uint8_t)status;
    agent->away_since = status == ARO_AGENT_AWAY ? now : ARO_INSTANT_NEVER;
    agent_put(router, agent);
    agent_set_timers(router, agent);
}

void appeal_timer_fire(struct turn *turn, struct appeal *appeal, struct aro_instant until)
{
    turn_touch_appeal(turn, appeal);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].due(appeal).ms <= until.ms)
            rows[i].fire(turn, appeal);
    }
}
