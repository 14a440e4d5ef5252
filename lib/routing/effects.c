#include "routing/effects.h"

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
    series_done(&effects->records);
    series_done(&effects->saved);
    series_done(&effects->notes);
    series_done(&effects->agents);
    series_done(&effects->queues);
    free(effects);
}

size_t aro_effects_record_count(const struct aro_effects *effects)
{
    return effects->records.count;
}

const struct aro_record *aro_effects_record_at(const struct aro_effects *effects, size_t index)
{
    assert(index < effects->records.count);
    return series_at(&effects->records, index, sizeof(struct aro_record));
}

size_t aro_effects_note_count(const struct aro_effects *effects)
{
    return effects->notes.count;
}

const struct aro_note *aro_effects_note_at(const struct aro_effects *effects, size_t index)
{
    assert(index < effects->notes.count);
    return series_at(&effects->notes, index, sizeof(struct aro_note));
}

size_t aro_effects_byte_count(const struct aro_effects *effects)
{
    return effects->byte_count;
}

size_t aro_effects_changed_agent_count(const struct aro_effects *effects)
{
    return effects->agents.count;
}

const char *aro_effects_changed_agent_at(const struct aro_effects *effects, size_t index)
{
    assert(index < effects->agents.count);
    return effects_agent_at(effects, index)->id;
}

size_t aro_effects_changed_queue_count(const struct aro_effects *effects)
{
    return effects->queues.count;
}

const char *aro_effects_changed_queue_at(const struct aro_effects *effects, size_t index)
{
    assert(index < effects->queues.count);
    return effects_queue_at(effects, index)->name;
}

void effects_add_record(struct aro_effects *effects, const struct aro_record *record,
                        size_t text_length)
{
    struct aro_record *added = series_add(&effects->records, sizeof *added);

    assert(!effects->is_sealed);
    *added = *record;
    effects->byte_count += record->value_length + text_length;
}

static const char *copy_text(struct aro_effects *effects, const char *text)
{
    return arena_copy_text(&effects->arena, text, strlen(text));
}

void effects_save(struct aro_effects *effects, const char *key, const char *value, size_t length)
{
    struct saved_record *saved = series_add(&effects->saved, sizeof *saved);

    *saved = (struct saved_record){
        .key = key,
        .value = value ? arena_copy_text(&effects->arena, value, length) : NULL,
        .value_length = length,
    };
}

void effects_save_appeal(struct aro_effects *effects, const char *key,
                         const struct kept_appeal *kept)
{
    struct saved_record *saved = series_add(&effects->saved, sizeof *saved);
    *saved = (struct saved_record){ .key = key, .appeal = kept };
}

void effects_add_note(struct aro_effects *effects, const struct aro_note *note)
{
    struct aro_note *added = series_add(&effects->notes, sizeof *added);

    *added = *note;
    added->queue = note->queue ? copy_text(effects, note->queue) : NULL;
    added->appeal_id = note->appeal_id ? copy_text(effects, note->appeal_id) : NULL;
}

void effects_add_agent(struct aro_effects *effects, const struct changed_agent *changed)
{
    struct changed_agent *added = series_add(&effects->agents, sizeof *added);
    *added = *changed;
}

void effects_add_queue(struct aro_effects *effects, const char *name, const char *source)
{
    struct changed_queue *added = series_add(&effects->queues, sizeof *added);
    *added = (struct changed_queue){ copy_text(effects, name), source };
}
