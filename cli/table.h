/* Columns for people: as wide as their widest cell, numbers to the right. */
#ifndef APPEALCTL_TABLE_H
#define APPEALCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table {
    size_t column_count, cell_count, cell_size;
    char **cells;    /* row by row; the first row are the headings */
    bool *is_number; /* of each column */
};

void table_init(struct table *table, size_t column_count);
void table_done(struct table *table);

/* Cells come row by row, the headings first. @text is copied. */
void table_add(struct table *table, const char *text, bool is_number);

void table_print(const struct table *table, FILE *stream, unsigned indent);

#endif
