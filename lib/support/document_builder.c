#include "support/document_builder.h"

#include "support/cleanup.h"
#include "support/memory.h"
#include "support/scalar.h"
#include "support/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_MAP_COUNT = 16 };

void builder_done(struct document_builder *builder)
{
    free(builder->stack);
}

static void stack_push(struct document_builder *builder, const struct document_node *node)
{
    builder->stack =
        memory_reach(builder->stack, builder->count, &builder->size, sizeof *builder->stack);
    builder->stack[builder->count++] = *node;
}

void builder_push(struct document_builder *builder, const char *text, size_t length, bool is_plain,
                  unsigned line, unsigned column)
{
    struct document_node node = { .line = line, .column = column, .kind = DOCUMENT_TEXT };

    node.text = arena_copy_text(&builder->document->arena, text, length);
    if (is_plain)
        scalar_resolve(&node);
    stack_push(builder, &node);
}

void builder_end_list(struct document_builder *builder, size_t first, unsigned line,
                      unsigned column)
{
    struct document_node node = {
        .kind = DOCUMENT_LIST, .line = line, .column = column, .text = ""
    };

    node.count = builder->count - first;
    node.items = arena_copy(&builder->document->arena, builder->stack + first,
                            node.count * sizeof *builder->stack);
    builder->count = first;
    stack_push(builder, &node);
}

static int refuse_duplicate(struct document_builder *builder, const struct document_node *key,
                            const struct document_node *first)
{
    return aro_error_set_at(builder->reterr, -EINVAL, key->line, key->column,
                            "the key '%.100s' stands here twice: first on line %u", key->text,
                            first->line);
}

static int check_small_map(struct document_builder *builder, const struct document_node *map)
{
    for (size_t i = 1; i < map->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(map->keys[i].text, map->keys[j].text) == 0)
                return refuse_duplicate(builder, &map->keys[i], &map->keys[j]);
        }
    }
    return 0;
}

static const char *key_text(const void *item)
{
    return ((const struct document_node *)item)->text;
}

static int check_large_map(struct document_builder *builder, const struct document_node *map)
{
    CLEANUP(table_done) struct table seen;
    table_init(&seen, key_text);

    for (size_t i = 0; i < map->count; i++) {
        const struct document_node *key = &map->keys[i];
        const struct document_node *first = table_find(&seen, key->text);
        if (first)
            return refuse_duplicate(builder, key, first);
        table_add(&seen, (void *)(uintptr_t)key);
    }
    return 0;
}

/* The stack holds key, value, key, value from @first on. */
static void fill_map(struct document_builder *builder, size_t first, struct document_node *map)
{
    const struct document_node *pairs = builder->stack + first;
    map->count = (builder->count - first) / 2;
    struct document_node *nodes =
        arena_new_array(&builder->document->arena, map->count * 2, sizeof *nodes);

    for (size_t i = 0; i < map->count; i++) {
        nodes[i] = pairs[i * 2];
        nodes[map->count + i] = pairs[i * 2 + 1];
    }
    map->keys = nodes;
    map->items = nodes + map->count;
    builder->count = first;
}

int builder_end_map(struct document_builder *builder, size_t first, unsigned line, unsigned column)
{
    struct document_node node = {
        .kind = DOCUMENT_MAP, .line = line, .column = column, .text = ""
    };

    fill_map(builder, first, &node);
    int r = node.count > SMALL_MAP_COUNT ? check_large_map(builder, &node)
                                         : check_small_map(builder, &node);
    if (r == 0)
        stack_push(builder, &node);
    return r;
}
