/* What is kept of an appeal besides the fields that are used at each step, packed into one piece of
 * memory: at ten million waiting appeals, a pointer a member would cost more than the texts. */
#ifndef ARO_ROUTING_DETAILS_H
#define ARO_ROUTING_DETAILS_H

#include <aro/event.h>
#include <aro/time.h>

#include "support/arena.h"

/* The moves of its past as past.c packs them; length 0: none. */
struct details_past {
    const char *bytes;
    size_t length;
};

struct details; /* one piece of memory; NULL where there is nothing to keep */

/* Somebody who may not decide the appeal. */
struct person {
    const char *id;   /* NULL: nobody */
    bool has_decided; /* about the subject, before; otherwise only excluded */
    bool is_known;    /* the next three are what they were when the name came; NULL where absent */
    const char *team, *site, *lead;
};

/* The same, unpacked. All borrowed. */
struct details_view {
    struct person decided_by;
    size_t excluded_count; /* without @decided_by, no repeats */
    const struct person *excluded;
    size_t declined_count; /* who gave it back at this step, in that order */
    const char *const *declined;
    const char *policy;
    struct aro_instant deadline;        /* the event's own, which the rule's replaces; or never */
    struct aro_instant joined_deadline; /* the earliest of those merged into it; or never */
    struct aro_instant retry_at;        /* when those who declined may be asked again; or never */
    size_t attribute_count;
    const struct aro_attribute *attributes; /* sorted by name */
    const char *traceparent, *tracestate;
    struct details_past past;
};

/* malloc'd; NULL where @view is empty. */
struct details *details_pack(const struct details_view *view);
/* The same of a trace alone; both may be NULL. */
struct details *details_pack_trace(const char *traceparent, const char *tracestate);

/* As they are, with their past, in @arena. */
struct details *details_copy(const struct details *details, struct arena *arena);

/* Texts point into @details, lists into @arena. NULL @details gives an empty view. */
void details_unpack(const struct details *details, struct arena *arena, struct details_view *ret);

enum details_bar { DETAILS_BAR_NONE, DETAILS_BAR_INDEPENDENCE, DETAILS_BAR_DECLINED };

/* Is @agent_id somebody who may not decide this appeal, or not be asked again at this step? */
enum details_bar details_bar_of(const struct details *details, const char *agent_id);

/* Walks over everybody whom details_bar_of() names, each once. *@position starts at 0; gives NULL
 * at the end. */
const char *details_next_barred(const struct details *details, size_t *position,
                                enum details_bar *ret_bar);

/* Walks over those named in the appeal who may never decide it: the deciders and the excluded. As
 * details_next_barred(), and gives whether there was one. */
bool details_next_person(const struct details *details, size_t *position, struct person *ret);

struct aro_instant details_retry_at(const struct details *details);

struct details_past details_past(const struct details *details);
/* Makes the @old bytes at @at of the past @new ones, which the caller writes; gives where. */
char *details_splice_past(struct details **details, size_t at, size_t old, size_t new);

/* Leaves the past alone of @details, which it takes, in the same piece of memory; NULL where there
 * is none. */
struct details *details_drop_items(struct details *details);

/* Bytes, packed, without the past. */
size_t details_size(const struct details *details);

/* Of the appeal's submission; NULL where it came without. */
void details_trace(const struct details *details, const char **ret_traceparent,
                   const char **ret_tracestate);

#endif
