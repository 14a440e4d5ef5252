#include "support/table.h"

#include "support/memory.h"
#include "support/siphash.h"

#include <aro/hash_key.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 16, PART_BITS = 8, SMALL_MAX = 1 << 16 };

static uint64_t hash_key_low, hash_key_high;

void aro_hash_key_set(uint64_t low, uint64_t high)
{
    hash_key_low = low;
    hash_key_high = high;
}

uint64_t table_hash(const void *key, size_t length)
{
    return siphash_short(key, length, hash_key_low, hash_key_high);
}

void table_init(struct table *table, const char *(*key_of)(const void *item))
{
    *table = (struct table){ .key_of = key_of };
}

static size_t part_count(const struct table *table)
{
    return (size_t)1 << table->bits;
}

static struct table_part *part_at(const struct table *table, size_t index)
{
    return table->parts ? &table->parts[index] : (struct table_part *)(uintptr_t)&table->small;
}

void table_done(struct table *table)
{
    for (size_t i = 0; i < part_count(table); i++)
        free(part_at(table, i)->items);
    free(table->parts);
    *table = (struct table){ .key_of = table->key_of };
}

/* --- one part --- */

static struct table_key key_of_bytes(const char *text, size_t length)
{
    uint64_t hash = table_hash(text, length);
    return (struct table_key){ text, length, (uint32_t)(hash >> 32),
                               (uint32_t)hash ? (uint32_t)hash : 1 };
}

struct table_key table_key_of(const char *text)
{
    return key_of_bytes(text, strlen(text));
}

/* Where @hash belongs. Greater hashes have greater places in a part of any size: so growing moves
 * everything in the order in which it lies in memory. */
static uint32_t home_of(const struct table_part *part, uint32_t hash)
{
    return (uint32_t)((uint64_t)hash * part->size >> 32);
}

static uint32_t next_of(const struct table_part *part, uint32_t at)
{
    return at + 1 == part->size ? 0 : at + 1;
}

/* How far @at lies behind @from, around the end. */
static uint32_t distance(const struct table_part *part, uint32_t from, uint32_t at)
{
    return at >= from ? at - from : at + part->size - from;
}

static void part_init(struct table_part *part, uint32_t size)
{
    *part = (struct table_part){ .size = size };
    part->items = memory_new_array(size, sizeof *part->items + sizeof *part->hashes);
    part->hashes = (uint32_t *)(void *)(part->items + size);
}

static void part_fill(struct table_part *part, uint32_t at, uint32_t hash, void *item)
{
    assert(!part->hashes[at]);
    part->hashes[at] = hash;
    part->items[at] = item;
    part->count++;
}

static void part_place(struct table_part *part, uint32_t hash, void *item)
{
    uint32_t at = home_of(part, hash);
    while (part->hashes[at])
        at = next_of(part, at);
    part_fill(part, at, hash, item);
}

/* Room for one more, with a fifth of the slots free. */
static void part_reach(struct table_part *part)
{
    struct table_part old = *part;

    if (part->size && part->count < part->size / 5 * 4)
        return;
    part_init(part, old.size ? old.size + old.size / 4 : SLOTS_FIRST);
    for (uint32_t i = 0; i < old.size; i++) {
        if (old.hashes[i])
            part_place(part, old.hashes[i], old.items[i]);
    }
    free(old.items);
}

static bool is_wanted(const struct table *table, const void *item, const struct table_key *wanted)
{
    const char *key = table->key_of(item);

    __builtin_prefetch(item); /* which may begin far before its key, and is wanted next */
    return strncmp(key, wanted->text, wanted->length) == 0 && key[wanted->length] == '\0';
}

/* The slot of @wanted, or the free one where it would go. There is at least one free. */
static uint32_t slot_of(const struct table *table, const struct table_part *part,
                        const struct table_key *wanted)
{
    uint32_t at = home_of(part, wanted->hash);

    __builtin_prefetch(&part->items[at]); /* no cache has it either, in a large table */
    for (; part->hashes[at]; at = next_of(part, at)) {
        if (part->hashes[at] == wanted->hash && is_wanted(table, part->items[at], wanted))
            break;
    }
    return at;
}

/* --- the table --- */

static struct table_part *part_of(const struct table *table, const struct table_key *wanted)
{
    return part_at(table, (uint64_t)wanted->part_hash << table->bits >> 32);
}

static struct table_key key_of_item(const struct table *table, const void *item)
{
    return table_key_of(table->key_of(item));
}

/* What is no longer small is shared out among parts: once in the life of a table. */
static void table_share_out(struct table *table)
{
    struct table_part small = table->small;

    table->bits = PART_BITS;
    table->parts = memory_new_array(part_count(table), sizeof *table->parts);
    table->small = (struct table_part){ 0 };
    for (size_t i = 0; i < part_count(table); i++)
        part_init(&table->parts[i], (SMALL_MAX >> PART_BITS) * 3 / 2);
    for (uint32_t i = 0; i < small.size; i++) {
        if (!small.hashes[i])
            continue;
        struct table_key wanted = key_of_item(table, small.items[i]);
        struct table_part *part = part_of(table, &wanted);
        part_reach(part);
        part_place(part, wanted.hash, small.items[i]);
    }
    free(small.items);
}

void *table_find_key(const struct table *table, const struct table_key *key)
{
    const struct table_part *part = part_of(table, key);
    return part->count ? part->items[slot_of(table, part, key)] : NULL;
}

void *table_find_bytes(const struct table *table, const char *key, size_t length)
{
    if (table->count == 0)
        return NULL; /* for which no hash is needed */
    struct table_key wanted = key_of_bytes(key, length);
    return table_find_key(table, &wanted);
}

void *table_find(const struct table *table, const char *key)
{
    return table_find_bytes(table, key, strlen(key));
}

void table_add(struct table *table, void *item)
{
    if (!table->parts && table->count == SMALL_MAX)
        table_share_out(table);
    struct table_key wanted = key_of_item(table, item);
    struct table_part *part = part_of(table, &wanted);
    part_reach(part);
    part_fill(part, slot_of(table, part, &wanted), wanted.hash, item);
    table->count++;
}

/* Whoever follows moves into the hole, unless that would put them before their own place. */
static void part_empty(struct table_part *part, uint32_t hole)
{
    for (uint32_t at = next_of(part, hole); part->hashes[at]; at = next_of(part, at)) {
        if (distance(part, home_of(part, part->hashes[at]), at) < distance(part, hole, at))
            continue;
        part->items[hole] = part->items[at];
        part->hashes[hole] = part->hashes[at];
        hole = at;
    }
    part->hashes[hole] = 0;
    part->items[hole] = NULL;
    part->count--;
}

void *table_remove(struct table *table, const char *key)
{
    if (table->count == 0)
        return NULL;
    struct table_key wanted = table_key_of(key);
    struct table_part *part = part_of(table, &wanted);
    if (part->count == 0)
        return NULL;
    uint32_t at = slot_of(table, part, &wanted);
    void *item = part->items[at];
    if (!item)
        return NULL;
    part_empty(part, at);
    table->count--;
    return item;
}

void *table_next(const struct table *table, size_t *position)
{
    /* part and slot, in one number */
    for (size_t index = *position >> 32; index < part_count(table); index++) {
        const struct table_part *part = part_at(table, index);
        for (uint32_t at = (uint32_t)*position; at < part->size; at++) {
            if (!part->items[at])
                continue;
            *position = (index << 32 | at) + 1;
            return part->items[at];
        }
        *position = (index + 1) << 32;
    }
    return NULL;
}
