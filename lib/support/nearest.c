#include "support/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { WORD_LENGTH_MAX = 64 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edits from @a to @b: a letter inserted, removed or replaced, or two neighbours swapped (optimal
 * string alignment). rows[i % 3][j] counts those of the first i and j letters. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][WORD_LENGTH_MAX + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3], *before = rows[(i + 2) % 3], *two_before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = before[j - 1] + !is_same(a[i - 1], b[j - 1]);
            row[j] = least(least(before[j], row[j - 1]) + 1, replaced);
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], two_before[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
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
    if (distance < nearest->best_distance && distance < word_length) { /* something is alike */
        nearest->best = candidate;
        nearest->best_distance = distance;
    }
}
