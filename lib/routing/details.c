/* The packed form is a run of items: a tag, then the item's content. Persons come first, since they
 * are looked at for each candidate; everything else only when an appeal is routed anew or recorded.
 */
#include "routing/details.h"

#include "support/buffer.h"
#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum tag {
    TAG_DECIDED_BY = 'b',
    TAG_EXCLUDED = 'x',
    TAG_EXCLUDED_DECIDER = 'y',
    TAG_GROUPS = 'g', /* behind a person: team, site and lead, empty where absent */
    TAG_DECLINED = 'd',
    TAG_POLICY = 'p',
    TAG_DEADLINE = 'D',
    TAG_JOINED_DEADLINE = 'J',
    TAG_RETRY_AT = 'r',
    TAG_TRACEPARENT = 't',
    TAG_TRACESTATE = 'T',
    TAG_ATTRIBUTE = 'a', /* last: one more item a member */
};

enum { DETAILS_ATTRIBUTE_COUNT_MAX = 0xff, DETAILS_PAST_LENGTH_MAX = 0xffffff, PAST_STEP = 64 };

struct details {
    uint32_t length; /* of the items */
    uint32_t attribute_count : 8, past_length : 24;
    char bytes[]; /* the items, then the past, which grows at its end */
};

/* What details take with such a past. It is given more than it needs, so that most moves find their
 * place; those without a past, which are nearly all where millions wait, are given nothing. */
static size_t allocated_size(size_t items_length, size_t past_length)
{
    size_t steps = (past_length + PAST_STEP - 1) / PAST_STEP;
    return sizeof(struct details) + items_length + steps * PAST_STEP;
}

static void add_text(struct buffer *buffer, enum tag tag, const char *text)
{
    if (!text)
        return;
    buffer_add(buffer, &(char){ (char)tag }, 1);
    buffer_add(buffer, text, strlen(text) + 1);
}

static void add_texts(struct buffer *buffer, enum tag tag, size_t count, const char *const *texts)
{
    for (size_t i = 0; i < count; i++)
        add_text(buffer, tag, texts[i]);
}

static void add_group(struct buffer *buffer, const char *name)
{
    buffer_add(buffer, name ? name : "", (name ? strlen(name) : 0) + 1);
}

static void add_person(struct buffer *buffer, enum tag tag, const struct person *person)
{
    add_text(buffer, tag, person->id);
    if (!person->id || !person->is_known)
        return;
    buffer_add(buffer, &(char){ TAG_GROUPS }, 1);
    add_group(buffer, person->team);
    add_group(buffer, person->site);
    add_group(buffer, person->lead);
}

static void add_instant(struct buffer *buffer, enum tag tag, struct aro_instant at)
{
    if (aro_instant_is_never(at))
        return;
    buffer_add(buffer, &(char){ (char)tag }, 1);
    buffer_add(buffer, &at, sizeof at);
}

static void add_attribute(struct buffer *buffer, const struct aro_attribute *attribute)
{
    buffer_add(buffer, &(char){ TAG_ATTRIBUTE }, 1);
    buffer_add(buffer, attribute->name.text, attribute->name.length + 1);
    buffer_add(buffer, &(char){ (char)attribute->kind }, 1);
    switch (attribute->kind) {
    case ARO_ATTRIBUTE_NUMBER: buffer_add(buffer, &attribute->number, sizeof(double)); return;
    case ARO_ATTRIBUTE_BOOL: buffer_add(buffer, &(char){ attribute->boolean }, 1); return;
    case ARO_ATTRIBUTE_TEXT:
        buffer_add(buffer, attribute->text.text, attribute->text.length + 1);
        return;
    case ARO_ATTRIBUTE_LIST: break;
    }
    buffer_add(buffer, &(uint32_t){ (uint32_t)attribute->text_count }, sizeof(uint32_t));
    for (size_t i = 0; i < attribute->text_count; i++)
        buffer_add(buffer, attribute->texts[i], strlen(attribute->texts[i]) + 1);
}

