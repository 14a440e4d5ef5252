/* libyaml's events, folded into a tree. It takes a second for a rulebook of 100,000 rules; so texts
 * without anything unusual are read by document_plain.c, and everything else, each one with a
 * mistake included, is left to this. */
#include "support/document_builder.h"
#include "support/document_plain.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

static const size_t text_length_max = (size_t)64 * 1024 * 1024;

struct reader {
    yaml_parser_t parser;
    const char *text;
    size_t text_length;
    struct document_builder builder;
    unsigned depth;
    struct aro_error *reterr;
};

static void free_event(yaml_event_t *event)
{
    yaml_event_delete(event);
}

static void reader_done(struct reader *reader)
{
    yaml_parser_delete(&reader->parser);
    builder_done(&reader->builder);
}

void document_free(struct document *document)
{
    if (!document)
        return;
    arena_done(&document->arena);
    free(document);
}

DEFINE_CLEANUP(struct document, document_free)

const struct document_node *document_root(const struct document *document)
{
    return &document->root;
}

const struct document_node *document_find(const struct document_node *node, const char *key)
{
    if (node->kind != DOCUMENT_MAP)
        return NULL;
    for (size_t i = 0; i < node->count; i++) {
        if (strcmp(node->keys[i].text, key) == 0)
            return &node->items[i];
    }
    return NULL;
}

const char *document_kind_name(enum document_kind kind)
{
    static const char *const names[] = {
        [DOCUMENT_NULL] = "nothing",       [DOCUMENT_BOOL] = "true or false",
        [DOCUMENT_INTEGER] = "an integer", [DOCUMENT_NUMBER] = "a number",
        [DOCUMENT_TEXT] = "a text",        [DOCUMENT_LIST] = "a list",
        [DOCUMENT_MAP] = "a map",
    };
    return names[kind];
}

static int refuse(struct reader *reader, yaml_mark_t mark, const char *why)
{
    return aro_error_set_at(reader->reterr, -EINVAL, (unsigned)mark.line + 1,
                            (unsigned)mark.column + 1, "%s", why);
}

