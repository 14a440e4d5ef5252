#include "config/address.h"
#include "config/properties.h"
#include "config/secret.h"
#include "config/setting.h"

#include "support/buffer.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TOPIC_LENGTH_MAX = 249 };

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static bool equals_text(const void *a, const void *b)
{
    const char *one = *(char *const *)a, *other = *(char *const *)b;
    return one && other ? strcmp(one, other) == 0 : one == other;
}

static void free_text(void *target)
{
    free(*(char **)target);
}

/* A text, or a number that stands for one: names may be of digits alone. */
static bool is_text(const struct document_node *node)
{
    return node->kind == DOCUMENT_TEXT || node->kind == DOCUMENT_INTEGER ||
           node->kind == DOCUMENT_NUMBER;
}

static bool is_printable(const char *text)
{
    for (const char *byte = text; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 0x7f)
            return false;
    return true;
}

static int parse_text(const struct setting *setting, void *target)
{
    const struct option *option = setting->option;
    size_t length = strlen(setting->node->text);

    if (!is_text(setting->node) || length < (size_t)option->minimum ||
        length > (size_t)option->maximum || !is_printable(setting->node->text))
        return setting_expected(setting, setting->node,
                                "a text of %" PRId64 " to %" PRId64
                                " characters without control characters",
                                option->minimum, option->maximum);
    *(char **)target = memory_copy_text(setting->node->text);
    return 0;
}

static int parse_name(const struct setting *setting, void *target)
{
    const struct option *option = setting->option;
    const char *text = setting->node->text;
    size_t length = strlen(text);

    if (!is_text(setting->node) || length < (size_t)option->minimum ||
        length > (size_t)option->maximum || strspn(text, NAME_CHARACTERS) != length)
        return setting_expected(setting, setting->node,
                                "%" PRId64 " to %" PRId64
                                " letters, digits, dots, underscores or dashes",
                                option->minimum, option->maximum);
    *(char **)target = memory_copy_text(text);
    return 0;
}

static int parse_topic_node(const struct setting *setting, const struct document_node *node,
                            char **ret)
{
    size_t length = strlen(node->text);
    if (!is_text(node) || length == 0 || length > TOPIC_LENGTH_MAX ||
        strspn(node->text, NAME_CHARACTERS) != length || strcmp(node->text, ".") == 0 ||
        strcmp(node->text, "..") == 0)
        return setting_expected(setting, node,
                                "a topic: 1 to %d letters, digits, dots, underscores or dashes",
                                TOPIC_LENGTH_MAX);
    *ret = memory_copy_text(node->text);
    return 0;
}

static int parse_topic(const struct setting *setting, void *target)
{
    return parse_topic_node(setting, setting->node, target);
}

