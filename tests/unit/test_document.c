#include "support/document.h"
#include "support/document_plain.h"

#include "cmocka_headers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct document *parse(const char *text)
{
    struct document *document = NULL;
    struct aro_error error = { 0 };
    if (document_parse(text, strlen(text), &document, &error) < 0)
        fail_msg("%u:%u: %s", error.line, error.column, error.message);
    return document;
}

static void test_plain_scalars_mean_what_the_core_schema_of_yaml_1_2_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum document_kind kind;
        double number;
    } rows[] = {
        { "NO", DOCUMENT_TEXT, 0 },
        { "on", DOCUMENT_TEXT, 0 },
        { "yes", DOCUMENT_TEXT, 0 },
        { "off", DOCUMENT_TEXT, 0 },
        { "y", DOCUMENT_TEXT, 0 },
        { "true", DOCUMENT_BOOL, 1 },
        { "True", DOCUMENT_BOOL, 1 },
        { "FALSE", DOCUMENT_BOOL, 0 },
        { "tRue", DOCUMENT_TEXT, 0 },
        { "null", DOCUMENT_NULL, 0 },
        { "~", DOCUMENT_NULL, 0 },
        { "", DOCUMENT_NULL, 0 },
        { "nUll", DOCUMENT_TEXT, 0 },
        { "022", DOCUMENT_INTEGER, 22 },
        { "0o22", DOCUMENT_INTEGER, 18 },
        { "0x1F", DOCUMENT_INTEGER, 31 },
        { "-7", DOCUMENT_INTEGER, -7 },
        { "+7", DOCUMENT_INTEGER, 7 },
        { "0b11", DOCUMENT_TEXT, 0 },
        { "1_000", DOCUMENT_TEXT, 0 },
        { "190:20:30", DOCUMENT_TEXT, 0 },
        { "9223372036854775807", DOCUMENT_INTEGER, 9223372036854775807.0 },
        { "9223372036854775808", DOCUMENT_NUMBER, 9223372036854775808.0 },
        { "1.5", DOCUMENT_NUMBER, 1.5 },
        { ".5", DOCUMENT_NUMBER, .5 },
        { "5.", DOCUMENT_NUMBER, 5 },
        { "1e3", DOCUMENT_NUMBER, 1000 },
        { "-1.5E-1", DOCUMENT_NUMBER, -0.15 },
        { "1e", DOCUMENT_TEXT, 0 },
        { ".", DOCUMENT_TEXT, 0 },
        { "-.inf", DOCUMENT_NUMBER, -INFINITY },
        { "2026-11-22", DOCUMENT_TEXT, 0 },
        { "2026-11-22.1", DOCUMENT_TEXT, 0 },
        { "72h", DOCUMENT_TEXT, 0 },
        { "\"7\"", DOCUMENT_TEXT, 0 },
        { "'true'", DOCUMENT_TEXT, 0 },
        { "''", DOCUMENT_TEXT, 0 },
        { "|\n  7", DOCUMENT_TEXT, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[64];
        snprintf(text, sizeof text, "a: %s\n", rows[i].text);
        struct document *document = parse(text);
        const struct document_node *value = document_find(document_root(document), "a");
        if (value->kind != rows[i].kind)
            fail_msg("'%s' is %s", rows[i].text, document_kind_name(value->kind));
        if (value->kind == DOCUMENT_BOOL)
            assert_int_equal(value->boolean, rows[i].number != 0);
        else
            assert_true(value->number == rows[i].number);
        document_free(document);
    }
}

