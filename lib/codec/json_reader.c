#include "codec/json_reader.h"

#include "support/table.h"
#include "support/utf8.h"

#include <aro/event.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PADDING = 16,           /* readable zeroes behind the text: words are read whole */
    PAIRWISE_MAX = 64,      /* members up to which names are compared each with each */
    NAME_PLACES_FIRST = 256 /* a power of two */
};

#define NOWHERE UINT32_MAX

/* One text being read. */
struct parser {
    struct json_reader *reader;
    char *at;                /* the next byte; @end points at a NUL */
    const char *start, *end; /* of the copy */
    struct json_node *nodes;
    uint32_t count; /* nodes so far */
    uint32_t open;  /* the innermost list or object not yet closed, or NOWHERE; while
                     * it is open its span holds the one around it */
    unsigned depth;
    const char *name; /* of the member whose value comes next */
    uint32_t name_length;
    bool is_past_limit; /* @reterr has the first */
    struct aro_error *reterr;
};

void json_reader_done(struct json_reader *reader)
{
    free(reader->text);
    free(reader->nodes);
    free(reader->name_places);
    *reader = (struct json_reader){ 0 };
}

/* The line and column that the parser stands at, for texts that people write. */
static void set_place(const struct parser *parser)
{
    if (!parser->reterr)
        return;
    parser->reterr->line = parser->reterr->column = 1;
    for (const char *at = parser->start; at < parser->at; at++) {
        if (*at == '\n') {
            parser->reterr->line++;
            parser->reterr->column = 1;
        } else if (((unsigned char)*at & 0xc0) != 0x80) { /* characters, not bytes */
            parser->reterr->column++;
        }
    }
}

__attribute__((format(printf, 2, 3))) static bool refuse(const struct parser *parser,
                                                         const char *format, ...)
{
    char reason[160];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    aro_error_set_event(parser->reterr, ARO_ERROR_JSON, NULL, "not valid JSON at byte %td: %s",
                        parser->at - parser->start, reason);
    set_place(parser);
    return false;
}

/* --- where a limit was passed --- */

/* Writes one step of a path in front of *@path, which starts somewhere in @buffer. */
static void path_prepend(char *buffer, char **path, const char *step)
{
    size_t length = strlen(step);
    if ((size_t)(*path - buffer) < length)
        return;
    *path -= length;
    memcpy(*path, step, length);
}

/* A member's name comes from outside: only one that could be ours is worth repeating. */
static bool is_plain_name(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    }
    return length > 0 && length <= 64;
}

static void path_prepend_name(char *buffer, char **path, const char *name, size_t length)
{
    char step[68];
    const char *dot = **path && **path != '[' ? "." : "";
    if (is_plain_name(name, length))
        snprintf(step, sizeof step, "%.*s%s", (int)length, name, dot);
    else
        snprintf(step, sizeof step, "?%s", dot);
    path_prepend(buffer, path, step);
}

/* The path of the value that comes next, as "attributes.value" or "languages[2]". */
static const char *next_path(const struct parser *parser, char buffer[static 160])
{
    char *path = buffer + 159;
    const char *name = parser->name;
    size_t name_length = parser->name_length;

    *path = '\0';
    for (uint32_t at = parser->open; at != NOWHERE; at = parser->nodes[at].span) {
        const struct json_node *node = &parser->nodes[at];
        if (node->kind == JSON_NODE_LIST) {
            char step[16];
            const char *dot = *path && *path != '[' ? "." : "";
            snprintf(step, sizeof step, "[%u]%s", node->count, dot);
            path_prepend(buffer, &path, step);
        } else if (name) {
            path_prepend_name(buffer, &path, name, name_length);
        }
        name = node->name;
        name_length = node->name_length;
    }
    return path;
}

__attribute__((format(printf, 2, 3))) static void pass_limit(struct parser *parser,
                                                             const char *format, ...)
{
    char reason[160], buffer[160];
    va_list arguments;

    if (parser->is_past_limit)
        return;
    parser->is_past_limit = true;
    const char *path = next_path(parser, buffer);
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    aro_error_set_event(parser->reterr, ARO_ERROR_LIMIT, path, "%s%s%s", path, *path ? ": " : "",
                        reason);
}

