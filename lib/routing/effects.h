/* The inside of struct aro_effects: see aro/effects.h. */
#ifndef ARO_ROUTING_EFFECTS_H
#define ARO_ROUTING_EFFECTS_H

#include "support/arena.h"

#include <aro/effects.h>

struct agent;
struct aro_router;

/* What the board shows anew, and what first changed it in this batch. A queue may be gone before
 * the batch is sealed, an agent is there until then. */
struct changed_queue {
    const char *name, *source;
};
struct changed_agent {
    const char *id, *source;
    struct agent *agent;
};

/* The ledger record of @key from before this batch; @value NULL: there was none. */
struct saved_record {
    const char *key;
    const char *value;
    size_t value_length;
};

struct aro_effects {
    struct arena arena; /* of every text below */
    uint32_t batch;     /* the router's number for it, from 1; 0: not used yet */
    bool is_sealed;
    uint64_t arrival_before; /* the router's counter, before */
    size_t record_count, record_size;
    struct aro_record *records;
    size_t byte_count;
    size_t saved_count, saved_size;
    struct saved_record *saved;
    size_t note_count, note_size;
    struct aro_note *notes;
    size_t agent_count, agent_size, queue_count, queue_size;
    struct changed_agent *agents; /* each once, as is the next */
    struct changed_queue *queues;
};

/* Its texts lie in the effects' own memory; @text_length: of all of them but value and topic. */
void effects_add_record(struct aro_effects *effects, const struct aro_record *record,
                        size_t text_length);
/* @key lies in the effects' own memory. */
void effects_save(struct aro_effects *effects, const char *key, const char *value, size_t length);
/* Copies the texts of @note but its reason. */
void effects_add_note(struct aro_effects *effects, const struct aro_note *note);
/* Both texts lie in the effects' own memory. */
void effects_add_agent(struct aro_effects *effects, const char *id, const char *source,
                       struct agent *agent);
/* @source lies in the effects' own memory. */
void effects_add_queue(struct aro_effects *effects, const char *name, const char *source);

#endif
