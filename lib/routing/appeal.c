#include "routing/appeal.h"

#include "routing/filter.h"

#include "support/memory.h"
#include "support/text.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[APPEAL_STATE_COUNT] = {
    [APPEAL_WAITING] = "waiting",     [APPEAL_OFFERED] = "offered", [APPEAL_ASSIGNED] = "assigned",
    [APPEAL_DELIVERED] = "delivered", [APPEAL_MERGED] = "merged",   [APPEAL_CLOSED] = "closed",
};

const char *appeal_state_name(enum appeal_state state)
{
    assert(state < APPEAL_STATE_COUNT);
    return state_names[state];
}

enum appeal_state appeal_state_find(const char *name)
{
    return (enum appeal_state)text_index(state_names, APPEAL_STATE_COUNT, name);
}

struct appeal *appeal_new(const char *id)
{
    size_t size = strlen(id) + 1;
    struct appeal *appeal = memory_new(offsetof(struct appeal, id) + size);
    memcpy(appeal->id, id, size);
    appeal->waits_for = FILTER_NONE;
    appeal->deadline = appeal->latest_start = ARO_INSTANT_NEVER;
    return appeal;
}

struct agent *appeal_agent(const struct appeal *appeal)
{
    return appeal_has_agent(appeal) ? appeal->held->agent : NULL;
}

int64_t appeal_ripening(const struct appeal *appeal, struct aro_span age_step)
{
    assert(!appeal_is_stopped(appeal));
    return age_step.ms > 0 ? appeal->clock - appeal->priority * age_step.ms : -appeal->priority;
}

int64_t appeal_effective_priority(const struct appeal *appeal, struct aro_span age_step,
                                  struct aro_instant now)
{
    return appeal->priority + (age_step.ms > 0 ? appeal_age(appeal, now).ms / age_step.ms : 0);
}

int64_t ripening_priority(int64_t ripening, struct aro_span age_step, struct aro_instant now)
{
    return age_step.ms > 0 ? (now.ms - ripening) / age_step.ms : -ripening;
}

int appeal_compare_arrivals(const void *a, const void *b)
{
    uint64_t x = (*(struct appeal *const *)a)->arrival, y = (*(struct appeal *const *)b)->arrival;
    return (x > y) - (x < y);
}

struct aro_span appeal_age(const struct appeal *appeal, struct aro_instant now)
{
    return (struct aro_span){ appeal_is_stopped(appeal) ? appeal->clock : now.ms - appeal->clock };
}

void appeal_set_clock(struct appeal *appeal, struct aro_instant now, bool was_stopped)
{
    if (appeal_is_stopped(appeal) != was_stopped)
        appeal->clock = now.ms - appeal->clock;
}

void appeal_set_deadline(struct appeal *appeal, struct aro_instant deadline)
{
    if (deadline.ms != appeal->deadline.ms)
        appeal->latest_start = ARO_INSTANT_NEVER;
    appeal->deadline = deadline;
}

void appeal_set_details(struct appeal *appeal, const struct details_view *view)
{
    struct details *details = details_pack(view); /* which may point into the old ones */
    free(appeal->details);
    appeal->details = details;
    appeal->is_retry_set = !aro_instant_is_never(view->retry_at);
}

struct aro_instant appeal_retry_at(const struct appeal *appeal)
{
    return appeal->is_retry_set ? details_retry_at(appeal->details) : ARO_INSTANT_NEVER;
}

void appeal_set_retry_at(struct appeal *appeal, struct aro_instant at)
{
    struct arena arena = { 0 };
    struct details_view view;

    if (aro_instant_is_never(at) && !appeal->is_retry_set)
        return;
    details_unpack(appeal->details, &arena, &view);
    view.retry_at = at;
    appeal_set_details(appeal, &view);
    arena_done(&arena);
}

struct remembered *remembered_new(const char *id)
{
    size_t size = strlen(id) + 1;
    struct remembered *remembered = memory_new(offsetof(struct remembered, id) + size);
    memcpy(remembered->id, id, size);
    return remembered;
}

void remembered_free(struct remembered *remembered)
{
    free(remembered->details);
    free(remembered);
}