/* --- strings --- */

/* Moves past the bytes of a string that are ASCII and stand for themselves, eight at a time.
 *
 * Each term below sets the highest bit of a byte that is special: a control character, a quote, a
 * backslash or not ASCII. A borrow may set it in bytes above such a one, never below the first. */
static inline char *skip_plain(char *at)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    for (;; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = le64toh(word);
        uint64_t quote = word ^ ones * '"', escape = word ^ ones * '\\';
        uint64_t special = (word - ones * 0x20) | (quote - ones) | (escape - ones) | word;
        if (special & highs)
            return at + __builtin_ctzll(special & highs) / 8;
    }
}

static char *put_utf8(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *out++ = (char)(0xe0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    } else {
        *out++ = (char)(0xf0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
        *out++ = (char)(0x80 | (code & 0x3f));
    }
    return out;
}

/* The four hexadecimal digits at @at; -1 where they are not. */
static int hex_code(const char *at)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        if (c >= '0' && c <= '9')
            code = code * 16 + (c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            code = code * 16 + ((c | 32) - 'a' + 10);
        else
            return -1;
    }
    return code;
}

/* Reads "\uXXXX", or the two of a pair, at the parser's place. */
static bool take_unicode_escape(struct parser *parser, char **out)
{
    int code = hex_code(parser->at + 2);
    if (code < 0)
        return refuse(parser, "'\\u' without four hexadecimal digits");
    if (code == 0)
        return refuse(parser, "a NUL");
    size_t length = 6;
    if (code >= 0xd800 && code <= 0xdfff) {
        int low = parser->at[6] == '\\' && parser->at[7] == 'u' ? hex_code(parser->at + 8) : -1;
        if (code > 0xdbff || low < 0xdc00 || low > 0xdfff)
            return refuse(parser, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        length = 12;
    }
    *out = put_utf8(*out, (unsigned)code);
    parser->at += length;
    return true;
}

static bool take_escape(struct parser *parser, char **out)
{
    char c;
    switch (parser->at[1]) {
    case '"': c = '"'; break;
    case '\\': c = '\\'; break;
    case '/': c = '/'; break;
    case 'b': c = '\b'; break;
    case 'f': c = '\f'; break;
    case 'n': c = '\n'; break;
    case 'r': c = '\r'; break;
    case 't': c = '\t'; break;
    case 'u': return take_unicode_escape(parser, out);
    default: return refuse(parser, "an unknown escape in a string");
    }
    *(*out)++ = c;
    parser->at += 2;
    return true;
}

static bool refuse_in_string(const struct parser *parser)
{
    unsigned char c = (unsigned char)*parser->at;
    if (parser->at == parser->end)
        return refuse(parser, "a string without its end");
    if (c == 0)
        return refuse(parser, "a NUL");
    if (c < 0x20)
        return refuse(parser, "a control character in a string");
    return refuse(parser, "invalid UTF-8");
}

/* Moves @length bytes at the parser's place down to *@out, and both past them. */
static void keep_bytes(struct parser *parser, size_t length, char **out)
{
    memmove(*out, parser->at, length);
    *out += length;
    parser->at += length;
}

/* Goes on with a string from its first byte that is special. It is decoded in place: what it
 * decodes to is never longer than how it was written. */
static bool take_special_string(struct parser *parser, char **out)
{
    while (*parser->at != '"') {
        if (*parser->at == '\\') {
            if (!take_escape(parser, out))
                return false;
        } else {
            size_t length = utf8_length(parser->at);
            if (length == 0)
                return refuse_in_string(parser);
            keep_bytes(parser, length, out);
        }
        keep_bytes(parser, (size_t)(skip_plain(parser->at) - parser->at), out);
    }
    return true;
}

/* Reads a string; nearly all have nothing to decode. */
static inline bool take_string(struct parser *parser, const char **ret, uint32_t *ret_length)
{
    char *start = parser->at + 1;
    char *end = parser->at = skip_plain(start);
    if (*end != '"' && !take_special_string(parser, &end))
        return false;
    parser->at++;
    *end = '\0';
    *ret = start;
    *ret_length = (uint32_t)(end - start);
    return true;
}

/* --- numbers --- */

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

static bool take_number(struct parser *parser, struct json_node *node)
{
    const char *start = parser->at;
    const char *digits = start + (*start == '-');
    const char *at = skip_digits(digits);

    if (at == digits || (*digits == '0' && at > digits + 1))
        return refuse(parser, "a malformed number");
    node->is_integer = *at != '.' && (*at | 32) != 'e';
    if (*at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction);
        if (at == fraction)
            return refuse(parser, "a malformed number");
    }
    if ((*at | 32) == 'e') {
        const char *exponent = at + 1;
        exponent += *exponent == '+' || *exponent == '-';
        at = skip_digits(exponent);
        if (at == exponent)
            return refuse(parser, "a malformed number");
    }
    node->text = start;
    node->length = (uint32_t)(at - start);
    parser->at += at - start;
    return true;
}

