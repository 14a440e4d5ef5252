#include "log/level.h"

#include <string.h>

static const struct {
    const char *name;
    int priority;
} levels[] = {
    [LOG_LEVEL_ERROR] = { "error", 3 },
    [LOG_LEVEL_WARNING] = { "warning", 4 },
    [LOG_LEVEL_INFO] = { "info", 6 },
    [LOG_LEVEL_DEBUG] = { "debug", 7 },
};

const char *log_level_name(enum log_level level)
{
    return levels[level].name;
}

bool log_level_find(const char *name, enum log_level *ret)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(levels[i].name, name) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

int log_level_priority(enum log_level level)
{
    return levels[level].priority;
}
