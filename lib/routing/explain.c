/* Answers for people. These walk over all agents by name, which nothing on the path of an event
 * does. */
#include "codec/trace_context.h"
#include "routing/agent_choice.h"
#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/independence.h"
#include "routing/ladder.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

/* As in support/memory.h: json_t that could not be had end the process. */
static json_t *needed(json_t *json)
{
    if (!json)
        memory_exhausted();
    return json;
}

static void set(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, needed(value)) < 0)
        memory_exhausted();
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text)
        set(object, name, json_string(text));
}

static void set_integer(json_t *object, const char *name, int64_t value)
{
    set(object, name, json_integer(value));
}

static void set_instant(json_t *object, const char *name, struct aro_instant at)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    if (aro_instant_is_never(at))
        return;
    aro_instant_format(at, text);
    set_text(object, name, text);
}

static void append(json_t *list, json_t *value)
{
    if (json_array_append_new(list, needed(value)) < 0)
        memory_exhausted();
}

/* The id by which logs and other systems know the way that it went. */
static void describe_trace(json_t *object, const struct appeal *appeal)
{
    const char *traceparent, *tracestate;
    char id[TRACE_ID_SIZE];

    details_trace(appeal->details, &traceparent, &tracestate);
    if (traceparent)
        set_text(object, "trace", trace_id(traceparent, id));
}

static json_t *describe_appeal(const struct aro_router *router, const struct appeal *appeal)
{
    json_t *object = needed(json_object());
    const struct appeal_class *class = appeal->class;
    const struct agent *agent = appeal_agent(appeal);
    json_t *languages = needed(json_array());

    set_text(object, "appeal_id", appeal->id);
    set_text(object, "state",
             appeal_is_held(appeal) ? "held" : appeal_state_name((enum appeal_state)appeal->state));
    set_text(object, "queue", class->queue->name);
    set_text(object, "market", class->market);
    for (size_t i = 0; i < class->language_count; i++)
        append(languages, json_string(class->languages[i]->tag));
    set(object, "languages", languages);
    set_text(object, "reason", names_text(&router->names, appeal->reason));
    set_text(object, "rule", names_text(&router->names, appeal->rule));
    set_text(object, "rulebook", names_text(&router->names, appeal->rulebook));
    set_integer(object, "step", class->step);
    set_integer(object, "epoch", appeal->epoch);
    set_integer(object, "effort", appeal->effort);
    set_integer(object, "priority", appeal->priority);
    set_integer(object, "tier", appeal->tier);
    set_instant(object, "submitted_at", appeal->submitted_at);
    set_instant(object, "deadline", appeal->deadline);
    set_text(object, "agent_id", agent ? agent->id : NULL);
    describe_trace(object, appeal);
    return object;
}

/* --- what has become of it --- */

static void set_flag(json_t *object, const char *name, bool flag)
{
    if (flag)
        set(object, name, json_true());
}

/* The record that brought it: "appeals/0/17". */
static void describe_source(json_t *object, const struct aro_router *router,
                            const struct appeal *appeal)
{
    struct buffer text = { 0 };

    buffer_add_text(&text, names_text(&router->names, appeal->source_topic));
    if (appeal->source_partition >= 0)
        buffer_add_format(&text, "/%d/%lld", appeal->source_partition,
                          (long long)appeal->source_offset);
    set_text(object, "source", text.data);
    buffer_done(&text);
}

/* Who gave it back, or let the offer of it expire, at this step. */
static void describe_declined(json_t *object, const struct appeal *appeal)
{
    json_t *list = needed(json_array());
    struct barred_walk walk = { 0 };
    enum details_bar bar;

    for (const char *id; (id = independence_next_barred(appeal, &walk, &bar)) != NULL;) {
        if (bar == DETAILS_BAR_DECLINED)
            append(list, json_string(id));
    }
    set(object, "declined", list);
}

/* Its past and what time will do to it, as far as its own record knows. */
static void describe_course(json_t *object, const struct aro_router *router,
                            const struct appeal *appeal)
{
    describe_source(object, router, appeal);
    describe_declined(object, appeal);
    if (appeal->state == APPEAL_ASSIGNED)
        set_instant(object, "assigned_at", appeal->held->assigned_at);
    if (appeal->state == APPEAL_OFFERED)
        set_instant(object, "offer_expires_at", appeal->held->offer_expires_at);
    set_instant(object, "latest_start", appeal->latest_start);
    set_instant(object, "step_ends_at", ladder_step_end(appeal));
    set_instant(object, "asked_again_at", appeal_retry_at(appeal));
    set_flag(object, "overdue", appeal->is_overdue);
    set_flag(object, "on_hold", appeal->is_on_hold);
    set_flag(object, "market_paused", appeal->is_market_paused);
}

