#include "routing/names.h"

#include "support/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct name {
    uint32_t count;
    name_number number;
    char text[];
};

static const char *name_key(const void *item)
{
    return ((const struct name *)item)->text;
}

static struct name *name_of(const char *text)
{
    return (struct name *)(uintptr_t)(text - offsetof(struct name, text));
}

void names_init(struct names *names)
{
    *names = (struct names){ 0 };
    table_init(&names->table, name_key);
}

void names_done(struct names *names)
{
    size_t position = 0;
    for (struct name *name; (name = table_next(&names->table, &position)) != NULL;)
        free(name);
    table_done(&names->table);
    free(names->by_number);
    free(names->free);
}

static void take_number(struct names *names, struct name *name)
{
    if (names->free_count > 0) {
        name->number = names->free[--names->free_count];
    } else {
        names->by_number = memory_reach(names->by_number, names->number_count, &names->number_size,
                                        sizeof *names->by_number);
        name->number = (name_number)++names->number_count;
    }
    names->by_number[name->number - 1] = name;
}

static void give_back_number(struct names *names, name_number number)
{
    names->by_number[number - 1] = NULL;
    names->free =
        memory_reach(names->free, names->free_count, &names->free_size, sizeof *names->free);
    names->free[names->free_count++] = number;
}

static struct name **recent_place(struct names *names, const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0], middle = (unsigned char)text[length / 2];
    unsigned char last = (unsigned char)(length ? text[length - 1] : 0);
    return &names->recent[(length * 31 + first * 5u + middle * 7u + last * 11u) % NAMES_RECENT];
}

static struct name *name_get(struct names *names, const char *text, size_t length)
{
    struct name *name = table_find_bytes(&names->table, text, length);
    if (name)
        return name;
    name = memory_new(sizeof *name + length + 1);
    memcpy(name->text, text, length + 1);
    table_add(&names->table, name);
    take_number(names, name);
    return name;
}

const char *names_hold(struct names *names, const char *text)
{
    if (!text)
        return NULL;
    size_t length = strlen(text);
    struct name **recent = recent_place(names, text, length), *name = *recent;
    if (!name || strcmp(name->text, text) != 0)
        name = *recent = name_get(names, text, length);
    name->count++;
    return name->text;
}

const char *names_share(const char *name)
{
    if (name)
        name_of(name)->count++;
    return name;
}

void names_drop(struct names *names, const char *text)
{
    if (!text)
        return;
    struct name *name = name_of(text);
    assert(name->count > 0);
    if (--name->count > 0)
        return;
    struct name **recent = recent_place(names, text, strlen(text));
    if (*recent == name)
        *recent = NULL;
    table_remove(&names->table, text);
    give_back_number(names, name->number);
    free(name);
}

void names_set(struct names *names, const char **name, const char *text)
{
    const char *held = names_hold(names, text); /* first: it may be the same one */
    names_drop(names, *name);
    *name = held;
}

name_number names_hold_number(struct names *names, const char *text)
{
    const char *name = names_hold(names, text);
    return name ? name_of(name)->number : 0;
}

const char *names_text(const struct names *names, name_number name)
{
    if (name == 0)
        return NULL;
    assert(names->by_number[name - 1]);
    return names->by_number[name - 1]->text;
}

void names_drop_number(struct names *names, name_number name)
{
    names_drop(names, names_text(names, name));
}

void names_set_number(struct names *names, name_number *name, const char *text)
{
    name_number held = names_hold_number(names, text); /* first: it may be the same one */
    names_drop_number(names, *name);
    *name = held;
}
