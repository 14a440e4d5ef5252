#include "routing/subject.h"

#include "routing/router_state.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *subject_key(struct aro_router *router, const char *type, const char *id)
{
    buffer_clear(&router->key);
    buffer_add_text(&router->key, type);
    buffer_add(&router->key, ":", 1); /* which no type has */
    buffer_add_text(&router->key, id);
    return router->key.data;
}

struct subject *subject_find(struct aro_router *router, const char *type, const char *id)
{
    return table_find(&router->subjects, subject_key(router, type, id));
}

struct subject *subject_get(struct aro_router *router, const char *type, const char *id)
{
    struct subject *subject = subject_find(router, type, id);
    if (subject)
        return subject;
    size_t size = router->key.length + 1;
    subject = memory_new(sizeof *subject + size);
    memcpy(subject->key, router->key.data, size);
    SLIST_INIT(&subject->appeals);
    subject->type = names_hold(&router->names, type);
    table_add(&router->subjects, subject);
    return subject;
}

const char *subject_id(const struct subject *subject)
{
    return subject->key + strlen(subject->type) + 1;
}

static void decider_done(struct aro_router *router, struct decider *decider)
{
    names_drop(&router->names, decider->agent_id);
    names_drop(&router->names, decider->team);
    names_drop(&router->names, decider->site);
    names_drop(&router->names, decider->lead);
}

void subject_free(struct aro_router *router, struct subject *subject)
{
    timers_remove(&router->subject_timers, &subject->timer);
    for (size_t i = 0; i < subject->decider_count; i++)
        decider_done(router, &subject->deciders[i]);
    free(subject->deciders);
    names_drop(&router->names, subject->type);
    free(subject);
}

void subject_release(struct aro_router *router, struct subject *subject)
{
    if (!SLIST_EMPTY(&subject->appeals) || subject->decider_count > 0)
        return;
    table_remove(&router->subjects, subject->key);
    subject_free(router, subject);
}

/* --- open appeals --- */

void subject_add_appeal(struct appeal *appeal)
{
    struct subject *subject = appeal->subject;
    struct appeal *later = NULL;

    if (!subject)
        return;
    for (struct appeal *next = SLIST_FIRST(&subject->appeals);
         next && next->arrival > appeal->arrival; next = SLIST_NEXT(next, of_subject))
        later = next;
    if (later)
        SLIST_INSERT_AFTER(later, appeal, of_subject);
    else
        SLIST_INSERT_HEAD(&subject->appeals, appeal, of_subject);
}

void subject_remove_appeal(struct aro_router *router, struct appeal *appeal)
{
    struct subject *subject = TAKE(appeal->subject);

    if (!subject)
        return;
    SLIST_REMOVE(&subject->appeals, appeal, appeal, of_subject);
    subject_release(router, subject);
}

struct appeal *subject_find_lead(const struct subject *subject, uint32_t tier)
{
    struct appeal *appeal;
    SLIST_FOREACH(appeal, &subject->appeals, of_subject)
    {
        if (appeal->tier == tier)
            return appeal;
    }
    return NULL;
}

/* --- who decided --- */

static void set_timer(struct aro_router *router, struct subject *subject)
{
    timers_set(&router->subject_timers, &subject->timer,
               subject->decider_count > 0 ? subject->deciders[0].at : ARO_INSTANT_NEVER);
}

static void drop_deciders(struct aro_router *router, struct subject *subject, size_t at,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        decider_done(router, &subject->deciders[at + i]);
    subject->decider_count -= (uint32_t)count;
    if (subject->decider_count > at)
        memmove(&subject->deciders[at], &subject->deciders[at + count],
                (subject->decider_count - at) * sizeof *subject->deciders);
}

/* The same person under the same team, site and lead is remembered once. */
static void drop_equal_decider(struct aro_router *router, struct subject *subject,
                               const struct decider *decider)
{
    for (size_t i = 0; i < subject->decider_count; i++) {
        const struct decider *other = &subject->deciders[i];
        if (other->agent_id == decider->agent_id && other->team == decider->team &&
            other->site == decider->site && other->lead == decider->lead) {
            drop_deciders(router, subject, i, 1);
            return;
        }
    }
}

void subject_add_decider(struct aro_router *router, struct subject *subject,
                         const struct person *person, struct aro_instant at)
{
    const struct decider decider = {
        .at = at,
        .agent_id = names_hold(&router->names, person->id),
        .team = names_hold(&router->names, person->team),
        .site = names_hold(&router->names, person->site),
        .lead = names_hold(&router->names, person->lead),
    };
    drop_equal_decider(router, subject, &decider);
    subject->deciders =
        memory_resize(subject->deciders, (subject->decider_count + 1) * sizeof *subject->deciders);
    subject->deciders[subject->decider_count++] = decider;
    set_timer(router, subject);
}

void subject_forget_deciders(struct aro_router *router, struct subject *subject,
                             struct aro_instant until)
{
    size_t count = 0;
    while (count < subject->decider_count && subject->deciders[count].at.ms <= until.ms)
        count++;
    drop_deciders(router, subject, 0, count);
    set_timer(router, subject);
}

/* Whoever decides it, and those it names who have. */
static size_t deciders_by(const struct appeal *appeal)
{
    struct person person;
    size_t count = 1;

    for (size_t position = 0; details_next_person(appeal->details, &position, &person);)
        count += person.has_decided;
    return count;
}

size_t subject_decider_count_to_come(const struct subject *subject)
{
    const struct appeal *appeal;
    size_t count = 0;

    if (!subject)
        return 0;
    count = subject->decider_count;
    SLIST_FOREACH(appeal, &subject->appeals, of_subject)
    {
        count += deciders_by(appeal);
    }
    return count;
}

bool subject_has_decider(const struct subject *subject, const char *agent_id)
{
    for (size_t i = 0; subject && i < subject->decider_count; i++) {
        if (strcmp(subject->deciders[i].agent_id, agent_id) == 0)
            return true;
    }
    return false;
}
