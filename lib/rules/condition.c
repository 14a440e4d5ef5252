#include "rules/condition.h"

#include "rules/rulebook.h"
#include "support/memory.h"
#include "support/nearest.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum test_kind kind;
} bounds[] = {
    { "at_least", TEST_AT_LEAST },
    { "at_most", TEST_AT_MOST },
    { "above", TEST_ABOVE },
    { "below", TEST_BELOW },
};
enum { BOUND_COUNT = sizeof bounds / sizeof *bounds, CONDITIONS_A_RULE_MAX = 1000 };

static const char *const groups[] = {
    [CONDITION_ALL] = "all", [CONDITION_ANY] = "any", [CONDITION_NOT] = "not"
};

/* "attributes: { value: 500 }" */
static int refuse_map_of_attributes(const struct rulebook_parser *parser, const struct spot *member)
{
    const struct document_node *node = member->node;
    const char *name =
        node->kind == DOCUMENT_MAP && node->count ? spot_member(member, 0).key : NULL;
    return spot_refuse_key(member, parser->reterr,
                           "attributes are asked for one by one: write '" ATTRIBUTE_PREFIX "%.60s'",
                           name ? name : "NAME");
}

static int refuse_field(const struct rulebook_parser *parser, const struct spot *member)
{
    if (strcmp(member->key, "attributes") == 0)
        return refuse_map_of_attributes(parser, member);
    struct nearest nearest;
    char fields[160] = "", attribute[80] = "";
    const char *dot = strchr(member->key, '.');
    size_t length = 0;

    nearest_init(&nearest, member->key);
    for (size_t i = 0; i < FIELD_COUNT_FIXED; i++) {
        nearest_offer(&nearest, fixed_fields[i].name);
        length += (size_t)snprintf(fields + length, sizeof fields - length, "%s%s", i ? ", " : "",
                                   fixed_fields[i].name);
    }
    if (dot) { /* "attribute.value" */
        snprintf(attribute, sizeof attribute, ATTRIBUTE_PREFIX "%.60s", dot + 1);
        nearest_offer(&nearest, attribute);
    }
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        nearest_offer(&nearest, groups[i]);
    if (nearest.best)
        return spot_refuse_key(member, parser->reterr, "unknown field: did you mean '%s'?",
                               nearest.best);
    return spot_refuse_key(member, parser->reterr,
                           "unknown field: expected %s, or an attribute such as 'attributes.%.60s'",
                           fields, member->key);
}

static int add_attribute(const struct rulebook_parser *parser, const struct spot *member,
                         unsigned *ret)
{
    struct aro_rulebook *rulebook = parser->rulebook;
    size_t length = strlen(member->key);

    if (length == strlen(ATTRIBUTE_PREFIX))
        return spot_refuse_key(member, parser->reterr, "expected the name of an attribute");
    if (rulebook->field_count == FIELD_COUNT_MAX)
        return spot_refuse_key(member, parser->reterr, "rules look at more than %d attributes",
                               FIELD_COUNT_MAX - FIELD_COUNT_FIXED);
    const char *name = arena_copy_text(parser->arena, member->key, length);
    *ret = (unsigned)rulebook->field_count++;
    rulebook->fields[*ret] =
        (struct field){ .kind = FIELD_ATTRIBUTE,
                        .type = TYPE_ANY,
                        .may_be_list = true,
                        .name = name,
                        .attribute = aro_text_of(name + strlen(ATTRIBUTE_PREFIX)),
                        .number = *ret };
    return 0;
}

static int find_field(const struct rulebook_parser *parser, const struct spot *member,
                      unsigned *ret)
{
    for (unsigned i = 0; i < parser->rulebook->field_count; i++) {
        if (strcmp(parser->rulebook->fields[i].name, member->key) == 0) {
            *ret = i;
            return 0;
        }
    }
    if (strncmp(member->key, ATTRIBUTE_PREFIX, strlen(ATTRIBUTE_PREFIX)) != 0)
        return refuse_field(parser, member);
    return add_attribute(parser, member, ret);
}

static int read_number(const struct rulebook_parser *parser, const struct spot *spot,
                       struct test_value *ret)
{
    const struct document_node *node = spot->node;
    if ((node->kind != DOCUMENT_INTEGER && node->kind != DOCUMENT_NUMBER) ||
        !isfinite(node->number))
        return spot_refuse_kind(spot, parser->reterr, "a number");
    *ret = (struct test_value){ .kind = DOCUMENT_NUMBER, .number = node->number };
    return 0;
}

