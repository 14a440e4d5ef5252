/* What was decided about: a listing, an account. It knows the open appeals about it, so that
 * another one joins, and who has decided on it, so that they never judge it again. */
#ifndef ARO_ROUTING_SUBJECT_H
#define ARO_ROUTING_SUBJECT_H

#include "routing/details.h"
#include "routing/timers.h"

#include <aro/time.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct appeal;
struct aro_router;

/* Of those who decided nobody is forgotten within the independence window, or they could be given
 * what they must not judge. So no appeal is let in that could make them more. */
enum { SUBJECT_DECIDERS_MAX = 512 };

/* Somebody who has decided on a subject, as they were then. All names. */
struct decider {
    struct aro_instant at;
    const char *agent_id;
    const char *team, *site, *lead; /* NULL where absent, or the agent not known */
};

struct subject {
    SLIST_HEAD(, appeal) appeals; /* open ones, the latest first */
    struct timer timer;           /* due: the earliest decision; the window is added by who looks */
    uint32_t touched_in;
    uint32_t decider_count;
    struct decider *deciders; /* the earliest first; owned */
    const char *type;         /* a name, with which the key begins */
    char key[];               /* "TYPE:ID" */
};

/* Finds or makes it. */
struct subject *subject_get(struct aro_router *router, const char *type, const char *id);
/* NULL where nothing is known of it. */
struct subject *subject_find(struct aro_router *router, const char *type, const char *id);
const char *subject_id(const struct subject *subject);

/* Frees it where no appeal about it is open and no decision remembered. */
void subject_release(struct aro_router *router, struct subject *subject);
void subject_free(struct aro_router *router, struct subject *subject);

/* @appeal, of which subject (may be NULL) and tier are set, becomes one of its open ones, or ceases
 * to be. */
void subject_add_appeal(struct appeal *appeal);
void subject_remove_appeal(struct aro_router *router, struct appeal *appeal);

/* The open appeal that another one of @tier joins, if it has room: the latest. NULL: none. */
struct appeal *subject_find_lead(const struct subject *subject, uint32_t tier);

/* Remembers a decision, the latest of all. @person is as they are now, or were when their name
 * came. */
void subject_add_decider(struct aro_router *router, struct subject *subject,
                         const struct person *person, struct aro_instant at);
/* Forgets those of @until and before; or all. */
void subject_forget_deciders(struct aro_router *router, struct subject *subject,
                             struct aro_instant until);

/* How many there could be once its open appeals are decided; @subject may be NULL. */
size_t subject_decider_count_to_come(const struct subject *subject);

/* @subject may be NULL. */
bool subject_has_decider(const struct subject *subject, const char *agent_id);

#endif
