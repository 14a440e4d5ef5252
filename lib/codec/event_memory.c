#include "codec/event_memory.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void event_memory_done(struct event_memory *memory)
{
    free(memory->texts);
    memory->texts = NULL;
}

int event_memory_reserve(struct event_memory *memory, size_t count)
{
    memory->text_count = 0;
    if (count <= memory->text_size)
        return 0;
    size_t size = memory->text_size * 2 > count ? memory->text_size * 2 : count;
    const char **texts = realloc(memory->texts, size * sizeof *texts);
    if (!texts)
        return -ENOMEM;
    memory->texts = texts;
    memory->text_size = size;
    return 0;
}

void event_memory_keep(struct event_memory *memory, const char *text)
{
    assert(memory->text_count < memory->text_size);
    memory->texts[memory->text_count++] = text;
}
