/* What comes in: one record of a topic, read into the event that it tells.
 *
 * The reader is strict: what a well-formed event may hold is in the contract (docs/events.md and
 * schemas/), and all else is refused with a code, the field and a sentence. */
#ifndef ARO_EVENT_H
#define ARO_EVENT_H

#include <aro/error.h>
#include <aro/language.h>
#include <aro/text.h>
#include <aro/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ARO_ID_LENGTH_MAX = 128,
    ARO_VALUE_LENGTH_MAX = 256 * 1024,
    ARO_STRING_LENGTH_MAX = 4 * 1024,
    ARO_NESTING_MAX = 16,
    ARO_LANGUAGES_MAX = 8,          /* of an appeal */
    ARO_EXCLUDE_MAX = 32,           /* agents, of an appeal */
    ARO_ATTRIBUTES_MAX = 32,        /* of an appeal */
    ARO_ATTRIBUTE_LENGTH_MAX = 256, /* characters; of its name too */
    ARO_AGENT_LIST_MAX = 1024, /* languages, markets, queues, skills, shifts of an agent, each */
    ARO_CAPACITY_MAX = 1000,
    ARO_EFFORT_MAX = 100,
    ARO_LEVEL_MAX = 5,
    ARO_PRIORITY_MAX = 9,
};

enum aro_event_type {
    ARO_EVENT_NONE,
    ARO_APPEAL_SUBMITTED,
    ARO_APPEAL_UPDATED,
    ARO_APPEAL_WITHDRAWN,
    ARO_AGENT_UPDATED,
    ARO_AGENT_STATUS,
    ARO_AGENT_REMOVED,
    ARO_ASSIGNMENT_ACCEPTED,
    ARO_ASSIGNMENT_DECLINED,
    ARO_ASSIGNMENT_RETURNED,
    ARO_APPEAL_DECIDED,
    ARO_EVENT_TYPE_COUNT,
};

/* "appeal.submitted"; and back, ARO_EVENT_NONE where there is no such type. */
const char *aro_event_type_name(enum aro_event_type type);
enum aro_event_type aro_event_type_find(const char *name);

/* The topics that are read; each takes its own event types only. */
enum aro_topic_kind { ARO_TOPIC_APPEALS, ARO_TOPIC_AGENTS, ARO_TOPIC_REVIEWS };

enum aro_agent_status { ARO_AGENT_AVAILABLE, ARO_AGENT_DRAINING, ARO_AGENT_AWAY };
enum aro_outcome { ARO_UPHELD, ARO_OVERTURNED, ARO_PARTIAL, ARO_INVALID };

const char *aro_agent_status_name(enum aro_agent_status status);
const char *aro_outcome_name(enum aro_outcome outcome);

enum aro_attribute_kind {
    ARO_ATTRIBUTE_TEXT,
    ARO_ATTRIBUTE_NUMBER,
    ARO_ATTRIBUTE_BOOL,
    ARO_ATTRIBUTE_LIST
};

struct aro_attribute {
    struct aro_text name;
    enum aro_attribute_kind kind;
    union { /* by @kind */
        struct aro_text text;
        double number; /* finite */
        bool boolean;
        struct { /* LIST, may be empty */
            size_t text_count;
            const char *const *texts;
        };
    };
};

/* By name, as an event has them. */
void aro_attributes_sort(struct aro_attribute *attributes, size_t count);

struct aro_language_level {
    const struct aro_language *language;
    unsigned level; /* 1..5 */
};

struct aro_skill {
    const char *name;
    unsigned level; /* 1..5 */
};

struct aro_shift {
    struct aro_instant start, end;
};

/* The members an event may leave out: is it there? (A null member is an absent one.) */
enum aro_event_field {
    ARO_HAS_LANGUAGES = 1 << 0, /* submitted, updated, agent.updated */
    ARO_HAS_REASON = 1 << 1,
    ARO_HAS_DEADLINE = 1 << 2,
    ARO_HAS_EXCLUDE = 1 << 3,
    ARO_HAS_ATTRIBUTES = 1 << 4,
    ARO_HAS_ON_HOLD = 1 << 5,
    ARO_HAS_AGENT_ID = 1 << 6, /* decided */
    ARO_HAS_EPOCH = 1 << 7,    /* decided */
    ARO_HAS_STATUS = 1 << 8,   /* agent.updated */
    ARO_HAS_QUEUES = 1 << 9,   /* agent.updated */
    ARO_HAS_SHIFTS = 1 << 10,  /* agent.updated */
};

