#include "config/schema.h"

#include "config/options.h"
#include "config/properties.h"
#include "config/setting.h"

#include "support/buffer.h"
#include "support/cleanup.h"

#include <assert.h>
#include <string.h>

#define NAME_PATTERN "^[A-Za-z0-9._-]+$"
#define TOPIC_PATTERN "^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,249}$"

static json_t *table_schema_new(const struct option_table *table);

/* A value as the file has it; the table's own texts hold no reals. */
static json_t *json_of(const struct document_node *node)
{
    json_t *value = NULL;
    switch (node->kind) {
    case DOCUMENT_NULL: return json_null();
    case DOCUMENT_BOOL: return json_boolean(node->boolean);
    case DOCUMENT_INTEGER: return json_integer(node->integer);
    case DOCUMENT_NUMBER: return json_real(node->number);
    case DOCUMENT_TEXT: return json_string(node->text);
    case DOCUMENT_LIST:
        value = json_array();
        for (size_t i = 0; i < node->count; i++)
            json_array_append_new(value, json_of(&node->items[i]));
        return value;
    case DOCUMENT_MAP:
        value = json_object();
        for (size_t i = 0; i < node->count; i++)
            json_object_set_new(value, node->keys[i].text, json_of(&node->items[i]));
        return value;
    }
    return value;
}

static json_t *initial_new(const struct option *option)
{
    struct document *document = NULL;
    int r = document_parse(option->initial, strlen(option->initial), &document, NULL);
    assert(r == 0);
    json_t *value = json_of(document_root(document));
    document_free(document);
    return value;
}

/* "^(ssl\..+|debug)$" and so on. */
static json_t *property_names_new(void)
{
    CLEANUP(buffer_done) struct buffer pattern = { 0 };
    buffer_add_text(&pattern, "^(");
    for (size_t i = 0; i < properties_allowed_count; i++) {
        const char *allowed = properties_allowed[i];
        buffer_add_text(&pattern, i ? "|" : "");
        for (const char *byte = allowed; *byte; byte++)
            buffer_add_format(&pattern, "%s%c", *byte == '.' ? "\\" : "", *byte);
        buffer_add_text(&pattern, allowed[strlen(allowed) - 1] == '.' ? ".+" : "");
    }
    buffer_add_text(&pattern, ")$");
    return json_pack("{s:s}", "pattern", pattern.data);
}

static json_t *choices_new(const struct option *option)
{
    json_t *choices = json_array();
    for (size_t i = 0; option->choices[i]; i++)
        json_array_append_new(choices, json_string(option->choices[i]));
    return json_pack("{s:o}", "enum", choices);
}

/* A text that YAML takes for a number is a text to the parser too. */
static json_t *text_new(const char *pattern, json_int_t minimum, json_int_t maximum)
{
    return json_pack("{s:[s,s], s:s, s:I, s:I}", "type", "string", "number", "pattern", pattern,
                     "minLength", minimum, "maxLength", maximum);
}

static json_t *pattern_new(const char *pattern)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

/* What values the kind takes. */
static json_t *kind_schema_new(const struct option *option)
{
    switch (option->kind) {
    case OPTION_TEXT:
        return text_new("^[^\\u0000-\\u001f\\u007f]*$", option->minimum, option->maximum);
    case OPTION_NAME: return text_new(NAME_PATTERN, option->minimum, option->maximum);
    case OPTION_TOPIC: return text_new(TOPIC_PATTERN, 1, 249);
    case OPTION_TOPICS:
        return json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items",
                         text_new(TOPIC_PATTERN, 1, 249));
    case OPTION_INTEGER:
        return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
                         (json_int_t)option->minimum, "maximum", (json_int_t)option->maximum);
    case OPTION_BOOL: return json_pack("{s:s}", "type", "boolean");
    case OPTION_SPAN: return pattern_new("^[0-9]+(ms|s|m|h|d)$");
    case OPTION_CHOICE: return choices_new(option);
    case OPTION_PATH:
    case OPTION_FILE:
    case OPTION_KEY:
    case OPTION_SECRET: return pattern_new("^[^\\u0000-\\u001f\\u007f]+$");
    case OPTION_ADDRESS: return pattern_new("^(\\[[0-9A-Fa-f:.%]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$");
    case OPTION_REDIS_URL: return pattern_new("^(rediss?://[^@]+|unix:/.+)$");
    case OPTION_PROPERTIES:
        return json_pack("{s:[s,s], s:o, s:{s:[s,s,s], s:i}}", "type", "object", "null",
                         "propertyNames", property_names_new(), "additionalProperties", "type",
                         "string", "number", "boolean", "minLength", 1);
    case OPTION_SHARDS:
        return json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items",
                         table_schema_new(&shard_options));
    case OPTION_KIND_COUNT: break;
    }
    assert(!"no such kind");
    return NULL;
}

static json_t *option_schema_new(const struct option *option)
{
    json_t *schema = json_pack("{s:s}", "description", option->help);
    json_t *kind = kind_schema_new(option);

    json_object_update(schema, kind);
    json_decref(kind);
    if (option->initial)
        json_object_set_new(schema, "default", initial_new(option));
    return schema;
}

static json_t *object_schema_new(void)
{
    return json_pack("{s:s, s:{}, s:b}", "type", "object", "properties", "additionalProperties", 0);
}

/* The schema of the member @name of @schema, made where it is not there yet: a section, which may
 * be empty in the file, all its lines being comments. */
static json_t *section_of(json_t *schema, const char *name)
{
    json_t *properties = json_object_get(schema, "properties");
    json_t *section = json_object_get(properties, name);
    if (!section) {
        section = object_schema_new();
        json_object_set_new(section, "type", json_pack("[s,s]", "object", "null"));
        json_object_set_new(properties, name, section);
    }
    return section;
}

static void require(json_t *schema, const char *name)
{
    json_t *required = json_object_get(schema, "required");
    json_t *item;
    size_t index;
    if (!required) {
        required = json_array();
        json_object_set_new(schema, "required", required);
    }
    json_array_foreach(required, index, item)
    {
        if (strcmp(json_string_value(item), name) == 0)
            return;
    }
    json_array_append_new(required, json_string(name));
}

static void add_option(json_t *schema, const struct option *option, const char *name)
{
    const char *dot = strchr(name, '.');
    if (!dot) {
        json_object_set_new(json_object_get(schema, "properties"), name, option_schema_new(option));
        if (option->required)
            require(schema, name);
        return;
    }
    char section[64];
    snprintf(section, sizeof section, "%.*s", (int)(dot - name), name);
    json_t *inner = section_of(schema, section);
    if (option->required) {
        require(schema, section);
        json_object_set_new(inner, "type", json_string("object")); /* and so not empty */
    }
    add_option(inner, option, dot + 1);
}

static json_t *table_schema_new(const struct option_table *table)
{
    json_t *schema = object_schema_new();
    for (size_t i = 0; i < table->count; i++)
        add_option(schema, &table->options[i], table->options[i].name);
    return schema;
}

json_t *config_schema_new(void)
{
    json_t *schema =
        json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema", "title",
                  "Settings of appeal-routerd");
    json_t *settings = table_schema_new(&config_options);
    json_object_update(schema, settings);
    json_decref(settings);
    return schema;
}
