#include "routing/launch.h"

#include "routing/agent_choice.h"
#include "routing/announcement.h"
#include "routing/appeal_class.h"
#include "routing/router_state.h"

static enum aro_launch launch_of(const struct aro_router *router, const char *market)
{
    const struct aro_market_terms *terms = aro_rulebook_find_market(router->rulebook, market);
    return terms ? terms->launch : ARO_LAUNCH_FULL;
}

bool launch_is_draft(const struct aro_router *router, const char *market)
{
    return launch_of(router, market) == ARO_LAUNCH_DRAFT;
}

static void move_to(struct aro_router *router, struct appeal *appeal, struct queue *queue)
{
    const struct appeal_class *class = appeal->class;
    appeal_set_class(router, appeal, queue, class->market, class->language_count, class->languages,
                     1);
}

/* What would be chosen for @appeal in @queue, as if it had come there. */
static void choose_on_paper(struct aro_router *router, struct appeal *appeal, struct queue *queue,
                            struct choice *ret)
{
    struct queue *own = appeal->class->queue;

    move_to(router, appeal, queue);
    choice_make(router, appeal, ret);
    move_to(router, appeal, own);
}

void launch_tell_shadow(struct turn *turn, struct appeal *appeal, const struct routing *routing)
{
    struct aro_router *router = turn->router;
    struct choice choice = { 0 };
    struct why why = { 0 };

    if (launch_of(router, appeal->class->market) != ARO_LAUNCH_SHADOW)
        return;
    if (!routing->by_rules->delivers_to_queue)
        choose_on_paper(router, appeal, queue_of_terms(router, routing->by_rules), &choice);
    if (appeal_class_step(appeal->class))
        choice_count_of_waiting(router, appeal, &why);
    announce_shadow(turn, appeal, &why, routing->by_rules->name, &choice);
    appeal->is_announced = true;
}
