/* Answers for people. These walk over all agents by name, which nothing on the path of an event
 * does. */
#include "codec/trace_context.h"
#include "routing/agent_choice.h"
#include "routing/agent_class.h"
#include "routing/appeal_class.h"
#include "routing/appeal_past.h"
#include "routing/criteria.h"
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
static void describe_declined(json_t *object, const struct aro_router *router,
                              const struct appeal *appeal)
{
    json_t *list = needed(json_array());
    struct barred_walk walk = { 0 };
    enum details_bar bar;

    for (const char *id; (id = independence_next_barred(router, appeal, &walk, &bar)) != NULL;) {
        if (bar == DETAILS_BAR_DECLINED)
            append(list, json_string(id));
    }
    set(object, "declined", list);
}

/* What has become of it and what time will do to it, as far as its own record knows. */
static void describe_course(json_t *object, const struct aro_router *router,
                            const struct appeal *appeal)
{
    describe_source(object, router, appeal);
    describe_declined(object, router, appeal);
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

/* --- what has happened to it --- */

static json_t *describe_steps(uint64_t bits)
{
    json_t *list = needed(json_array());

    for (unsigned step = 1; bits >> (step - 1); step++) {
        if (bits >> (step - 1) & 1)
            append(list, json_integer(step));
    }
    return list;
}

static json_t *describe_move(const struct past_move *move)
{
    json_t *object = needed(json_object());

    set_instant(object, "at", move->at);
    set_text(object, "what", past_kind_name(move->kind));
    for (size_t i = 0; i < PAST_MEMBER_COUNT; i++) {
        const struct past_member *member = &past_members[i];
        if (member->form == PAST_TEXT) {
            set_text(object, member->name, past_text(move, member));
            continue;
        }
        uint64_t number = past_number(move, member);
        if (number > 0)
            set(object, member->name,
                member->form == PAST_STEPS ? describe_steps(number)
                                           : json_integer((json_int_t)number));
    }
    return object;
}

/* Move by move; of a long past the first and the last ones, and how many lie between. */
static void describe_past(json_t *object, const struct details *details)
{
    json_t *list = needed(json_array());
    struct past_walk walk = { 0 };
    struct past_move move;

    while (past_next(details, &walk, &move))
        append(list, describe_move(&move));
    if (past_left_out(details) > 0)
        set_integer(object, "past_left_out", (int64_t)past_left_out(details));
    set(object, "past", list);
}

/* --- the agents of its queue --- */

/* An agent, as they stand to the appeal. */
struct standing {
    const struct agent *agent;
    enum filter filter; /* FILTER_NONE: may take it now */
    struct candidate_class class;
};

/* Those of a page, and what is told of all. However many there are, it keeps no more than a page.
 */
struct survey {
    const struct aro_router *router;
    const struct appeal *appeal;
    const struct aro_explain_page *page;
    struct standing best;  /* of those who may take it; agent NULL: nobody may */
    struct standing after; /* whom the page comes behind; agent NULL: nobody of the queue */
    uint64_t pool, by_filter[FILTER_COUNT], behind_count;
    size_t count;
    struct standing *standings; /* the nearest first; room for a page */
};

static int compare_candidates(const struct survey *survey, const struct standing *a,
                              const struct standing *b, const char **ret_criterion)
{
    const struct appeal *appeal = survey->appeal;
    const struct asked asked = { survey->router, appeal->class->queue, appeal->effort };
    return candidate_compare(&(struct candidate){ a->agent, &a->class, &asked },
                             &(struct candidate){ b->agent, &b->class, &asked }, ret_criterion);
}

/* Who has it; then those who may take it, the best first; then those who come near, who pass the
 * most filters. */
static int compare_standings(const struct survey *survey, const struct standing *a,
                             const struct standing *b)
{
    const struct agent *holder = appeal_agent(survey->appeal);
    const char *criterion;

    if (a->agent == b->agent)
        return 0;
    if (a->agent == holder || b->agent == holder)
        return a->agent == holder ? -1 : 1;
    if (a->filter != b->filter)
        return a->filter > b->filter ? -1 : 1;
    return a->filter == FILTER_NONE ? compare_candidates(survey, a, b, &criterion)
                                    : strcmp(a->agent->id, b->agent->id);
}

static void add_to_page(struct survey *survey, const struct standing *standing)
{
    size_t at = survey->count;

    if (survey->page->after &&
        (!survey->after.agent || compare_standings(survey, standing, &survey->after) <= 0))
        return;
    survey->behind_count++;
    while (at > 0 && compare_standings(survey, standing, &survey->standings[at - 1]) < 0)
        at--;
    if (at == survey->page->limit)
        return;
    if (survey->count < survey->page->limit)
        survey->count++;
    memmove(&survey->standings[at + 1], &survey->standings[at],
            (survey->count - at - 1) * sizeof *survey->standings);
    survey->standings[at] = *standing;
}

static void survey_agent(struct survey *survey, struct standing *standing)
{
    const char *criterion;

    survey->pool++;
    if (standing->filter != FILTER_NONE)
        survey->by_filter[standing->filter]++;
    else if (!survey->best.agent ||
             compare_candidates(survey, standing, &survey->best, &criterion) < 0)
        survey->best = *standing;
    add_to_page(survey, standing);
}

/* @class is that of the agent, looked at before. */
static struct standing standing_of(const struct survey *survey, const struct agent *agent,
                                   const struct standing *class)
{
    struct standing standing = *class;

    standing.agent = agent;
    if (standing.filter == FILTER_NONE)
        standing.filter = filter_person(survey->router, agent, survey->appeal);
    return standing;
}

static struct standing standing_of_class(const struct survey *survey, struct agent_class *class)
{
    struct standing standing = { 0 };
    candidate_class_init(survey->router, &standing.class, class, survey->appeal->class,
                         &standing.filter);
    return standing;
}

static bool is_of_queue(const struct agent *agent, const struct appeal *appeal)
{
    return agent && agent_is_known(agent) &&
           agent_class_serves_queue(agent->class, appeal->class->queue->name);
}

/* The one whom the page names; agent NULL where they are not of the queue. */
static struct standing standing_by_id(const struct survey *survey, const char *id)
{
    const struct agent *agent = id ? table_find(&survey->router->agents, id) : NULL;
    if (!is_of_queue(agent, survey->appeal))
        return (struct standing){ 0 };
    struct standing class = standing_of_class(survey, agent->class);
    return standing_of(survey, agent, &class);
}

static void survey_all(struct survey *survey)
{
    const struct appeal *appeal = survey->appeal;
    const struct agent *agent;
    size_t position = 0;

    for (struct agent_class *class;
         (class = table_next(&survey->router->agent_classes, &position)) != NULL;) {
        if (!agent_class_serves_queue(class, appeal->class->queue->name))
            continue;
        const struct standing of_class = standing_of_class(survey, class);
        LIST_FOREACH(agent, &class->members, of_class)
        {
            struct standing standing = standing_of(survey, agent, &of_class);
            survey_agent(survey, &standing);
        }
    }
}

static json_t *describe_standing(const struct survey *survey, const struct standing *standing)
{
    json_t *object = needed(json_object());
    const char *criterion;

    set_text(object, "agent_id", standing->agent->id);
    if (standing->agent == appeal_agent(survey->appeal)) {
        set(object, "holds_it", json_true());
    } else if (standing->filter != FILTER_NONE) {
        set_text(object, "filter", filter_name(standing->filter));
    } else if (standing->agent == survey->best.agent) {
        set(object, "is_best", json_true());
    } else {
        compare_candidates(survey, &survey->best, standing, &criterion);
        set_text(object, "loses_by", criterion);
    }
    return object;
}

static json_t *describe_filters(const struct survey *survey)
{
    json_t *object = needed(json_object());

    for (unsigned i = 0; i < FILTER_COUNT; i++) {
        if (survey->by_filter[i] > 0)
            set_integer(object, filter_name((enum filter)i), (int64_t)survey->by_filter[i]);
    }
    return object;
}

/* The one agent that is asked for, of the queue or not; NULL where there is none. */
static json_t *describe_one(const struct survey *survey, const char *id)
{
    const struct agent *agent = table_find(&survey->router->agents, id);
    struct standing standing = standing_by_id(survey, id);

    if (standing.agent)
        return describe_standing(survey, &standing);
    return agent && agent_is_known(agent)
               ? needed(json_pack("{s:s, s:s}", "agent_id", agent->id, "filter", "queue"))
               : NULL;
}

static json_t *describe_page(const struct survey *survey)
{
    json_t *list = needed(json_array());

    if (survey->page->agent_id) {
        json_t *one = describe_one(survey, survey->page->agent_id);
        if (one)
            append(list, one);
        return list;
    }
    for (size_t i = 0; i < survey->count; i++)
        append(list, describe_standing(survey, &survey->standings[i]));
    return list;
}

/* How many each filter keeps from it, then the page that is asked for. */
static void describe_agents(const struct aro_router *router, const struct appeal *appeal,
                            const struct aro_explain_page *page, json_t *object)
{
    struct survey survey = { .router = router, .appeal = appeal, .page = page };
    uint64_t may_take = 0;

    survey.standings = memory_new_array(page->limit + 1, sizeof *survey.standings);
    survey.after = standing_by_id(&survey, page->after);
    survey_all(&survey);
    may_take = survey.pool;
    for (unsigned i = 0; i < FILTER_COUNT; i++)
        may_take -= survey.by_filter[i];
    set_integer(object, "pool", (int64_t)survey.pool);
    set_integer(object, "may_take_it", (int64_t)may_take);
    set(object, "by_filter", describe_filters(&survey));
    set(object, "agents", describe_page(&survey));
    if (!page->agent_id && survey.behind_count > survey.count)
        set_integer(object, "agents_more", (int64_t)(survey.behind_count - survey.count));
    free(survey.standings);
}

/* --- explain --- */

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
    describe_past(object, remembered->details);
    return object;
}

static json_t *describe_appellant(const struct appellant *appellant)
{
    json_t *object = needed(json_object());

    set_text(object, "appeal_id", appellant->id);
    set_text(object, "state", appeal_state_name(APPEAL_MERGED));
    set_text(object, "lead", appellant->review->lead);
    describe_past(object, appellant->trace);
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

static void describe_own_past(const struct aro_router *router, const struct appeal *appeal,
                              json_t *object)
{
    struct details *past = appeal_past_copy(router, appeal);
    describe_past(object, past);
    free(past);
}

json_t *aro_router_explain(const struct aro_router *router, struct aro_instant now,
                           const char *appeal_id, const struct aro_explain_page *page)
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
    describe_own_past(router, appeal, object);
    if (appeal_class_step(appeal->class))
        describe_agents(router, appeal, page, object);
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
