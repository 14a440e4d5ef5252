/* A rulebook's own `tests`: appeals that its author wants to see where they belong. */
#include "rules/rulebook.h"

#include "support/memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TIER_MAX = 100 };

/* The appeal of a test, with the memory that its facts lie in. */
struct test_appeal {
    struct aro_facts facts;
    unsigned priority;
    struct aro_attribute attributes[ARO_ATTRIBUTES_MAX];
};

static int read_optional_text(const struct rulebook_parser *parser, const struct spot *map,
                              const char *key, const char **ret)
{
    struct spot spot;
    return spot_find(map, key, &spot) ? spot_read_text(&spot, ret, parser->reterr) : 0;
}

static int read_optional_unsigned(const struct rulebook_parser *parser, const struct spot *map,
                                  const char *key, unsigned least, unsigned greatest, unsigned *ret)
{
    struct spot spot;
    return spot_find(map, key, &spot)
               ? spot_read_unsigned(&spot, least, greatest, ret, parser->reterr)
               : 0;
}

/* `subject: { type: … }`, `decision: { policy: … }`: the one member that rules look at. */
static int read_inner_text(const struct rulebook_parser *parser, const struct spot *appeal,
                           const char *key, const char *inner, const char **ret)
{
    struct spot map;
    if (!spot_find(appeal, key, &map))
        return 0;
    int r = spot_expect(&map, DOCUMENT_MAP, parser->reterr);
    return r < 0 ? r : read_optional_text(parser, &map, inner, ret);
}

static int read_texts(const struct rulebook_parser *parser, const struct spot *spot,
                      struct aro_attribute *ret)
{
    bool is_list = spot->node->kind == DOCUMENT_LIST;
    size_t count = is_list ? spot->node->count : 1;
    const char **texts = arena_new_array(parser->arena, count, sizeof *texts);

    for (size_t i = 0; i < count; i++) {
        struct spot item = is_list ? spot_item(spot, i) : *spot;
        int r = spot_read_text(&item, &texts[i], parser->reterr);
        if (r < 0)
            return r;
    }
    ret->kind = is_list ? ARO_ATTRIBUTE_LIST : ARO_ATTRIBUTE_TEXT;
    ret->texts = texts;
    ret->text_count = count;
    return 0;
}

static int read_attribute(const struct rulebook_parser *parser, const struct spot *spot,
                          struct aro_attribute *ret)
{
    *ret = (struct aro_attribute){ .name = spot->key };
    switch (spot->node->kind) {
    case DOCUMENT_BOOL:
        ret->kind = ARO_ATTRIBUTE_BOOL;
        ret->boolean = spot->node->boolean;
        return 0;
    case DOCUMENT_INTEGER:
    case DOCUMENT_NUMBER:
        if (!isfinite(spot->node->number))
            return spot_refuse_kind(spot, parser->reterr, "a number");
        ret->kind = ARO_ATTRIBUTE_NUMBER;
        ret->number = spot->node->number;
        return 0;
    case DOCUMENT_TEXT:
    case DOCUMENT_LIST: return read_texts(parser, spot, ret);
    default:
        return spot_refuse_kind(spot, parser->reterr,
                                "a text, a number, true or false, or a list of texts");
    }
}

static int compare_attributes(const void *a, const void *b)
{
    return strcmp(((const struct aro_attribute *)a)->name, ((const struct aro_attribute *)b)->name);
}

static int read_attributes(const struct rulebook_parser *parser, const struct spot *spot,
                           struct test_appeal *ret)
{
    int r = spot_expect(spot, DOCUMENT_MAP, parser->reterr);
    if (r == 0 && spot->node->count > ARO_ATTRIBUTES_MAX)
        return spot_refuse(spot, parser->reterr, "expected at most %d attributes, found %zu",
                           ARO_ATTRIBUTES_MAX, spot->node->count);
    for (size_t i = 0; r == 0 && i < spot->node->count; i++) {
        struct spot member = spot_member(spot, i);
        r = read_attribute(parser, &member, &ret->attributes[i]);
    }
    if (r < 0)
        return r;
    qsort(ret->attributes, spot->node->count, sizeof *ret->attributes, compare_attributes);
    ret->facts.attributes = ret->attributes;
    ret->facts.attribute_count = spot->node->count;
    return 0;
}

/* As an appeal.submitted has them; what rules never look at is passed over. */
static int read_appeal(struct rulebook_parser *parser, const struct spot *appeal,
                       struct test_appeal *ret)
{
    static const char *const known[] = { "appeal_id", "market",   "languages", "reason",
                                         "tier",      "subject",  "decision",  "exclude",
                                         "effort",    "deadline", "priority",  "submitted_at",
                                         "attributes" };
    struct aro_facts *facts = &ret->facts;
    struct spot spot;

