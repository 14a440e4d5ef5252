#include "routing/names.h"

#include "support/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct name {
    uint32_t count;
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
    table_init(&names->table, name_key);
}

void names_done(struct names *names)
{
    size_t position = 0;
    for (struct name *name; (name = table_next(&names->table, &position)) != NULL;)
        free(name);
    table_done(&names->table);
}

const char *names_hold(struct names *names, const char *text)
{
    if (!text)
        return NULL;
    struct name *name = table_find(&names->table, text);
    if (!name) {
        size_t size = strlen(text) + 1;
        name = memory_new(sizeof *name + size);
        memcpy(name->text, text, size);
        table_add(&names->table, name);
    }
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
    table_remove(&names->table, text);
    free(name);
}

void names_set(struct names *names, const char **name, const char *text)
{
    const char *held = names_hold(names, text); /* first: it may be the same one */
    names_drop(names, *name);
    *name = held;
}
