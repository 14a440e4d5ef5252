/* One command to Redis, word by word, in the form in which it goes over the wire.
 *
 * Written by hand so that a call of thousands of words costs one buffer and not one string each,
 * and so that its size is known before it is sent. */
#ifndef DAEMON_BOARD_COMMAND_H
#define DAEMON_BOARD_COMMAND_H

#include "support/buffer.h"

#include <stddef.h>
#include <stdint.h>

/* { 0 } is an empty one. */
struct command {
    struct buffer words;
    size_t word_count;
};

void command_done(struct command *command);
void command_clear(struct command *command); /* keeps the memory */
void command_add(struct command *command, const char *text);
void command_add_bytes(struct command *command, const char *text, size_t length);
void command_add_integer(struct command *command, int64_t value);
/* Adds all words of @more after those of @command. */
void command_append(struct command *command, const struct command *more);
/* The whole command as sent, appended to @wire. */
void command_format(const struct command *command, struct buffer *wire);

#endif