    *ret = (struct test_appeal){ .facts = { .appeal_id = "test", .tier = 1, .effort = 1 } };
    int r = spot_check_keys(appeal, known, sizeof known / sizeof *known, parser->reterr);
    if (r == 0)
        r = read_optional_text(parser, appeal, "appeal_id", &facts->appeal_id);
    if (r == 0)
        r = read_optional_text(parser, appeal, "market", &facts->market);
    if (r == 0 && spot_find(appeal, "languages", &spot))
        r = parser_read_languages(parser, &spot, &facts->language_count, &facts->languages);
    if (r == 0)
        r = read_optional_text(parser, appeal, "reason", &facts->reason);
    if (r == 0)
        r = read_optional_unsigned(parser, appeal, "tier", 1, TIER_MAX, &facts->tier);
    if (r == 0)
        r = read_optional_unsigned(parser, appeal, "effort", 1, ARO_EFFORT_MAX, &facts->effort);
    if (r == 0)
        r = read_optional_unsigned(parser, appeal, "priority", 0, ARO_PRIORITY_MAX, &ret->priority);
    if (r == 0)
        r = read_inner_text(parser, appeal, "subject", "type", &facts->subject_type);
    if (r == 0)
        r = read_inner_text(parser, appeal, "decision", "policy", &facts->decision_policy);
    if (r == 0 && spot_find(appeal, "attributes", &spot))
        r = read_attributes(parser, &spot, ret);
    return r;
}

static int expect_text(const struct rulebook_parser *parser, const struct spot *expect,
                       const char *key, const char *found, const char *rule)
{
    struct spot spot;
    const char *wanted;

    if (!spot_find(expect, key, &spot))
        return 0;
    int r = spot_read_text(&spot, &wanted, parser->reterr);
    if (r < 0 || strcmp(wanted, found) == 0)
        return r;
    return spot_refuse(&spot, parser->reterr, "expected '%.60s', found '%.60s' by rule '%.60s'",
                       wanted, found, rule);
}

static int expect_priority(const struct rulebook_parser *parser, const struct spot *expect,
                           unsigned found, const char *rule)
{
    struct spot spot;
    unsigned wanted;

    if (!spot_find(expect, "priority", &spot))
        return 0;
    int r = spot_read_unsigned(&spot, 0, ARO_PRIORITY_MAX, &wanted, parser->reterr);
    if (r < 0 || wanted == found)
        return r;
    return spot_refuse(&spot, parser->reterr, "expected %u, found %u by rule '%.60s'", wanted,
                       found, rule);
}

static int expect_deadline(const struct rulebook_parser *parser, const struct spot *expect,
                           struct aro_span found, const char *rule)
{
    struct spot spot;
    struct aro_span wanted;

    if (!spot_find(expect, "deadline", &spot))
        return 0;
    int r = spot_read_span(&spot, &wanted, parser->reterr);
    if (r < 0 || wanted.ms == found.ms)
        return r;
    if (found.ms == 0)
        return spot_refuse(&spot, parser->reterr, "expected %s, found none by rule '%.60s'",
                           spot.node->text, rule);
    return spot_refuse(&spot, parser->reterr, "expected %s, found %llds by rule '%.60s'",
                       spot.node->text, (long long)(found.ms / 1000), rule);
}

static int run_one(struct rulebook_parser *parser, const struct spot *test)
{
    static const char *const known[] = { "name", "appeal", "expect" };
    static const char *const expected[] = { "rule", "queue", "priority", "deadline" };
    struct spot appeal, expect;
    struct test_appeal read;
    struct aro_route route;

    int r = spot_check_keys(test, known, sizeof known / sizeof *known, parser->reterr);
    if (r < 0)
        return r;
    if (!spot_find(test, "appeal", &appeal) || !spot_find(test, "expect", &expect))
        return spot_refuse(test, parser->reterr, "expected an 'appeal' and what to 'expect' of it");
    r = spot_check_keys(&expect, expected, sizeof expected / sizeof *expected, parser->reterr);
    if (r == 0)
        r = read_appeal(parser, &appeal, &read);
    if (r < 0)
        return r;

    aro_rulebook_match(parser->rulebook, &read.facts, &route);
    r = expect_text(parser, &expect, "rule", route.rule, route.rule);
    if (r == 0)
        r = expect_text(parser, &expect, "queue", route.queue->name, route.rule);
    if (r == 0)
        r = expect_priority(parser, &expect, route.has_priority ? route.priority : read.priority,
                            route.rule);
    if (r == 0)
        r = expect_deadline(parser, &expect,
                            route.has_deadline ? route.deadline : parser->rulebook->deadline,
                            route.rule);
    return r;
}

int self_test_run(struct rulebook_parser *parser, const struct spot *tests)
{
    int r = spot_expect(tests, DOCUMENT_LIST, parser->reterr);
    for (size_t i = 0; r == 0 && i < tests->node->count; i++) {
        struct spot item = spot_item(tests, i);
        r = run_one(parser, &item);
    }
    return r;
}
