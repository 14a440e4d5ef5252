/* A list that grows at its end without moving what is in it.
 *
 * For lists of a whole batch: an array would be copied each time it is full, the last time when
 * half of all is in it. */
#ifndef ARO_SUPPORT_SERIES_H
#define ARO_SUPPORT_SERIES_H

#include <stddef.h>

enum { SERIES_PIECE = 64 };

/* { 0 } is an empty one. All items of one have the same size. */
struct series {
    size_t count;
    size_t piece_count, piece_size; /* how many pieces there are, and there is room for */
    char **pieces;                  /* of SERIES_PIECE items each */
};

void series_done(struct series *series);

void series_add_piece(struct series *series, size_t item_size); /* for series_add() */

/* The item at @index, which is below @count. Stays where it is. */
static inline void *series_at(const struct series *series, size_t index, size_t item_size)
{
    return series->pieces[index / SERIES_PIECE] + index % SERIES_PIECE * item_size;
}

/* Room for one more, not zeroed. */
static inline void *series_add(struct series *series, size_t item_size)
{
    size_t index = series->count++;
    if (index / SERIES_PIECE == series->piece_count)
        series_add_piece(series, item_size);
    return series_at(series, index, item_size);
}

#endif
