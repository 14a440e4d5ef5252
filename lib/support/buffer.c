#include "support/buffer.h"

#include "support/decimal.h"
#include "support/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_SIZE_FIRST = 256 };

void buffer_done(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){ 0 };
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void buffer_grow(struct buffer *buffer, size_t needed)
{
    size_t size = buffer->size ? buffer->size : BUFFER_SIZE_FIRST;
    while (size < needed)
        size *= 2;
    buffer->data = memory_resize(buffer->data, size);
    buffer->size = size;
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_integer(struct buffer *buffer, int64_t value)
{
    buffer_reserve(buffer, DECIMAL_SIZE_MAX);
    char *end = decimal_write(buffer->data + buffer->length, value);
    *end = '\0';
    buffer->length = (size_t)(end - buffer->data);
}

void buffer_add_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(length >= 0);

    buffer_reserve(buffer, (size_t)length);
    va_start(arguments, format);
    vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
}

char *buffer_take(struct buffer *buffer)
{
    char *data = buffer->data;
    *buffer = (struct buffer){ 0 };
    return data;
}
