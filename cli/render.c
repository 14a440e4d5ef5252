#include "cli/render.h"

#include "cli/columns.h"
#include "cli/terminal.h"
#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <inttypes.h>
#include <string.h>

/* What a line has room for. */
enum { INDENT = 2, COLUMNS_MAX = 12, BESIDE_LENGTH_MAX = 60 };

static void render_object(FILE *stream, const json_t *object, unsigned indent);

static void cell_format(const json_t *value, struct buffer *cell);

static void list_format(const json_t *list, struct buffer *cell)
{
    size_t index;
    json_t *item;
    json_array_foreach((json_t *)list, index, item)
    {
        buffer_add_text(cell, index ? ", " : "");
        cell_format(item, cell);
    }
}

/* {"language": 12, "capacity": 3} as "language 12, capacity 3". */
static void members_format(const json_t *object, struct buffer *cell)
{
    const char *name;
    json_t *value;
    bool is_first = true;
    json_object_foreach((json_t *)object, name, value)
    {
        buffer_add_format(cell, "%s%s ", is_first ? "" : ", ", name);
        cell_format(value, cell);
        is_first = false;
    }
}

/* Whatever @value is, as one line; "-" where there is nothing. */
static void cell_format(const json_t *value, struct buffer *cell)
{
    size_t before = cell->length;
    switch (json_typeof(value)) {
    case JSON_STRING: buffer_add_text(cell, json_string_value(value)); break;
    case JSON_INTEGER:
        buffer_add_format(cell, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL: buffer_add_format(cell, "%g", json_real_value(value)); break;
    case JSON_TRUE: buffer_add_text(cell, "yes"); break;
    case JSON_FALSE: buffer_add_text(cell, "no"); break;
    case JSON_NULL: break;
    case JSON_ARRAY: list_format(value, cell); break;
    case JSON_OBJECT: members_format(value, cell); break;
    }
    if (cell->length == before)
        buffer_add_text(cell, "-");
}

/* "oldest_submitted_at" reads as words. */
static char *label_new(const char *name)
{
    char *label = memory_copy_text(name);
    for (char *byte = label; *byte; byte++)
        if (*byte == '_')
            *byte = ' ';
    return label;
}

static char *cell_new(const json_t *value)
{
    struct buffer cell = { 0 };
    cell_format(value, &cell);
    terminal_make_printable(cell.data);
    return buffer_take(&cell);
}

static bool is_list_of_objects(const json_t *value)
{
    return json_is_array(value) && json_object_size(json_array_get(value, 0)) > 0;
}

static bool has_only_plain_members(const json_t *object)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (json_is_object(value) || json_is_array(value))
            return false;
    }
    return true;
}

/* Shown below its label, not beside it: lists of things, and objects that are more than a few words
 * ("language 12, capacity 3" is not). */
static bool needs_block(const json_t *value)
{
    if (!json_is_object(value) || json_object_size(value) == 0)
        return is_list_of_objects(value);
    if (!has_only_plain_members(value))
        return true;
    CLEANUP(freep) char *cell = cell_new(value);
    return strlen(cell) > BESIDE_LENGTH_MAX;
}

/* Every member that any row has, in the order in which they first come. */
static json_t *columns_new(const json_t *rows)
{
    json_t *columns = json_object(), *row, *value;
    const char *name;
    size_t index;
    json_array_foreach((json_t *)rows, index, row)
    {
        json_object_foreach(row, name, value)
        {
            if (!json_object_get(columns, name))
                json_object_set_new(columns, name, json_null());
        }
    }
    return columns;
}

static bool has_block(const json_t *object)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (needs_block(value))
            return true;
    }
    return false;
}

/* Things of a thing, and things with very many members, are easier to read one below the other. */
static bool is_tabular(const json_t *rows, size_t column_count)
{
    json_t *row, *value;
    const char *name;
    size_t index;
    json_array_foreach((json_t *)rows, index, row)
    {
        json_object_foreach(row, name, value)
        {
            if (is_list_of_objects(value) || (json_is_object(value) && has_block(value)))
                return false;
        }
    }
    return column_count <= COLUMNS_MAX;
}

static void add_cell(struct columns *printed, const json_t *value)
{
    CLEANUP(freep) char *cell = cell_new(value);
    columns_add(printed, cell, json_is_number(value) || json_is_null(value));
}

static void render_table(FILE *stream, const json_t *rows, const json_t *columns, unsigned indent)
{
    struct columns printed;
    json_t *row, *unused;
    const char *name;
    size_t index;

    columns_init(&printed, json_object_size(columns));
    json_object_foreach((json_t *)columns, name, unused)
    {
        CLEANUP(freep) char *label = label_new(name);
        columns_add(&printed, label, false);
    }
    json_array_foreach((json_t *)rows, index, row)
    {
        json_object_foreach((json_t *)columns, name, unused)
        {
            json_t *value = json_object_get(row, name);
            add_cell(&printed, value ? value : unused);
        }
    }
    columns_print(&printed, stream, indent);
    columns_done(&printed);
}

static void render_apart(FILE *stream, const json_t *rows, unsigned indent)
{
    json_t *row;
    size_t index;
    json_array_foreach((json_t *)rows, index, row)
    {
        if (index > 0)
            fputc('\n', stream);
        render_object(stream, row, indent);
    }
}

static void render_rows(FILE *stream, const json_t *rows, unsigned indent)
{
    json_t *columns = columns_new(rows);
    if (is_tabular(rows, json_object_size(columns)))
        render_table(stream, rows, columns, indent);
    else
        render_apart(stream, rows, indent);
    json_decref(columns);
}

static size_t label_width(const json_t *object)
{
    size_t width = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (!needs_block(value) && strlen(name) > width)
            width = strlen(name);
    }
    return width;
}

static void render_line(FILE *stream, const char *label, const json_t *value, size_t width,
                        unsigned indent)
{
    CLEANUP(freep) char *cell = cell_new(value);
    fprintf(stream, "%*s%s:%*s %s\n", (int)indent, "", label, (int)(width - strlen(label)), "",
            cell);
}

static void render_block(FILE *stream, const char *label, const json_t *value, unsigned indent)
{
    fprintf(stream, "%*s%s%s:%s\n", (int)indent, "", terminal_begin(stream, TERMINAL_BOLD), label,
            terminal_end(stream));
    if (json_is_object(value))
        render_object(stream, value, indent + INDENT);
    else
        render_rows(stream, value, indent + INDENT);
}

static void render_object(FILE *stream, const json_t *object, unsigned indent)
{
    size_t width = label_width(object);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        CLEANUP(freep) char *label = label_new(name);
        if (needs_block(value))
            render_block(stream, label, value, indent);
        else
            render_line(stream, label, value, width, indent);
    }
}

void render(FILE *stream, const json_t *value)
{
    if (json_is_object(value)) {
        render_object(stream, value, 0);
    } else if (is_list_of_objects(value)) {
        render_rows(stream, value, 0);
    } else {
        CLEANUP(freep) char *cell = cell_new(value);
        fprintf(stream, "%s\n", cell);
    }
}
