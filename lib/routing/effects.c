#include "routing/effects.h"

#include "support/memory.h"

#include <aro/router.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int aro_effects_new(struct aro_effects **ret)
{
    struct aro_effects *effects = calloc(1, sizeof *effects);
    if (!effects)
        return -ENOMEM;
    *ret = effects;
    return 0;
}

void aro_effects_free(struct aro_effects *effects)
{
    if (!effects)
        return;
    arena_done(&effects->arena);
    free(effects->records);
    free(effects->saved);
    free(effects->notes);
    free(effects->agents);
    free(effects->queues);
    free(effects);
}

size_t aro_effects_record_count(const struct aro_effects *effects)
{
    return effects->record_count;
}

const struct aro_record *aro_effects_record_at(const struct aro_effects *effects, size_t index)
{
    assert(index < effects->record_count);
    return &effects->records[index];
}

size_t aro_effects_note_count(const struct aro_effects *effects)
{
    return effects->note_count;
}

const struct aro_note *aro_effects_note_at(const struct aro_effects *effects, size_t index)
{
    assert(index < effects->note_count);
    return &effects->notes[index];
}

size_t aro_effects_byte_count(const struct aro_effects *effects)
{
    return effects->byte_count;
}

size_t aro_effects_changed_agent_count(const struct aro_effects *effects)
{
    return effects->agent_count;
}

const char *aro_effects_changed_agent_at(const struct aro_effects *effects, size_t index)
{
    assert(index < effects->agent_count);
    return effects->agents[index].id;
}

size_t aro_effects_changed_queue_count(const struct aro_effects *effects)
{
    return effects->queue_count;
}

const char *aro_effects_changed_queue_at(const struct aro_effects *effects, size_t index)
{
    assert(index < effects->queue_count);
    return effects->queues[index].name;
}

void effects_add_record(struct aro_effects *effects, const struct aro_record *record,
                        size_t text_length)
{
    assert(!effects->is_sealed);
    effects->records = memory_reach(effects->records, effects->record_count, &effects->record_size,
                                    sizeof *effects->records);
    effects->records[effects->record_count++] = *record;
    effects->byte_count += record->value_length + text_length;
}

static const char *copy_text(struct aro_effects *effects, const char *text)
{
    return arena_copy_text(&effects->arena, text, strlen(text));
}

void effects_save(struct aro_effects *effects, const char *key, const char *value, size_t length)
{
    effects->saved = memory_reach(effects->saved, effects->saved_count, &effects->saved_size,
                                  sizeof *effects->saved);
    effects->saved[effects->saved_count++] = (struct saved_record){
        .key = key,
        .value = value ? arena_copy_text(&effects->arena, value, length) : NULL,
        .value_length = length,
    };
}

void effects_add_note(struct aro_effects *effects, const struct aro_note *note)
{
    effects->notes = memory_reach(effects->notes, effects->note_count, &effects->note_size,
                                  sizeof *effects->notes);
    struct aro_note *copy = &effects->notes[effects->note_count++];
    *copy = *note;
    copy->queue = note->queue ? copy_text(effects, note->queue) : NULL;
    copy->appeal_id = note->appeal_id ? copy_text(effects, note->appeal_id) : NULL;
}

void effects_add_agent(struct aro_effects *effects, const char *id, const char *source,
                       struct agent *agent)
{
    effects->agents = memory_reach(effects->agents, effects->agent_count, &effects->agent_size,
                                   sizeof *effects->agents);
    effects->agents[effects->agent_count++] = (struct changed_agent){ id, source, agent };
}

void effects_add_queue(struct aro_effects *effects, const char *name, const char *source)
{
    effects->queues = memory_reach(effects->queues, effects->queue_count, &effects->queue_size,
                                   sizeof *effects->queues);
    effects->queues[effects->queue_count++] =
        (struct changed_queue){ copy_text(effects, name), source };
}