/* --- structure --- */

static inline void skip_space(struct parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\n' || *parser->at == '\t' || *parser->at == '\r')
        parser->at++;
}

/* Appends a value; the name that was read before it, if any, is its own. */
static struct json_node *add_node(struct parser *parser, enum json_node_kind kind)
{
    struct json_node *node = &parser->nodes[parser->count++];
    *node = (struct json_node){
        .kind = (uint8_t)kind,
        .span = 1,
        .name = parser->name,
        .name_length = parser->name_length,
    };
    parser->name = NULL;
    parser->name_length = 0;
    return node;
}

/* Reads `"name":` where an object goes on. */
static bool take_name(struct parser *parser)
{
    parser->name = NULL; /* a name that is too long is told by where its object is */
    skip_space(parser);
    if (*parser->at != '"')
        return refuse(parser, "expected the name of a member");
    const char *name;
    if (!take_string(parser, &name, &parser->name_length))
        return false;
    if (parser->name_length > ARO_STRING_LENGTH_MAX)
        pass_limit(parser, "a member's name of %u bytes, at most %d are read", parser->name_length,
                   ARO_STRING_LENGTH_MAX);
    parser->name = name;
    skip_space(parser);
    if (*parser->at != ':')
        return refuse(parser, "expected ':'");
    parser->at++;
    return true;
}

static bool take_opening(struct parser *parser, enum json_node_kind kind)
{
    if (++parser->depth > ARO_NESTING_MAX)
        pass_limit(parser, "nested deeper than %d", ARO_NESTING_MAX);
    struct json_node *node = add_node(parser, kind);
    node->span = parser->open;
    parser->open = (uint32_t)(node - parser->nodes);
    parser->at++;
    return true;
}

static bool take_text(struct parser *parser)
{
    const char *text;
    uint32_t length;
    if (!take_string(parser, &text, &length))
        return false;
    if (length > ARO_STRING_LENGTH_MAX)
        pass_limit(parser, "a string of %u bytes, at most %d are read", length,
                   ARO_STRING_LENGTH_MAX);
    struct json_node *node = add_node(parser, JSON_NODE_TEXT);
    node->text = text;
    node->length = length;
    return true;
}

static bool take_literal(struct parser *parser, const char *literal, enum json_node_kind kind)
{
    size_t length = strlen(literal);
    if (memcmp(parser->at, literal, length) != 0)
        return refuse(parser, "expected a value");
    parser->at += length;
    add_node(parser, kind)->boolean = *literal == 't';
    return true;
}

/* Reads a scalar, or the opening of a list or object. */
static bool take_value(struct parser *parser)
{
    skip_space(parser);
    switch (*parser->at) {
    case '{': return take_opening(parser, JSON_NODE_OBJECT);
    case '[': return take_opening(parser, JSON_NODE_LIST);
    case '"': return take_text(parser);
    case 't': return take_literal(parser, "true", JSON_NODE_BOOL);
    case 'f': return take_literal(parser, "false", JSON_NODE_BOOL);
    case 'n': return take_literal(parser, "null", JSON_NODE_NULL);
    case '-':
    case '0' ... '9': return take_number(parser, add_node(parser, JSON_NODE_NUMBER));
    case '\0': return refuse(parser, parser->at == parser->end ? "it ends too early" : "a NUL");
    default: return refuse(parser, "expected a value");
    }
}

