#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

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

char *memory_copy_text(const char *text)
{
    if (!text)
        return NULL;
    char *copy = strdup(text);
    if (!copy)
        memory_exhausted();
    return copy;
}
