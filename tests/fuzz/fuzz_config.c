/* Whatever a settings file holds: settings that are sound, or a refusal with its place. */
#include "fuzz_target.h"

#include "config/config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static void expect_sound(const struct config *config)
{
    assert(config->shards.count > 0 && config->rulebook[0] == '/');
    assert(config->limits.batch_records > 0 && config->limits.stall.ms > 0);
    assert(config->instance && config->instance[0] != '\0');
    assert(config_reload_check(config, config, NULL) == 0);
    for (size_t i = 0; i < config->shards.count; i++) {
        const struct config_shard *shard = &config->shards.items[i];
        assert(shard->name[0] != '\0' && shard->partition >= 0 && shard->appeals.count > 0);
        for (size_t j = 0; j < i; j++) {
            const struct config_shard *other = &config->shards.items[j];
            assert(strcmp(other->name, shard->name) != 0 && other->partition != shard->partition);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = NULL;
    struct aro_error error = { 0 };

    int r = config_parse((const char *)data, size, "/settings/router.yaml", &config, &error);
    if (r == 0)
        expect_sound(config);
    else
        assert(r == -EINVAL && error.message[0] != '\0' && error.line > 0 && error.column > 0);
    config_free(config);
    return 0;
}
