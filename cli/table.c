#include "cli/table.h"

#include "cli/terminal.h"
#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2 };

void table_init(struct table *table, size_t column_count)
{
    assert(column_count > 0);
    *table = (struct table){ .column_count = column_count };
    table->is_number = memory_new_array(column_count, sizeof *table->is_number);
    for (size_t i = 0; i < column_count; i++)
        table->is_number[i] = true;
}

void table_done(struct table *table)
{
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table->is_number);
    *table = (struct table){ 0 };
}

void table_add(struct table *table, const char *text, bool is_number)
{
    if (table->cell_count == table->cell_size) {
        table->cell_size = table->cell_size ? table->cell_size * 2 : 64;
        table->cells = memory_resize(table->cells, table->cell_size * sizeof *table->cells);
    }
    if (table->cell_count >= table->column_count && !is_number)
        table->is_number[table->cell_count % table->column_count] = false;
    table->cells[table->cell_count++] = memory_copy_text(text);
}

/* Characters, not bytes: names of markets and sites may have letters beyond ASCII. */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < table->cell_count; i += table->column_count) {
        size_t cell = text_width(table->cells[i]);
        width = cell > width ? cell : width;
    }
    return width;
}

static void print_cell(const struct table *table, FILE *stream, size_t index, size_t width)
{
    size_t column = index % table->column_count;
    bool is_last = column + 1 == table->column_count;
    int padding = (int)(width - text_width(table->cells[index]));

    if (table->is_number[column])
        fprintf(stream, "%*s%s", padding, "", table->cells[index]);
    else
        fprintf(stream, "%s%*s", table->cells[index], is_last ? 0 : padding, "");
    fprintf(stream, "%*s", is_last ? 0 : GAP, "");
}

void table_print(const struct table *table, FILE *stream, unsigned indent)
{
    size_t *widths = memory_new_array(table->column_count, sizeof *widths);
    for (size_t column = 0; column < table->column_count; column++)
        widths[column] = column_width(table, column);

    for (size_t row = 0; row < table->cell_count; row += table->column_count) {
        bool is_heading = row == 0;
        fprintf(stream, "%*s%s", (int)indent, "",
                is_heading ? terminal_begin(stream, TERMINAL_BOLD) : "");
        for (size_t column = 0; column < table->column_count; column++)
            print_cell(table, stream, row + column, widths[column]);
        fprintf(stream, "%s\n", is_heading ? terminal_end(stream) : "");
    }
    free(widths);
}
