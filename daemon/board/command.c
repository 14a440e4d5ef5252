#include "board/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void command_done(struct command *command)
{
    buffer_done(&command->words);
    command->word_count = 0;
}

void command_clear(struct command *command)
{
    buffer_clear(&command->words);
    command->word_count = 0;
}

void command_add(struct command *command, const char *text)
{
    command_add_bytes(command, text, strlen(text));
}

void command_add_bytes(struct command *command, const char *text, size_t length)
{
    char head[32];
    int head_length = snprintf(head, sizeof head, "$%zu\r\n", length);

    buffer_add(&command->words, head, (size_t)head_length);
    buffer_add(&command->words, text, length);
    buffer_add(&command->words, "\r\n", 2);
    command->word_count++;
}

void command_add_integer(struct command *command, int64_t value)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%" PRId64, value);

    command_add_bytes(command, text, (size_t)length);
}

void command_append(struct command *command, const struct command *more)
{
    buffer_add(&command->words, more->words.data, more->words.length);
    command->word_count += more->word_count;
}

void command_format(const struct command *command, struct buffer *wire)
{
    buffer_add_format(wire, "*%zu\r\n", command->word_count);
    buffer_add(wire, command->words.data, command->words.length);
}
