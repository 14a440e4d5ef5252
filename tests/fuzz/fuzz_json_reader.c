/* Our reader of JSON against jansson: the same verdict, and the same tree. */
#include "fuzz_target.h"

#include "codec/json_reader.h"

#include <aro/event.h>

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

static void compare(const struct json_node *ours, const json_t *theirs);

static void compare_number(const struct json_node *ours, const json_t *theirs)
{
    int64_t integer;
    double number;
    assert(ours->kind == JSON_NODE_NUMBER);
    assert(ours->is_integer == json_is_integer(theirs));
    assert(json_node_number(ours, &number) && number == json_number_value(theirs));
    if (ours->is_integer)
        assert(json_node_integer(ours, &integer) && integer == json_integer_value(theirs));
}

static void compare_list(const struct json_node *ours, const json_t *theirs)
{
    const struct json_node *item = ours + 1;
    assert(ours->kind == JSON_NODE_LIST && ours->count == json_array_size(theirs));
    for (size_t i = 0; i < ours->count; i++, item = json_node_next(item)) {
        assert(!item->name);
        compare(item, json_array_get(theirs, i));
    }
    assert(item == json_node_next(ours));
}

static void compare_object(const struct json_node *ours, const json_t *theirs)
{
    const struct json_node *member = ours + 1;
    assert(ours->kind == JSON_NODE_OBJECT && ours->count == json_object_size(theirs));
    for (size_t i = 0; i < ours->count; i++, member = json_node_next(member)) {
        assert(strlen(member->name) == member->name_length);
        compare(member, json_object_get(theirs, member->name));
    }
    assert(member == json_node_next(ours));
}

static void compare(const struct json_node *ours, const json_t *theirs)
{
    assert(theirs);
    switch (json_typeof(theirs)) {
    case JSON_OBJECT: compare_object(ours, theirs); break;
    case JSON_ARRAY: compare_list(ours, theirs); break;
    case JSON_INTEGER:
    case JSON_REAL: compare_number(ours, theirs); break;
    case JSON_STRING:
        assert(ours->kind == JSON_NODE_TEXT && ours->length == json_string_length(theirs));
        assert(memcmp(ours->text, json_string_value(theirs), ours->length + 1) == 0);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        assert(ours->kind == JSON_NODE_BOOL && ours->boolean == json_is_true(theirs));
        break;
    case JSON_NULL: assert(ours->kind == JSON_NODE_NULL); break;
    }
}

/* jansson refuses what its integers and doubles cannot hold, and depths of its own. */
static bool is_beyond_jansson(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_stack_overflow;
}

/* jansson 2.14 overlooks a NUL behind a number. */
static bool is_too_lenient(const uint8_t *data, size_t size)
{
    return memchr(data, '\0', size) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_reader reader = { 0 };
    struct aro_error error = { 0 };
    const struct json_node *root = NULL;
    json_error_t their_error;

    if (size > ARO_VALUE_LENGTH_MAX)
        return 0;
    int r = json_reader_read(&reader, (const char *)data, size, &root, &error);
    json_t *theirs = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                                &their_error);
    bool is_json = r == 0 || error.code == ARO_ERROR_LIMIT;
    assert(is_json || (r == -EINVAL && error.code == ARO_ERROR_JSON));
    assert(is_json || !theirs || is_too_lenient(data, size));
    assert(!is_json || theirs || is_beyond_jansson(&their_error));
    if (r == 0 && theirs)
        compare(root, theirs);
    json_decref(theirs);
    json_reader_done(&reader);
    return 0;
}