struct details *details_pack(const struct details_view *view)
{
    struct buffer buffer = { 0 };

    add_person(&buffer, TAG_DECIDED_BY, &view->decided_by);
    for (size_t i = 0; i < view->excluded_count; i++)
        add_person(&buffer, view->excluded[i].has_decided ? TAG_EXCLUDED_DECIDER : TAG_EXCLUDED,
                   &view->excluded[i]);
    add_texts(&buffer, TAG_DECLINED, view->declined_count, view->declined);
    add_text(&buffer, TAG_POLICY, view->policy);
    add_instant(&buffer, TAG_DEADLINE, view->deadline);
    add_instant(&buffer, TAG_JOINED_DEADLINE, view->joined_deadline);
    add_instant(&buffer, TAG_RETRY_AT, view->retry_at);
    add_text(&buffer, TAG_TRACEPARENT, view->traceparent);
    add_text(&buffer, TAG_TRACESTATE, view->tracestate);
    for (size_t i = 0; i < view->attribute_count; i++)
        add_attribute(&buffer, &view->attributes[i]);

    size_t length = buffer.length, past_length = view->past.length;
    struct details *details = NULL;
    if (past_length > 0)
        buffer_add(&buffer, view->past.bytes, past_length);
    if (buffer.length > 0) {
        details = memory_new(allocated_size(length, past_length));
        memcpy(details->bytes, buffer.data, buffer.length);
        details->length = (uint32_t)length;
        details->attribute_count = view->attribute_count & DETAILS_ATTRIBUTE_COUNT_MAX;
        details->past_length = past_length & DETAILS_PAST_LENGTH_MAX;
    }
    buffer_done(&buffer);
    return details;
}

struct details *details_pack_trace(const char *traceparent, const char *tracestate)
{
    const struct details_view view = { .deadline = ARO_INSTANT_NEVER,
                                       .joined_deadline = ARO_INSTANT_NEVER,
                                       .retry_at = ARO_INSTANT_NEVER,
                                       .traceparent = traceparent,
                                       .tracestate = tracestate };
    return details_pack(&view);
}

static const char *take_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

static struct aro_text take_looked_up(const char **at)
{
    struct aro_text text = aro_text_of(*at);
    *at += text.length + 1;
    return text;
}

static const char *take_group(const char **at)
{
    const char *name = take_text(at);
    return *name ? name : NULL;
}

static bool is_person(char tag)
{
    return tag == TAG_DECIDED_BY || tag == TAG_EXCLUDED || tag == TAG_EXCLUDED_DECIDER;
}

static void take_person(const char **at, const char *end, struct person *ret)
{
    *ret = (struct person){ .has_decided = **at != TAG_EXCLUDED, .id = *at + 1 };
    take_text(at);
    if (*at == end || **at != TAG_GROUPS)
        return;
    (*at)++;
    ret->is_known = true;
    ret->team = take_group(at);
    ret->site = take_group(at);
    ret->lead = take_group(at);
}

/* The run of excluded ones that starts at *@at. */
static size_t take_excluded(const char **at, const char *end, struct arena *arena,
                            const struct person **ret)
{
    struct person person;
    size_t count = 0;
    for (const char *ahead = *at; ahead < end && is_person(*ahead); count++)
        take_person(&ahead, end, &person);
    struct person *persons = arena_new_array(arena, count, sizeof *persons);
    for (size_t i = 0; i < count; i++)
        take_person(at, end, &persons[i]);
    *ret = persons;
    return count;
}

static struct aro_instant take_instant(const char **at)
{
    struct aro_instant instant;
    memcpy(&instant, *at + 1, sizeof instant);
    *at += 1 + sizeof instant;
    return instant;
}