static void test_every_node_knows_its_place(void **state)
{
    (void)state;
    struct document *document = parse("a: 1\nbé:\n  - x\n  - { c: [ y, z ] }\n");
    const struct document_node *root = document_root(document);
    assert_int_equal(root->kind, DOCUMENT_MAP);
    assert_int_equal(root->count, 2);
    assert_string_equal(root->keys[1].text, "bé");
    assert_int_equal(root->keys[1].line, 2);
    assert_int_equal(root->keys[1].column, 1);
    const struct document_node *list = document_find(root, "bé");
    assert_int_equal(list->kind, DOCUMENT_LIST);
    assert_int_equal(list->count, 2);
    assert_int_equal(list->items[0].line, 3);
    assert_int_equal(list->items[0].column, 5);
    const struct document_node *inner = document_find(&list->items[1], "c");
    assert_string_equal(inner->items[1].text, "z");
    assert_int_equal(inner->items[1].line, 4);
    assert_int_equal(inner->items[1].column, 15);
    assert_null(document_find(root, "c"));
    assert_null(document_find(list, "c"));
    document_free(document);
}

static void test_json_is_read_too(void **state)
{
    (void)state;
    struct document *document =
        parse("{\"a\":[1,2.5,\"NO\",null,true],\n\t\"b\":{\"c\":\"\\u00e9\\/\"},\"\":{}}");
    const struct document_node *root = document_root(document);
    const struct document_node *list = document_find(root, "a");
    assert_int_equal(list->items[0].integer, 1);
    assert_true(list->items[1].number == 2.5);
    assert_int_equal(list->items[2].kind, DOCUMENT_TEXT);
    assert_int_equal(list->items[3].kind, DOCUMENT_NULL);
    assert_true(list->items[4].boolean);
    assert_string_equal(document_find(document_find(root, "b"), "c")->text, "é/");
    assert_int_equal(document_find(root, "")->kind, DOCUMENT_MAP);
    document_free(document);
}

/* Editors of Windows write one. */
static void test_a_byte_order_mark_before_a_text_is_no_part_of_it(void **state)
{
    (void)state;
    static const char *const texts[] = { "\xef\xbb\xbf"
                                         "a: 1\nb: 2\n",
                                         "\xef\xbb\xbf{\"a\": 1,\n\"b\": 2}" };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct document *document = parse(texts[i]);
        const struct document_node *b = document_find(document_root(document), "b");
        assert_int_equal(document_find(document_root(document), "a")->integer, 1);
        assert_int_equal(b->integer, 2);
        assert_int_equal(b->line, 2);
        document_free(document);
    }
}

static void test_what_is_refused_names_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line, column;
        const char *message;
    } rows[] = {
        { "", 1, 1, "expected a document, found an empty text" },
        { "# nothing\n", 2, 1, "expected a document, found an empty text" },
        { "a: 1\nb: 2\na: 3\n", 3, 1, "the key 'a' stands here twice: first on line 1" },
        { "a: 1\n\"a\": 3\n", 2, 1, "the key 'a' stands here twice: first on line 1" },
        { "a: &x 1\nb: *x\n", 1, 4, "anchors are not accepted here: write the value out" },
        { "a: &x [1]\n", 1, 4, "anchors are not accepted here: write the value out" },
        { "a: *x\n", 1, 4, "aliases are not accepted here" },
        { "*x : 1\n", 1, 1, "aliases are not accepted here" },
        { "a: !!str 1\n", 1, 4, "tags are not accepted here: quote a value to make it a text" },
        { "a: !x { b: 1 }\n", 1, 4, "tags are not accepted here: quote a value to make it a text" },
        { "<<: { b: 1 }\n", 1, 1, "merge keys are not accepted here" },
        { "? [a, b]\n: 1\n", 1, 3, "expected a text as key, found a list or a map" },
        { "a: 1\n---\nb: 2\n", 2, 1, "expected one document, found a second" },
        { "a: \"x\\0y\"\n", 1, 4, "a text must not contain the character NUL" },
        { "a: 1\nb: [1, 2\n", 3, 1,
          "did not find expected ',' or ']' while parsing a flow sequence" },
        { "a:\n - b\n  c: 1\n", 3, 4, "mapping values are not allowed in this context" },
        { "a: é\nb: x\xffy\n", 2, 5, "expected printable UTF-8, found other bytes" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct document *document = NULL;
        struct aro_error error = { 0 };
        assert_int_equal(document_parse(rows[i].text, strlen(rows[i].text), &document, &error),
                         -EINVAL);
        assert_null(document);
        assert_string_equal(error.message, rows[i].message);
        if (error.line != rows[i].line || error.column != rows[i].column)
            fail_msg("%s: at %u:%u", error.message, error.line, error.column);
    }
}

