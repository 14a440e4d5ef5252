#include "support/spot.h"

#include "support/nearest.h"
#include "support/scalar.h"
#include "support/text.h"
#include "support/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ID_LENGTH_MAX = 128, PATH_SIZE = 160, ALTERNATIVES_SIZE = 300 };

struct spot spot_root(const struct document *document)
{
    return (struct spot){ .node = document_root(document) };
}

struct spot spot_item(const struct spot *list, size_t index)
{
    return (struct spot){ .parent = list, .index = index, .node = &list->node->items[index] };
}

struct spot spot_member(const struct spot *map, size_t index)
{
    const struct document_node *key = &map->node->keys[index];
    return (struct spot){
        .parent = map, .key = key->text, .node = &map->node->items[index], .key_node = key
    };
}

bool spot_find(const struct spot *map, const char *key, struct spot *ret)
{
    const struct document_node *node = document_find(map->node, key);
    if (!node || node->kind == DOCUMENT_NULL)
        return false;
    *ret = spot_member(map, (size_t)(node - map->node->items));
    return true;
}

/* Writes "rules[2].when.tier"; returns its length, which may exceed @size as snprintf()'s does. */
static size_t path_format(const struct spot *spot, char *buffer, size_t size)
{
    size_t length = 0;
    if (!spot->parent)
        return 0;
    length = path_format(spot->parent, buffer, size);
    char *at = buffer + (length < size ? length : size - 1);
    size_t left = length < size ? size - length : 1;
    if (spot->key)
        return length + (size_t)snprintf(at, left, "%s%.100s", length ? "." : "", spot->key);
    return length + (size_t)snprintf(at, left, "[%zu]", spot->index);
}

static int refuse_at(const struct spot *spot, const struct document_node *node,
                     struct aro_error *reterr, const char *format, va_list arguments)
{
    char path[PATH_SIZE] = "", message[sizeof reterr->message];

    if (!reterr)
        return -EINVAL;
    path_format(spot, path, sizeof path);
    utf8_drop_malformed(path);
    vsnprintf(message, sizeof message, format, arguments);
    aro_error_set_at(reterr, -EINVAL, node->line, node->column, "%s%s%s", path, *path ? ": " : "",
                     message);
    memcpy(reterr->field, path, sizeof path);
    return -EINVAL;
}

int spot_refuse(const struct spot *spot, struct aro_error *reterr, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int r = refuse_at(spot, spot->node, reterr, format, arguments);
    va_end(arguments);
    return r;
}

int spot_refuse_key(const struct spot *spot, struct aro_error *reterr, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int r =
        refuse_at(spot, spot->key_node ? spot->key_node : spot->node, reterr, format, arguments);
    va_end(arguments);
    return r;
}

int spot_refuse_kind(const struct spot *spot, struct aro_error *reterr, const char *what)
{
    const struct document_node *node = spot->node;
    if (node->kind == DOCUMENT_INTEGER || node->kind == DOCUMENT_NUMBER ||
        node->kind == DOCUMENT_TEXT || node->kind == DOCUMENT_BOOL)
        return spot_refuse(spot, reterr, "expected %s, found %s'%.60s'", what,
                           scalar_text_note(node), node->text);
    return spot_refuse(spot, reterr, "expected %s, found %s", what, document_kind_name(node->kind));
}

int spot_expect(const struct spot *spot, enum document_kind kind, struct aro_error *reterr)
{
    if (spot->node->kind == kind)
        return 0;
    return spot_refuse_kind(spot, reterr, document_kind_name(kind));
}

int spot_read_text(const struct spot *spot, const char **ret, struct aro_error *reterr)
{
    if (spot->node->kind == DOCUMENT_INTEGER || spot->node->kind == DOCUMENT_NUMBER ||
        spot->node->kind == DOCUMENT_BOOL)
        return spot_refuse(spot, reterr, "expected a text, found %s: write \"%.60s\"",
                           document_kind_name(spot->node->kind), spot->node->text);
    int r = spot_expect(spot, DOCUMENT_TEXT, reterr);
    if (r < 0)
        return r;
    *ret = spot->node->text;
    return 0;
}

