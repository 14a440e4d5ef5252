/* What the board wants to know of a Redis server, out of its INFO. */
#ifndef DAEMON_BOARD_INFO_H
#define DAEMON_BOARD_INFO_H

#include <stdbool.h>
#include <stdint.h>

struct info {
    char run_id[64];        /* another one: restarted */
    char master_replid[64]; /* another one: failed over, perhaps without the last writes */
    bool is_primary;
    bool is_loading;
    bool is_evicting; /* its eviction policy may take keys of ours */
    uint64_t evicted_key_count;
};

/* @text is the whole reply, NUL-terminated. -EINVAL where it lacks run_id or role. */
int info_parse(const char *text, struct info *ret);

/* Is @other the same server, with the same past? */
bool info_is_same_server(const struct info *info, const struct info *other);

#endif
