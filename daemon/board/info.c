#include "board/info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies the value of the line "name:value", cut to @size. False where there is no such line. */
static bool field_find(const char *text, const char *name, char *value, size_t size)
{
    size_t name_length = strlen(name);

    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\r\n");
        if (length > name_length && line[name_length] == ':' &&
            strncmp(line, name, name_length) == 0) {
            int value_length = (int)(length - name_length - 1);
            snprintf(value, size, "%.*s", value_length, line + name_length + 1);
            return true;
        }
        line += length;
        line += strspn(line, "\r\n");
    }
    return false;
}

int info_parse(const char *text, struct info *ret)
{
    struct info info = { 0 };
    char value[64];

    if (!field_find(text, "run_id", info.run_id, sizeof info.run_id))
        return -EINVAL;
    if (!field_find(text, "role", value, sizeof value))
        return -EINVAL;
    info.is_primary = strcmp(value, "master") == 0;
    field_find(text, "master_replid", info.master_replid, sizeof info.master_replid);
    if (field_find(text, "loading", value, sizeof value))
        info.is_loading = strcmp(value, "0") != 0;
    /* The "volatile" policies take keys that expire only; ours never do. */
    if (field_find(text, "maxmemory_policy", value, sizeof value))
        info.is_evicting = strncmp(value, "allkeys", strlen("allkeys")) == 0;
    if (field_find(text, "evicted_keys", value, sizeof value))
        info.evicted_key_count = strtoull(value, NULL, 10);
    *ret = info;
    return 0;
}

bool info_is_same_server(const struct info *info, const struct info *other)
{
    return strcmp(info->run_id, other->run_id) == 0 &&
           strcmp(info->master_replid, other->master_replid) == 0;
}
