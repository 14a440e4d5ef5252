/* A hash table that finds things by a text that they hold themselves.
 *
 * Open addressing with linear probing; removing moves the followers up, so there are no tombstones.
 * SipHash keyed by aro_hash_key_set() keeps it linear for any input. A slot takes 12 bytes: what is
 * kept of the hash lies beside the pointers, not among them.
 *
 * A table grows by a quarter, so that most of its slots are in use, and a large one is made of
 * parts that grow on their own, so that no addition waits for millions of others to move. */
#ifndef ARO_SUPPORT_TABLE_H
#define ARO_SUPPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Things whose hashes begin with the same bits. */
struct table_part {
    uint32_t count, size; /* items, slots */
    void **items;         /* NULL: free; the next lies behind, in the same piece of memory */
    uint32_t *hashes;     /* 0: free */
};

struct table {
    const char *(*key_of)(const void *item); /* a text that never changes while it is in */
    size_t count;
    unsigned bits;            /* that tell the parts apart */
    struct table_part *parts; /* NULL: the only one is the next */
    struct table_part small;
};

void table_init(struct table *table, const char *(*key_of)(const void *item));
/* Frees the slots; the items are the caller's. */
void table_done(struct table *table);

/* A key and its hash, for whoever looks for it in more than one table. Borrows the text. */
struct table_key {
    const char *text;
    size_t length;
    uint32_t part_hash, hash; /* the first tells the part, the second, never 0, the place in it */
};
struct table_key table_key_of(const char *text);

/* NULL where there is none. */
void *table_find(const struct table *table, const char *key);
void *table_find_bytes(const struct table *table, const char *key, size_t length);
void *table_find_key(const struct table *table, const struct table_key *key);

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
