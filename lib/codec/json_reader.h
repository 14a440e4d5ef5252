/* A strict and bounded reader of JSON (RFC 8259), for what others send.
 *
 * One pass, no recursion, nothing allocated once its memory has grown to the size of the texts
 * that come by. Refused beside bad syntax: invalid UTF-8, lone surrogates, NUL, a byte order mark
 * and duplicate members. What is well-formed but past a limit (nesting, length of a string) is
 * found only after the syntax has proved right, so that a text has one verdict whichever comes
 * first in it. */
#ifndef ARO_CODEC_JSON_READER_H
#define ARO_CODEC_JSON_READER_H

#include <aro/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_node_kind {
    JSON_NODE_NULL,
    JSON_NODE_BOOL,
    JSON_NODE_NUMBER,
    JSON_NODE_TEXT,
    JSON_NODE_LIST,
    JSON_NODE_OBJECT,
};

/* A value. Its children follow it, each with its own, so a tree is one run of nodes. */
struct json_node {
    uint8_t kind; /* of enum json_node_kind */
    bool boolean;
    bool is_integer;      /* NUMBER: written without fraction and exponent */
    uint32_t span;        /* nodes of this value, itself counted: the next sibling is so far on */
    uint32_t count;       /* LIST, OBJECT: children */
    uint32_t length;      /* TEXT, NUMBER: bytes of @text */
    uint32_t name_length; /* of a member */
    const char *name;     /* of a member, decoded and NUL-terminated; otherwise NULL */
    const char *text;     /* TEXT: decoded and NUL-terminated; NUMBER: as written, not terminated */
};

struct json_reader {
    char *text; /* the copy that the nodes point into */
    size_t text_size;
    struct json_node *nodes;
    size_t node_size;
    uint32_t *name_places; /* to find duplicates in large objects */
    size_t name_place_size;
};

/* { 0 } is a reader to start with. */
void json_reader_done(struct json_reader *reader);

/* Reads @length bytes of @text (borrowed), at most ARO_VALUE_LENGTH_MAX. *@ret is the root and
 * lasts until the reader reads again. -EINVAL with code JSON, and line and column, or LIMIT;
 * -ENOMEM. */
int json_reader_read(struct json_reader *reader, const char *text, size_t length,
                     const struct json_node **ret, struct aro_error *reterr);

static inline const struct json_node *json_node_next(const struct json_node *node)
{
    return node + node->span;
}

/* The member @name of an OBJECT; NULL where it has none or is no object. */
const struct json_node *json_node_find(const struct json_node *object, const char *name);

/* The value of an integer NUMBER; false where it does not fit. */
bool json_node_integer(const struct json_node *node, int64_t *ret);

/* The value of a NUMBER, zero without a sign; false where no finite double is near it. */
bool json_node_number(const struct json_node *node, double *ret);

/* "a text", "a list": for "expected a text, found a list". */
const char *json_node_kind_name(const struct json_node *node);

#endif