/* The reader of bytes fails before there is a mark: count to the place. */
static int refuse_bytes(struct reader *reader)
{
    yaml_mark_t mark = { 0 };
    size_t offset = reader->parser.problem_offset;

    for (size_t i = 0; i < offset && i < reader->text_length; i++) {
        if (reader->text[i] == '\n') {
            mark.line++;
            mark.column = 0;
        } else if (((unsigned char)reader->text[i] & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return refuse(reader, mark, "expected printable UTF-8, found other bytes");
}

static int next_event(struct reader *reader, yaml_event_t *ret)
{
    yaml_parser_t *parser = &reader->parser;
    if (yaml_parser_parse(parser, ret))
        return 0;

    memset(ret, 0, sizeof *ret); /* an event of type none, which may be deleted */
    if (parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    if (parser->error == YAML_READER_ERROR)
        return refuse_bytes(reader);
    return aro_error_set_at(reader->reterr, -EINVAL, (unsigned)parser->problem_mark.line + 1,
                            (unsigned)parser->problem_mark.column + 1, "%s%s%s",
                            parser->problem ? parser->problem : "not YAML",
                            parser->context ? " " : "", parser->context ? parser->context : "");
}

static int refuse_properties(struct reader *reader, yaml_mark_t mark, const void *anchor,
                             const void *tag)
{
    if (anchor)
        return refuse(reader, mark, "anchors are not accepted here: write the value out");
    if (tag)
        return refuse(reader, mark, "tags are not accepted here: quote a value to make it a text");
    return 0;
}

static int read_scalar(struct reader *reader, const yaml_event_t *event, bool is_key)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    int r = refuse_properties(reader, event->start_mark, event->data.scalar.anchor,
                              event->data.scalar.tag);
    if (r < 0)
        return r;
    if (memchr(text, '\0', length))
        return refuse(reader, event->start_mark, "a text must not contain the character NUL");

    builder_push(&reader->builder, text, length,
                 event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !is_key,
                 (unsigned)event->start_mark.line + 1, (unsigned)event->start_mark.column + 1);
    return 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event);

static int enter(struct reader *reader, const yaml_event_t *event)
{
    if (++reader->depth > DOCUMENT_NESTING_MAX)
        return refuse(reader, event->start_mark, "nested more than 32 deep");
    return 0;
}

static int read_list(struct reader *reader, const yaml_event_t *start)
{
    size_t first = reader->builder.count;
    int r = enter(reader, start);

    for (bool at_end = false; r == 0 && !at_end;) {
        CLEANUP(free_event) yaml_event_t event = { 0 };
        r = next_event(reader, &event);
        at_end = event.type == YAML_SEQUENCE_END_EVENT;
        if (r == 0 && !at_end)
            r = read_node(reader, &event);
    }
    if (r < 0)
        return r;
    builder_end_list(&reader->builder, first, (unsigned)start->start_mark.line + 1,
                     (unsigned)start->start_mark.column + 1);
    reader->depth--;
    return 0;
}

static int read_key(struct reader *reader, const yaml_event_t *event)
{
    bool plain =
        event->type == YAML_SCALAR_EVENT && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (event->type == YAML_ALIAS_EVENT)
        return refuse(reader, event->start_mark, "aliases are not accepted here");
    if (event->type != YAML_SCALAR_EVENT)
        return refuse(reader, event->start_mark, "expected a text as key, found a list or a map");
    if (plain && strcmp((const char *)event->data.scalar.value, "<<") == 0)
        return refuse(reader, event->start_mark, "merge keys are not accepted here");
    return read_scalar(reader, event, true);
}

static int read_map(struct reader *reader, const yaml_event_t *start)
{
    size_t first = reader->builder.count;
    int r = enter(reader, start);

    for (bool at_end = false; r == 0 && !at_end;) {
        CLEANUP(free_event) yaml_event_t event = { 0 };
        bool is_key = (reader->builder.count - first) % 2 == 0;
        r = next_event(reader, &event);
        at_end = event.type == YAML_MAPPING_END_EVENT;
        if (r == 0 && !at_end)
            r = is_key ? read_key(reader, &event) : read_node(reader, &event);
    }
    if (r < 0)
        return r;
    reader->depth--;
    return builder_end_map(&reader->builder, first, (unsigned)start->start_mark.line + 1,
                           (unsigned)start->start_mark.column + 1);
}

/* Reads the node that @event opens and pushes it. */
static int read_node(struct reader *reader, const yaml_event_t *event)
{
    int r;
    switch (event->type) {
    case YAML_SCALAR_EVENT: return read_scalar(reader, event, false);
    case YAML_SEQUENCE_START_EVENT:
        r = refuse_properties(reader, event->start_mark, event->data.sequence_start.anchor,
                              event->data.sequence_start.tag);
        return r < 0 ? r : read_list(reader, event);
    case YAML_MAPPING_START_EVENT:
        r = refuse_properties(reader, event->start_mark, event->data.mapping_start.anchor,
                              event->data.mapping_start.tag);
        return r < 0 ? r : read_map(reader, event);
    default: return refuse(reader, event->start_mark, "aliases are not accepted here");
    }
}

static int expect_end(struct reader *reader)
{
    for (;;) {
        CLEANUP(free_event) yaml_event_t event = { 0 };
        int r = next_event(reader, &event);
        if (r < 0)
            return r;
        if (event.type == YAML_STREAM_END_EVENT)
            return 0;
        if (event.type != YAML_DOCUMENT_END_EVENT)
            return refuse(reader, event.start_mark, "expected one document, found a second");
    }
}

static int read_document(struct reader *reader)
{
    for (;;) {
        CLEANUP(free_event) yaml_event_t event = { 0 };
        int r = next_event(reader, &event);
        if (r < 0)
            return r;
        if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT)
            continue;
        if (event.type == YAML_STREAM_END_EVENT)
            return refuse(reader, event.start_mark, "expected a document, found an empty text");
        r = read_node(reader, &event);
        if (r < 0)
            return r;
        reader->builder.document->root = reader->builder.stack[0];
        return expect_end(reader);
    }
}

int document_parse_yaml(const char *text, size_t length, struct document **ret,
                        struct aro_error *reterr)
{
    CLEANUP(document_freep) struct document *document = memory_new(sizeof *document);
    CLEANUP(reader_done)
    struct reader reader = { .text = text,
                             .text_length = length,
                             .builder = { .document = document, .reterr = reterr },
                             .reterr = reterr };
    if (!yaml_parser_initialize(&reader.parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);

    int r = read_document(&reader);
    if (r < 0)
        return r;
    *ret = TAKE(document);
    return 0;
}

int document_parse(const char *text, size_t length, struct document **ret, struct aro_error *reterr)
{
    static const char mark[] = "\xef\xbb\xbf"; /* a byte order mark, as editors of Windows write */

    if (length > text_length_max)
        return aro_error_set(reterr, -EINVAL, "longer than 64 MiB");
    if (length >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0) {
        text += sizeof mark - 1;
        length -= sizeof mark - 1;
    }
    struct document *document = document_parse_plain(text, length);
    if (!document)
        return document_parse_yaml(text, length, ret, reterr);
    *ret = document;
    return 0;
}
