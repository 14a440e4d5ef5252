#include "codec/member.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- errors --- */

static void place_format(const struct place *place, char *ret, size_t size)
{
    if (place->outer)
        place_format(place->outer, ret, size);
    else
        *ret = '\0';
    size_t length = strlen(ret);
    if (place->name)
        snprintf(ret + length, size - length, "%s%s", length ? "." : "", place->name);
    else
        snprintf(ret + length, size - length, "[%zu]", place->index);
}

int reading_refuse(const struct reading *reading, const struct place *place,
                   enum aro_error_code code, const char *format, ...)
{
    char field[160], reason[256];
    va_list arguments;

    place_format(place, field, sizeof field);
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return aro_error_set_event(reading->reterr, code, field, "%s %s", field, reason);
}

int reading_expect(const struct reading *reading, const struct place *place,
                   const struct json_node *node, enum json_node_kind kind)
{
    if (node->kind == kind)
        return 0;
    const struct json_node expected = { .kind = (uint8_t)kind };
    return reading_refuse(reading, place, ARO_ERROR_FIELD, "must be %s, not %s",
                          json_node_kind_name(&expected), json_node_kind_name(node));
}

int reading_expect_count(const struct reading *reading, const struct place *place, size_t count,
                         size_t maximum)
{
    if (count <= maximum)
        return 0;
    return reading_refuse(reading, place, ARO_ERROR_LIMIT, "has %zu entries, at most %zu are read",
                          count, maximum);
}

int reading_expect_some(const struct reading *reading, const struct place *place, size_t count)
{
    return count ? 0 : reading_refuse(reading, place, ARO_ERROR_FIELD, "is empty");
}

static bool is_id_alphabet(const char *text, size_t length)
{
    static const bool alphabet[256] = {
        ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true, ['.'] = true,
        ['_'] = true,         [':'] = true,         ['~'] = true,         ['-'] = true,
    };
    for (size_t i = 0; i < length; i++) {
        if (!alphabet[(unsigned char)text[i]])
            return false;
    }
    return true;
}

int reading_check_id(const struct reading *reading, const struct place *place, const char *text,
                     size_t length, size_t length_max)
{
    if (length > length_max)
        return reading_refuse(reading, place, ARO_ERROR_LIMIT,
                              "has %zu characters, at most %zu are read", length, length_max);
    if (length == 0)
        return reading_refuse(reading, place, ARO_ERROR_FIELD, "is empty");
    if (!is_id_alphabet(text, length))
        return reading_refuse(reading, place, ARO_ERROR_FIELD,
                              "has a character that is not one of A-Z a-z 0-9 . _ : ~ -");
    return 0;
}

/* --- lists, and objects of any names --- */

int reading_each_item(const struct reading *reading, const struct place *place,
                      const struct json_node *node, size_t count_max, item_reader *read,
                      void *target)
{
    int r = reading_expect(reading, place, node, JSON_NODE_LIST);
    if (r == 0)
        r = reading_expect_count(reading, place, node->count, count_max);
    const struct json_node *item = node + 1;
    for (uint32_t i = 0; r == 0 && i < node->count; i++, item = json_node_next(item)) {
        const struct place item_place = { .outer = place, .index = i };
        r = read(reading, &item_place, item, target);
    }
    return r;
}

/* Names that senders choose are repeated in errors only where they look like names. */
static const char *printable_name(const struct json_node *member)
{
    bool is_plain = member->name_length > 0 && member->name_length <= 64 &&
                    is_id_alphabet(member->name, member->name_length);
    return is_plain ? member->name : NULL;
}

int reading_each_entry(const struct reading *reading, const struct place *place,
                       const struct json_node *node, item_reader *read, void *target)
{
    int r = reading_expect(reading, place, node, JSON_NODE_OBJECT);
    const struct json_node *member = node + 1;
    for (uint32_t i = 0; r == 0 && i < node->count; i++, member = json_node_next(member)) {
        const struct place entry_place = { place, printable_name(member), i };
        if (member->kind != JSON_NODE_NULL)
            r = read(reading, &entry_place, member, target);
    }
    return r;
}

/* --- objects of known members --- */

static size_t index_place(const char *name, uint32_t length)
{
    unsigned first = (unsigned char)name[0], middle = (unsigned char)name[length / 2];
    return (first * 5 + middle * 17 + length) % MEMBER_INDEX_SIZE;
}

void member_index_fill(struct member_index *index, const struct member *rows, size_t count)
{
    assert(count < MEMBER_INDEX_SIZE / 2);
    for (size_t row = 0; row < count; row++) {
        size_t at = index_place(rows[row].name, rows[row].name_length);
        while (index->rows[at])
            at = (at + 1) % MEMBER_INDEX_SIZE;
        index->rows[at] = (uint8_t)(row + 1);
    }
}

static bool has_name(const struct member *member, const struct json_node *node)
{
    return member->name_length == node->name_length &&
           memcmp(member->name, node->name, node->name_length) == 0;
}

/* The row of @node; NULL for a member that no event has. */
static const struct member *find_row(const struct member_table *table, const struct json_node *node)
{
    if (table->index) {
        size_t at = index_place(node->name, node->name_length);
        for (; table->index->rows[at]; at = (at + 1) % MEMBER_INDEX_SIZE) {
            const struct member *row = &table->rows[table->index->rows[at] - 1];
            if (has_name(row, node))
                return row;
        }
        return NULL;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (has_name(&table->rows[i], node))
            return &table->rows[i];
    }
    return NULL;
}

static int check_missing(const struct reading *reading, const struct place *outer,
                         const struct member_table *table, uint64_t seen)
{
    unsigned type = MEMBER_OF(reading->event->type);
    for (size_t i = 0; i < table->count; i++) {
        if ((table->rows[i].required & type) && !(seen & UINT64_C(1) << i)) {
            const struct place place = { .outer = outer, .name = table->rows[i].name };
            return reading_refuse(reading, &place, ARO_ERROR_FIELD, "is missing");
        }
    }
    return 0;
}

int reading_members(const struct reading *reading, const struct place *outer,
                    const struct member_table *table, const struct json_node *object, void *target)
{
    uint64_t seen = 0;
    unsigned type = MEMBER_OF(reading->event->type);
    const struct json_node *node = object + 1;
    for (uint32_t i = 0; i < object->count; i++, node = json_node_next(node)) {
        const struct member *row = find_row(table, node);
        if (!row || !(row->events & type) || node->kind == JSON_NODE_NULL)
            continue;
        const struct place place = { .outer = outer, .name = row->name };
        int r = row->read(reading, &place, row, node, target);
        if (r < 0)
            return r;
        seen |= UINT64_C(1) << (row - table->rows);
        reading->event->has |= row->has;
    }
    return check_missing(reading, outer, table, seen);
}
