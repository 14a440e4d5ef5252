/* Columns for people: as wide as their widest cell, numbers to the right. */
#ifndef APPEALCTL_COLUMNS_H
#define APPEALCTL_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct columns {
    size_t column_count, cell_count, cell_size;
    char **cells;    /* row by row; the first row are the headings */
    bool *is_number; /* of each column */
};

void columns_init(struct columns *columns, size_t column_count);
void columns_done(struct columns *columns);

/* Cells come row by row, the headings first. @text is copied. */
void columns_add(struct columns *columns, const char *text, bool is_number);

void columns_print(const struct columns *columns, FILE *stream, unsigned indent);

#endif