/* Ids that begin so are of synthetic appeals: the daemon sends them to itself, to see that they
 * come back. No figure counts them and nobody ever gets one: a queue of the name below takes them,
 * with `deliver: queue` and a topic of its own. */
#define ARO_SYNTHETIC_PREFIX "synthetic:"
#define ARO_SYNTHETIC_QUEUE "synthetic"
bool aro_id_is_synthetic(const char *appeal_id);

/* One event. Everything it points to belongs to the reader that read it and lasts until that
 * reader reads again. Texts that the event leaves out are NULL, times ARO_INSTANT_NEVER. */
struct aro_event {
    enum aro_event_type type;
    unsigned has; /* of enum aro_event_field */

    const char *appeal_id;
    const char *agent_id;

    /* appeal.submitted, appeal.updated */
    const char *market;
    size_t language_count;
    const struct aro_language *languages[ARO_LANGUAGES_MAX]; /* preferred first, no repeats */
    const char *reason; /* also the prose of declined and returned: never kept or logged */
    unsigned tier;      /* 1 where absent */
    const char *subject_type, *subject_id; /* both or neither */
    const char *decision_id, *decided_by, *decision_policy;
    struct aro_instant decision_decided_at;
    size_t exclude_count;
    const char *exclude[ARO_EXCLUDE_MAX]; /* no repeats */
    struct aro_instant submitted_at;
    struct aro_instant deadline;
    unsigned effort;   /* 1 where absent */
    unsigned priority; /* 0 where absent */
    size_t attribute_count;
    struct aro_attribute attributes[ARO_ATTRIBUTES_MAX]; /* sorted by name, no repeats */
    bool on_hold;

    /* agent.updated, agent.status */
    unsigned capacity;
    size_t agent_language_count;
    const struct aro_language_level *agent_languages;
    bool all_markets;
    size_t market_count;
    const char *const *markets;
    size_t queue_count; /* with ARO_HAS_QUEUES only; otherwise every queue */
    const char *const *queues;
    size_t skill_count;
    const struct aro_skill *skills;
    const char *team, *site, *lead, *time_zone;
    size_t shift_count;
    const struct aro_shift *shifts;
    enum aro_agent_status status;

    /* assignment.*, appeal.decided */
    uint64_t epoch;
    enum aro_outcome outcome;
    struct aro_instant decided_at;

    const char *traceparent, *tracestate; /* NULL where none or malformed */
};

struct aro_header {
    const char *name;  /* NUL-terminated */
    const void *value; /* may be NULL */
    size_t length;
};

/* One record as it lies in a topic. All borrowed. */
struct aro_message {
    enum aro_topic_kind topic_kind;
    const void *key; /* NULL: none */
    size_t key_length;
    const void *value; /* NULL: a null value, which on the agents topic means removed */
    size_t value_length;
    const struct aro_header *headers;
    size_t header_count;
};

/* Reads records into events, one after the other, with memory that it uses again. */
struct aro_event_reader;

/* @languages is borrowed and outlives the reader. */
int aro_event_reader_new(struct aro_languages *languages, struct aro_event_reader **ret);
void aro_event_reader_free(struct aro_event_reader *reader);

/* Reads one record in any of its forms: CloudEvents structured or binary, or plain JSON with a
 * `type` member. *@ret points into @reader. -EINVAL with @reterr's code, field and message where
 * the record belongs among the dead letters; -ENOMEM. */
int aro_event_read(struct aro_event_reader *reader, const struct aro_message *message,
                   const struct aro_event **ret, struct aro_error *reterr);

/* The traceparent of the record read last, also where that was refused; NULL where it has none. Of
 * the reader, until the next record. */
const char *aro_event_reader_traceparent(const struct aro_event_reader *reader);

#endif
