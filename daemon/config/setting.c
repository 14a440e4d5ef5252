#include "config/setting.h"

#include "file/file.h"

#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/memory.h"
#include "support/nearest.h"
#include "support/scalar.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_SHOWN_MAX = 40 }; /* of a wrong value, in an error */

/* A walk through one table's part of the file. */
struct walk {
    const struct option_table *table;
    const char *prefix;
    const struct setting_folders *folders;
    char *base;
    bool *is_given; /* for each option */
    struct aro_error *reterr;
};

static int refuse(const char *name, const struct document_node *node, struct aro_error *reterr,
                  const char *format, va_list arguments)
{
    char text[sizeof reterr->message];
    vsnprintf(text, sizeof text, format, arguments);
    aro_error_set_at(reterr, -EINVAL, node->line, node->column, "%s: %s", name, text);
    if (reterr)
        snprintf(reterr->field, sizeof reterr->field, "%s", name);
    return -EINVAL;
}

int setting_refuse_at(const struct setting *setting, const struct document_node *node,
                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int r = refuse(setting->name, node, setting->reterr, format, arguments);
    va_end(arguments);
    return r;
}

int setting_refuse(const struct setting *setting, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int r = refuse(setting->name, setting->node, setting->reterr, format, arguments);
    va_end(arguments);
    return r;
}

static const char *empty_name(const struct document_node *node)
{
    if (node->kind == DOCUMENT_TEXT)
        return "an empty text";
    return node->kind == DOCUMENT_LIST && node->count == 0 ? "an empty list"
                                                           : document_kind_name(node->kind);
}

int setting_expected(const struct setting *setting, const struct document_node *node,
                     const char *expected, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, expected);
    vsnprintf(text, sizeof text, expected, arguments);
    va_end(arguments);
    if (node->text[0] == '\0')
        return setting_refuse_at(setting, node, "expected %s, found %s", text, empty_name(node));
    return setting_refuse_at(setting, node, "expected %s, found %s'%.*s'", text,
                             scalar_text_note(node), VALUE_SHOWN_MAX, node->text);
}

int setting_expected_map(const struct setting *setting, const struct document_node *node,
                         const char *expected)
{
    return setting_refuse_at(setting, node, "expected %s, found %s", expected,
                             document_kind_name(node->kind));
}

char *setting_path(const char *folder, const char *path)
{
    struct buffer buffer = { 0 };
    if (path[0] != '/')
        buffer_add_format(&buffer, "%s/", folder);
    buffer_add_text(&buffer, path);
    return buffer_take(&buffer);
}

void setting_keep_file(const struct setting_folders *folders, const char *path)
{
    struct config_texts *files = folders->files;
    files->items = memory_resize(files->items, (files->count + 1) * sizeof *files->items);
    files->items[files->count++] = memory_copy_text(path);
}

int setting_find_file(const struct setting *setting, const struct document_node *value,
                      bool is_secret, char **ret)
{
    const struct setting_folders *folders = setting->folders;
    CLEANUP(freep)
    char *path = setting_path(is_secret ? folders->secrets : folders->settings, value->text);
    struct aro_error error;

    if (is_secret && file_check_secret(path, &error) < 0)
        return setting_refuse_at(setting, value, "%s", error.message);
    if (access(path, R_OK) < 0)
        return setting_refuse_at(setting, value, "cannot read '%s': %s", path, strerror(errno));
    setting_keep_file(folders, path);
    *ret = TAKE(path);
    return 0;
}

/* "kafka.group" lies under "kafka"; what follows the dot, or NULL. */
static const char *name_below(const char *name, const char *group)
{
    size_t length = strlen(group);
    if (length == 0)
        return name;
    return strncmp(name, group, length) == 0 && name[length] == '.' ? name + length + 1 : NULL;
}

/* The known members of @group: the first parts of the names below it, each once. The table is
 * sorted, so equal ones follow each other. */
static size_t group_members(const struct option_table *table, const char *group,
                            char (*members)[64], size_t members_max)
{
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const char *below = name_below(table->options[i].name, group);
        if (!below)
            continue;
        int length = (int)strcspn(below, ".");
        char member[64];
        snprintf(member, sizeof member, "%.*s", length, below);
        if (count > 0 && strcmp(members[count - 1], member) == 0)
            continue;
        assert(count < members_max);
        memcpy(members[count++], member, sizeof member);
    }
    return count;
}

