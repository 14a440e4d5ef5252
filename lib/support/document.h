/* A YAML or JSON text as a tree in which every node knows its line and column.
 *
 * Settings and rulebooks are read through this, so that each error names its place. libyaml reads
 * YAML 1.1 syntax; scalars are resolved here by the core schema of YAML 1.2, so `NO` and `on` are
 * texts. Anchors, aliases, tags, merge keys, several documents and duplicate keys are refused. A
 * byte order mark before the text is passed over. */
#ifndef ARO_SUPPORT_DOCUMENT_H
#define ARO_SUPPORT_DOCUMENT_H

#include <aro/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum document_kind {
    DOCUMENT_NULL,
    DOCUMENT_BOOL,
    DOCUMENT_INTEGER,
    DOCUMENT_NUMBER, /* a real; INTEGER has @number set too */
    DOCUMENT_TEXT,
    DOCUMENT_LIST,
    DOCUMENT_MAP,
};

struct document_node {
    enum document_kind kind;
    unsigned line, column; /* from 1 */
    const char *text;      /* of a scalar, as written (quotes removed); "" otherwise */
    bool boolean;
    int64_t integer;
    double number;
    size_t count;                      /* LIST: items; MAP: members */
    const struct document_node *items; /* LIST: the items; MAP: the values, in written order */
    const struct document_node *keys;  /* MAP: the keys, TEXT nodes */
};

/* Owns every node and text. */
struct document;

/* Parses @length bytes of @text (borrowed). -EINVAL with the place; -ENOMEM. Bounds: nesting 32,
 * @length 64 MiB. */
int document_parse(const char *text, size_t length, struct document **ret,
                   struct aro_error *reterr);
void document_free(struct document *document);
const struct document_node *document_root(const struct document *document);

/* The value of @key in a MAP, NULL where absent (or where @node is no map). */
const struct document_node *document_find(const struct document_node *node, const char *key);

/* "a text", "a list": for "expected a text, found a list". */
const char *document_kind_name(enum document_kind kind);

#endif
