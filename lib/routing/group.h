/* Agents of one team, site or lead, as far as profiles have those: where the rulebook looks at
 * them. */
#ifndef ARO_ROUTING_GROUP_H
#define ARO_ROUTING_GROUP_H

#include <sys/queue.h>

struct agent_class;
struct aro_router;

enum group_kind { GROUP_TEAM, GROUP_SITE, GROUP_LEAD, GROUP_KIND_COUNT };

struct group {
    LIST_HEAD(, agent_class) classes; /* linked by of_group[kind]; never empty */
    char key[];                       /* "1:NAME", the kind before the name */
};

/* @class is in the groups that its profile names, from here until it is removed. */
void groups_add_class(struct aro_router *router, struct agent_class *class);
void groups_remove_class(struct aro_router *router, struct agent_class *class);

/* NULL where no profile has it; @name may be NULL. */
struct group *group_find(struct aro_router *router, enum group_kind kind, const char *name);

#endif
