#include "support/arena.h"

#include "support/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Blocks grow from the first to the largest, so that an arena of one event costs no more than it.
 * The first, with its head, is of a size that malloc() keeps at hand (glibc: up to 1032 bytes),
 * since there are arenas for one record. */
enum { BLOCK_SIZE_FIRST = 960, BLOCK_SIZE_MAX = 64 * 1024, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

void arena_done(struct arena *arena)
{
    for (struct arena_block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (struct arena){ 0 };
}

static size_t aligned_size(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

/* Of an aligned size, so that what is left tells where pieces are aligned. */
void arena_add_block(struct arena *arena, size_t size)
{
    size_t next = arena->blocks ? arena->blocks->size * 4 : BLOCK_SIZE_FIRST;
    if (next > BLOCK_SIZE_MAX)
        next = BLOCK_SIZE_MAX;
    size = size < next ? next : aligned_size(size);
    struct arena_block *block = memory_resize(NULL, sizeof *block + size);
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->free = block->bytes;
    arena->free_size = size;
    arena->byte_count += size;
}

static void *arena_cut_aligned(struct arena *arena, size_t size)
{
    size_t skipped = arena->free_size % ALIGNMENT;

    arena->free += skipped;
    arena->free_size -= skipped;
    return arena_cut(arena, aligned_size(size));
}

/* Only here it is zeroed: most pieces are texts, of which every byte is written. */
void *arena_new(struct arena *arena, size_t size)
{
    void *piece = arena_cut_aligned(arena, size);
    if (size)
        memset(piece, 0, size);
    return piece;
}

void *arena_new_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size)
        memory_exhausted();
    return arena_new(arena, count * size);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *copy = arena_cut_aligned(arena, size);
    if (size)
        memcpy(copy, data, size);
    return copy;
}
