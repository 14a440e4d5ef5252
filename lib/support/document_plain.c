/* What people write into settings and rulebooks: maps and lists by indentation, `[]` and `{}`,
 * scalars on one line with or without quotes, comments, JSON.
 *
 * Every function gives false as soon as it meets anything else: an escape, an anchor, a tag, a text
 * over several lines, a tab, an empty value, a mistake. Then all of it is read by libyaml, which
 * alone tells what is wrong. So nothing here has to be complete, only never otherwise than libyaml:
 * a test holds the two against each other. */
#include "support/document_plain.h"

#include "support/document_builder.h"

#include "support/memory.h"

#include <string.h>

enum { KEY_LENGTH_MAX = 1000 /* libyaml takes a little more */ };

struct plain {
    const char *at, *end;
    const char *line_start;
    unsigned line; /* from 1 */
    unsigned depth;
    bool is_ascii;
    struct document_builder builder;
};

/* --- characters --- */

/* The character of several bytes at @at, and how many; 0 where it is none that may stand in a
 * line. libyaml has checked the same. */
static size_t wide_length(const unsigned char *at, const unsigned char *end)
{
    size_t length = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = { 0, 0, 0xa1, 0x800, 0x10000 };

    if (*at < 0xc2 || *at > 0xf4 || (size_t)(end - at) < length)
        return 0;
    uint32_t code = *at & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    bool is_break = code == 0x2028 || code == 0x2029;
    bool is_printable = code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd && code != 0xfeff) ||
                        (code >= 0x10000 && code <= 0x10ffff);
    return code >= least[length] && is_printable && !is_break ? length : 0;
}

static bool is_everyday(const char *text, size_t length, bool *ret_is_ascii)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length;

    *ret_is_ascii = true;
    while (at < end) {
        size_t step = (*at >= ' ' && *at <= '~') || *at == '\n' ? 1 : wide_length(at, end);
        if (step == 0)
            return false;
        *ret_is_ascii &= step == 1;
        at += step;
    }
    return true;
}

/* '\n' behind the end, so that there is always an end of the line. */
static char peek(const struct plain *plain, size_t ahead)
{
    return (size_t)(plain->end - plain->at) > ahead ? plain->at[ahead] : '\n';
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n';
}

static size_t indent(const struct plain *plain)
{
    return (size_t)(plain->at - plain->line_start);
}

static unsigned column(const struct plain *plain)
{
    unsigned column = 1;

    if (plain->is_ascii)
        return (unsigned)indent(plain) + 1;
    for (const char *at = plain->line_start; at < plain->at; at++)
        column += (*at & 0xc0) != 0x80;
    return column;
}

/* --- between --- */

/* A document's begin or end, or a directive. */
static bool is_at_marker(const struct plain *plain)
{
    return plain->at == plain->line_start &&
           (peek(plain, 0) == '%' ||
            (peek(plain, 0) == '-' && peek(plain, 1) == '-' && peek(plain, 2) == '-') ||
            (peek(plain, 0) == '.' && peek(plain, 1) == '.' && peek(plain, 2) == '.'));
}

static void skip_spaces(struct plain *plain)
{
    while (plain->at < plain->end && *plain->at == ' ')
        plain->at++;
}

static bool skip_spaces_and_comment(struct plain *plain)
{
    const char *from = plain->at;

    skip_spaces(plain);
    if (plain->at == plain->end || *plain->at != '#')
        return true;
    if (plain->at == from && plain->at != plain->line_start)
        return false;
    const char *end = memchr(plain->at, '\n', (size_t)(plain->end - plain->at));
    plain->at = end ? end : plain->end;
    return true;
}

/* To what comes next, on this line or a later one, or to the end. */
static bool skip_to_content(struct plain *plain)
{
    for (;;) {
        if (is_at_marker(plain) || !skip_spaces_and_comment(plain))
            return false;
        if (plain->at == plain->end || *plain->at != '\n')
            return true;
        plain->line_start = ++plain->at;
        plain->line++;
    }
}

/* The same, where nothing more may stand on this line. */
static bool end_line(struct plain *plain)
{
    unsigned line = plain->line;
    return skip_to_content(plain) && (plain->at == plain->end || plain->line > line);
}

static bool is_at_line_end(const struct plain *plain)
{
    return peek(plain, 0) == '\n' || peek(plain, 0) == '#';
}

/* --- scalars --- */

struct scalar {
    const char *text;
    size_t length;
    bool is_plain;
    unsigned line, column;
};

