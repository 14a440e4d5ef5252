#include "cli/terminal.h"

#include "support/cleanup.h"
#include "support/memory.h"
#include "support/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 80, INDENT = 4 };

static const char *const sequences[] = {
    [TERMINAL_PLAIN] = "",          [TERMINAL_BOLD] = "\x1b[1m",   [TERMINAL_RED] = "\x1b[31m",
    [TERMINAL_YELLOW] = "\x1b[33m", [TERMINAL_GREEN] = "\x1b[32m",
};

static bool has_colour(FILE *stream)
{
    const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(fileno(stream)) && !(refused && *refused) && terminal &&
           strcmp(terminal, "dumb") != 0;
}

const char *terminal_begin(FILE *stream, enum terminal_colour colour)
{
    return has_colour(stream) ? sequences[colour] : "";
}

const char *terminal_end(FILE *stream)
{
    return has_colour(stream) ? "\x1b[0m" : "";
}

void terminal_clear(FILE *stream)
{
    if (isatty(fileno(stream)))
        fputs("\x1b[H\x1b[2J", stream);
}

void terminal_print_words(const char *text, size_t indent)
{
    size_t column = indent;

    while (*text) {
        size_t length = strcspn(text, " \n"), gap = strspn(text + length, " \n");
        if (column > indent && column + 1 + length > WIDTH) {
            printf("\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)length, text);
        column += length;
        if (memmem(text + length, gap, "\n\n", 2)) { /* a paragraph ends */
            printf("\n\n%*s", (int)indent, "");
            column = indent;
        }
        text += length + gap;
    }
    putchar('\n');
}

void terminal_print_wrapped(const char *text)
{
    printf("%*s", INDENT, "");
    terminal_print_words(text, INDENT);
}

void terminal_make_printable(char *text)
{
    char *to = text;

    while (*text) {
        size_t length = (unsigned char)*text < 0x80 ? 1 : utf8_length(text);
        if (length == 0 || utf8_is_control(text, length)) {
            *to++ = '?';
            text += length ? length : 1;
            continue;
        }
        while (length-- > 0)
            *to++ = *text++;
    }
    *to = '\0';
}

void terminal_error(const char *format, ...)
{
    CLEANUP(freep) char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        memory_exhausted();
    va_end(arguments);
    terminal_make_printable(text);
    fprintf(stderr, "%sappealctl:%s %s\n", terminal_begin(stderr, TERMINAL_RED),
            terminal_end(stderr), text);
}

void terminal_file_error(const char *path, const struct aro_error *error)
{
    if (error->line > 0 && path)
        terminal_error("%s:%u:%u: %s", path, error->line, error->column, error->message);
    else
        terminal_error("%s", error->message);
}