static void test_nesting_is_bounded_at_32(void **state)
{
    (void)state;
    char text[80] = "";
    struct document *document = NULL;
    struct aro_error error = { 0 };

    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    assert_int_equal(document_parse(text, 64, &document, &error), 0);
    document_free(document);

    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    assert_int_equal(document_parse(text, 66, &document, &error), -EINVAL);
    assert_int_equal(error.column, 33);
    assert_string_equal(error.message, "nested more than 32 deep");
}

static void test_a_map_of_thousands_of_keys_is_searched_for_duplicates(void **state)
{
    (void)state;
    enum { KEYS = 3000 };
    static char text[KEYS * 16];
    size_t length = 0;
    struct document *document = NULL;
    struct aro_error error = { 0 };

    for (int i = 0; i < KEYS; i++)
        length += (size_t)sprintf(text + length, "key%d: %d\n", i, i);
    assert_int_equal(document_parse(text, length, &document, &error), 0);
    assert_int_equal(document_find(document_root(document), "key2999")->integer, 2999);
    document_free(document);

    length += (size_t)sprintf(text + length, "key17: 0\n");
    assert_int_equal(document_parse(text, length, &document, &error), -EINVAL);
    assert_int_equal(error.line, KEYS + 1);
    assert_string_equal(error.message, "the key 'key17' stands here twice: first on line 18");
}

/* --- the quick reader, held against libyaml --- */

static bool nodes_are_equal(const struct document_node *a, const struct document_node *b)
{
    if (a->kind != b->kind || a->line != b->line || a->column != b->column ||
        a->count != b->count || a->boolean != b->boolean || a->integer != b->integer ||
        memcmp(&a->number, &b->number, sizeof a->number) || strcmp(a->text, b->text) != 0)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if ((a->kind == DOCUMENT_MAP && !nodes_are_equal(&a->keys[i], &b->keys[i])) ||
            !nodes_are_equal(&a->items[i], &b->items[i]))
            return false;
    }
    return true;
}

/* Gives whether the quick one read @text; then libyaml must have read the same. */
static bool compare_readers(const char *text, size_t length)
{
    struct document *quick = document_parse_plain(text, length), *slow = NULL;
    struct aro_error error = { 0 };

    if (!quick)
        return false;
    if (document_parse_yaml(text, length, &slow, &error) < 0)
        fail_msg("libyaml refuses it, %u:%u: %s:\n%.*s", error.line, error.column, error.message,
                 (int)length, text);
    if (!nodes_are_equal(document_root(quick), document_root(slow)))
        fail_msg("libyaml reads it otherwise:\n%.*s", (int)length, text);
    document_free(quick);
    document_free(slow);
    return true;
}

static const char *const everyday[] = {
    "rulebook: 2026-11-22.1        # the name\nseed: 7\nqueues:\n  general: {}\n  fraud:\n"
    "    needs: { skills: { fraud: 2 } }   # level 2\n    choose: [lowest_load, longest_idle]\n"
    "rules:\n  - name: large-fraud\n    when: { market: [BR, PT], attributes.value: { at_least: "
    "500 } }\n    route: { queue: fraud, deadline: 24h }\n\n  - { name: rest, route: { queue: "
    "general } }\n",
    "# a list where the keys stand\nrules:\n- name: a b\n  when: {language: 'pt', reason: \"x "
    "y\"}\n"
    "- - 1\n  - -2.5e3\n  - x:y\ntests: []\nlast: http://a/#b\n",
    "{\"rulebook\": \"one\", \"queues\": {\"q\": {}}, \"list\": [1, 2.5, true, null, \"x\"],\n"
    "  \"rules\": [\n    {\"name\":\"r\",\"n\":-1}\n  ]\n}\n",
    "- a\n- 'b c'\n- [ d,\n    e, # of two lines\n    { f: g } ]\n-  h: i\n   j:\n     k: ~\n",
    "caf\xc3\xa9: \"\xe6\x97\xa5\xe6\x9c\xac\" # \xf0\x9f\x98\x80\nb: { \xc3\xa9: \xc3\xa9 x, c: d "
    "}",
};

