#include "routing/agent_turn.h"

#include <string.h>

/* The first of the run of @run behind @served_last; NULL where they were its last. */
static struct agent_place *find_behind(struct agent_tree *tree, const struct agent_place *run,
                                       struct agent *served_last)
{
    struct agent_place wanted = { .agent = served_last, .order = run->order };

    served_last->idle_since = run->agent->idle_since;
    served_last->open = run->agent->open;
    struct agent_place *found = RB_NFIND(agent_tree, tree, &wanted);
    if (found && strcmp(found->agent->id, served_last->id) == 0)
        found = RB_NEXT(agent_tree, tree, found);
    return found && agent_place_is_equal(found, run) ? found : NULL;
}

static struct agent_place *begin_run(struct agent_walk *walk, struct agent_place *run)
{
    walk->run = walk->start = walk->at = run;
    walk->is_around = false;
    if (run && walk->served_last) {
        struct agent_place *behind = find_behind(walk->tree, run, walk->served_last);
        if (behind)
            walk->start = walk->at = behind;
    }
    return walk->at;
}

struct agent_place *agent_walk_begin(struct agent_walk *walk, struct agent_tree *tree,
                                     struct agent *served_last)
{
    *walk = (struct agent_walk){ .tree = tree, .served_last = served_last };
    return begin_run(walk, RB_MIN(agent_tree, tree));
}

struct agent_place *agent_walk_next(struct agent_walk *walk)
{
    struct agent_place *next = RB_NEXT(agent_tree, walk->tree, walk->at);

    if (!walk->served_last)
        return walk->at = next;
    if (walk->is_around)
        return next == walk->start ? begin_run(walk, walk->next_run) : (walk->at = next);
    if (next && agent_place_is_equal(next, walk->run))
        return walk->at = next;
    if (walk->start == walk->run)
        return begin_run(walk, next);
    walk->is_around = true;
    walk->next_run = next;
    return walk->at = walk->run;
}
