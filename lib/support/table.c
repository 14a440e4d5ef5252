#include "support/table.h"

#include "support/memory.h"
#include "support/siphash.h"

#include <aro/hash_key.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 16 };

static uint64_t hash_key_low, hash_key_high;

void aro_hash_key_set(uint64_t low, uint64_t high)
{
    hash_key_low = low;
    hash_key_high = high;
}

uint64_t table_hash(const void *key, size_t length)
{
    return siphash(key, length, hash_key_low, hash_key_high);
}

void table_init(struct table *table, const char *(*key_of)(const void *item))
{
    *table = (struct table){ .key_of = key_of };
}

void table_done(struct table *table)
{
    free(table->slots);
    *table = (struct table){ .key_of = table->key_of };
}

static bool key_equals(const struct table *table, const void *item, const char *key, size_t length)
{
    const char *own = table->key_of(item);
    return strlen(own) == length && memcmp(own, key, length) == 0;
}

/* The slot that holds @key, or the free one where it would go. The table has at least one free. */
static size_t slot_of(const struct table *table, uint64_t hash, const char *key, size_t length)
{
    size_t mask = table->size - 1;
    size_t at = hash & mask;
    for (; table->slots[at].item; at = (at + 1) & mask) {
        if (table->slots[at].hash == hash && key_equals(table, table->slots[at].item, key, length))
            break;
    }
    return at;
}

void *table_find_bytes(const struct table *table, const char *key, size_t length)
{
    if (table->count == 0)
        return NULL;
    return table->slots[slot_of(table, table_hash(key, length), key, length)].item;
}

void *table_find(const struct table *table, const char *key)
{
    return table_find_bytes(table, key, strlen(key));
}

static void table_place(struct table *table, struct table_slot slot)
{
    size_t mask = table->size - 1;
    size_t at = slot.hash & mask;
    while (table->slots[at].item)
        at = (at + 1) & mask;
    table->slots[at] = slot;
}

static void table_grow(struct table *table)
{
    struct table_slot *old = table->slots;
    size_t old_size = table->size;

    table->size = old_size ? old_size * 2 : SLOTS_FIRST;
    table->slots = memory_new_array(table->size, sizeof *table->slots);
    for (size_t i = 0; i < old_size; i++) {
        if (old[i].item)
            table_place(table, old[i]);
    }
    free(old);
}

void table_add(struct table *table, void *item)
{
    if (table->count >= table->size / 4 * 3)
        table_grow(table);
    const char *key = table->key_of(item);
    size_t length = strlen(key);
    uint64_t hash = table_hash(key, length);
    size_t at = slot_of(table, hash, key, length);
    assert(!table->slots[at].item);
    table->slots[at] = (struct table_slot){ .hash = hash, .item = item };
    table->count++;
}

void *table_remove(struct table *table, const char *key)
{
    if (table->count == 0)
        return NULL;
    size_t mask = table->size - 1;
    size_t length = strlen(key);
    size_t hole = slot_of(table, table_hash(key, length), key, length);
    void *item = table->slots[hole].item;
    if (!item)
        return NULL;
    /* Whoever follows moves into the hole, unless that would put them before their own place. */
    for (size_t at = (hole + 1) & mask; table->slots[at].item; at = (at + 1) & mask) {
        size_t home = table->slots[at].hash & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        table->slots[hole] = table->slots[at];
        hole = at;
    }
    table->slots[hole] = (struct table_slot){ 0 };
    table->count--;
    return item;
}

void *table_next(const struct table *table, size_t *position)
{
    while (*position < table->size) {
        void *item = table->slots[(*position)++].item;
        if (item)
            return item;
    }
    return NULL;
}
