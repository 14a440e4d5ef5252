#include "support/series.h"

#include "support/memory.h"

#include <stdlib.h>

void series_done(struct series *series)
{
    for (size_t i = 0; i < series->piece_count; i++)
        free(series->pieces[i]);
    free(series->pieces);
    *series = (struct series){ 0 };
}

void series_add_piece(struct series *series, size_t item_size)
{
    series->pieces = memory_reach(series->pieces, series->piece_count, &series->piece_size,
                                  sizeof *series->pieces);
    series->pieces[series->piece_count++] = memory_resize(NULL, SERIES_PIECE * item_size);
}
