/* The envelope of an event: which form it comes in, of which type it is, and whether it may come
 * by this topic under this key. What is inside is read by event_members.c.
 *
 * What is refused first, where several things are wrong: the size of the value; its syntax; its
 * nesting and the lengths of its strings; the type; then the members, as event_members_read()
 * orders them; and last a key that differs. */
#include <aro/event.h>

#include "codec/event_members.h"
#include "codec/json_reader.h"
#include "codec/trace_context.h"
#include "support/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TYPE_LENGTH_MAX = 64 };

struct aro_event_reader {
    struct json_reader json;
    struct event_memory memory;
    struct aro_event event;
    char key[ARO_ID_LENGTH_MAX + 1]; /* where it is all that names the agent */
    char traceparent[TRACEPARENT_LENGTH_MAX + 1];
    char tracestate[TRACESTATE_LENGTH_MAX + 1];
};

/* A record taken out of its form. */
struct envelope {
    char type[TYPE_LENGTH_MAX + 1]; /* empty: longer than any, or it has none */
    bool has_type;
    const struct json_node *body;       /* where the members are; NULL: no data beside attributes */
    const struct json_node *attributes; /* the CloudEvents attributes in the value; or NULL */
    const struct json_node *traced;     /* what in the value may name a trace; or NULL */
};

int aro_event_reader_new(struct aro_languages *languages, struct aro_event_reader **ret)
{
    struct aro_event_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return -ENOMEM;
    reader->memory.languages = languages;
    event_members_index(&reader->memory.index);
    *ret = reader;
    return 0;
}

void aro_event_reader_free(struct aro_event_reader *reader)
{
    if (!reader)
        return;
    json_reader_done(&reader->json);
    event_memory_done(&reader->memory);
    free(reader);
}

/* --- headers --- */

/* Of several headers of one name the last counts, as everywhere in Kafka. NULL where there is none
 * or it has no value. */
static const struct aro_header *find_header(const struct aro_message *message, const char *name)
{
    for (size_t i = message->header_count; i-- > 0;) {
        if (strcmp(message->headers[i].name, name) == 0)
            return message->headers[i].value ? &message->headers[i] : NULL;
    }
    return NULL;
}

enum form { FORM_PLAIN, FORM_BINARY, FORM_STRUCTURED, FORM_UNKNOWN };

/* Does the media type @header start with @prefix and end there, or go on with one of @follow? */
static bool is_media_type(const struct aro_header *header, const char *prefix, const char *follow)
{
    size_t length = strlen(prefix);
    if (header->length < length || strncasecmp(header->value, prefix, length) != 0)
        return false;
    char next = header->length > length ? ((const char *)header->value)[length] : '\0';
    return next == '\0' || strchr(follow, next);
}

/* As the CloudEvents Kafka binding tells them apart; what it does not claim is plain. */
static enum form find_form(const struct aro_message *message)
{
    const struct aro_header *content_type = find_header(message, "content-type");
    if (content_type && is_media_type(content_type, "application/cloudevents+json", "; \t"))
        return FORM_STRUCTURED;
    if (content_type && (is_media_type(content_type, "application/cloudevents", "+-; \t")))
        return FORM_UNKNOWN;
    return find_header(message, "ce_type") ? FORM_BINARY : FORM_PLAIN;
}

/* --- the type --- */

static void envelope_set_type(struct envelope *envelope, const char *type, size_t length)
{
    envelope->has_type = true;
    if (length > TYPE_LENGTH_MAX || memchr(type, '\0', length))
        return;
    memcpy(envelope->type, type, length);
    envelope->type[length] = '\0';
}

static int refuse_type(struct aro_error *reterr, const char *message)
{
    return aro_error_set_event(reterr, ARO_ERROR_TYPE, "type", "%s", message);
}

/* Finds the type that the value itself names. */
static int take_type_member(const struct json_node *root, struct envelope *envelope,
                            struct aro_error *reterr)
{
    if (root->kind != JSON_NODE_OBJECT)
        return refuse_type(reterr, "the value is not an object, so it names no type");
    const struct json_node *type = json_node_find(root, "type");
    if (!type || type->kind == JSON_NODE_NULL)
        return refuse_type(reterr, "type is missing: in the value, or as the header ce_type");
    if (type->kind != JSON_NODE_TEXT)
        return refuse_type(reterr, "type must be a text");
    envelope_set_type(envelope, type->text, type->length);
    return 0;
}

