/* A place in a document, as its reader walks down: the node, and how one got there.
 *
 * Every reader here refuses with the node's line and column and the path that leads to it:
 * "rules[2].when.tier: expected an integer from 1 to 100, found a text". */
#ifndef ARO_SUPPORT_SPOT_H
#define ARO_SUPPORT_SPOT_H

#include "support/document.h"

#include <aro/error.h>
#include <aro/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spot {
    const struct spot *parent; /* NULL: the root */
    const char *key;           /* of a member; NULL: an item, or the root */
    size_t index;              /* of an item */
    const struct document_node *node;
    const struct document_node *key_node; /* of a member */
};

/* Spots live on the stack of whoever walks; a child is valid while its parent is. */
struct spot spot_root(const struct document *document);
struct spot spot_item(const struct spot *list, size_t index);
struct spot spot_member(const struct spot *map, size_t index);
/* False where @map has no member @key; a member whose value is null counts as absent. */
bool spot_find(const struct spot *map, const char *key, struct spot *ret);

/* Refuses with -EINVAL, at the node, or at the key of the member. */
int spot_refuse(const struct spot *spot, struct aro_error *reterr, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int spot_refuse_key(const struct spot *spot, struct aro_error *reterr, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "expected @what, found a list" */
int spot_refuse_kind(const struct spot *spot, struct aro_error *reterr, const char *what);

/* Readers of one value. 0 or -EINVAL; *@ret is set on success only. */
int spot_expect(const struct spot *spot, enum document_kind kind, struct aro_error *reterr);
int spot_read_text(const struct spot *spot, const char **ret, struct aro_error *reterr);
int spot_read_integer(const struct spot *spot, int64_t least, int64_t greatest, int64_t *ret,
                      struct aro_error *reterr);
int spot_read_unsigned(const struct spot *spot, unsigned least, unsigned greatest, unsigned *ret,
                       struct aro_error *reterr);
int spot_read_bool(const struct spot *spot, bool *ret, struct aro_error *reterr);
int spot_read_span(const struct spot *spot, struct aro_span *ret, struct aro_error *reterr);
/* One of @names, @count of them; *@ret is its index. Others are refused with the nearest. */
int spot_read_choice(const struct spot *spot, const char *const *names, size_t count, size_t *ret,
                     struct aro_error *reterr);

/* A name that may end up in keys and logs: 1 to 128 of A-Z a-z 0-9 . _ : ~ - */
bool text_is_id(const char *text);

/* Refuses what is no map, and any member whose key is not among @keys, naming the nearest. Nothing
 * at all is an empty map: `general:` is a queue like any other. */
int spot_check_keys(const struct spot *map, const char *const *keys, size_t count,
                    struct aro_error *reterr);

#endif
