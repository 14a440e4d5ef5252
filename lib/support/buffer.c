#include "support/buffer.h"

#include "support/memory.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_SIZE_FIRST = 256, INTEGER_MAX = 20 /* the longest decimal: INT64_MIN */ };

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

static unsigned digit_count(uint64_t value)
{
    unsigned count = 1;
    for (; value >= 10000; value /= 10000)
        count += 4;
    return count + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* From the last digit on, four a long division. */
static char *put_integer(char *at, int64_t value)
{
    static const char pairs[] = "000102030405060708091011121314151617181920212223242526272829"
                                "303132333435363738394041424344454647484950515253545556575859"
                                "606162636465666768697071727374757677787980818283848586878889"
                                "90919293949596979899";
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

    if (value < 0)
        *at++ = '-';
    char *end = at + digit_count(left), *start = end;
    for (; left >= 10000; left /= 10000) {
        uint32_t four = (uint32_t)(left % 10000);
        start -= 4;
        memcpy(start, &pairs[four / 100 * 2], 2);
        memcpy(start + 2, &pairs[four % 100 * 2], 2);
    }
    uint32_t last = (uint32_t)left;
    for (; last >= 10; last /= 100) {
        start -= 2;
        memcpy(start, &pairs[last % 100 * 2], 2);
    }
    if (start > at)
        *at = (char)('0' + last);
    return end;
}

void buffer_add_integer(struct buffer *buffer, int64_t value)
{
    buffer_reserve(buffer, INTEGER_MAX);
    char *end = put_integer(buffer->data + buffer->length, value);
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