/* --- explain --- */

/* An agent of the queue, as they stand to the appeal. */
struct standing {
    const struct agent *agent;
    enum filter filter; /* FILTER_NONE: may take it now */
    struct candidate_class class;
};

struct explanation {
    const struct aro_router *router;
    const struct appeal *appeal;
    size_t count;
    struct standing *standings;
};

/* Those who may take it first, the best of them at the top; then by id. */
static int compare_standings(const void *a, const void *b, void *context)
{
    const struct standing *x = a, *y = b;
    const struct explanation *explanation = context;
    const struct appeal *appeal = explanation->appeal;
    const char *criterion;

    if ((x->filter == FILTER_NONE) != (y->filter == FILTER_NONE))
        return x->filter == FILTER_NONE ? -1 : 1;
    if (x->filter != FILTER_NONE)
        return strcmp(x->agent->id, y->agent->id);
    return candidate_compare(explanation->router, appeal, x->agent, &x->class, y->agent, &y->class,
                             &criterion);
}

static void add_standing(struct explanation *explanation, struct agent *agent)
{
    const struct appeal *appeal = explanation->appeal;
    struct standing standing = { .agent = agent };

    candidate_class_init(explanation->router, &standing.class, agent->class, appeal->class,
                         &standing.filter);
    if (standing.filter == FILTER_NONE)
        standing.filter = filter_person(explanation->router, agent, appeal);
    explanation->standings =
        memory_resize(explanation->standings, (explanation->count + 1) * sizeof(struct standing));
    explanation->standings[explanation->count++] = standing;
}

static json_t *describe_standing(const struct explanation *explanation, size_t index)
{
    const struct standing *standing = &explanation->standings[index];
    const struct standing *best = &explanation->standings[0];
    const struct appeal *appeal = explanation->appeal;
    json_t *object = needed(json_object());
    const char *criterion;

    set_text(object, "agent_id", standing->agent->id);
    if (standing->agent == appeal_agent(appeal)) {
        set(object, "holds_it", json_true());
    } else if (standing->filter != FILTER_NONE) {
        set_text(object, "filter", filter_name(standing->filter));
    } else if (index == 0) {
        set(object, "is_best", json_true());
    } else {
        candidate_compare(explanation->router, appeal, best->agent, &best->class, standing->agent,
                          &standing->class, &criterion);
        set_text(object, "loses_by", criterion);
    }
    return object;
}

static json_t *describe_standings(const struct aro_router *router, const struct appeal *appeal)
{
    struct explanation explanation = { .router = router, .appeal = appeal };
    json_t *list = needed(json_array());
    size_t position = 0;

    for (struct agent *agent; (agent = table_next(&router->agents, &position)) != NULL;) {
        if (agent_is_known(agent) &&
            agent_class_serves_queue(agent->class, appeal->class->queue->name))
            add_standing(&explanation, agent);
    }
    if (explanation.count)
        qsort_r(explanation.standings, explanation.count, sizeof(struct standing),
                compare_standings, &explanation);
    for (size_t i = 0; i < explanation.count; i++)
        append(list, describe_standing(&explanation, i));
    free(explanation.standings);
    return list;
}

static json_t *describe_remembered(const struct aro_router *router,
                                   const struct remembered *remembered)
{
    json_t *object = needed(json_object());

    set_text(object, "appeal_id", remembered->id);
    set_text(object, "state", appeal_state_name(APPEAL_CLOSED));
    set_text(object, "reason", remembered->is_withdrawn ? "withdrawn" : "decided");
    if (!remembered->is_withdrawn)
        set_text(object, "outcome", aro_outcome_name((enum aro_outcome)remembered->outcome));
    set_integer(object, "epoch", remembered->epoch);
    set_instant(object, "closed_at", timers_due(&router->remembered_timers, &remembered->timer));
    return object;
}

static json_t *describe_appellant(const struct appellant *appellant)
{
    json_t *object = needed(json_object());

    set_text(object, "appeal_id", appellant->id);
    set_text(object, "state", appeal_state_name(APPEAL_MERGED));
    set_text(object, "lead", appellant->review->lead);
    return object;
}

