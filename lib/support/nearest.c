#include "support/nearest.h"

#include <ctype.h>
#include <string.h>

enum { WORD_LENGTH_MAX = 64 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edits (insert, remove, replace a letter; case is none) from @a to @b, by Levenshtein's rows. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned row[WORD_LENGTH_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned differs = tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);
            unsigned edited = least(least(row[j], row[j - 1]) + 1, diagonal + differs);
            diagonal = row[j];
            row[j] = edited;
        }
    }
    return row[b_length];
}

void nearest_init(struct nearest *nearest, const char *word)
{
    /* One edit in three letters, at least one, is still a slip; more is another word. */
    unsigned tolerated = (unsigned)(strlen(word) / 3);
    *nearest = (struct nearest){ .word = word, .best_distance = tolerated ? tolerated + 1 : 2 };
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    size_t word_length = strlen(nearest->word), candidate_length = strlen(candidate);
    if (word_length > WORD_LENGTH_MAX || candidate_length > WORD_LENGTH_MAX)
        return;
    unsigned distance = edit_distance(nearest->word, word_length, candidate, candidate_length);
    if (distance < nearest->best_distance) {
        nearest->best = candidate;
        nearest->best_distance = distance;
    }
}