static int read_text(const struct rulebook_parser *parser, const struct spot *spot,
                     const struct field *field, struct test_value *ret)
{
    const char *text;
    int r = field->kind == FIELD_MARKET ? parser_read_market(parser, spot, &text)
                                        : spot_read_text(spot, &text, parser->reterr);
    if (r < 0)
        return r;
    *ret = (struct test_value){ .kind = DOCUMENT_TEXT,
                                .text = vocabulary_add_text(&parser->rulebook->vocabulary, text) };
    return 0;
}

static int read_language(struct rulebook_parser *parser, const struct spot *spot,
                         struct test_value *ret)
{
    const struct aro_language *language;
    int r = parser_read_language(parser, spot, &language);
    if (r < 0)
        return r;
    vocabulary_add_language(&parser->rulebook->vocabulary, language);
    *ret = (struct test_value){ .kind = DOCUMENT_TEXT, .language = language };
    return 0;
}

static int read_any(const struct rulebook_parser *parser, const struct spot *spot,
                    const struct field *field, struct test_value *ret)
{
    switch (spot->node->kind) {
    case DOCUMENT_TEXT: return read_text(parser, spot, field, ret);
    case DOCUMENT_BOOL:
        *ret = (struct test_value){ .kind = DOCUMENT_BOOL, .boolean = spot->node->boolean };
        return 0;
    case DOCUMENT_INTEGER:
    case DOCUMENT_NUMBER: return read_number(parser, spot, ret);
    default: return spot_refuse_kind(spot, parser->reterr, "a text, a number, or true or false");
    }
}

static int read_value(struct rulebook_parser *parser, const struct spot *spot, unsigned field,
                      struct test_value *ret)
{
    const struct field *described = &parser->rulebook->fields[field];
    if (described->type == TYPE_TEXT)
        return read_text(parser, spot, described, ret);
    if (described->type == TYPE_LANGUAGE)
        return read_language(parser, spot, ret);
    if (described->type == TYPE_NUMBER)
        return read_number(parser, spot, ret);
    return read_any(parser, spot, described, ret);
}

static int read_one_of(struct rulebook_parser *parser, const struct spot *spot, unsigned field,
                       struct condition *ret)
{
    bool is_list = spot->node->kind == DOCUMENT_LIST;
    size_t count = is_list ? spot->node->count : 1;
    struct test_value *values = arena_new_array(parser->arena, count, sizeof *values);

    if (count == 0)
        return spot_refuse(spot, parser->reterr, "expected at least one value, found none");
    for (size_t i = 0; i < count; i++) {
        struct spot value = is_list ? spot_item(spot, i) : *spot;
        int r = read_value(parser, &value, field, &values[i]);
        if (r < 0)
            return r;
    }
    *ret = (struct condition){
        .kind = CONDITION_TEST,
        .test = { .field = field, .kind = TEST_ONE_OF, .values = values, .value_count = count }
    };
    return 0;
}

/* Gives NOT of @part where @is_wanted is false, else @part itself. */
static struct condition negate(struct rulebook_parser *parser, struct condition part,
                               bool is_wanted)
{
    if (is_wanted)
        return part;
    return (struct condition){ .kind = CONDITION_NOT,
                               .part_count = 1,
                               .parts = arena_copy(parser->arena, &part, sizeof part) };
}

static int read_exists(struct rulebook_parser *parser, const struct spot *spot, unsigned field,
                       struct condition *ret)
{
    bool is_wanted;
    int r = spot_read_bool(spot, &is_wanted, parser->reterr);
    if (r < 0)
        return r;
    *ret = negate(parser,
                  (struct condition){ .kind = CONDITION_TEST,
                                      .test = { .field = field, .kind = TEST_EXISTS } },
                  is_wanted);
    return 0;
}

static int read_bound(struct rulebook_parser *parser, const struct spot *spot, unsigned field,
                      enum test_kind kind, struct condition *ret)
{
    const struct field *described = &parser->rulebook->fields[field];
    struct test_value *value = arena_new(parser->arena, sizeof *value);