static bool may_begin_plain(const struct plain *plain)
{
    char first = peek(plain, 0), second = peek(plain, 1);

    if (first == '-')
        return (second >= '0' && second <= '9') || second == '.' ||
               (second >= 'a' && second <= 'z') || (second >= 'A' && second <= 'Z');
    return !is_blank(first) && !strchr("?:,[]{}#&*!|>'\"%@`", first);
}

static bool read_quoted(struct plain *plain, struct scalar *ret)
{
    char quote = *plain->at++;

    ret->text = plain->at;
    ret->is_plain = false;
    while (plain->at < plain->end && *plain->at != quote) {
        if (*plain->at == '\n' || (quote == '"' && *plain->at == '\\'))
            return false;
        plain->at++;
    }
    if (plain->at == plain->end)
        return false;
    ret->length = (size_t)(plain->at++ - ret->text);
    return quote == '"' || peek(plain, 0) != '\''; /* a quote in a text is written twice */
}

/* Does the text at hand end here? *@ret_is_unusual where libyaml's versions differ. */
static bool is_end_of_text(const struct plain *plain, bool is_in_brackets, bool *ret_is_unusual)
{
    char first = peek(plain, 0), second = peek(plain, 1);

    if (first == '\n' || (first == ':' && is_blank(second)))
        return true;
    if (!is_in_brackets)
        return false;
    *ret_is_unusual = first == '?' || (first == ':' && strchr(",?[]{}", second));
    return *ret_is_unusual || strchr(",[]{}", first);
}

static bool read_unquoted(struct plain *plain, bool is_in_brackets, struct scalar *ret)
{
    bool is_unusual = false;

    if (!may_begin_plain(plain))
        return false;
    ret->text = plain->at;
    ret->is_plain = true;
    const char *text_end = plain->at;
    while (!is_end_of_text(plain, is_in_brackets, &is_unusual)) {
        if (*plain->at != ' ') {
            text_end = ++plain->at;
            continue;
        }
        skip_spaces(plain);
        if (peek(plain, 0) == '#')
            break;
    }
    plain->at = text_end;
    ret->length = (size_t)(text_end - ret->text);
    return !is_unusual;
}

static bool read_scalar(struct plain *plain, bool is_in_brackets, struct scalar *ret)
{
    char first = peek(plain, 0);

    ret->line = plain->line;
    ret->column = column(plain);
    return first == '"' || first == '\'' ? read_quoted(plain, ret)
                                         : read_unquoted(plain, is_in_brackets, ret);
}

static void push(struct plain *plain, const struct scalar *scalar, bool is_key)
{
    builder_push(&plain->builder, scalar->text, scalar->length, scalar->is_plain && !is_key,
                 scalar->line, scalar->column);
}

/* Pushes @key, whose colon is next, and goes behind that. */
static bool push_key(struct plain *plain, const struct scalar *key)
{
    bool is_merge = key->is_plain && key->length == 2 && memcmp(key->text, "<<", 2) == 0;

    if (peek(plain, 0) != ':' || key->length > KEY_LENGTH_MAX || is_merge)
        return false;
    plain->at++;
    push(plain, key, true);
    return true;
}

/* --- in brackets --- */

static bool read_bracket(struct plain *plain);

static bool read_bracket_value(struct plain *plain)
{
    struct scalar scalar;

    if (peek(plain, 0) == '[' || peek(plain, 0) == '{')
        return read_bracket(plain);
    if (!read_scalar(plain, true, &scalar))
        return false;
    push(plain, &scalar, false);
    return true;
}

static bool read_bracket_member(struct plain *plain, bool is_map)
{
    struct scalar key;

    if (is_map &&
        (!read_scalar(plain, true, &key) || !push_key(plain, &key) || !skip_to_content(plain)))
        return false;
    return read_bracket_value(plain) && skip_to_content(plain);
}

/* Up to the bracket that closes this one. */
static bool read_bracket_members(struct plain *plain, bool is_map)
{
    char close = is_map ? '}' : ']';

    plain->at++;
    if (!skip_to_content(plain))
        return false;
    if (peek(plain, 0) == close) {
        plain->at++;
        return true;
    }
    for (;;) {
        if (!read_bracket_member(plain, is_map))
            return false;
        char next = peek(plain, 0);
        if (next != close && next != ',')
            return false;
        plain->at++;
        if (next == close)
            return true;
        if (!skip_to_content(plain))
            return false;
    }
}

static bool end(struct plain *plain, bool is_map, size_t first, unsigned line, unsigned at_column)
{
    plain->depth--;
    if (is_map)
        return builder_end_map(&plain->builder, first, line, at_column) == 0;
    builder_end_list(&plain->builder, first, line, at_column);
    return true;
}

