#include "rules/rulebook.h"

#include <errno.h>
#include <string.h>

struct aro_facts aro_facts_of_event(const struct aro_event *event)
{
    return (struct aro_facts){
        .appeal_id = event->appeal_id,
        .market = aro_text_of(event->market),
        .language_count = event->language_count,
        .languages = event->languages,
        .reason = aro_text_of(event->reason),
        .tier = event->tier,
        .effort = event->effort,
        .subject_type = aro_text_of(event->subject_type),
        .decision_policy = aro_text_of(event->decision_policy),
        .attribute_count = event->attribute_count,
        .attributes = event->attributes,
    };
}

bool aro_queue_takes_synthetic(const struct aro_queue_terms *queue)
{
    return strcmp(queue->name, ARO_SYNTHETIC_QUEUE) == 0 && queue->delivers_to_queue &&
           queue->topic;
}

/* A synthetic appeal that went to a real queue would reach a person. */
static int check_synthetic(const struct aro_rulebook *rulebook, const struct aro_event *event,
                           struct aro_error *reterr)
{
    const struct aro_facts facts = aro_facts_of_event(event);
    struct aro_route route;

    if (event->subject_id)
        return aro_error_set_event(reterr, ARO_ERROR_FIELD, "subject",
                                   "a synthetic appeal has none: it must not join a real review");
    aro_rulebook_match(rulebook, &facts, &route);
    if (aro_queue_takes_synthetic(route.queue))
        return 0;
    return aro_error_set_event(
        reterr, ARO_ERROR_FIELD, "appeal_id",
        "ids that begin with '" ARO_SYNTHETIC_PREFIX "' are of synthetic appeals, and rule '%s' of "
        "the rulebook sends this one to queue '%s': it wants a rule that comes before and names a "
        "queue '" ARO_SYNTHETIC_QUEUE "' with `deliver: queue` and a topic of its own",
        route.rule, route.queue->name);
}

int aro_rulebook_check_event(const struct aro_rulebook *rulebook, const struct aro_event *event,
                             struct aro_error *reterr)
{
    if (event->market && !aro_market_is_country_code(event->market) &&
        !aro_rulebook_find_market(rulebook, event->market))
        return aro_error_set_event(
            reterr, ARO_ERROR_FIELD, "market",
            "market is neither two capital letters nor a name that the rulebook declares");
    if (event->type == ARO_APPEAL_SUBMITTED && aro_id_is_synthetic(event->appeal_id))
        return check_synthetic(rulebook, event, reterr);
    return 0;
}
