/* The inside of struct aro_effects: see aro/effects.h. */
#ifndef ARO_ROUTING_EFFECTS_H
#define ARO_ROUTING_EFFECTS_H

#include "support/arena.h"
#include "support/series.h"

#include <aro/effects.h>

struct agent;
struct aro_router;
struct kept_appeal;

/* What the board shows anew, and what first changed it in this batch. A queue may be gone before
 * the batch is sealed, an agent is there until then. */
struct changed_queue {
    const char *name, *source;
};
struct changed_agent {
    const char *key; /* of its record, which ends with the id */
    size_t key_length;
    const char *id, *source;
    struct agent *agent;
};

/* The ledger record of @key from before this batch: @value, or what is kept of an appeal; both
 * NULL: there was none. */
struct saved_record {
    const char *key;
    const char *value;
    size_t value_length;
    const struct kept_appeal *appeal;
};

struct aro_effects {
    struct arena arena; /* of every text below */
    uint32_t batch;     /* the router's number for it, from 1; 0: not used yet */
    bool is_sealed;
    uint64_t arrival_before; /* the router's counter, before */
    size_t byte_count;
    struct series records; /* of struct aro_record */
    struct series saved;   /* of struct saved_record */
    struct series notes;   /* of struct aro_note */
    struct series agents;  /* of struct changed_agent; each once, as is the next */
    struct series queues;  /* of struct changed_queue */
};

static inline struct changed_agent *effects_agent_at(const struct aro_effects *effects,
                                                     size_t index)
{
    return series_at(&effects->agents, index, sizeof(struct changed_agent));
}

static inline struct changed_queue *effects_queue_at(const struct aro_effects *effects,
                                                     size_t index)
{
    return series_at(&effects->queues, index, sizeof(struct changed_queue));
}

/* Its texts lie in the effects' own memory; @text_length: of all of them but value and topic. */
void effects_add_record(struct aro_effects *effects, const struct aro_record *record,
                        size_t text_length);
/* @key lies in the effects' own memory. */
void effects_save(struct aro_effects *effects, const char *key, const char *value, size_t length);
/* The same of an appeal. @kept lies there, too. */
void effects_save_appeal(struct aro_effects *effects, const char *key,
                         const struct kept_appeal *kept);
/* Copies the texts of @note but its reason. */
void effects_add_note(struct aro_effects *effects, const struct aro_note *note);
/* The texts of @changed lie in the effects' own memory. */
void effects_add_agent(struct aro_effects *effects, const struct changed_agent *changed);
/* @source lies in the effects' own memory. */
void effects_add_queue(struct aro_effects *effects, const char *name, const char *source);

#endif
