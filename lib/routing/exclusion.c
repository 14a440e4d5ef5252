#include "routing/exclusion.h"

#include "routing/independence.h"
#include "routing/router_state.h"

#include "support/text.h"

#include <string.h>

/* The persons of a view, while some are added. */
struct exclusions {
    const struct aro_router *router;
    struct person decided_by;
    size_t count;
    struct person *list; /* with room for those to come */
    bool is_changed;
};

static void exclusions_add_one(struct exclusions *exclusions, const char *id, bool has_decided)
{
    if (text_equals(exclusions->decided_by.id, id))
        return;
    for (size_t i = 0; i < exclusions->count; i++) {
        struct person *known = &exclusions->list[i];
        if (strcmp(known->id, id) != 0)
            continue;
        exclusions->is_changed |= has_decided && !known->has_decided;
        known->has_decided |= has_decided;
        return;
    }
    exclusions->list[exclusions->count++] = person_of(exclusions->router, id, has_decided);
    exclusions->is_changed = true;
}

static void drop_excluded_from_declined(struct arena *arena, struct details_view *view)
{
    const char **list = arena_new_array(arena, view->declined_count, sizeof *list);
    size_t count = 0;

    for (size_t i = 0; i < view->declined_count; i++) {
        bool is_excluded = text_equals(view->decided_by.id, view->declined[i]);
        for (size_t j = 0; j < view->excluded_count && !is_excluded; j++)
            is_excluded = strcmp(view->declined[i], view->excluded[j].id) == 0;
        if (!is_excluded)
            list[count++] = view->declined[i];
    }
    view->declined = list;
    view->declined_count = count;
}

bool exclusions_add(const struct aro_router *router, struct arena *arena, struct details_view *view,
                    const struct aro_event *event)
{
    if (!event->decided_by && event->exclude_count == 0)
        return false;
    size_t size = view->excluded_count + event->exclude_count + 1;
    struct exclusions exclusions = {
        .router = router,
        .decided_by = view->decided_by,
        .count = view->excluded_count,
        .list = arena_new_array(arena, size, sizeof *exclusions.list),
    };
    if (view->excluded_count)
        memcpy(exclusions.list, view->excluded, view->excluded_count * sizeof *exclusions.list);
    if (event->decided_by)
        exclusions_add_one(&exclusions, event->decided_by, true);
    for (size_t i = 0; i < event->exclude_count; i++)
        exclusions_add_one(&exclusions, event->exclude[i], false);
    view->excluded = exclusions.list;
    view->excluded_count = exclusions.count;
    if (exclusions.is_changed)
        drop_excluded_from_declined(arena, view);
    return exclusions.is_changed;
}

bool exclusions_have_room(const struct appeal *appeal, const struct aro_event *event)
{
    struct person person;
    size_t count = 0;

    for (size_t position = 0; details_next_person(appeal->details, &position, &person);)
        count++;
    for (size_t i = 0; i < event->exclude_count; i++)
        count += details_bar_of(appeal->details, event->exclude[i]) != DETAILS_BAR_INDEPENDENCE;
    count += event->decided_by &&
             details_bar_of(appeal->details, event->decided_by) != DETAILS_BAR_INDEPENDENCE;
    return count <= EXCLUDED_MAX;
}