bool text_is_id(const char *text)
{
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789._:~-");
    return length > 0 && length <= ID_LENGTH_MAX && text[length] == '\0';
}

int spot_read_integer(const struct spot *spot, int64_t least, int64_t greatest, int64_t *ret,
                      struct aro_error *reterr)
{
    const struct document_node *node = spot->node;
    char what[80];

    if (node->kind == DOCUMENT_INTEGER && node->integer >= least && node->integer <= greatest) {
        *ret = node->integer;
        return 0;
    }
    snprintf(what, sizeof what, "an integer from %lld to %lld", (long long)least,
             (long long)greatest);
    return spot_refuse_kind(spot, reterr, what);
}

int spot_read_unsigned(const struct spot *spot, unsigned least, unsigned greatest, unsigned *ret,
                       struct aro_error *reterr)
{
    int64_t value;
    int r = spot_read_integer(spot, least, greatest, &value, reterr);
    if (r < 0)
        return r;
    *ret = (unsigned)value;
    return 0;
}

int spot_read_bool(const struct spot *spot, bool *ret, struct aro_error *reterr)
{
    int r = spot_expect(spot, DOCUMENT_BOOL, reterr);
    if (r < 0)
        return r;
    *ret = spot->node->boolean;
    return 0;
}

int spot_read_span(const struct spot *spot, struct aro_span *ret, struct aro_error *reterr)
{
    int r = spot->node->kind == DOCUMENT_TEXT ? aro_span_parse(spot->node->text, ret) : -EINVAL;
    if (r == -ERANGE)
        return spot_refuse(spot, reterr, "expected a time span of at most %dd, found '%.60s'",
                           ARO_SPAN_DAYS_MAX, spot->node->text);
    if (r < 0)
        return spot_refuse_kind(spot, reterr, "a time span such as 90s, 10m, 72h or 7d");
    return 0;
}

/* "one, two or three" */
static void alternatives_format(const char *const *names, size_t count,
                                char what[static ALTERNATIVES_SIZE])
{
    size_t length = 0;

    what[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *gap = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        int written = snprintf(what + length, ALTERNATIVES_SIZE - length, "%s%s", gap, names[i]);
        length += length + (size_t)written < ALTERNATIVES_SIZE ? (size_t)written : 0;
    }
}

int spot_read_choice(const struct spot *spot, const char *const *names, size_t count, size_t *ret,
                     struct aro_error *reterr)
{
    char what[ALTERNATIVES_SIZE];
    size_t chosen =
        spot->node->kind == DOCUMENT_TEXT ? text_index(names, count, spot->node->text) : count;

    if (chosen < count) {
        *ret = chosen;
        return 0;
    }
    alternatives_format(names, count, what);
    return spot_refuse_kind(spot, reterr, what);
}

static const char *nearest_of(const char *text, const char *const *names, size_t count)
{
    struct nearest nearest;
    nearest_init(&nearest, text);
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, names[i]);
    return nearest.best;
}

static int refuse_unknown_key(const struct spot *member, const char *const *keys, size_t count,
                              struct aro_error *reterr)
{
    char what[ALTERNATIVES_SIZE];
    const char *nearest = nearest_of(member->key, keys, count);

    if (nearest)
        return spot_refuse_key(member, reterr, "unknown key: did you mean '%s'?", nearest);
    alternatives_format(keys, count, what);
    return spot_refuse_key(member, reterr, "unknown key: expected %s", what);
}

int spot_check_keys(const struct spot *map, const char *const *keys, size_t count,
                    struct aro_error *reterr)
{
    if (map->node->kind == DOCUMENT_NULL)
        return 0;
    int r = spot_expect(map, DOCUMENT_MAP, reterr);
    for (size_t i = 0; r == 0 && i < map->node->count; i++) {
        const char *key = map->node->keys[i].text;
        if (text_index(keys, count, key) < count)
            continue;
        struct spot member = spot_member(map, i);
        r = refuse_unknown_key(&member, keys, count, reterr);
    }
    return r;
}
