#include "routing/route.h"

#include "routing/appeal_class.h"
#include "routing/router_state.h"

/* The rule's own counts from submission; then the event's; then the rulebook's default. */
static struct aro_instant deadline_of(const struct aro_router *router, const struct appeal *appeal,
                                      const struct aro_route *route,
                                      struct aro_instant event_deadline)
{
    struct aro_span usual = aro_rulebook_deadline(router->rulebook);

    if (route->has_deadline)
        return aro_instant_add(appeal->submitted_at, route->deadline);
    if (!aro_instant_is_never(event_deadline) || usual.ms == 0)
        return event_deadline;
    return aro_instant_add(appeal->submitted_at, usual);
}

static void apply_route(struct aro_router *router, struct appeal *appeal,
                        const struct aro_facts *facts, struct aro_instant event_deadline)
{
    struct aro_route route;

    aro_rulebook_match(router->rulebook, facts, &route);
    struct queue *queue = queue_get(router, route.queue->name);
    struct aro_instant deadline = deadline_of(router, appeal, &route, event_deadline);
    if (!appeal->class || appeal->class->queue != queue || appeal->deadline.ms != deadline.ms)
        appeal->latest_start = ARO_INSTANT_NEVER;
    appeal->deadline = deadline;
    unsigned step = appeal->class && appeal->class->queue == queue ? appeal->class->step : 1;
    appeal_set_class(router, appeal, queue, facts->market, facts->language_count, facts->languages,
                     step);
    names_set(&router->names, &appeal->rule, route.rule);
    names_set(&router->names, &appeal->rulebook, router->rulebook_name);
    appeal->priority = route.has_priority ? (uint8_t)route.priority : appeal->event_priority;
}

void route_submitted(struct aro_router *router, struct appeal *appeal,
                     const struct aro_event *event)
{
    const struct aro_facts facts = {
        .appeal_id = event->appeal_id,
        .market = event->market,
        .language_count = event->language_count,
        .languages = event->languages,
        .reason = event->reason,
        .tier = event->tier,
        .effort = event->effort,
        .subject_type = event->subject_type,
        .decision_policy = event->decision_policy,
        .attribute_count = event->attribute_count,
        .attributes = event->attributes,
    };
    apply_route(router, appeal, &facts, event->deadline);
}

void route_stored(struct aro_router *router, struct appeal *appeal,
                  const struct language_list *languages)
{
    struct arena arena = { 0 };
    struct details_view view;

    details_unpack(appeal->details, &arena, &view);
    const struct aro_facts facts = {
        .appeal_id = appeal->id,
        .market = appeal->class->market,
        .language_count = languages ? languages->count : appeal->class->language_count,
        .languages = languages ? languages->languages : appeal->class->languages,
        .reason = appeal->reason,
        .tier = appeal->tier,
        .effort = appeal->effort,
        .subject_type = view.subject_type,
        .decision_policy = view.policy,
        .attribute_count = view.attribute_count,
        .attributes = view.attributes,
    };
    apply_route(router, appeal, &facts, view.deadline);
    arena_done(&arena);
}
