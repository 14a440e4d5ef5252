#include "rules/vocabulary.h"

#include "support/memory.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 64, SHORT_LENGTH_MAX = 16 };

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

static inline struct text_key text_key_of(const char *text, size_t length)
{
    struct text_key key = { .length = length };
    size_t left = length;

    for (; left > SHORT_LENGTH_MAX; text += 8, left -= 8)
        key.first = fold(key.first, load_8(text));
    if (left >= 8) {
        key.first ^= load_8(text);
        key.last = load_8(text + left - 8);
    } else if (left >= 4) {
        key.first ^= load_4(text);
        key.last = load_4(text + left - 4);
    } else {
        for (size_t i = 0; i < left; i++)
            key.last = key.last << 8 | (unsigned char)text[i];
    }
    return key;
}

/* Fast, and not keyed: the table holds the rulebook's own texts and no more is added once it is
 * frozen, so no appeal can make a search longer than the rulebook's author did. Every match looks
 * up some eight texts; SipHash would be most of its cost. */
static uint64_t text_key_hash(const struct text_key *key)
{
    return fold(key->first ^ key->length, key->last);
}

/* Not inlined: then a search for a short text calls nothing, and need not save registers. */
static __attribute__((noinline)) bool are_equal(const char *a, const char *b, size_t length)
{
    return memcmp(a, b, length) == 0;
}

static bool slot_is_of(const struct vocabulary_slot *slot, const struct text_key *key,
                       const char *text)
{
    return slot->key.first == key->first && slot->key.last == key->last &&
           slot->key.length == key->length &&
           (key->length <= SHORT_LENGTH_MAX || are_equal(slot->text, text, key->length));
}

/* The slot of @text, or the free one where it would go. */
static inline struct vocabulary_slot *find_slot(const struct vocabulary *vocabulary,
                                                const struct text_key *key, const char *text)
{
    size_t mask = vocabulary->slot_count - 1;
    size_t at = text_key_hash(key) & mask;
    while (vocabulary->slots[at].text && !slot_is_of(&vocabulary->slots[at], key, text))
        at = (at + 1) & mask;
    return &vocabulary->slots[at];
}

uint32_t vocabulary_find_text(const struct vocabulary *vocabulary, const char *text, size_t length)
{
    if (vocabulary->text_count == 0)
        return VALUE_OTHER;
    struct text_key key = text_key_of(text, length);
    const struct vocabulary_slot *slot = find_slot(vocabulary, &key, text);
    return slot->text ? slot->id : VALUE_OTHER;
}

static void grow(struct vocabulary *vocabulary)
{
    struct vocabulary_slot *old = vocabulary->slots;
    size_t old_count = vocabulary->slot_count;

    vocabulary->slot_count = old_count ? old_count * 2 : SLOTS_FIRST;
    vocabulary->slots = memory_new_array(vocabulary->slot_count, sizeof *vocabulary->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].text)
            *find_slot(vocabulary, &old[i].key, old[i].text) = old[i];
    }
    free(old);
}

uint32_t vocabulary_add_text(struct vocabulary *vocabulary, const char *text)
{
    struct text_key key = text_key_of(text, strlen(text));
    if (vocabulary->text_count * 4 >= vocabulary->slot_count)
        grow(vocabulary);
    struct vocabulary_slot *slot = find_slot(vocabulary, &key, text);
    if (!slot->text)
        *slot = (struct vocabulary_slot){
            .key = key,
            .text = arena_copy_text(&vocabulary->arena, text, key.length),
            .id = (uint32_t)vocabulary->text_count++,
        };
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