    if (described->type != TYPE_NUMBER && described->type != TYPE_ANY)
        return spot_refuse_key(spot, parser->reterr, "'%s' is no number and has no bounds",
                               described->name);
    int r = read_number(parser, spot, value);
    if (r < 0)
        return r;
    *ret = (struct condition){
        .kind = CONDITION_TEST,
        .test = { .field = field, .kind = kind, .values = value, .value_count = 1 }
    };
    return 0;
}

static int read_matcher(struct rulebook_parser *parser, const struct spot *spot, unsigned field,
                        struct condition *ret);

static int read_operator(struct rulebook_parser *parser, const struct spot *member, unsigned field,
                         struct condition *ret)
{
    if (strcmp(member->key, "exists") == 0)
        return read_exists(parser, member, field, ret);
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        if (strcmp(member->key, bounds[i].name) == 0)
            return read_bound(parser, member, field, bounds[i].kind, ret);
    }
    struct condition part;
    int r = read_matcher(parser, member, field, &part);
    if (r < 0)
        return r;
    *ret = negate(parser, part, false);
    return 0;
}

/* All of a map's operators must hold. */
static int read_operators(struct rulebook_parser *parser, const struct spot *map, unsigned field,
                          struct condition *ret)
{
    static const char *const known[] = { "not", "at_least", "at_most", "above", "below", "exists" };
    struct condition *parts = arena_new_array(parser->arena, map->node->count, sizeof *parts);

    int r = spot_check_keys(map, known, sizeof known / sizeof *known, parser->reterr);
    if (r < 0)
        return r;
    if (map->node->count == 0)
        return spot_refuse(map, parser->reterr,
                           "expected not, at_least, at_most, above, below or exists, found none");
    for (size_t i = 0; i < map->node->count; i++) {
        struct spot member = spot_member(map, i);
        r = read_operator(parser, &member, field, &parts[i]);
        if (r < 0)
            return r;
    }
    *ret =
        (struct condition){ .kind = CONDITION_ALL, .parts = parts, .part_count = map->node->count };
    return 0;
}

/* What a field is held against: a value, a list of values or a map of operators. */
static int read_matcher(struct rulebook_parser *parser, const struct spot *spot, unsigned field,
                        struct condition *ret)
{
    if (++parser->condition_count > CONDITIONS_A_RULE_MAX)
        return spot_refuse(spot, parser->reterr, "expected at most %d conditions in one rule",
                           CONDITIONS_A_RULE_MAX);
    if (spot->node->kind == DOCUMENT_MAP)
        return read_operators(parser, spot, field, ret);
    return read_one_of(parser, spot, field, ret);
}

/* `all` and `any`: a list of maps, each as a `when` is. */
static int read_group(struct rulebook_parser *parser, const struct spot *list,
                      enum condition_kind kind, struct condition *ret)
{
    int r = spot_expect(list, DOCUMENT_LIST, parser->reterr);
    if (r < 0)
        return r;
    if (list->node->count == 0)
        return spot_refuse(list, parser->reterr, "expected at least one condition, found none");
    struct condition *parts = arena_new_array(parser->arena, list->node->count, sizeof *parts);
    for (size_t i = 0; i < list->node->count; i++) {
        struct spot item = spot_item(list, i);
        r = condition_parse(parser, &item, &parts[i]);
        if (r < 0)
            return r;
    }
    *ret = (struct condition){ .kind = kind, .parts = parts, .part_count = list->node->count };
    return 0;
}

static int read_not(struct rulebook_parser *parser, const struct spot *spot, struct condition *ret)
{
    struct condition part;
    int r = condition_parse(parser, spot, &part);
    if (r < 0)
        return r;
    *ret = negate(parser, part, false);
    return 0;
}

static int read_member(struct rulebook_parser *parser, const struct spot *member,
                       struct condition *ret)
{
    unsigned field;

    if (strcmp(member->key, groups[CONDITION_ALL]) == 0)
        return read_group(parser, member, CONDITION_ALL, ret);
    if (strcmp(member->key, groups[CONDITION_ANY]) == 0)
        return read_group(parser, member, CONDITION_ANY, ret);
    if (strcmp(member->key, groups[CONDITION_NOT]) == 0)
        return read_not(parser, member, ret);
    int r = find_field(parser, member, &field);
    if (r < 0)
        return r;
    return read_matcher(parser, member, field, ret);
}

