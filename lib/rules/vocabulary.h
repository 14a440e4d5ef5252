/* The values that a rulebook's conditions name, a small number for each.
 *
 * Grows while conditions are parsed, then is frozen; from then on it is only read, by any number of
 * threads. Whatever an appeal has that no rule names is VALUE_OTHER: rules cannot tell it apart. */
#ifndef ARO_RULES_VOCABULARY_H
#define ARO_RULES_VOCABULARY_H

#include "support/arena.h"
#include "support/mix.h"

#include <aro/language.h>
#include <aro/text.h>

#include <stddef.h>
#include <stdint.h>

#define VALUE_OTHER UINT32_MAX

/* A language as conditions tell it apart: "pt" is every region that no rule names. */
struct language_value {
    uint32_t base_id;
    char region[4];
};

struct vocabulary_slot {
    struct aro_text text; /* without text: free */
    uint32_t id;
};

struct vocabulary {
    struct arena arena;
    size_t text_count;
    size_t slot_mask;              /* their count, a power of two, less one */
    struct vocabulary_slot *slots; /* NULL: none, as long as there is no text */

    size_t language_count, language_size;
    struct language_value *languages; /* frozen: those of a base together, its open one first */
    size_t base_count;
    uint32_t *first_of_base; /* by base id; VALUE_OTHER where no rule names the base */
};

/* { 0 } is an empty one. */
void vocabulary_done(struct vocabulary *vocabulary);

/* The number of @text, a new one where it has none. */
uint32_t vocabulary_add_text(struct vocabulary *vocabulary, const char *text);
void vocabulary_add_language(struct vocabulary *vocabulary, const struct aro_language *language);

/* Numbers the languages; nothing may be added afterwards. */
void vocabulary_freeze(struct vocabulary *vocabulary);

/* Finds the languages' numbers again after their base ids have changed. */
void vocabulary_index_languages(struct vocabulary *vocabulary);

uint32_t vocabulary_find_language(const struct vocabulary *vocabulary,
                                  const struct aro_language *language);

/* The numbers *@ret_first to *@ret_end - 1 are what a condition on @language means: its region
 * alone, or every region where it names none. */
void vocabulary_expand_language(const struct vocabulary *vocabulary,
                                const struct aro_language *language, uint32_t *ret_first,
                                uint32_t *ret_end);

/* The slot of @text, or the free one where it would go. There is a free one.
 *
 * Not keyed: the table holds the rulebook's own texts and no more is added once it is frozen, so no
 * appeal can make a search longer than the rulebook's author did. Every match looks up some eight
 * texts; SipHash would be most of its cost. */
static inline struct vocabulary_slot *vocabulary_slot_of(const struct vocabulary *vocabulary,
                                                         const struct aro_text *text)
{
    size_t at = mix(text->first ^ text->length, text->last) & vocabulary->slot_mask;
    while (vocabulary->slots[at].text.text && !aro_text_equals(&vocabulary->slots[at].text, text))
        at = (at + 1) & vocabulary->slot_mask;
    return &vocabulary->slots[at];
}

static inline uint32_t vocabulary_find_text(const struct vocabulary *vocabulary,
                                            const struct aro_text *text)
{
    if (!vocabulary->slots)
        return VALUE_OTHER;
    const struct vocabulary_slot *slot = vocabulary_slot_of(vocabulary, text);
    return slot->text.text ? slot->id : VALUE_OTHER;
}

#endif