static void take_attribute(const char **at, struct arena *arena, struct aro_attribute *ret)
{
    uint32_t text_count;
    ret->name = take_looked_up(at);
    ret->kind = (enum aro_attribute_kind) * (*at)++;
    switch (ret->kind) {
    case ARO_ATTRIBUTE_NUMBER:
        memcpy(&ret->number, *at, sizeof(double));
        *at += sizeof(double);
        return;
    case ARO_ATTRIBUTE_BOOL: ret->boolean = *(*at)++; return;
    case ARO_ATTRIBUTE_TEXT: ret->text = take_looked_up(at); return;
    case ARO_ATTRIBUTE_LIST: break;
    }
    memcpy(&text_count, *at, sizeof text_count);
    *at += sizeof text_count;
    const char **texts = arena_new_array(arena, text_count, sizeof *texts);
    for (uint32_t i = 0; i < text_count; i++)
        texts[i] = take_text(at);
    ret->text_count = text_count;
    ret->texts = texts;
}

/* The run of texts of one @tag that starts at *@at. */
static size_t take_texts(const char **at, const char *end, enum tag tag, struct arena *arena,
                         const char *const **ret)
{
    size_t count = 0;
    const char *ahead = *at;
    while (ahead < end && *ahead == (char)tag) {
        ahead++;
        take_text(&ahead);
        count++;
    }
    const char **texts = arena_new_array(arena, count, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        (*at)++;
        texts[i] = take_text(at);
    }
    *ret = texts;
    return count;
}

static void take_attributes(const struct details *details, const char **at, struct arena *arena,
                            struct details_view *ret)
{
    struct aro_attribute *attributes =
        arena_new_array(arena, details->attribute_count, sizeof *attributes);
    for (size_t i = 0; i < details->attribute_count; i++) {
        assert(**at == TAG_ATTRIBUTE);
        (*at)++;
        take_attribute(at, arena, &attributes[i]);
    }
    ret->attribute_count = details->attribute_count;
    ret->attributes = attributes;
}

void details_unpack(const struct details *details, struct arena *arena, struct details_view *ret)
{
    *ret = (struct details_view){ .deadline = ARO_INSTANT_NEVER,
                                  .joined_deadline = ARO_INSTANT_NEVER,
                                  .retry_at = ARO_INSTANT_NEVER };
    if (!details)
        return;
    ret->past = details_past(details);
    const char *end = details->bytes + details->length;
    for (const char *at = details->bytes; at < end;) {
        switch ((enum tag) * at) {
        case TAG_DECIDED_BY: take_person(&at, end, &ret->decided_by); break;
        case TAG_EXCLUDED:
        case TAG_EXCLUDED_DECIDER:
            ret->excluded_count = take_excluded(&at, end, arena, &ret->excluded);
            break;
        case TAG_GROUPS: assert(false); return; /* taken with the person before */
        case TAG_DECLINED:
            ret->declined_count = take_texts(&at, end, TAG_DECLINED, arena, &ret->declined);
            break;
        case TAG_POLICY: at++, ret->policy = take_text(&at); break;
        case TAG_DEADLINE: ret->deadline = take_instant(&at); break;
        case TAG_JOINED_DEADLINE: ret->joined_deadline = take_instant(&at); break;
        case TAG_RETRY_AT: ret->retry_at = take_instant(&at); break;
        case TAG_TRACEPARENT: at++, ret->traceparent = take_text(&at); break;
        case TAG_TRACESTATE: at++, ret->tracestate = take_text(&at); break;
        case TAG_ATTRIBUTE: take_attributes(details, &at, arena, ret); break;
        }
    }
}

bool details_next_person(const struct details *details, size_t *position, struct person *ret)
{
    if (!details || *position >= details->length || !is_person(details->bytes[*position]))
        return false;
    const char *at = details->bytes + *position;
    take_person(&at, details->bytes + details->length, ret);
    *position = (size_t)(at - details->bytes);
    return true;
}

const char *details_next_barred(const struct details *details, size_t *position,
                                enum details_bar *ret_bar)
{
    struct person person;