static bool read_bracket(struct plain *plain)
{
    bool is_map = *plain->at == '{';
    size_t first = plain->builder.count;
    unsigned line = plain->line, at_column = column(plain);

    return ++plain->depth <= DOCUMENT_NESTING_MAX && read_bracket_members(plain, is_map) &&
           end(plain, is_map, first, line, at_column);
}

/* --- by indentation: each function ends at the first content of another line, or at the end --- */

static bool is_at_item(const struct plain *plain)
{
    return peek(plain, 0) == '-' && is_blank(peek(plain, 1));
}

static bool is_at_key_end(const struct plain *plain)
{
    return peek(plain, 0) == ':' && is_blank(peek(plain, 1));
}

static bool read_map(struct plain *plain, size_t own_indent, const struct scalar *first_key);
static bool read_list(struct plain *plain, size_t own_indent, bool is_in_map);

/* What stands at the beginning of a line, or behind the dash of an item. @is_item: a scalar may. */
static bool read_block(struct plain *plain, bool is_item)
{
    size_t own_indent = indent(plain);
    struct scalar scalar;

    if (is_at_item(plain))
        return read_list(plain, own_indent, false);
    if (peek(plain, 0) == '[' || peek(plain, 0) == '{')
        return read_bracket(plain) && end_line(plain);
    if (!read_scalar(plain, false, &scalar))
        return false;
    if (is_at_key_end(plain))
        return read_map(plain, own_indent, &scalar);
    if (!is_item)
        return false;
    push(plain, &scalar, false);
    return end_line(plain);
}

/* Behind the colon of a key of a map at @own_indent. */
static bool read_map_value(struct plain *plain, size_t own_indent)
{
    struct scalar scalar;

    skip_spaces(plain);
    if (is_at_line_end(plain)) {
        if (!end_line(plain) || plain->at == plain->end)
            return false;
        if (indent(plain) == own_indent && is_at_item(plain))
            return read_list(plain, own_indent, true);
        return indent(plain) > own_indent && read_block(plain, false);
    }
    if (peek(plain, 0) == '[' || peek(plain, 0) == '{')
        return read_bracket(plain) && end_line(plain);
    if (!read_scalar(plain, false, &scalar))
        return false;
    push(plain, &scalar, false);
    return end_line(plain);
}

static bool read_map(struct plain *plain, size_t own_indent, const struct scalar *first_key)
{
    size_t first = plain->builder.count;
    unsigned line = first_key->line, at_column = first_key->column;
    struct scalar key = *first_key;

    if (++plain->depth > DOCUMENT_NESTING_MAX)
        return false;
    for (;;) {
        if (!is_at_key_end(plain) || !push_key(plain, &key) || !read_map_value(plain, own_indent))
            return false;
        if (plain->at == plain->end || indent(plain) < own_indent)
            return end(plain, true, first, line, at_column);
        if (indent(plain) > own_indent || !read_scalar(plain, false, &key))
            return false;
    }
}

/* @is_in_map: it may stand where the keys of the map stand that it is a value of, and end with the
 * next key. */
static bool read_list(struct plain *plain, size_t own_indent, bool is_in_map)
{
    size_t first = plain->builder.count;
    unsigned line = plain->line, at_column = column(plain);

    if (++plain->depth > DOCUMENT_NESTING_MAX)
        return false;
    for (;;) {
        plain->at++;
        skip_spaces(plain);
        if (is_at_line_end(plain) || !read_block(plain, true))
            return false;
        bool is_over = plain->at == plain->end || indent(plain) < own_indent ||
                       (is_in_map && indent(plain) == own_indent && !is_at_item(plain));
        if (is_over)
            return end(plain, false, first, line, at_column);
        if (indent(plain) > own_indent || !is_at_item(plain))
            return false;
    }
}

static bool read_document(struct plain *plain)
{
    if (!skip_to_content(plain) || plain->at == plain->end || !read_block(plain, false))
        return false;
    plain->builder.document->root = plain->builder.stack[0];
    return plain->at == plain->end;
}

struct document *document_parse_plain(const char *text, size_t length)
{
    struct plain plain = { .at = text, .end = text + length, .line_start = text, .line = 1 };

    if (!is_everyday(text, length, &plain.is_ascii))
        return NULL;
    plain.builder.document = memory_new(sizeof *plain.builder.document);
    bool is_read = read_document(&plain);
    builder_done(&plain.builder);
    if (is_read)
        return plain.builder.document;
    document_free(plain.builder.document);
    return NULL;
}