static void test_what_is_everyday_is_read_without_libyaml_and_as_it_would(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof everyday / sizeof *everyday; i++) {
        if (!compare_readers(everyday[i], strlen(everyday[i])))
            fail_msg("left to libyaml:\n%s", everyday[i]);
    }
}

static void test_what_is_unusual_is_left_to_libyaml(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "# nothing\n",
        "a:\n",
        "a: &x b\n",
        "a: *x\n",
        "a: !!str b\n",
        "a: |\n  b\n",
        "a: b\n  c\n",
        "a: \"b\\n\"\n",
        "a: 'b''c'\n",
        "a: 'b\n c'\n",
        "a:\tb\n",
        "a: b\r\n",
        "--- a: b\n",
        "%YAML 1.1\n",
        "a: b\n...\n",
        "? a\n: b\n",
        "<<: { a: b }\n",
        "a: b: c\n",
        "a: - b\n",
        "{ a }\n",
        "[ a: b ]\n",
        "[ a, ]\n",
        "{ a: }\n",
        "-\n  a\n",
        "a\n",
        "a: b\na: c\n",
        "a: {b: c\n",
        "a: 'b\n",
        " a: b\nc: d\n",
        "a: \xff\n",
        "a: \xc2\x85\n",
        "a: [b]c\n",
        "[?]\n",
        "{a: b:}\n",
        "- a: b\n c: d\n",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (document_parse_plain(rows[i], strlen(rows[i])))
            fail_msg("read without libyaml:\n%s", rows[i]);
    }
}

static unsigned chance(unsigned below)
{
    static uint64_t chance_state = 88172645463325252u;
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (unsigned)(chance_state >> 33) % below;
}

static void test_whatever_is_changed_in_a_text_both_readers_agree(void **state)
{
    (void)state;
    static const char bytes[] = " \n\n  :-,#'\"[]{}a1.?&*|>!%@\\~<\xc3\xa9";
    unsigned read = 0;

    for (unsigned i = 0; i < 40000; i++) {
        const char *sample = everyday[i % (sizeof everyday / sizeof *everyday)];
        char text[1024];
        size_t length = strlen(sample);
        memcpy(text, sample, length);
        for (unsigned change = 0; change <= chance(4); change++) {
            size_t at = chance((unsigned)length);
            size_t cut = chance(3) ? 0 : chance((unsigned)(length - at) < 9 ? 1 : 9);
            bool adds = cut == 0 || chance(2);
            memmove(text + at + adds, text + at + cut, length - at - cut);
            length = length + adds - cut;
            if (adds)
                text[at] = bytes[chance(sizeof bytes - 1)];
        }
        read += compare_readers(text, length);
    }
    assert_true(read > 4000); /* else it proves little */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_scalars_mean_what_the_core_schema_of_yaml_1_2_says),
        cmocka_unit_test(test_every_node_knows_its_place),
        cmocka_unit_test(test_json_is_read_too),
        cmocka_unit_test(test_a_byte_order_mark_before_a_text_is_no_part_of_it),
        cmocka_unit_test(test_what_is_refused_names_its_place),
        cmocka_unit_test(test_nesting_is_bounded_at_32),
        cmocka_unit_test(test_a_map_of_thousands_of_keys_is_searched_for_duplicates),
        cmocka_unit_test(test_what_is_everyday_is_read_without_libyaml_and_as_it_would),
        cmocka_unit_test(test_what_is_unusual_is_left_to_libyaml),
        cmocka_unit_test(test_whatever_is_changed_in_a_text_both_readers_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
