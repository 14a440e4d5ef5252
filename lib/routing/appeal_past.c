#include "routing/appeal_past.h"

#include "routing/appeal_class.h"
#include "routing/router_state.h"

#include <assert.h>
#include <stdlib.h>

/* What the fields of an appeal say that has none yet, added to *@details. Where an earlier version
 * wrote its record the clock may be stopped: then @otherwise is all that is known. */
static void add_from_fields(struct details **details, const struct appeal *appeal,
                            struct aro_instant otherwise)
{
    struct past_move move = { .kind = PAST_SUBMITTED,
                              .at = appeal_is_stopped(appeal)
                                        ? otherwise
                                        : (struct aro_instant){ appeal->clock } };

    past_add(details, &move, PAST_MOVES_MAX);
    if (appeal->state != APPEAL_WAITING || !appeal->is_announced)
        return;
    move.kind = PAST_WAITING;
    move.filter = filter_name((enum filter)appeal->waits_for);
    past_add(details, &move, PAST_MOVES_MAX);
}

void appeal_past_begin(struct turn *turn, struct appeal *appeal)
{
    if (past_is_known(appeal->details))
        return;
    add_from_fields(&appeal->details, appeal, turn->now);
    appeal->waits_for = FILTER_NONE;
}

/* Writes how @appeal is routed into the first move, where nothing of it is kept yet. */
static void keep_route(const struct aro_router *router, struct details **details,
                       const struct appeal *appeal)
{
    struct past_walk walk = { 0 };
    struct past_move first;

    past_next(*details, &walk, &first);
    if (first.kind != PAST_SUBMITTED || first.queue)
        return;
    const struct past_move routed = {
        .kind = PAST_SUBMITTED,
        .queue = appeal->class->queue->name,
        .rule = names_text(&router->names, appeal->rule),
        .rulebook = names_text(&router->names, appeal->rulebook),
    };
    past_set_first(details, &routed);
}

void appeal_past_keep_route(struct turn *turn, struct appeal *appeal)
{
    appeal_past_begin(turn, appeal);
    keep_route(turn->router, &appeal->details, appeal);
}

void appeal_note(struct turn *turn, struct appeal *appeal, struct past_move move)
{
    assert(appeal->is_record_due);
    appeal_past_begin(turn, appeal);
    move.at = turn->now;
    past_add(&appeal->details, &move, PAST_MOVES_MAX);
}

/* The last filter that kept anybody from it: who passes all the others is the nearest. */
static enum filter last_filter(const struct why *why)
{
    unsigned last = FILTER_COUNT;
    while (last > 0 && why->by_filter[last - 1] == 0)
        last--;
    return last > 0 ? (enum filter)(last - 1) : FILTER_NONE;
}

void appeal_note_waiting(struct turn *turn, struct appeal *appeal, const struct why *why)
{
    enum filter filter = last_filter(why);

    if (!past_is_known(appeal->details) && appeal->clock == turn->now.ms)
        appeal->waits_for = filter & 0xf; /* its fields say the rest */
    else
        appeal_note(turn, appeal,
                    (struct past_move){ .kind = PAST_WAITING, .filter = filter_name(filter) });
}

struct details *appeal_past_copy(const struct aro_router *router, const struct appeal *appeal)
{
    struct details *past = past_copy(appeal->details);

    if (!past)
        add_from_fields(&past, appeal, appeal->submitted_at);
    keep_route(router, &past, appeal);
    return past;
}
