#include "routing/route.h"

#include "routing/appeal_class.h"
#include "routing/router_state.h"

#include "support/text.h"

/* The rule's own counts from submission; then the event's; then the rulebook's default. */
static struct aro_instant deadline_of(const struct aro_router *router,
                                      struct aro_instant submitted_at,
                                      const struct aro_route *route,
                                      struct aro_instant event_deadline)
{
    struct aro_span usual = aro_rulebook_deadline(router->rulebook);

    if (route->has_deadline)
        return aro_instant_add(submitted_at, route->deadline);
    if (!aro_instant_is_never(event_deadline) || usual.ms == 0)
        return event_deadline;
    return aro_instant_add(submitted_at, usual);
}

/* Another queue takes what the market's launch does not give to the rules yet. */
static const struct aro_queue_terms *queue_by_launch(const struct aro_router *router,
                                                     const struct aro_facts *facts,
                                                     const struct aro_queue_terms *by_rules)
{
    const struct aro_market_terms *market =
        aro_rulebook_find_market(router->rulebook, facts->market.text);

    if (!market || !market->launch_otherwise ||
        aro_rulebook_market_is_launched(router->rulebook, market, facts->appeal_id))
        return by_rules;
    return aro_rulebook_find_queue(router->rulebook, market->launch_otherwise);
}

static void work_out(const struct aro_router *router, const struct appeal *appeal,
                     const struct aro_facts *facts, struct aro_instant event_deadline,
                     struct aro_instant joined_deadline, struct routing *ret)
{
    struct aro_route route;

    aro_rulebook_match(router->rulebook, facts, &route);
    struct aro_instant deadline = deadline_of(router, appeal->submitted_at, &route, event_deadline);
    *ret = (struct routing){
        .rule = route.rule,
        .queue = queue_by_launch(router, facts, route.queue),
        .by_rules = route.queue,
        .priority = route.has_priority ? (uint8_t)route.priority : appeal->event_priority,
        .deadline = joined_deadline.ms < deadline.ms ? joined_deadline : deadline,
    };
}

static void apply_routing(struct aro_router *router, struct appeal *appeal,
                          const struct aro_facts *facts, const struct routing *routing)
{
    struct queue *queue = queue_of_terms(router, routing->queue);
    if (!appeal->class || appeal->class->queue != queue ||
        appeal->deadline.ms != routing->deadline.ms)
        appeal->latest_start = ARO_INSTANT_NEVER;
    unsigned step = appeal->class && appeal->class->queue == queue ? appeal->class->step : 1;

    appeal_set_class(router, appeal, queue, facts->market.text, facts->language_count,
                     facts->languages, step);
    names_set_number(&router->names, &appeal->rule, routing->rule);
    names_set_number(&router->names, &appeal->rulebook, router->rulebook_name);
    appeal->priority = routing->priority;
    appeal->deadline = routing->deadline;
}

void route_submitted(struct aro_router *router, struct appeal *appeal,
                     const struct aro_event *event, struct routing *ret)
{
    const struct aro_facts facts = aro_facts_of_event(event);
    work_out(router, appeal, &facts, event->deadline, ARO_INSTANT_NEVER, ret);
    apply_routing(router, appeal, &facts, ret);
}

struct aro_instant route_deadline(const struct aro_router *router, const struct aro_event *event,
                                  struct aro_instant now)
{
    const struct aro_facts facts = aro_facts_of_event(event);
    bool is_dated = !aro_instant_is_never(event->submitted_at);
    struct aro_route route;

    aro_rulebook_match(router->rulebook, &facts, &route);
    return deadline_of(router, is_dated ? event->submitted_at : now, &route, event->deadline);
}

/* @arena and @view hold what the facts point to. */
static struct aro_facts stored_facts(const struct aro_router *router, const struct appeal *appeal,
                                     const struct language_list *languages, struct arena *arena,
                                     struct details_view *view)
{
    details_unpack(appeal->details, arena, view);
    return (struct aro_facts){
        .appeal_id = appeal->id,
        .market = aro_text_of(appeal->class->market),
        .language_count = languages ? languages->count : appeal->class->language_count,
        .languages = languages ? languages->languages : appeal->class->languages,
        .reason = aro_text_of(names_text(&router->names, appeal->reason)),
        .tier = appeal->tier,
        .effort = appeal->effort,
        .subject_type = aro_text_of(appeal->subject ? appeal->subject->type : NULL),
        .decision_policy = aro_text_of(view->policy),
        .attribute_count = view->attribute_count,
        .attributes = view->attributes,
    };
}

void route_stored(struct aro_router *router, struct appeal *appeal,
                  const struct language_list *languages)
{
    struct arena arena = { 0 };
    struct details_view view;
    struct routing routing;
    const struct aro_facts facts = stored_facts(router, appeal, languages, &arena, &view);

    work_out(router, appeal, &facts, view.deadline, view.joined_deadline, &routing);
    apply_routing(router, appeal, &facts, &routing);
    arena_done(&arena);
}

void route_look(const struct aro_router *router, const struct appeal *appeal, struct routing *ret)
{
    struct arena arena = { 0 };
    struct details_view view;
    const struct aro_facts facts = stored_facts(router, appeal, NULL, &arena, &view);

    work_out(router, appeal, &facts, view.deadline, view.joined_deadline, ret);
    arena_done(&arena);
}

bool routing_is_of(const struct aro_router *router, const struct routing *routing,
                   const struct appeal *appeal)
{
    return text_equals(routing->queue->name, appeal->class->queue->name) &&
           text_equals(routing->rule, names_text(&router->names, appeal->rule)) &&
           routing->priority == appeal->priority && routing->deadline.ms == appeal->deadline.ms;
}