static int open_structured(const struct json_node *root, struct envelope *envelope,
                           struct aro_error *reterr)
{
    int r = take_type_member(root, envelope, reterr);
    if (r < 0)
        return r;
    envelope->attributes = envelope->traced = root;
    envelope->body = json_node_find(root, "data");
    return 0;
}

static int open_envelope(const struct aro_message *message, const struct json_node *root,
                         struct envelope *envelope, struct aro_error *reterr)
{
    envelope->body = root;
    switch (find_form(message)) {
    case FORM_STRUCTURED: return open_structured(root, envelope, reterr);
    case FORM_PLAIN: envelope->traced = root; return take_type_member(root, envelope, reterr);
    case FORM_BINARY: {
        const struct aro_header *type = find_header(message, "ce_type");
        envelope_set_type(envelope, type->value, type->length);
        return 0;
    }
    case FORM_UNKNOWN: break;
    }
    return aro_error_set_event(reterr, ARO_ERROR_TYPE, "content-type",
                               "content-type is a form of CloudEvents other than single events "
                               "in JSON");
}

static const struct {
    const char *name;
    unsigned types; /* bits */
} topics[] = {
    [ARO_TOPIC_APPEALS] = { "appeals", 1u << ARO_APPEAL_SUBMITTED | 1u << ARO_APPEAL_UPDATED |
                                           1u << ARO_APPEAL_WITHDRAWN },
    [ARO_TOPIC_AGENTS] = { "agents", 1u << ARO_AGENT_UPDATED | 1u << ARO_AGENT_STATUS |
                                         1u << ARO_AGENT_REMOVED },
    [ARO_TOPIC_REVIEWS] = { "reviews",
                            1u << ARO_ASSIGNMENT_ACCEPTED | 1u << ARO_ASSIGNMENT_DECLINED |
                                1u << ARO_ASSIGNMENT_RETURNED | 1u << ARO_APPEAL_DECIDED },
};

