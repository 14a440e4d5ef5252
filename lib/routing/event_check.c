#include "routing/exclusion.h"
#include "routing/router_state.h"

#include <aro/router.h>
#include <string.h>

/* The open appeal that @event is about, or that the one it is about joined; NULL: none. */
static const struct appeal *review_of(const struct aro_router *router,
                                      const struct aro_event *event)
{
    const struct appeal *appeal = table_find(&router->appeals, event->appeal_id);
    const struct appellant *appellant = table_find(&router->appellants, event->appeal_id);
    return appeal || !appellant ? appeal : table_find(&router->appeals, appellant->review->lead);
}

/* Of the appeal's attributes with those of @event, which replace those of the same name. */
static size_t attribute_count_after(const struct details_view *view, const struct aro_event *event)
{
    size_t count = event->attribute_count, old = 0;

    for (size_t i = 0; i < event->attribute_count; i++) {
        while (old < view->attribute_count &&
               strcmp(view->attributes[old].name.text, event->attributes[i].name.text) < 0) {
            old++;
            count++;
        }
        if (old < view->attribute_count &&
            aro_text_equals(&view->attributes[old].name, &event->attributes[i].name))
            old++;
    }
    return count + view->attribute_count - old;
}

static size_t attribute_bytes(const struct aro_event *event)
{
    size_t bytes = 0;
    for (size_t i = 0; i < event->attribute_count; i++) {
        const struct aro_attribute *attribute = &event->attributes[i];
        if (attribute->kind == ARO_ATTRIBUTE_TEXT)
            bytes += attribute->text.length + 1;
        size_t count = attribute->kind == ARO_ATTRIBUTE_LIST ? attribute->text_count : 0;
        for (size_t text = 0; text < count; text++)
            bytes += strlen(attribute->texts[text]) + 1;
    }
    return bytes;
}

/* An update adds to what is kept of an appeal, however many come; all of them together have the
 * bounds of one. */
static int check_attributes(const struct appeal *appeal, const struct aro_event *event,
                            struct aro_error *reterr)
{
    struct arena arena = { 0 };
    struct details_view view;

    details_unpack(appeal->details, &arena, &view);
    size_t count = attribute_count_after(&view, event);
    arena_done(&arena);
    if (count > ARO_ATTRIBUTES_MAX)
        return aro_error_set_event(reterr, ARO_ERROR_LIMIT, "attributes",
                                   "would make %zu attributes of the appeal, at most %d are kept",
                                   count, ARO_ATTRIBUTES_MAX);
    if (details_size(appeal->details) + attribute_bytes(event) > ARO_VALUE_LENGTH_MAX)
        return aro_error_set_event(reterr, ARO_ERROR_LIMIT, "attributes",
                                   "would make more than %d bytes of the appeal",
                                   ARO_VALUE_LENGTH_MAX);
    return 0;
}

static bool is_known(const struct aro_router *router, const char *appeal_id)
{
    return table_find(&router->appeals, appeal_id) || table_find(&router->appellants, appeal_id) ||
           table_find(&router->remembered, appeal_id);
}

/* Whoever decides it, and who decided before, must find room among those remembered. */
static int check_subject(const struct aro_router *router, const struct aro_event *event,
                         struct aro_error *reterr)
{
    if (!event->subject_type)
        return 0;
    const struct subject *subject = subject_find((struct aro_router *)(uintptr_t)router,
                                                 event->subject_type, event->subject_id);
    size_t count = subject_decider_count_to_come(subject) + 1 + (event->decided_by != NULL);
    if (count <= SUBJECT_DECIDERS_MAX || is_known(router, event->appeal_id))
        return 0; /* of one that is known this is a repeat */
    return aro_error_set_event(reterr, ARO_ERROR_LIMIT, "subject",
                               "has been decided by so many people within the independence window "
                               "that one more might be more than the %d that are remembered",
                               SUBJECT_DECIDERS_MAX);
}

int aro_router_check_event(const struct aro_router *router, const struct aro_event *event,
                           struct aro_error *reterr)
{
    if (event->type == ARO_APPEAL_SUBMITTED)
        return check_subject(router, event, reterr);
    const struct appeal *appeal =
        event->type == ARO_APPEAL_UPDATED ? review_of(router, event) : NULL;
    if (!appeal)
        return 0;
    if ((event->has & ARO_HAS_EXCLUDE) && !exclusions_have_room(appeal, event))
        return aro_error_set_event(reterr, ARO_ERROR_LIMIT, "exclude",
                                   "would exclude more than %d agents from the appeal",
                                   EXCLUDED_MAX);
    return event->has & ARO_HAS_ATTRIBUTES ? check_attributes(appeal, event, reterr) : 0;
}