int condition_parse(struct rulebook_parser *parser, const struct spot *when, struct condition *ret)
{
    int r = spot_expect(when, DOCUMENT_MAP, parser->reterr);
    if (r < 0)
        return r;
    struct condition *parts = arena_new_array(parser->arena, when->node->count, sizeof *parts);
    for (size_t i = 0; i < when->node->count; i++) {
        struct spot member = spot_member(when, i);
        r = read_member(parser, &member, &parts[i]);
        if (r < 0)
            return r;
    }
    *ret = (struct condition){ .kind = CONDITION_ALL,
                               .parts = parts,
                               .part_count = when->node->count };
    return 0;
}

static int compare_texts(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Sorts and drops repeats; returns how many are left. */
static size_t settle_texts(uint32_t *texts, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(texts, count, sizeof *texts, compare_texts);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || texts[kept - 1] != texts[i])
            texts[kept++] = texts[i];
    }
    return kept;
}

/* The numbers of the text values of @test: a language without region stands for several. */
static size_t collect_texts(const struct rulebook_parser *parser, const struct test *test,
                            uint32_t **ret)
{
    const struct vocabulary *vocabulary = &parser->rulebook->vocabulary;
    size_t count = 0, room = 0;
    uint32_t first = 0, end = 0, *texts;

    for (size_t i = 0; i < test->value_count; i++) {
        const struct test_value *value = &test->values[i];
        if (value->language)
            vocabulary_expand_language(vocabulary, value->language, &first, &end);
        room += value->language ? end - first : value->kind == DOCUMENT_TEXT;
    }
    texts = arena_new_array(parser->arena, room, sizeof *texts);
    for (size_t i = 0; i < test->value_count; i++) {
        const struct test_value *value = &test->values[i];
        if (value->language) {
            vocabulary_expand_language(vocabulary, value->language, &first, &end);
            while (first < end)
                texts[count++] = first++;
        } else if (value->kind == DOCUMENT_TEXT) {
            texts[count++] = value->text;
        }
    }
    *ret = texts;
    return settle_texts(texts, count);
}

/* The least number above @number. */
static double just_above(double number)
{
    return nextafter(number, INFINITY);
}

/* Each number is a stretch of its own, that ends just above it; neighbours share one. */
static void collect_numbers(const struct rulebook_parser *parser, const struct test *test,
                            struct value_set *set)
{
    CLEANUP(freep) double *numbers = memory_new_array(test->value_count, sizeof *numbers);
    size_t count = 0;
    for (size_t i = 0; i < test->value_count; i++) {
        if (test->values[i].kind == DOCUMENT_NUMBER)
            numbers[count++] = test->values[i].number;
    }
    if (count == 0)
        return;
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    double *cuts = arena_new_array(parser->arena, 2 * count, sizeof *cuts), *end = cuts;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && numbers[i] == numbers[i - 1])
            continue;
        if (end > cuts && end[-1] == numbers[i])
            end--;
        else
            *end++ = numbers[i];
        *end++ = just_above(numbers[i]);
    }
    set->boundaries = cuts;
    set->boundary_count = (uint32_t)(end - cuts);
}

static struct value_set one_of_set(const struct rulebook_parser *parser, const struct test *test)
{
    uint32_t *texts;
    size_t count = collect_texts(parser, test, &texts);
    struct value_set set = value_set_texts(texts, count);

    collect_numbers(parser, test, &set);
    for (size_t i = 0; i < test->value_count; i++) {
        if (test->values[i].kind == DOCUMENT_BOOL) {
            set.yes |= test->values[i].boolean;
            set.no |= !test->values[i].boolean;
        }
    }
    return set;
}

struct value_set test_value_set(const struct rulebook_parser *parser, const struct test *test)
{
    if (test->kind == TEST_ONE_OF)
        return one_of_set(parser, test);
    if (test->kind == TEST_EXISTS) {
        struct value_set absent = { .absent = true };
        return value_set_not(&absent);
    }
    double *cut = arena_new(parser->arena, sizeof *cut), number = test->values[0].number;
    *cut = test->kind == TEST_ABOVE || test->kind == TEST_AT_MOST ? just_above(number) : number;
    return (struct value_set){ .boundaries = cut,
                               .boundary_count = 1,
                               .lowest = test->kind == TEST_AT_MOST || test->kind == TEST_BELOW };
}
