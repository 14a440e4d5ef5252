#include "codec/event_members.h"

#include "codec/agent_members.h"
#include "codec/appeal_members.h"
#include "codec/member_values.h"

enum {
    SUBMITTED = MEMBER_OF(ARO_APPEAL_SUBMITTED),
    UPDATED = MEMBER_OF(ARO_APPEAL_UPDATED),
    DECIDED = MEMBER_OF(ARO_APPEAL_DECIDED),
    AGENT = MEMBER_OF(ARO_AGENT_UPDATED),
    STATUS = MEMBER_OF(ARO_AGENT_STATUS),
    AGENTS = AGENT | STATUS | MEMBER_OF(ARO_AGENT_REMOVED),
    ANSWERS = MEMBER_OF(ARO_ASSIGNMENT_ACCEPTED) | MEMBER_OF(ARO_ASSIGNMENT_DECLINED) |
              MEMBER_OF(ARO_ASSIGNMENT_RETURNED),
    APPEALS = SUBMITTED | UPDATED | DECIDED | MEMBER_OF(ARO_APPEAL_WITHDRAWN) | ANSWERS,
};

/* The two kinds of languages, and of reasons, bear one name in the contract. */
static int read_languages(const struct reading *reading, const struct place *place,
                          const struct member *member, const struct json_node *node, void *target)
{
    return reading->event->type == ARO_AGENT_UPDATED
               ? member_read_agent_languages(reading, place, member, node, target)
               : member_read_appeal_languages(reading, place, member, node, target);
}

/* A code of ours where an appeal has it, prose where an agent gives work back. */
static int read_reason(const struct reading *reading, const struct place *place,
                       const struct member *member, const struct json_node *node, void *target)
{
    enum aro_event_type type = reading->event->type;
    bool is_code = type == ARO_APPEAL_SUBMITTED || type == ARO_APPEAL_UPDATED;
    return is_code ? member_read_text(reading, place, member, node, target)
                   : member_read_prose(reading, place, member, node, target);
}

static const char *const statuses[] = { "available", "draining", "away", NULL };
static const char *const outcomes[] = { "upheld", "overturned", "partial", "invalid", NULL };

#define IN_EVENT(field) .offset = offsetof(struct aro_event, field)
#define RANGE(from, to) .minimum = (from), .maximum = (to)

/* One row a member, in the order in which the contract lists them. */
/* clang-format off */
static const struct member event_members[] = {
    { NAME("appeal_id"), APPEALS, APPEALS, 0, member_read_id, IN_EVENT(appeal_id) },
    { NAME("agent_id"), AGENTS | ANSWERS | DECIDED, AGENTS | ANSWERS, ARO_HAS_AGENT_ID, member_read_id,
      IN_EVENT(agent_id) },
    { NAME("market"), SUBMITTED, SUBMITTED, 0, member_read_market, IN_EVENT(market) },
    { NAME("capacity"), AGENT, AGENT, 0, member_read_unsigned, IN_EVENT(capacity), RANGE(0, ARO_CAPACITY_MAX) },
    { NAME("languages"), SUBMITTED | UPDATED | AGENT, SUBMITTED | AGENT, ARO_HAS_LANGUAGES,
      read_languages },
    { NAME("markets"), AGENT, AGENT, 0, member_read_markets },
    { NAME("reason"), SUBMITTED | UPDATED | ANSWERS, SUBMITTED, ARO_HAS_REASON, read_reason,
      IN_EVENT(reason) },
    { NAME("tier"), SUBMITTED, 0, 0, member_read_unsigned, IN_EVENT(tier), RANGE(1, INT32_MAX) },
    { NAME("subject"), SUBMITTED, 0, 0, member_read_subject },
    { NAME("decision"), SUBMITTED, 0, 0, member_read_decision },
    { NAME("exclude"), SUBMITTED | UPDATED, 0, ARO_HAS_EXCLUDE, member_read_exclude },
    { NAME("submitted_at"), SUBMITTED, 0, 0, member_read_instant, IN_EVENT(submitted_at) },
    { NAME("deadline"), SUBMITTED | UPDATED, 0, ARO_HAS_DEADLINE, member_read_instant, IN_EVENT(deadline) },
    { NAME("effort"), SUBMITTED, 0, 0, member_read_unsigned, IN_EVENT(effort), RANGE(1, ARO_EFFORT_MAX) },
    { NAME("priority"), SUBMITTED, 0, 0, member_read_unsigned, IN_EVENT(priority), RANGE(0, ARO_PRIORITY_MAX) },
    { NAME("attributes"), SUBMITTED | UPDATED, 0, ARO_HAS_ATTRIBUTES, member_read_attributes },
    { NAME("on_hold"), UPDATED, 0, ARO_HAS_ON_HOLD, member_read_bool, IN_EVENT(on_hold) },
    { NAME("queues"), AGENT, 0, ARO_HAS_QUEUES, member_read_queues },
    { NAME("skills"), AGENT, 0, 0, member_read_skills },
    { NAME("team"), AGENT, 0, 0, member_read_text, IN_EVENT(team) },
    { NAME("site"), AGENT, 0, 0, member_read_text, IN_EVENT(site) },
    { NAME("lead"), AGENT, 0, 0, member_read_text, IN_EVENT(lead) },
    { NAME("time_zone"), AGENT, 0, 0, member_read_time_zone, IN_EVENT(time_zone) },
    { NAME("shifts"), AGENT, 0, ARO_HAS_SHIFTS, member_read_shifts },
    { NAME("status"), AGENT | STATUS, STATUS, ARO_HAS_STATUS, member_read_word, IN_EVENT(status),
      .words = statuses },
    { NAME("epoch"), ANSWERS | DECIDED, ANSWERS, ARO_HAS_EPOCH, member_read_epoch, IN_EVENT(epoch),
      RANGE(1, INT64_MAX) },
    { NAME("outcome"), DECIDED, DECIDED, 0, member_read_word, IN_EVENT(outcome), .words = outcomes },
    { NAME("decided_at"), DECIDED, 0, 0, member_read_instant, IN_EVENT(decided_at) },
};
/* clang-format on */

void event_members_index(struct member_index *index)
{
    member_index_fill(index, event_members, COUNT_OF(event_members));
}

int event_members_read(struct event_memory *memory, const struct json_node *object,
                       struct aro_event *event, struct aro_error *reterr)
{
    const struct reading reading = { .memory = memory, .event = event, .reterr = reterr };
    const struct member_table table = { event_members, COUNT_OF(event_members), &memory->index };
    int r = event_memory_reserve(memory, object->span);
    return r < 0 ? r : reading_members(&reading, NULL, &table, object, event);
}

int event_id_check(const char *field, const char *text, size_t length, struct aro_error *reterr)
{
    const struct reading reading = { .reterr = reterr };
    const struct place place = { .name = field };
    return reading_check_id(&reading, &place, text, length, ARO_ID_LENGTH_MAX);
}
