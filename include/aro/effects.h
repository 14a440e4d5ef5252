/* What the router wants done: the records of one transaction, and what it takes to undo them.
 *
 * The shell makes one, hands it to the router with each event, timer and command, and seals it when
 * the writer is free: everything in it goes into one Kafka transaction, in order. Records are bytes
 * already; the shell adds nothing but `ce_source`, `ce_specversion` and `content-type`. */
#ifndef ARO_EFFECTS_H
#define ARO_EFFECTS_H

#include <aro/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum aro_record_kind {
    ARO_RECORD_ASSIGNMENT, /* to @topic, or the shard's assignments */
    ARO_RECORD_OUTCOME,    /* to the shard's outcomes */
    ARO_RECORD_LEDGER,     /* to the shard's ledger partition; value NULL is a tombstone */
};

/* What caused a record. */
enum aro_source_kind { ARO_SOURCE_RECORD, ARO_SOURCE_TIMER, ARO_SOURCE_CONTROL };
struct aro_source {
    enum aro_source_kind kind;
    const char *topic; /* RECORD only, as are the next two */
    int32_t partition;
    int64_t offset;
};

struct aro_record {
    enum aro_record_kind kind;
    const char *topic; /* ASSIGNMENT of a queue with a topic of its own; otherwise NULL */
    const char *key;   /* the appeal or agent id; of the ledger "appeal:ID" and so on */
    const char *value; /* JSON, @value_length bytes and a NUL; NULL: tombstone */
    size_t value_length;
    const char *type;        /* "assignment.created"; NULL for the ledger, as are the next three */
    const char *id;          /* ce_id */
    const char *time;        /* ce_time, RFC 3339 */
    const char *traceparent; /* NULL where the appeal came without; so tracestate */
    const char *tracestate;
    const char *source; /* aro-source: "<topic>/<partition>/<offset>", "timer", "control" */
};

/* What a batch did, for those who count it; no two rows of a reader's figures come from one. */
enum aro_note_kind {
    ARO_NOTE_ASSIGNED, /* to an agent, or delivered */
    ARO_NOTE_OFFERED,
    ARO_NOTE_ACCEPTED, /* the offer; an ASSIGNED comes with it */
    ARO_NOTE_DECLINED, /* the offer */
    ARO_NOTE_EXPIRED,  /* the offer */
    ARO_NOTE_IGNORED,  /* the event: it was well-formed and changed nothing */
    /* Of synthetic appeals (aro_id_is_synthetic()) these alone are told. */
    ARO_NOTE_SYNTHETIC_DELIVERED,
    ARO_NOTE_SYNTHETIC_CLOSED,
};
struct aro_note {
    enum aro_note_kind kind;
    const char *queue;               /* all but IGNORED and SYNTHETIC */
    unsigned step;                   /* the same; from 1 */
    struct aro_instant submitted_at; /* all but IGNORED; of the appeal */
    const char *reason;              /* IGNORED: a constant, "repeat" and the like */
    const char *appeal_id;           /* SYNTHETIC */
};

/* A list of records with the memory they lie in. */
struct aro_effects;

int aro_effects_new(struct aro_effects **ret);
void aro_effects_free(struct aro_effects *effects);

size_t aro_effects_record_count(const struct aro_effects *effects);
const struct aro_record *aro_effects_record_at(const struct aro_effects *effects, size_t index);

size_t aro_effects_note_count(const struct aro_effects *effects);
const struct aro_note *aro_effects_note_at(const struct aro_effects *effects, size_t index);

/* Bytes of keys, values and headers so far: the shell's bound on a batch. */
size_t aro_effects_byte_count(const struct aro_effects *effects);

#endif
