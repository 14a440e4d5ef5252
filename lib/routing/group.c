#include "routing/group.h"

#include "routing/agent_class.h"
#include "routing/router_state.h"

#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *name_in(const struct agent_profile *profile, enum group_kind kind)
{
    return kind == GROUP_TEAM ? profile->team : kind == GROUP_SITE ? profile->site : profile->lead;
}

static const char *group_key(struct aro_router *router, enum group_kind kind, const char *name)
{
    buffer_clear(&router->key);
    buffer_add_integer(&router->key, kind);
    buffer_add(&router->key, ":", 1);
    buffer_add_text(&router->key, name);
    return router->key.data;
}

struct group *group_find(struct aro_router *router, enum group_kind kind, const char *name)
{
    return name ? table_find(&router->groups, group_key(router, kind, name)) : NULL;
}

static struct group *group_get(struct aro_router *router, enum group_kind kind, const char *name)
{
    struct group *group = group_find(router, kind, name);
    if (group)
        return group;
    size_t size = router->key.length + 1;
    group = memory_new(sizeof *group + size);
    memcpy(group->key, router->key.data, size);
    table_add(&router->groups, group);
    return group;
}

void groups_add_class(struct aro_router *router, struct agent_class *class)
{
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++) {
        const char *name = name_in(&class->profile, kind);
        if (name)
            LIST_INSERT_HEAD(&group_get(router, kind, name)->classes, class, of_group[kind]);
    }
}

void groups_remove_class(struct aro_router *router, struct agent_class *class)
{
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++) {
        struct group *group = group_find(router, kind, name_in(&class->profile, kind));
        if (!group)
            continue;
        LIST_REMOVE(class, of_group[kind]);
        if (LIST_EMPTY(&group->classes))
            free(table_remove(&router->groups, group->key));
    }
}