static int parse_topics(const struct setting *setting, void *target)
{
    struct config_texts *topics = target;
    const struct document_node *node = setting->node;

    if (node->kind != DOCUMENT_LIST || node->count == 0)
        return setting_expected(setting, node, "a list of at least one topic");
    topics->items = memory_new_array(node->count, sizeof *topics->items);
    topics->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        int r = parse_topic_node(setting, &node->items[i], &topics->items[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool equals_topics(const void *a, const void *b)
{
    const struct config_texts *one = a, *other = b;
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++)
        if (!equals_text(&one->items[i], &other->items[i]))
            return false;
    return true;
}

static void free_topics(void *target)
{
    struct config_texts *topics = target;
    for (size_t i = 0; i < topics->count; i++)
        free(topics->items[i]);
    free(topics->items);
}

static int parse_integer(const struct setting *setting, void *target)
{
    const struct option *option = setting->option;
    const struct document_node *node = setting->node;

    if (node->kind != DOCUMENT_INTEGER || node->integer < option->minimum ||
        node->integer > option->maximum)
        return setting_expected(setting, node, "a whole number from %" PRId64 " to %" PRId64,
                                option->minimum, option->maximum);
    *(int64_t *)target = node->integer;
    return 0;
}

static bool equals_integer(const void *a, const void *b)
{
    return *(const int64_t *)a == *(const int64_t *)b;
}

static int parse_bool(const struct setting *setting, void *target)
{
    if (setting->node->kind != DOCUMENT_BOOL)
        return setting_expected(setting, setting->node, "true or false");
    *(bool *)target = setting->node->boolean;
    return 0;
}

static bool equals_bool(const void *a, const void *b)
{
    return *(const bool *)a == *(const bool *)b;
}

static int parse_span(const struct setting *setting, void *target)
{
    const struct option *option = setting->option;
    struct aro_span span;

    if (!is_text(setting->node) || aro_span_parse(setting->node->text, &span) < 0 ||
        span.ms < option->minimum || span.ms > option->maximum) {
        char minimum[ARO_SPAN_TEXT_SIZE], maximum[ARO_SPAN_TEXT_SIZE];
        aro_span_format((struct aro_span){ option->minimum }, minimum);
        aro_span_format((struct aro_span){ option->maximum }, maximum);
        return setting_expected(setting, setting->node,
                                "a time from %s to %s (a number and ms, s, m, h or d)", minimum,
                                maximum);
    }
    *(struct aro_span *)target = span;
    return 0;
}

static bool equals_span(const void *a, const void *b)
{
    return ((const struct aro_span *)a)->ms == ((const struct aro_span *)b)->ms;
}

static int parse_choice(const struct setting *setting, void *target)
{
    const char *const *choices = setting->option->choices;
    for (int i = 0; choices[i]; i++)
        if (is_text(setting->node) && strcmp(setting->node->text, choices[i]) == 0) {
            *(int *)target = i;
            return 0;
        }

    struct buffer known = { 0 };
    for (int i = 0; choices[i]; i++)
        buffer_add_format(&known, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
    int r = setting_expected(setting, setting->node, "%s", known.data);
    buffer_done(&known);
    return r;
}

static bool equals_choice(const void *a, const void *b)
{
    return *(const int *)a == *(const int *)b;
}

static int parse_path(const struct setting *setting, void *target)
{
    const char *text = setting->node->text;
    if (!is_text(setting->node) || *text == '\0' || !is_printable(text))
        return setting_expected(setting, setting->node, "the path of a file");
    *(char **)target = setting_path(setting->folders->settings, text);
    return 0;
}

static int find_file(const struct setting *setting, bool is_secret, void *target)
{
    const char *text = setting->node->text;
    if (!is_text(setting->node) || *text == '\0' || !is_printable(text))
        return setting_expected(setting, setting->node, "the path of a file");
    return setting_find_file(setting, setting->node, is_secret, target);
}

static int parse_file(const struct setting *setting, void *target)
{
    return find_file(setting, false, target);
}

static int parse_key(const struct setting *setting, void *target)
{
    return find_file(setting, true, target);
}

static int parse_shards(const struct setting *setting, void *target)
{
    struct config_shards *shards = target;
    const struct document_node *node = setting->node;

    if (node->kind != DOCUMENT_LIST || node->count == 0)
        return setting_expected(setting, node, "a list of at least one shard");
    shards->items = memory_new_array(node->count, sizeof *shards->items);
    shards->count = node->count;
    for (size_t i = 0; i < node->count; i++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "%s[%zu].", setting->name, i);
        if (node->items[i].kind != DOCUMENT_MAP)
            return setting_expected(setting, &node->items[i], "a map for each shard");
        int r = settings_read(&shard_options, &node->items[i], prefix, setting->folders,
                              &shards->items[i], setting->reterr);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool equals_shards(const void *a, const void *b)
{
    const struct config_shards *one = a, *other = b;
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++)
        if (!settings_equal(&shard_options, &one->items[i], &other->items[i]))
            return false;
    return true;
}

static void free_shards(void *target)
{
    struct config_shards *shards = target;
    for (size_t i = 0; i < shards->count; i++)
        settings_free(&shard_options, &shards->items[i]);
    free(shards->items);
}

const struct setting_kind setting_kinds[OPTION_KIND_COUNT] = {
    [OPTION_TEXT] = { parse_text, equals_text, free_text, sizeof(char *) },
    [OPTION_NAME] = { parse_name, equals_text, free_text, sizeof(char *) },
    [OPTION_TOPIC] = { parse_topic, equals_text, free_text, sizeof(char *) },
    [OPTION_TOPICS] = { parse_topics, equals_topics, free_topics, sizeof(struct config_texts) },
    [OPTION_INTEGER] = { parse_integer, equals_integer, NULL, sizeof(int64_t) },
    [OPTION_BOOL] = { parse_bool, equals_bool, NULL, sizeof(bool) },
    [OPTION_SPAN] = { parse_span, equals_span, NULL, sizeof(struct aro_span) },
    [OPTION_CHOICE] = { parse_choice, equals_choice, NULL, sizeof(int) },
    [OPTION_PATH] = { parse_path, equals_text, free_text, sizeof(char *) },
    [OPTION_SECRET] = { secret_parse, equals_text, secret_free, sizeof(char *) },
    [OPTION_FILE] = { parse_file, equals_text, free_text, sizeof(char *) },
    [OPTION_KEY] = { parse_key, equals_text, free_text, sizeof(char *) },
    [OPTION_ADDRESS] = { address_parse, address_equals, address_free,
                         sizeof(struct config_address) },
    [OPTION_REDIS_URL] = { redis_url_parse, redis_url_equals, redis_url_free,
                           sizeof(struct config_redis) },
    [OPTION_PROPERTIES] = { properties_parse, properties_equal, properties_free,
                            sizeof(struct config_properties) },
    [OPTION_SHARDS] = { parse_shards, equals_shards, free_shards, sizeof(struct config_shards) },
};
