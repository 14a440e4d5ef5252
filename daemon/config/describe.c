#include "config/describe.h"

#include "config/options.h"
#include "config/setting.h"

#include <inttypes.h>
#include <stdio.h>

static json_t *describe_table(const struct option_table *table, const void *base);

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *describe_topics(const struct config_texts *topics)
{
    json_t *list = json_array();
    for (size_t i = 0; i < topics->count; i++)
        json_array_append_new(list, json_string(topics->items[i]));
    return list;
}

static json_t *describe_span(const struct aro_span *span)
{
    char text[ARO_SPAN_TEXT_SIZE];
    aro_span_format(*span, text);
    return json_string(text);
}

static json_t *describe_address(const struct config_address *address)
{
    return address->host ? json_sprintf("%s:%" PRId64, address->host, address->port) : json_null();
}

/* Those that hold a secret are none of the settings: they are given as files. */
static json_t *describe_properties(const struct config_properties *properties)
{
    json_t *map = json_object();
    for (size_t i = 0; i < properties->count; i++)
        json_object_set_new(map, properties->items[i].name,
                            json_string(properties->items[i].value));
    return map;
}

static json_t *describe_shards(const struct config_shards *shards)
{
    json_t *list = json_array();
    for (size_t i = 0; i < shards->count; i++)
        json_array_append_new(list, describe_table(&shard_options, &shards->items[i]));
    return list;
}

static json_t *describe_option(const struct option *option, const void *target)
{
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_NAME:
    case OPTION_TOPIC:
    case OPTION_FILE:
    case OPTION_KEY:
    case OPTION_PATH: return text_or_null(*(char *const *)target);
    case OPTION_TOPICS: return describe_topics(target);
    case OPTION_INTEGER: return json_integer(*(const int64_t *)target);
    case OPTION_BOOL: return json_boolean(*(const bool *)target);
    case OPTION_SPAN: return describe_span(target);
    case OPTION_CHOICE: return json_string(option->choices[*(const int *)target]);
    case OPTION_SECRET: return *(char *const *)target ? json_string("(given)") : json_null();
    case OPTION_ADDRESS: return describe_address(target);
    case OPTION_REDIS_URL: return text_or_null(((const struct config_redis *)target)->url);
    case OPTION_PROPERTIES: return describe_properties(target);
    case OPTION_SHARDS: return describe_shards(target);
    case OPTION_KIND_COUNT: break;
    }
    return json_null();
}

static json_t *describe_table(const struct option_table *table, const void *base)
{
    json_t *settings = json_object();
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        json_object_set_new(settings, option->name,
                            describe_option(option, (const char *)base + option->offset));
    }
    return settings;
}

json_t *config_describe(const struct config *config)
{
    return describe_table(&config_options, config);
}
