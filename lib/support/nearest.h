/* "did you mean": the known word that a mistyped one most likely stands for. */
#ifndef ARO_SUPPORT_NEAREST_H
#define ARO_SUPPORT_NEAREST_H

#include <stddef.h>

/* Remembers the best of the candidates offered so far. */
struct nearest {
    const char *word, *best; /* @best NULL: none is near enough */
    unsigned best_distance;
};

void nearest_init(struct nearest *nearest, const char *word);
/* @candidate is borrowed for as long as @nearest->best is read. */
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
