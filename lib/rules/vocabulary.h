/* The values that a rulebook's conditions name, a small number for each.
 *
 * Grows while conditions are parsed, then is frozen; from then on it is only read, by any number of
 * threads. Whatever an appeal has that no rule names is VALUE_OTHER: rules cannot tell it apart. */
#ifndef ARO_RULES_VOCABULARY_H
#define ARO_RULES_VOCABULARY_H

#include "support/arena.h"

#include <aro/language.h>

#include <stddef.h>
#include <stdint.h>

#define VALUE_OTHER UINT32_MAX

/* A language as conditions tell it apart: "pt" is every region that no rule names. */
struct language_value {
    uint32_t base_id;
    char region[4];
};

/* A text of up to 16 bytes is its length, its first and its last bytes, which may overlap; of a
 * longer one these are a hash, and the text itself has to be compared. */
struct text_key {
    uint64_t first, last;
    size_t length;
};

struct vocabulary_slot {
    struct text_key key;
    const char *text; /* NULL: free */
    uint32_t id;
};

struct vocabulary {
    struct arena arena;
    size_t text_count;
    size_t slot_count; /* a power of two */
    struct vocabulary_slot *slots;

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

uint32_t vocabulary_find_text(const struct vocabulary *vocabulary, const char *text, size_t length);
uint32_t vocabulary_find_language(const struct vocabulary *vocabulary,
                                  const struct aro_language *language);

/* The numbers *@ret_first to *@ret_end - 1 are what a condition on @language means: its region
 * alone, or every region where it names none. */
void vocabulary_expand_language(const struct vocabulary *vocabulary,
                                const struct aro_language *language, uint32_t *ret_first,
                                uint32_t *ret_end);

#endif
