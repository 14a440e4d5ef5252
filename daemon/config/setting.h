/* One setting while it is read: its row of the table, and its place in the file. */
#ifndef APPEAL_ROUTERD_CONFIG_SETTING_H
#define APPEAL_ROUTERD_CONFIG_SETTING_H

#include "config/options.h"
#include "support/document.h"

/* Where relative paths begin. */
struct setting_folders {
    const char *settings;       /* the folder of the settings file */
    const char *secrets;        /* $CREDENTIALS_DIRECTORY, or the same */
    struct config_texts *files; /* every file named so far */
};

struct setting {
    const struct option *option;
    const char *name; /* whole: "kafka.group", "shards[0].partition" */
    const struct document_node *node;
    const struct setting_folders *folders;
    struct aro_error *reterr;
};

/* How a setting of each kind is read, compared and freed. @target is the option's member. */
struct setting_kind {
    int (*parse)(const struct setting *setting, void *target);
    bool (*equals)(const void *a, const void *b);
    void (*free)(void *target);
    size_t size; /* of the target */
};
extern const struct setting_kind setting_kinds[OPTION_KIND_COUNT];

/* Reads @map into @base by @table: members given, members left out (their `initial`), members that
 * the table does not know (refused). @prefix goes before each name in errors. */
int settings_read(const struct option_table *table, const struct document_node *map,
                  const char *prefix, const struct setting_folders *folders, void *base,
                  struct aro_error *reterr);
void settings_free(const struct option_table *table, void *base);
bool settings_equal(const struct option_table *table, const void *a, const void *b);

/* -EINVAL, with the place of the setting, or of @node within it. */
int setting_refuse(const struct setting *setting, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int setting_refuse_at(const struct setting *setting, const struct document_node *node,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same where @expected is a map: a text in its place is not repeated, it may hold a secret. */
int setting_expected_map(const struct setting *setting, const struct document_node *node,
                         const char *expected);
/* "expected @expected, found ...", as every other wrong value is told. */
int setting_expected(const struct setting *setting, const struct document_node *node,
                     const char *expected, ...) __attribute__((format(printf, 3, 4)));

/* @path if absolute, else below @folder; the caller frees it. */
char *setting_path(const char *folder, const char *path);

/* The absolute path of the file that @value names, for a library to read: kept among the files, and
 * the caller owns it. Where @is_secret, it is looked for among the secrets, and others must not
 * reach it. The file must be there now, not at the first connection in the middle of the night. */
int setting_find_file(const struct setting *setting, const struct document_node *value,
                      bool is_secret, char **ret);

/* Keeps @path among the files that the settings name. */
void setting_keep_file(const struct setting_folders *folders, const char *path);

#endif
