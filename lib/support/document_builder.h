/* Nodes on their way into a document.
 *
 * They wait on one stack until the list or map that holds them ends; then they are copied, side by
 * side, into the document's memory and replaced by that list or map. */
#ifndef ARO_SUPPORT_DOCUMENT_BUILDER_H
#define ARO_SUPPORT_DOCUMENT_BUILDER_H

#include "support/arena.h"
#include "support/document.h"

enum { DOCUMENT_NESTING_MAX = 32 };

struct document {
    struct arena arena;
    struct document_node root;
};

struct document_builder {
    struct document *document; /* borrowed */
    struct document_node *stack;
    size_t count, size;
    struct aro_error *reterr;
};

void builder_done(struct document_builder *builder);

/* A scalar of @length bytes of @text; @is_plain: it may be a number, as no key and nothing in
 * quotes may. */
void builder_push(struct document_builder *builder, const char *text, size_t length, bool is_plain,
                  unsigned line, unsigned column);
/* What was pushed from @first on becomes a list, or the keys and values of a map; it begins at
 * @line. -EINVAL where a key stands there twice. */
void builder_end_list(struct document_builder *builder, size_t first, unsigned line,
                      unsigned column);
int builder_end_map(struct document_builder *builder, size_t first, unsigned line, unsigned column);

#endif