static int refuse_unknown(const struct walk *walk, const char *group, const char *name,
                          const struct document_node *key)
{
    char members[64][64];
    size_t count = group_members(walk->table, group, members, 64);
    struct nearest nearest;
    nearest_init(&nearest, key->text);
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, members[i]);

    struct setting setting = { .name = name, .node = key, .reterr = walk->reterr };
    if (nearest.best)
        return setting_refuse(&setting, "no such setting; did you mean '%s'?", nearest.best);
    struct buffer known = { 0 };
    for (size_t i = 0; i < count; i++)
        buffer_add_format(&known, "%s%s", i ? ", " : "", members[i]);
    int r = setting_refuse(&setting, "no such setting; known here: %s", known.data);
    buffer_done(&known);
    return r;
}

static int read_group(const struct walk *walk, const char *group, const char *name,
                      const struct document_node *map);

static int read_option(const struct walk *walk, const struct option *option, const char *name,
                       const struct document_node *node)
{
    struct setting setting = {
        .option = option,
        .name = name,
        .node = node,
        .folders = walk->folders,
        .reterr = walk->reterr,
    };
    walk->is_given[option - walk->table->options] = true;
    return setting_kinds[option->kind].parse(&setting, walk->base + option->offset);
}

static bool is_group(const struct option_table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++)
        if (name_below(table->options[i].name, path))
            return true;
    return false;
}

static int read_member(const struct walk *walk, const char *group, const struct document_node *key,
                       const struct document_node *value)
{
    CLEANUP(freep) char *path = NULL, *name = NULL;
    if (asprintf(&path, "%s%s%s", group, *group ? "." : "", key->text) < 0 ||
        asprintf(&name, "%s%s", walk->prefix, path) < 0)
        memory_exhausted();

    const struct option *option = option_find(walk->table, path);
    if (option)
        return read_option(walk, option, name, value);
    if (!is_group(walk->table, path))
        return refuse_unknown(walk, group, name, key);
    return read_group(walk, path, name, value);
}

static int read_group(const struct walk *walk, const char *group, const char *name,
                      const struct document_node *map)
{
    if (map->kind == DOCUMENT_NULL) /* every line of it is commented out */
        return 0;
    if (map->kind != DOCUMENT_MAP) {
        struct setting setting = { .name = name, .node = map, .reterr = walk->reterr };
        return setting_expected_map(&setting, map, "a map");
    }
    for (size_t i = 0; i < map->count; i++) {
        int r = read_member(walk, group, &map->keys[i], &map->items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

DEFINE_CLEANUP(struct document, document_free)

/* What is left out is read from the text in the table, by the same parser. */
static int read_initial(const struct walk *walk, const struct option *option)
{
    CLEANUP(document_freep) struct document *document = NULL;
    int r = document_parse(option->initial, strlen(option->initial), &document, walk->reterr);
    assert(r == 0);
    return read_option(walk, option, option->name, document_root(document));
}

static int read_absent(const struct walk *walk, const struct document_node *map)
{
    for (size_t i = 0; i < walk->table->count; i++) {
        const struct option *option = &walk->table->options[i];
        if (walk->is_given[i])
            continue;
        if (option->required) {
            struct setting setting = { .name = option->name, .node = map, .reterr = walk->reterr };
            return setting_refuse(&setting, "missing, and must be set: %s", option->help);
        }
        int r = option->initial ? read_initial(walk, option) : 0;
        if (r < 0)
            return r;
    }
    return 0;
}

int settings_read(const struct option_table *table, const struct document_node *map,
                  const char *prefix, const struct setting_folders *folders, void *base,
                  struct aro_error *reterr)
{
    CLEANUP(freep) bool *is_given = memory_new_array(table->count, sizeof *is_given);
    struct walk walk = {
        .table = table,
        .prefix = prefix,
        .folders = folders,
        .base = base,
        .is_given = is_given,
        .reterr = reterr,
    };
    int r = read_group(&walk, "", "settings", map);
    return r < 0 ? r : read_absent(&walk, map);
}

void settings_free(const struct option_table *table, void *base)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        if (setting_kinds[option->kind].free)
            setting_kinds[option->kind].free((char *)base + option->offset);
    }
}

bool settings_equal(const struct option_table *table, const void *a, const void *b)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        if (!setting_kinds[option->kind].equals((const char *)a + option->offset,
                                                (const char *)b + option->offset))
            return false;
    }
    return true;
}
