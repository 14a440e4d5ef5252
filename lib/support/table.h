/* A hash table that finds things by a text that they hold themselves.
 *
 * Open addressing with linear probing over slots of 16 bytes; removing moves the followers up, so
 * there are no tombstones. SipHash keyed by aro_hash_key_set() keeps it linear for any input. */
#ifndef ARO_SUPPORT_TABLE_H
#define ARO_SUPPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
    uint64_t hash;
    void *item; /* NULL: free */
};

struct table {
    const char *(*key_of)(const void *item); /* a text that never changes while it is in */
    size_t count;
    size_t size; /* slots: a power of two, or 0 */
    struct table_slot *slots;
};

void table_init(struct table *table, const char *(*key_of)(const void *item));
/* Frees the slots; the items are the caller's. */
void table_done(struct table *table);

/* NULL where there is none. */
void *table_find(const struct table *table, const char *key);
void *table_find_bytes(const struct table *table, const char *key, size_t length);

/* @item, borrowed, is not in yet (nor anything with its key). As in support/memory.h it succeeds
 * or ends the process. */
void table_add(struct table *table, void *item);

/* Gives what was removed; NULL where there was none. */
void *table_remove(struct table *table, const char *key);

/* Walks over all, in no order that means anything. *@position starts at 0; NULL at the end. Adding
 * and removing end the walk. */
void *table_next(const struct table *table, size_t *position);

/* The keyed hash itself, for tables of another shape. */
uint64_t table_hash(const void *key, size_t length);

#endif
