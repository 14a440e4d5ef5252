#include "cli/columns.h"

#include "cli/terminal.h"
#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2 };

void columns_init(struct columns *columns, size_t column_count)
{
    assert(column_count > 0);
    *columns = (struct columns){ .column_count = column_count };
    columns->is_number = memory_new_array(column_count, sizeof *columns->is_number);
    for (size_t i = 0; i < column_count; i++)
        columns->is_number[i] = true;
}

void columns_done(struct columns *columns)
{
    for (size_t i = 0; i < columns->cell_count; i++)
        free(columns->cells[i]);
    free(columns->cells);
    free(columns->is_number);
    *columns = (struct columns){ 0 };
}

void columns_add(struct columns *columns, const char *text, bool is_number)
{
    if (columns->cell_count == columns->cell_size) {
        columns->cell_size = columns->cell_size ? columns->cell_size * 2 : 64;
        columns->cells = memory_resize(columns->cells, columns->cell_size * sizeof *columns->cells);
    }
    if (columns->cell_count >= columns->column_count && !is_number)
        columns->is_number[columns->cell_count % columns->column_count] = false;
    columns->cells[columns->cell_count++] = memory_copy_text(text);
}

/* Characters, not bytes: names of markets and sites may have letters beyond ASCII. */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t column_width(const struct columns *columns, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < columns->cell_count; i += columns->column_count) {
        size_t cell = text_width(columns->cells[i]);
        width = cell > width ? cell : width;
    }
    return width;
}

static void print_cell(const struct columns *columns, FILE *stream, size_t index, size_t width)
{
    size_t column = index % columns->column_count;
    bool is_last = column + 1 == columns->column_count;
    int padding = (int)(width - text_width(columns->cells[index]));

    if (columns->is_number[column])
        fprintf(stream, "%*s%s", padding, "", columns->cells[index]);
    else
        fprintf(stream, "%s%*s", columns->cells[index], is_last ? 0 : padding, "");
    fprintf(stream, "%*s", is_last ? 0 : GAP, "");
}

void columns_print(const struct columns *columns, FILE *stream, unsigned indent)
{
    size_t *widths = memory_new_array(columns->column_count, sizeof *widths);
    for (size_t column = 0; column < columns->column_count; column++)
        widths[column] = column_width(columns, column);

    for (size_t row = 0; row < columns->cell_count; row += columns->column_count) {
        bool is_heading = row == 0;
        fprintf(stream, "%*s%s", (int)indent, "",
                is_heading ? terminal_begin(stream, TERMINAL_BOLD) : "");
        for (size_t column = 0; column < columns->column_count; column++)
            print_cell(columns, stream, row + column, widths[column]);
        fprintf(stream, "%s\n", is_heading ? terminal_end(stream) : "");
    }
    free(widths);
}
