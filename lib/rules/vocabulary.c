#include "rules/vocabulary.h"

#include "support/memory.h"

#include <assert.h>
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

static uint64_t load_8(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint64_t load_4(const char *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product =
        (unsigned __int128)(a ^ UINT64_C(0xa0761d6478bd642f)) * (b ^ UINT64_C(0xe7037ed1a0b428db));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Fast, and not keyed: the table holds the rulebook's own texts and no more is added once it is
 * frozen, so no appeal can make a search longer than the rulebook's author did. Every match looks
 * up some eight texts; SipHash would be most of its cost. */
static uint64_t text_hash(const char *text, size_t length)
{
    uint64_t hash = length;
    for (; length > 16; text += 8, length -= 8)
        hash = fold(hash, load_8(text));
    if (length >= 8)
        return fold(hash ^ load_8(text), load_8(text + length - 8));
    if (length >= 4)
        return fold(hash ^ load_4(text), load_4(text + length - 4));
    for (size_t i = 0; i < length; i++)
        hash = hash << 8 | (unsigned char)text[i];
    return fold(hash, hash);
}

static uint32_t find_hashed(const struct vocabulary *vocabulary, uint64_t hash, const char *text,
                            size_t length)
{
    size_t mask = vocabulary->slot_count - 1;
    for (size_t at = hash & mask; vocabulary->slots[at].text; at = (at + 1) & mask) {
        const struct vocabulary_slot *slot = &vocabulary->slots[at];
        if (slot->hash == hash >> 32 && memcmp(slot->text, text, length + 1) == 0)
            return slot->id;
    }
    return VALUE_OTHER;
}

uint32_t vocabulary_find_text(const struct vocabulary *vocabulary, const char *text)
{
    if (vocabulary->text_count == 0)
        return VALUE_OTHER;
    size_t length = strlen(text);
    return find_hashed(vocabulary, text_hash(text, length), text, length);
}

static void place(struct vocabulary *vocabulary, uint64_t hash, const char *text, uint32_t id)
{
    size_t mask = vocabulary->slot_count - 1;
    size_t at = hash & mask;
    while (vocabulary->slots[at].text)
        at = (at + 1) & mask;
    vocabulary->slots[at] =
        (struct vocabulary_slot){ .text = text, .hash = (uint32_t)(hash >> 32), .id = id };
}

static void grow(struct vocabulary *vocabulary)
{
    struct vocabulary_slot *old = vocabulary->slots;
    size_t old_count = vocabulary->slot_count;

    vocabulary->slot_count = old_count ? old_count * 2 : SLOTS_FIRST;
    vocabulary->slots = memory_new_array(vocabulary->slot_count, sizeof *vocabulary->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].text)
            place(vocabulary, text_hash(old[i].text, strlen(old[i].text)), old[i].text, old[i].id);
    }
    free(old);
}

uint32_t vocabulary_add_text(struct vocabulary *vocabulary, const char *text)
{
    size_t length = strlen(text);
    if (vocabulary->text_count * 2 >= vocabulary->slot_count)
        grow(vocabulary);
    uint64_t hash = text_hash(text, length);
    uint32_t id = find_hashed(vocabulary, hash, text, length);
    if (id != VALUE_OTHER)
        return id;
    id = (uint32_t)vocabulary->text_count++;
    place(vocabulary, hash, arena_copy_text(&vocabulary->arena, text, length), id);
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
