#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS_FIRST = 8 };

void memory_exhausted(void)
{
    abort();
}

void *memory_new(size_t size)
{
    return memory_new_array(1, size);
}

void *memory_new_array(size_t count, size_t size)
{
    void *pointer = calloc(count ? count : 1, size);
    if (!pointer)
        memory_exhausted();
    return pointer;
}

void *memory_resize(void *pointer, size_t size)
{
    void *resized = realloc(pointer, size);
    if (!resized)
        memory_exhausted();
    return resized;
}

void *memory_reach(void *array, size_t count, size_t *size, size_t item_size)
{
    if (count < *size)
        return array;
    *size = *size ? *size * 2 : ITEMS_FIRST;
    return memory_resize(array, *size * item_size);
}

char *memory_copy_text(const char *text)
{
    if (!text)
        return NULL;
    char *copy = strdup(text);
    if (!copy)
        memory_exhausted();
    return copy;
}