    if (details_next_person(details, position, &person)) {
        *ret_bar = DETAILS_BAR_INDEPENDENCE;
        return person.id;
    }
    if (!details || *position >= details->length || details->bytes[*position] != TAG_DECLINED)
        return NULL;
    const char *at = details->bytes + *position;
    *ret_bar = DETAILS_BAR_DECLINED;
    *position += strlen(at) + 1;
    return at + 1;
}

enum details_bar details_bar_of(const struct details *details, const char *agent_id)
{
    size_t position = 0;
    enum details_bar bar;
    for (const char *id; (id = details_next_barred(details, &position, &bar)) != NULL;) {
        if (strcmp(id, agent_id) == 0)
            return bar;
    }
    return DETAILS_BAR_NONE;
}

struct details_past details_past(const struct details *details)
{
    if (!details)
        return (struct details_past){ 0 };
    return (struct details_past){ details->bytes + details->length, details->past_length };
}

char *details_splice_past(struct details **details, size_t at, size_t old, size_t new)
{
    struct details *spliced = *details;
    struct details_past past = details_past(spliced);
    size_t items_length = details_size(spliced), length = past.length - old + new;

    assert(at + old <= past.length && length <= DETAILS_PAST_LENGTH_MAX);
    size_t old_size = spliced ? allocated_size(items_length, past.length) : 0;
    size_t size = allocated_size(items_length, length);
    if (size > old_size)
        spliced = memory_resize(spliced, size);
    if (!*details)
        *spliced = (struct details){ 0 };
    char *place = spliced->bytes + items_length + at;
    memmove(place + new, place + old, past.length - at - old);
    if (size < old_size)
        spliced = memory_resize(spliced, size);
    spliced->past_length = length & DETAILS_PAST_LENGTH_MAX;
    *details = spliced;
    return spliced->bytes + items_length + at;
}

struct details *details_copy(const struct details *details, struct arena *arena)
{
    return details ? arena_copy(arena, details,
                                sizeof *details + details->length + details->past_length)
                   : NULL;
}

struct details *details_drop_items(struct details *details)
{
    if (!details || details->past_length == 0) {
        free(details);
        return NULL;
    }
    if (details->length == 0)
        return details;
    memmove(details->bytes, details->bytes + details->length, details->past_length);
    details->length = details->attribute_count = 0;
    return memory_resize(details, allocated_size(0, details->past_length));
}

size_t details_size(const struct details *details)
{
    return details ? details->length : 0;
}

/* Behind the item at @at. */
static const char *next_item(const char *at, const char *end)
{
    struct person person;

    if (is_person(*at))
        take_person(&at, end, &person);
    else if (*at == TAG_DEADLINE || *at == TAG_JOINED_DEADLINE || *at == TAG_RETRY_AT)
        take_instant(&at);
    else
        at += strlen(at) + 1;
    return at;
}

/* It and the traces lie before the attributes, so these read texts and at most three times. */
struct aro_instant details_retry_at(const struct details *details)
{
    const char *end = details ? details->bytes + details->length : NULL;
    for (const char *at = details ? details->bytes : NULL; at < end && *at != TAG_ATTRIBUTE;
         at = next_item(at, end)) {
        if (*at == TAG_RETRY_AT)
            return take_instant(&at);
    }
    return ARO_INSTANT_NEVER;
}

void details_trace(const struct details *details, const char **ret_traceparent,
                   const char **ret_tracestate)
{
    *ret_traceparent = *ret_tracestate = NULL;
    if (!details)
        return;
    const char *end = details->bytes + details->length;
    for (const char *at = details->bytes; at < end && *at != TAG_ATTRIBUTE;
         at = next_item(at, end)) {
        if (*at == TAG_TRACEPARENT)
            *ret_traceparent = at + 1;
        else if (*at == TAG_TRACESTATE)
            *ret_tracestate = at + 1;
    }
}
