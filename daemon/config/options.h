/* The table of settings. Parser, manual, schema and the check of a reload all read it. */
#ifndef APPEAL_ROUTERD_CONFIG_OPTIONS_H
#define APPEAL_ROUTERD_CONFIG_OPTIONS_H

#include "config/config.h"

enum option_kind {
    OPTION_TEXT,       /* char * */
    OPTION_NAME,       /* char *: letters, digits, '.', '_', '-' */
    OPTION_TOPIC,      /* char *: a NAME that Kafka takes as a topic */
    OPTION_TOPICS,     /* struct config_texts, at least one */
    OPTION_INTEGER,    /* int64_t */
    OPTION_BOOL,       /* bool */
    OPTION_SPAN,       /* struct aro_span */
    OPTION_CHOICE,     /* int: index into @choices */
    OPTION_PATH,       /* char *: absolute once read */
    OPTION_SECRET,     /* char *: contents of the file that the setting names */
    OPTION_FILE,       /* char *: absolute path of a file for a library to read */
    OPTION_KEY,        /* char *: the same, of a file that others must not reach */
    OPTION_ADDRESS,    /* struct config_address */
    OPTION_REDIS_URL,  /* struct config_redis: url, host, port, is_tls, unix_path, database */
    OPTION_PROPERTIES, /* struct config_properties */
    OPTION_SHARDS,     /* struct config_shards */
    OPTION_KIND_COUNT,
};

struct option {
    const char *name; /* as in the file, nested members joined by dots */
    enum option_kind kind;
    size_t offset;              /* in struct config, or in struct config_shard */
    int64_t minimum, maximum;   /* INTEGER; SPAN in ms; TEXT, NAME: its length */
    const char *initial;        /* as one would write it; NULL: not set */
    const char *const *choices; /* CHOICE: ends in NULL */
    bool required;
    bool reloadable;
    const char *help; /* whole sentences, for the manual */
};

struct option_table {
    const struct option *options; /* sorted by name */
    size_t count;
};

extern const struct option_table config_options;
extern const struct option_table shard_options; /* of each item of `shards` */

/* NULL where there is none. */
const struct option *option_find(const struct option_table *table, const char *name);

#endif