/* --- duplicate members --- */

static bool has_equal_name(const struct json_node *a, const struct json_node *b)
{
    return a->name_length == b->name_length && memcmp(a->name, b->name, a->name_length) == 0;
}

static bool refuse_duplicate(const struct parser *parser, const struct json_node *member)
{
    if (is_plain_name(member->name, member->name_length))
        return refuse(parser, "the member '%s' comes twice", member->name);
    return refuse(parser, "a member comes twice");
}

/* Few members: whoever shares no bit with those before cannot have a twin among them. */
static bool check_few_names(const struct parser *parser, const struct json_node *object)
{
    uint64_t seen = 0;
    const struct json_node *member = object + 1;
    for (uint32_t i = 0; i < object->count; i++, member = json_node_next(member)) {
        unsigned char first = (unsigned char)member->name[0];
        unsigned char last =
            (unsigned char)member->name[member->name_length ? member->name_length - 1 : 0];
        uint64_t bit = UINT64_C(1) << ((first * 7u + last * 3u + member->name_length) & 63);
        if (seen & bit) {
            const struct json_node *other = object + 1;
            for (; other != member; other = json_node_next(other)) {
                if (has_equal_name(other, member))
                    return refuse_duplicate(parser, member);
            }
        }
        seen |= bit;
    }
    return true;
}

/* Many members: a table of their places, by keyed hash, so that no choice of names is slow. */
static bool check_many_names(const struct parser *parser, const struct json_node *object)
{
    uint32_t *places = parser->reader->name_places;
    size_t size = NAME_PLACES_FIRST;
    while (size < (size_t)object->count * 2)
        size *= 2;
    assert(size <= parser->reader->name_place_size);
    memset(places, 0, size * sizeof *places);

    const struct json_node *member = object + 1;
    for (uint32_t i = 0; i < object->count; i++, member = json_node_next(member)) {
        size_t at = table_hash(member->name, member->name_length) & (size - 1);
        for (; places[at]; at = (at + 1) & (size - 1)) {
            if (has_equal_name(&parser->nodes[places[at]], member))
                return refuse_duplicate(parser, member);
        }
        places[at] = (uint32_t)(member - parser->nodes); /* never 0: that is the root */
    }
    return true;
}

/* --- structure, again: what may follow a value --- */

static bool close_container(struct parser *parser)
{
    struct json_node *node = &parser->nodes[parser->open];
    parser->at++;
    parser->depth--;
    parser->open = node->span;
    node->span = parser->count - (uint32_t)(node - parser->nodes);
    if (node->kind == JSON_NODE_LIST)
        return true;
    return node->count <= PAIRWISE_MAX ? check_few_names(parser, node)
                                       : check_many_names(parser, node);
}

/* Goes from a value just read, or a bracket just opened, to where the next value starts; closes
 * whatever ends on the way. */
static bool take_separators(struct parser *parser, bool has_just_opened)
{
    while (parser->open != NOWHERE) {
        struct json_node *node = &parser->nodes[parser->open];
        bool is_object = node->kind == JSON_NODE_OBJECT;
        skip_space(parser);
        if (*parser->at == (is_object ? '}' : ']')) {
            if (!close_container(parser))
                return false;
            has_just_opened = false;
            if (parser->open != NOWHERE)
                parser->nodes[parser->open].count++;
            continue;
        }
        if (!has_just_opened) {
            if (*parser->at != ',')
                return refuse(parser, is_object ? "expected ',' or '}'" : "expected ',' or ']'");
            parser->at++;
        }
        return !is_object || take_name(parser);
    }
    return true;
}

