#include "routing/agent.h"

#include "routing/agent_class.h"

#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

struct agent *agent_new(const char *id)
{
    size_t size = strlen(id) + 1;
    struct agent *agent = memory_new(sizeof *agent + size);
    memcpy(agent->id, id, size);
    LIST_INIT(&agent->appeals);
    agent->away_since = ARO_INSTANT_NEVER;
    return agent;
}

void agent_free(struct agent *agent)
{
    free(agent->places);
    free(agent->time_zone);
    free(agent->shifts);
    free(agent);
}

void agent_set_calendar(struct agent *agent, const struct aro_event *event)
{
    free(agent->time_zone);
    agent->time_zone = memory_copy_text(event->time_zone);
    free(agent->shifts);
    agent->shifts = memory_new_array(event->shift_count, sizeof *agent->shifts);
    agent->shift_count = event->shift_count;
    if (event->shift_count)
        memcpy(agent->shifts, event->shifts, event->shift_count * sizeof *agent->shifts);
    if (agent->class)
        agent_class_forget_shifts(agent->class);
}
