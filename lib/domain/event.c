#include <aro/event.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[ARO_EVENT_TYPE_COUNT] = {
    [ARO_EVENT_NONE] = "none",
    [ARO_APPEAL_SUBMITTED] = "appeal.submitted",
    [ARO_APPEAL_UPDATED] = "appeal.updated",
    [ARO_APPEAL_WITHDRAWN] = "appeal.withdrawn",
    [ARO_AGENT_UPDATED] = "agent.updated",
    [ARO_AGENT_STATUS] = "agent.status",
    [ARO_AGENT_REMOVED] = "agent.removed",
    [ARO_ASSIGNMENT_ACCEPTED] = "assignment.accepted",
    [ARO_ASSIGNMENT_DECLINED] = "assignment.declined",
    [ARO_ASSIGNMENT_RETURNED] = "assignment.returned",
    [ARO_APPEAL_DECIDED] = "appeal.decided",
};

const char *aro_event_type_name(enum aro_event_type type)
{
    assert(type < ARO_EVENT_TYPE_COUNT);
    return type_names[type];
}

enum aro_event_type aro_event_type_find(const char *name)
{
    for (unsigned type = ARO_EVENT_NONE + 1; type < ARO_EVENT_TYPE_COUNT; type++) {
        if (strcmp(type_names[type], name) == 0)
            return type;
    }
    return ARO_EVENT_NONE;
}

const char *aro_agent_status_name(enum aro_agent_status status)
{
    static const char *const names[] = {
        [ARO_AGENT_AVAILABLE] = "available",
        [ARO_AGENT_DRAINING] = "draining",
        [ARO_AGENT_AWAY] = "away",
    };
    assert(status <= ARO_AGENT_AWAY);
    return names[status];
}

const char *aro_outcome_name(enum aro_outcome outcome)
{
    static const char *const names[] = {
        [ARO_UPHELD] = "upheld",
        [ARO_OVERTURNED] = "overturned",
        [ARO_PARTIAL] = "partial",
        [ARO_INVALID] = "invalid",
    };
    assert(outcome <= ARO_INVALID);
    return names[outcome];
}

static int compare_attributes(const void *a, const void *b)
{
    const struct aro_attribute *left = a, *right = b;
    return strcmp(left->name.text, right->name.text);
}

void aro_attributes_sort(struct aro_attribute *attributes, size_t count)
{
    if (count > 0)
        qsort(attributes, count, sizeof *attributes, compare_attributes);
}

bool aro_id_is_synthetic(const char *appeal_id)
{
    return strncmp(appeal_id, ARO_SYNTHETIC_PREFIX, sizeof ARO_SYNTHETIC_PREFIX - 1) == 0;
}