static json_t *describe_appellants(const struct review *review)
{
    json_t *list = needed(json_array());
    const struct appellant *appellant;

    TAILQ_FOREACH(appellant, &review->appellants, of_review)
    {
        append(list, json_string(appellant->id));
    }
    return list;
}

/* The people who decided on its subject before. */
static json_t *describe_deciders(const struct subject *subject)
{
    json_t *list = needed(json_array());

    for (size_t i = 0; i < subject->decider_count; i++)
        append(list, json_string(subject->deciders[i].agent_id));
    return list;
}

static void describe_review(const struct aro_router *router, const struct appeal *appeal,
                            json_t *object)
{
    const struct review *review = review_find(router, appeal->id);

    if (review)
        set(object, "appellants", describe_appellants(review));
    set_flag(object, "has_withdrawn", appeal->has_withdrawn);
    if (appeal->subject && appeal->subject->decider_count > 0)
        set(object, "decided_before_by", describe_deciders(appeal->subject));
}

json_t *aro_router_explain(const struct aro_router *router, struct aro_instant now,
                           const char *appeal_id)
{
    const struct appeal *appeal = table_find(&router->appeals, appeal_id);
    const struct appellant *appellant = table_find(&router->appellants, appeal_id);
    const struct remembered *remembered = table_find(&router->remembered, appeal_id);

    if (appellant)
        return describe_appellant(appellant);
    if (remembered)
        return describe_remembered(router, remembered);
    if (!appeal)
        return NULL;
    json_t *object = describe_appeal(router, appeal);
    set_integer(object, "age_ms", appeal_age(appeal, now).ms);
    describe_course(object, router, appeal);
    describe_review(router, appeal, object);
    if (appeal_class_step(appeal->class))
        set(object, "agents", describe_standings(router, appeal));
    return object;
}

/* --- an agent --- */

static json_t *describe_held(const struct agent *agent)
{
    struct gathered held = appeals_held_by(agent);
    json_t *list = needed(json_array());

    for (size_t i = 0; i < held.count; i++) {
        const struct appeal *item = held.items[i];
        json_t *object = needed(json_object());
        set_text(object, "appeal_id", item->id);
        set_text(object, "state", appeal_state_name((enum appeal_state)item->state));
        set_text(object, "queue", item->class->queue->name);
        set_integer(object, "epoch", item->epoch);
        set_integer(object, "effort", item->effort);
        append(list, object);
    }
    free(held.items);
    return list;
}

static json_t *text_list(size_t count, const char *const *texts)
{
    json_t *list = needed(json_array());
    for (size_t i = 0; i < count; i++)
        append(list, json_string(texts[i]));
    return list;
}

static void describe_profile(json_t *object, const struct agent_profile *profile)
{
    json_t *languages = needed(json_object()), *skills = needed(json_object());

    for (size_t i = 0; i < profile->language_count; i++)
        set_integer(languages, profile->languages[i].language->tag, profile->languages[i].level);
    for (size_t i = 0; i < profile->skill_count; i++)
        set_integer(skills, profile->skills[i].name, profile->skills[i].level);
    set(object, "languages", languages);
    set(object, "markets",
        profile->has_all_markets ? text_list(1, (const char *const[]){ "*" })
                                 : text_list(profile->market_count, profile->markets));
    if (!profile->has_all_queues)
        set(object, "queues", text_list(profile->queue_count, profile->queues));
    set(object, "skills", skills);
}

json_t *aro_router_describe_agent(const struct aro_router *router, const char *agent_id)
{
    const struct agent *agent = table_find(&router->agents, agent_id);

    if (!agent || !agent_is_known(agent))
        return NULL;
    json_t *object = needed(json_object());
    set_text(object, "agent_id", agent->id);
    set_text(object, "status", aro_agent_status_name((enum aro_agent_status)agent->status));
    set(object, "on_shift", json_boolean(!agent->is_off_shift));
    set_integer(object, "capacity", agent_capacity(agent));
    set_integer(object, "used", agent->used);
    set_integer(object, "open", agent->open);
    describe_profile(object, &agent->class->profile);
    set_text(object, "team", agent->team);
    set_text(object, "site", agent->site);
    set_text(object, "lead", agent->lead);
    set_instant(object, "idle_since", agent->idle_since);
    set_instant(object, "away_since", agent->away_since);
    set(object, "appeals", describe_held(agent));
    return object;
}
