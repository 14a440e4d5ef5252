#include "board/sweep.h"

#include "support/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sweep_slice_done(struct sweep_slice *slice)
{
    free(slice->keys);
    free(slice->lengths);
}

void sweep_format(struct command *command, const char *cursor, const char *prefix)
{
    struct buffer pattern = { 0 };

    for (const char *at = prefix; *at; at++) {
        if (strchr("*?[]^\\", *at))
            buffer_add(&pattern, "\\", 1);
        buffer_add(&pattern, at, 1);
    }
    buffer_add(&pattern, "*", 1);
    command_add(command, "SCAN");
    command_add(command, cursor);
    command_add(command, "MATCH");
    command_add_bytes(command, pattern.data, pattern.length);
    command_add(command, "COUNT");
    command_add(command, "512");
    buffer_done(&pattern);
}

/* Is it "<prefix><epoch>:agent:...", or of a queue or a set, of an epoch other than @epoch? */
static bool key_is_old(const redisReply *key, const char *prefix, const char *epoch)
{
    static const char *const kinds[] = { ":agent:", ":queue:", ":free:" };
    size_t prefix_length = strlen(prefix);

    if (key->len < prefix_length || memcmp(key->str, prefix, prefix_length) != 0)
        return false;
    const char *own = key->str + prefix_length;
    size_t claim = strspn(own, "0123456789");
    if (claim == 0 || own[claim] != '-')
        return false;
    size_t length = claim + 1 + strspn(own + claim + 1, "0123456789abcdef");
    if (length == strlen(epoch) && memcmp(own, epoch, length) == 0)
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(own + length, kinds[i], strlen(kinds[i])) == 0)
            return true;
    }
    return false;
}

int sweep_read(const redisReply *reply, const char *prefix, const char *epoch,
               struct sweep_slice *ret)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return -EINVAL;
    const redisReply *cursor = reply->element[0], *keys = reply->element[1];
    if (cursor->type != REDIS_REPLY_STRING || cursor->len >= sizeof ret->cursor ||
        keys->type != REDIS_REPLY_ARRAY)
        return -EINVAL;

    struct sweep_slice slice = { .keys = memory_new_array(keys->elements, sizeof *slice.keys),
                                 .lengths =
                                     memory_new_array(keys->elements, sizeof *slice.lengths) };
    memcpy(slice.cursor, cursor->str, cursor->len + 1);
    for (size_t i = 0; i < keys->elements; i++) {
        const redisReply *key = keys->element[i];
        if (key->type != REDIS_REPLY_STRING || !key_is_old(key, prefix, epoch))
            continue;
        slice.keys[slice.count] = key->str;
        slice.lengths[slice.count++] = key->len;
    }
    *ret = slice;
    return 0;
}
