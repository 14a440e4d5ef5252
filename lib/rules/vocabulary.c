#include "rules/vocabulary.h"

#include "support/memory.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 64 };

void vocabulary_done(struct vocabulary *vocabulary)
{
    arena_done(&vocabulary->arena);
    free(vocabulary->slots);
    free(vocabulary->languages);
    free(vocabulary->first_of_base);
    *vocabulary = (struct vocabulary){ 0 };
}

static void grow(struct vocabulary *vocabulary)
{
    struct vocabulary_slot *old = vocabulary->slots;
    size_t old_count = old ? vocabulary->slot_mask + 1 : 0;
    size_t count = old ? old_count * 2 : SLOTS_FIRST;

    vocabulary->slots = memory_new_array(count, sizeof *vocabulary->slots);
    vocabulary->slot_mask = count - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].text.text)
            *vocabulary_slot_of(vocabulary, &old[i].text) = old[i];
    }
    free(old);
}

uint32_t vocabulary_add_text(struct vocabulary *vocabulary, const char *text)
{
    struct aro_text key = aro_text_of(text);
    if (!vocabulary->slots || vocabulary->text_count * 4 > vocabulary->slot_mask)
        grow(vocabulary);
    struct vocabulary_slot *slot = vocabulary_slot_of(vocabulary, &key);
    if (!slot->text.text) {
        key.text = arena_copy_text(&vocabulary->arena, text, key.length);
        *slot = (struct vocabulary_slot){ .text = key, .id = (uint32_t)vocabulary->text_count++ };
    }
    return slot->id;
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

void vocabulary_index_languages(struct vocabulary *vocabulary)
{
    size_t count = 0;
    for (size_t i = 0; i < vocabulary->language_count; i++) {
        if (vocabulary->languages[i].base_id >= count)
            count = (size_t)vocabulary->languages[i].base_id + 1;
    }
    free(vocabulary->first_of_base);
    vocabulary->first_of_base = memory_new_array(count, sizeof *vocabulary->first_of_base);
    vocabulary->base_count = count;
    for (size_t i = 0; i < count; i++)
        vocabulary->first_of_base[i] = VALUE_OTHER;
    for (size_t i = vocabulary->language_count; i-- > 0;)
        vocabulary->first_of_base[vocabulary->languages[i].base_id] = (uint32_t)i;
}

void vocabulary_freeze(struct vocabulary *vocabulary)
{
    if (vocabulary->language_count > 1)
        qsort(vocabulary->languages, vocabulary->language_count, sizeof *vocabulary->languages,
              compare_languages);
    vocabulary_index_languages(vocabulary);
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
