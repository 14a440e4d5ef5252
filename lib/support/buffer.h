/* A byte string that grows at its end. */
#ifndef ARO_SUPPORT_BUFFER_H
#define ARO_SUPPORT_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Always NUL-terminated once something was added; { 0 } is an empty one. An allocation that fails
 * ends the process (see aro/router.h on why), so no caller checks each append. */
struct buffer {
    char *data;
    size_t length, size;
};

void buffer_done(struct buffer *buffer);
void buffer_clear(struct buffer *buffer);               /* keeps the memory */
void buffer_grow(struct buffer *buffer, size_t needed); /* for the two below */

static inline void buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->length + more + 1 > buffer->size)
        buffer_grow(buffer, buffer->length + more + 1);
}

/* Here, since nearly every byte that goes out comes through it. */
static inline void buffer_add(struct buffer *buffer, const void *data, size_t length)
{
    buffer_reserve(buffer, length);
    if (length)
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_integer(struct buffer *buffer, int64_t value); /* decimal */

void buffer_add_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Gives the malloc'd bytes to the caller and leaves @buffer empty. */
char *buffer_take(struct buffer *buffer);

#endif
