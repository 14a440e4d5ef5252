/* How appealctl speaks to people: its errors, and colour where there is a terminal. */
#ifndef APPEALCTL_TERMINAL_H
#define APPEALCTL_TERMINAL_H

#include <aro/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum terminal_colour {
    TERMINAL_PLAIN,
    TERMINAL_BOLD,
    TERMINAL_RED,
    TERMINAL_YELLOW,
    TERMINAL_GREEN
};

/* The sequences around a coloured text; "" where @stream is no terminal, or NO_COLOR is set. */
const char *terminal_begin(FILE *stream, enum terminal_colour colour);
const char *terminal_end(FILE *stream);

/* Empties the screen where @stream is one. */
void terminal_clear(FILE *stream);

/* The words of @text on stdout, in lines that a narrow terminal holds, each but the first behind
 * @indent blanks: the first begins where the caller has left off. "\n\n" parts paragraphs. */
void terminal_print_words(const char *text, size_t indent);

/* The same, indented. */
void terminal_print_wrapped(const char *text);

/* Puts a "?" in the place of each character of @text that would steer the terminal. */
void terminal_make_printable(char *text);

/* "appealctl: ..." on stderr, made printable. */
void terminal_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "FILE:LINE:COLUMN: ..." on stderr, as compilers do; @path may be NULL. */
void terminal_file_error(const char *path, const struct aro_error *error);

#endif