static bool parse_document(struct parser *parser)
{
    if (memcmp(parser->at, "\xef\xbb\xbf", 3) == 0)
        return refuse(parser, "a byte order mark");
    do {
        unsigned depth = parser->depth;
        if (!take_value(parser))
            return false;
        bool has_just_opened = parser->depth > depth;
        if (!has_just_opened && parser->open != NOWHERE)
            parser->nodes[parser->open].count++;
        if (!take_separators(parser, has_just_opened))
            return false;
    } while (parser->open != NOWHERE);
    skip_space(parser);
    return parser->at == parser->end || refuse(parser, "something follows the value");
}

/* --- memory, and the way in --- */

static int resize(void **memory, size_t *size, size_t needed, size_t item_size)
{
    if (needed <= *size)
        return 0;
    size_t doubled = *size * 2 > needed ? *size * 2 : needed;
    void *resized = realloc(*memory, doubled * item_size);
    if (!resized)
        return -ENOMEM;
    *memory = resized;
    *size = doubled;
    return 0;
}

/* All that a text of @length may need, so that nothing grows while it is read: each node takes a
 * byte at least, a member four. */
static int reserve(struct json_reader *reader, size_t length)
{
    size_t name_place_count = NAME_PLACES_FIRST;
    while (name_place_count < length / 4 * 2)
        name_place_count *= 2;
    int r = resize((void **)&reader->text, &reader->text_size, length + PADDING, 1);
    if (r == 0)
        r = resize((void **)&reader->nodes, &reader->node_size, length + 1, sizeof *reader->nodes);
    if (r == 0)
        r = resize((void **)&reader->name_places, &reader->name_place_size, name_place_count,
                   sizeof *reader->name_places);
    return r;
}

int json_reader_read(struct json_reader *reader, const char *text, size_t length,
                     const struct json_node **ret, struct aro_error *reterr)
{
    assert(length <= ARO_VALUE_LENGTH_MAX);
    int r = reserve(reader, length);
    if (r < 0)
        return r;
    memcpy(reader->text, text, length);
    memset(reader->text + length, 0, PADDING);
    struct parser parser = {
        .reader = reader,
        .at = reader->text,
        .start = reader->text,
        .end = reader->text + length,
        .nodes = reader->nodes,
        .open = NOWHERE,
        .reterr = reterr,
    };
    if (!parse_document(&parser) || parser.is_past_limit)
        return -EINVAL;
    *ret = reader->nodes;
    return 0;
}

/* --- looking at nodes --- */

const struct json_node *json_node_find(const struct json_node *object, const char *name)
{
    if (object->kind != JSON_NODE_OBJECT)
        return NULL;
    size_t length = strlen(name);
    const struct json_node *member = object + 1;
    for (uint32_t i = 0; i < object->count; i++, member = json_node_next(member)) {
        if (member->name_length == length && memcmp(member->name, name, length) == 0)
            return member;
    }
    return NULL;
}

bool json_node_integer(const struct json_node *node, int64_t *ret)
{
    bool negative = node->text[0] == '-';
    int64_t value = 0;
    for (uint32_t i = negative; i < node->length; i++) {
        int digit = node->text[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    if (!negative && value == INT64_MIN)
        return false;
    *ret = negative ? value : -value;
    return true;
}

bool json_node_number(const struct json_node *node, double *ret)
{
    int64_t integer;
    if (node->is_integer && json_node_integer(node, &integer)) {
        *ret = (double)integer;
        return true;
    }
    /* What follows a number in JSON cannot prolong it. The process stays in the "C" locale. */
    double value = strtod(node->text, NULL);
    *ret = value + 0.0; /* -0.0 + 0.0 is 0.0 */
    return isfinite(value);
}

const char *json_node_kind_name(const struct json_node *node)
{
    static const char *const names[] = {
        [JSON_NODE_NULL] = "null",       [JSON_NODE_BOOL] = "true or false",
        [JSON_NODE_NUMBER] = "a number", [JSON_NODE_TEXT] = "a text",
        [JSON_NODE_LIST] = "a list",     [JSON_NODE_OBJECT] = "an object",
    };
    return names[node->kind];
}
