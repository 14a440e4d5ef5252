#include "rules/vocabulary.h"

#include "support/memory.h"
#include "support/siphash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 64 };

void vocabulary_init(struct vocabulary *vocabulary, uint64_t key)
{
    *vocabulary = (struct vocabulary){ .key = key };
}

void vocabulary_done(struct vocabulary *vocabulary)
{
    arena_done(&vocabulary->arena);
    free(vocabulary->texts);
    free(vocabulary->slots);
    free(vocabulary->languages);
    free(vocabulary->first_of_base);
    *vocabulary = (struct vocabulary){ 0 };
}

static uint64_t text_hash(const struct vocabulary *vocabulary, const char *text, size_t length)
{
    return siphash(text, length, vocabulary->key, 0);
}

static uint32_t find_hashed(const struct vocabulary *vocabulary, uint64_t hash, const char *text)
{
    size_t mask = vocabulary->slot_count - 1;
    for (size_t at = hash & mask; vocabulary->slots[at].id != VALUE_OTHER; at = (at + 1) & mask) {
        const struct vocabulary_slot *slot = &vocabulary->slots[at];
        if (slot->hash == hash >> 32 && strcmp(vocabulary->texts[slot->id], text) == 0)
            return slot->id;
    }
    return VALUE_OTHER;
}

uint32_t vocabulary_find_text(const struct vocabulary *vocabulary, const char *text)
{
    if (vocabulary->text_count == 0)
        return VALUE_OTHER;
    return find_hashed(vocabulary, text_hash(vocabulary, text, strlen(text)), text);
}

static void place(struct vocabulary *vocabulary, uint64_t hash, uint32_t id)
{
    size_t mask = vocabulary->slot_count - 1;
    size_t at = hash & mask;
    while (vocabulary->slots[at].id != VALUE_OTHER)
        at = (at + 1) & mask;
    vocabulary->slots[at] = (struct vocabulary_slot){ .hash = (uint32_t)(hash >> 32), .id = id };
}

static void grow(struct vocabulary *vocabulary)
{
    vocabulary->slot_count = vocabulary->slot_count ? vocabulary->slot_count * 2 : SLOTS_FIRST;
    free(vocabulary->slots);
    vocabulary->slots = memory_new_array(vocabulary->slot_count, sizeof *vocabulary->slots);
    for (size_t i = 0; i < vocabulary->slot_count; i++)
        vocabulary->slots[i].id = VALUE_OTHER;
    for (size_t id = 0; id < vocabulary->text_count; id++) {
        const char *text = vocabulary->texts[id];
        place(vocabulary, text_hash(vocabulary, text, strlen(text)), (uint32_t)id);
    }
}

uint32_t vocabulary_add_text(struct vocabulary *vocabulary, const char *text)
{
    size_t length = strlen(text);
    if (vocabulary->text_count * 2 >= vocabulary->slot_count)
        grow(vocabulary);
    uint64_t hash = text_hash(vocabulary, text, length);
    uint32_t id = find_hashed(vocabulary, hash, text);
    if (id != VALUE_OTHER)
        return id;
    if (vocabulary->text_count == vocabulary->text_size) {
        vocabulary->text_size = vocabulary->text_size ? vocabulary->text_size * 2 : SLOTS_FIRST;
        vocabulary->texts =
            memory_resize(vocabulary->texts, vocabulary->text_size * sizeof *vocabulary->texts);
    }
    id = (uint32_t)vocabulary->text_count++;
    vocabulary->texts[id] = arena_copy_text(&vocabulary->arena, text, length);
    place(vocabulary, hash, id);
    return id;
}

static void push_language(struct vocabulary *vocabulary, uint32_t base_id, const char *region)
{
    struct language_value value = { .base_id = base_id };

    for (size_t i = 0; i < vocabulary->language_count; i++) {
        const struct language_value *known = &vocabulary->languages[i];
        if (known->base_id == base_id && strcmp(known->region, region) == 0)
            return;
    }
    if (vocabulary->language_count == vocabulary->language_size) {
        vocabulary->language_size =
            vocabulary->language_size ? vocabulary->language_size * 2 : SLOTS_FIRST;
        vocabulary->languages = memory_resize(
            vocabulary->languages, vocabulary->language_size * sizeof *vocabulary->languages);
    }
    memcpy(value.region, region, strlen(region) + 1);
    vocabulary->languages[vocabulary->language_count++] = value;
}

void vocabulary_add_language(struct vocabulary *vocabulary, const struct aro_language *language)
{
    push_language(vocabulary, language->base_id, "");
    push_language(vocabulary, language->base_id, language->region);
}

static int compare_languages(const void *a, const void *b)
{
    const struct language_value *left = a, *right = b;
    if (left->base_id != right->base_id)
        return left->base_id < right->base_id ? -1 : 1;
    return strcmp(left->region, right->region);
}

void vocabulary_freeze(struct vocabulary *vocabulary)
{
    size_t count = vocabulary->language_count;
    if (count == 0)
        return;
    qsort(vocabulary->languages, count, sizeof *vocabulary->languages, compare_languages);
    vocabulary->base_count = (size_t)vocabulary->languages[count - 1].base_id + 1;
    vocabulary->first_of_base =
        memory_new_array(vocabulary->base_count, sizeof *vocabulary->first_of_base);
    for (size_t i = 0; i < vocabulary->base_count; i++)
        vocabulary->first_of_base[i] = VALUE_OTHER;
    for (size_t i = count; i-- > 0;)
        vocabulary->first_of_base[vocabulary->languages[i].base_id] = (uint32_t)i;
}

static uint32_t first_of_base(const struct vocabulary *vocabulary, uint32_t base_id)
{
    return base_id < vocabulary->base_count ? vocabulary->first_of_base[base_id] : VALUE_OTHER;
}

uint32_t vocabulary_find_language(const struct vocabulary *vocabulary,
                                  const struct aro_language *language)
{
    uint32_t first = first_of_base(vocabulary, language->base_id);
    if (first == VALUE_OTHER || !*language->region)
        return first;
    for (uint32_t id = first + 1; id < vocabulary->language_count; id++) {
        const struct language_value *value = &vocabulary->languages[id];
        if (value->base_id != language->base_id)
            break;
        if (strcmp(value->region, language->region) == 0)
            return id;
    }
    return first;
}

void vocabulary_expand_language(const struct vocabulary *vocabulary,
                                const struct aro_language *language, uint32_t *ret_first,
                                uint32_t *ret_end)
{
    uint32_t first = vocabulary_find_language(vocabulary, language), end = first + 1;

    assert(first != VALUE_OTHER);
    while (!*language->region && end < vocabulary->language_count &&
           vocabulary->languages[end].base_id == language->base_id)
        end++;
    *ret_first = first;
    *ret_end = end;
}