/* Types come from outside: only one that looks like a type is repeated in the error. */
static bool looks_like_type(const char *type)
{
    return *type &&
           type[strspn(
               type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static int check_type(const struct envelope *envelope, enum aro_topic_kind topic_kind,
                      enum aro_event_type *ret, struct aro_error *reterr)
{
    enum aro_event_type type = aro_event_type_find(envelope->type);
    if (type == ARO_EVENT_NONE && looks_like_type(envelope->type))
        return aro_error_set_event(reterr, ARO_ERROR_TYPE, "type", "unknown type '%s'",
                                   envelope->type);
    if (type == ARO_EVENT_NONE)
        return refuse_type(reterr, "type is none that is known");
    if (!(topics[topic_kind].types & 1u << type))
        return aro_error_set_event(reterr, ARO_ERROR_TYPE, "type",
                                   "type '%s' does not belong on a topic of %s", envelope->type,
                                   topics[topic_kind].name);
    *ret = type;
    return 0;
}

/* --- the body --- */

static int check_body(const struct envelope *envelope, struct aro_error *reterr)
{
    const char *field = envelope->attributes ? "data" : NULL;
    if (envelope->attributes && json_node_find(envelope->attributes, "data_base64"))
        return aro_error_set_event(reterr, ARO_ERROR_FIELD, "data_base64",
                                   "data_base64 is not read: send the object as data");
    if (!envelope->body)
        return aro_error_set_event(reterr, ARO_ERROR_FIELD, field, "data is missing");
    if (envelope->body->kind != JSON_NODE_OBJECT)
        return aro_error_set_event(reterr, ARO_ERROR_FIELD, field, "%s must be an object, not %s",
                                   field ? field : "the value",
                                   json_node_kind_name(envelope->body));
    return 0;
}

/* --- the key --- */

static bool is_agent_type(enum aro_event_type type)
{
    return topics[ARO_TOPIC_AGENTS].types & 1u << type;
}

static int check_key(const struct aro_message *message, const struct aro_event *event,
                     struct aro_error *reterr)
{
    bool is_agent = is_agent_type(event->type);
    const char *id = is_agent ? event->agent_id : event->appeal_id;
    if (!message->key ||
        (message->key_length == strlen(id) && memcmp(message->key, id, message->key_length) == 0))
        return 0;
    return aro_error_set_event(reterr, ARO_ERROR_FIELD, "key",
                               "key differs from %s: send the id as key, or no key",
                               is_agent ? "agent_id" : "appeal_id");
}

/* --- trace context --- */

struct text {
    const char *start;
    size_t length;
};

/* @name in the value, among CloudEvents attributes or beside the fields; else of the headers. Empty
 * where none. */
static struct text find_trace(const struct aro_message *message, const struct envelope *envelope,
                              const char *name, const char *ce_name)
{
    const struct json_node *node = envelope->traced ? json_node_find(envelope->traced, name) : NULL;
    if (node && node->kind == JSON_NODE_TEXT)
        return (struct text){ node->text, node->length };
    const struct aro_header *header = find_header(message, name);
    if (!header)
        header = find_header(message, ce_name);
    return header ? (struct text){ header->value, header->length } : (struct text){ "", 0 };
}

static const char *copy_text(char *ret, struct text text)
{
    memcpy(ret, text.start, text.length);
    ret[text.length] = '\0';
    return ret;
}

/* A tracestate means nothing without its traceparent. */
static void read_trace(struct aro_event_reader *reader, const struct aro_message *message,
                       const struct envelope *envelope)
{
    reader->event.traceparent = reader->event.tracestate = NULL;
    struct text parent = find_trace(message, envelope, "traceparent", "ce_traceparent");
    if (!traceparent_is_valid(parent.start, parent.length))
        return;
    reader->event.traceparent = copy_text(reader->traceparent, parent);
    struct text trace_state = find_trace(message, envelope, "tracestate", "ce_tracestate");
    if (tracestate_is_valid(trace_state.start, trace_state.length))
        reader->event.tracestate = copy_text(reader->tracestate, trace_state);
}

/* --- the way in --- */

static void event_clear(struct aro_event *event, enum aro_event_type type)
{
    *event = (struct aro_event){
        .type = type,
        .tier = 1,
        .effort = 1,
        .submitted_at = ARO_INSTANT_NEVER,
        .deadline = ARO_INSTANT_NEVER,
        .decision_decided_at = ARO_INSTANT_NEVER,
        .decided_at = ARO_INSTANT_NEVER,
    };
}

/* A null value is how a compacted topic says that its key is gone. */
static int read_tombstone(struct aro_event_reader *reader, const struct aro_message *message,
                          struct aro_error *reterr)
{
    if (message->topic_kind != ARO_TOPIC_AGENTS)
        return aro_error_set_event(reterr, ARO_ERROR_JSON, NULL, "the value is null");
    if (!message->key)
        return aro_error_set_event(reterr, ARO_ERROR_FIELD, "key",
                                   "key is missing, and a null value removes the agent it names");
    size_t copied =
        message->key_length < sizeof reader->key ? message->key_length : sizeof reader->key - 1;
    memcpy(reader->key, message->key, copied);
    reader->key[copied] = '\0';
    int r = event_id_check("key", reader->key, message->key_length, reterr);
    if (r < 0)
        return r;
    event_clear(&reader->event, ARO_AGENT_REMOVED);
    reader->event.has = ARO_HAS_AGENT_ID;
    reader->event.agent_id = reader->key;
    return 0;
}

static int read_value(struct aro_event_reader *reader, const struct aro_message *message,
                      struct envelope *envelope, struct aro_error *reterr)
{
    const struct json_node *root;
    enum aro_event_type type = ARO_EVENT_NONE;

    if (message->value_length > ARO_VALUE_LENGTH_MAX)
        return aro_error_set_event(reterr, ARO_ERROR_LIMIT, NULL,
                                   "the value has %zu bytes, at most %d are read",
                                   message->value_length, ARO_VALUE_LENGTH_MAX);
    int r = json_reader_read(&reader->json, message->value, message->value_length, &root, reterr);
    if (r == 0)
        r = open_envelope(message, root, envelope, reterr);
    if (r == 0)
        r = check_type(envelope, message->topic_kind, &type, reterr);
    if (r == 0)
        r = check_body(envelope, reterr);
    if (r < 0)
        return r;
    event_clear(&reader->event, type);
    r = event_members_read(&reader->memory, envelope->body, &reader->event, reterr);
    if (r == 0)
        r = check_key(message, &reader->event, reterr);
    return r;
}

int aro_event_read(struct aro_event_reader *reader, const struct aro_message *message,
                   const struct aro_event **ret, struct aro_error *reterr)
{
    struct envelope envelope = { 0 };
    int r = message->value ? read_value(reader, message, &envelope, reterr)
                           : read_tombstone(reader, message, reterr);
    read_trace(reader, message, &envelope); /* of one that is refused too */
    if (r == 0)
        *ret = &reader->event;
    return r;
}

const char *aro_event_reader_traceparent(const struct aro_event_reader *reader)
{
    return reader->event.traceparent;
}
