/* Memory that is taken piece by piece and given back all at once.
 *
 * For what is built whole and never changed after, as a parsed text is: nothing in it has to be
 * freed, and what lies together is read together. An allocation that fails ends the process: texts
 * are bounded before they are parsed, so that happens only where the host has no memory left. */
#ifndef ARO_SUPPORT_ARENA_H
#define ARO_SUPPORT_ARENA_H

#include <stddef.h>
#include <string.h>

struct arena_block;

/* { 0 } is an empty one. */
struct arena {
    struct arena_block *blocks; /* the newest first */
    char *free;                 /* what is left of the newest, and how much */
    size_t free_size;
    size_t byte_count; /* of all blocks */
};

void arena_done(struct arena *arena);
/* Zeroed, aligned for any type; never NULL, for a @size of 0 too. */
void *arena_new(struct arena *arena, size_t size);
void *arena_new_array(struct arena *arena, size_t count, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);

void arena_add_block(struct arena *arena, size_t size); /* for the next */

/* @size bytes, not zeroed. Not aligned: texts lie end to end. */
static inline char *arena_cut(struct arena *arena, size_t size)
{
    if (arena->free_size <= size) /* nothing at all has a place, too */
        arena_add_block(arena, size);
    char *piece = arena->free;
    arena->free += size;
    arena->free_size -= size;
    return piece;
}

/* @length bytes and a NUL. Here, since every text that goes out comes through it. */
static inline char *arena_copy_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_cut(arena, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

#endif
