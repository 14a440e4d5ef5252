/* A rulebook's own `tests`: appeals that its author wants to see where they belong. */
#include "rules/rulebook.h"

#include "support/memory.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* The appeal of a test, with the memory that its facts lie in. */
struct test_appeal {
    struct aro_facts facts;
    unsigned priority;
    struct aro_instant submitted_at, deadline; /* never where it has none */
    struct aro_attribute attributes[ARO_ATTRIBUTES_MAX];
};

static int read_optional_text(const struct rulebook_parser *parser, const struct spot *map,
                              const char *key, const char **ret)
{
    struct spot spot;
    return spot_find(map, key, &spot) ? spot_read_text(&spot, ret, parser->reterr) : 0;
}

static int read_optional_fact(const struct rulebook_parser *parser, const struct spot *map,
                              const char *key, struct aro_text *ret)
{
    const char *text = NULL;
    int r = read_optional_text(parser, map, key, &text);
    *ret = aro_text_of(text);
    return r;
}

static int read_market(const struct rulebook_parser *parser, const struct spot *appeal,
                       struct aro_text *ret)
{
    const char *market = NULL;
    struct spot spot;
    int r = spot_find(appeal, "market", &spot) ? parser_read_market(parser, &spot, &market) : 0;
    *ret = aro_text_of(market);
    return r;
}

static int read_optional_unsigned(const struct rulebook_parser *parser, const struct spot *map,
                                  const char *key, unsigned least, unsigned greatest, unsigned *ret)
{
    struct spot spot;
    return spot_find(map, key, &spot)
               ? spot_read_unsigned(&spot, least, greatest, ret, parser->reterr)
               : 0;
}

static int read_subject(const struct rulebook_parser *parser, const struct spot *appeal,
                        struct aro_facts *facts)
{
    static const char *const known[] = { "type", "id" };
    struct spot subject;

    if (!spot_find(appeal, "subject", &subject))
        return 0;
    int r = spot_check_keys(&subject, known, sizeof known / sizeof *known, parser->reterr);
    return r < 0 ? r : read_optional_fact(parser, &subject, "type", &facts->subject_type);
}

static int read_decision(const struct rulebook_parser *parser, const struct spot *appeal,
                         struct aro_facts *facts)
{
    static const char *const known[] = { "id", "decided_by", "decided_at", "policy" };
    struct spot decision;

    if (!spot_find(appeal, "decision", &decision))
        return 0;
    int r = spot_check_keys(&decision, known, sizeof known / sizeof *known, parser->reterr);
    return r < 0 ? r : read_optional_fact(parser, &decision, "policy", &facts->decision_policy);
}

static int read_optional_instant(const struct rulebook_parser *parser, const struct spot *map,
                                 const char *key, struct aro_instant *ret)
{
    struct spot spot;

    if (!spot_find(map, key, &spot))
        return 0;
    if (spot.node->kind != DOCUMENT_TEXT || aro_instant_parse(spot.node->text, ret) < 0)
        return spot_refuse_kind(&spot, parser->reterr, "a time such as 2026-11-22T10:00:00Z");
    return 0;
}

static int read_languages(struct rulebook_parser *parser, const struct spot *appeal,
                          struct aro_facts *facts)
{
    struct spot spot;

    if (!spot_find(appeal, "languages", &spot))
        return 0;
    int r = parser_read_languages(parser, &spot, &facts->language_count, &facts->languages);
    if (r == 0 && (facts->language_count == 0 || facts->language_count > ARO_LANGUAGES_MAX))
        return spot_refuse(&spot, parser->reterr, "expected 1 to %d languages, found %zu",
                           ARO_LANGUAGES_MAX, facts->language_count);
    return r;
}

static int read_list(const struct rulebook_parser *parser, const struct spot *spot,
                     struct aro_attribute *ret)
{
    size_t count = spot->node->count;
    const char **texts = arena_new_array(parser->arena, count, sizeof *texts);

    for (size_t i = 0; i < count; i++) {
        struct spot item = spot_item(spot, i);
        int r = spot_read_text(&item, &texts[i], parser->reterr);
        if (r < 0)
            return r;
    }
    ret->kind = ARO_ATTRIBUTE_LIST;
    ret->texts = texts;
    ret->text_count = count;
    return 0;
}

static int read_attribute(const struct rulebook_parser *parser, const struct spot *spot,
                          struct aro_attribute *ret)
{
    *ret = (struct aro_attribute){ .name = aro_text_of(spot->key) };
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
        ret->kind = ARO_ATTRIBUTE_TEXT;
        ret->text = aro_text_of(spot->node->text);
        return 0;
    case DOCUMENT_LIST: return read_list(parser, spot, ret);
    default:
        return spot_refuse_kind(spot, parser->reterr,
                                "a text, a number, true or false, or a list of texts");
    }
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
    aro_attributes_sort(ret->attributes, spot->node->count);
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

    *ret = (struct test_appeal){ .facts = { .appeal_id = "test", .tier = 1, .effort = 1 },
                                 .submitted_at = ARO_INSTANT_NEVER,
                                 .deadline = ARO_INSTANT_NEVER };
    int r = spot_check_keys(appeal, known, sizeof known / sizeof *known, parser->reterr);
    if (r == 0)
        r = read_optional_text(parser, appeal, "appeal_id", &facts->appeal_id);
    if (r == 0)
        r = read_market(parser, appeal, &facts->market);
    if (r == 0)
        r = read_languages(parser, appeal, facts);
    if (r == 0)
        r = read_optional_fact(parser, appeal, "reason", &facts->reason);
    if (r == 0)
        r = read_optional_unsigned(parser, appeal, "tier", 1, INT32_MAX, &facts->tier);
    if (r == 0)
        r = read_optional_unsigned(parser, appeal, "effort", 1, ARO_EFFORT_MAX, &facts->effort);
    if (r == 0)
        r = read_optional_unsigned(parser, appeal, "priority", 0, ARO_PRIORITY_MAX, &ret->priority);
    if (r == 0)
        r = read_optional_instant(parser, appeal, "submitted_at", &ret->submitted_at);
    if (r == 0)
        r = read_optional_instant(parser, appeal, "deadline", &ret->deadline);
    if (r == 0)
        r = read_subject(parser, appeal, facts);
    if (r == 0)
        r = read_decision(parser, appeal, facts);
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

/* From the submission, as the router reckons it: the rule's, else the appeal's own, else the
 * rulebook's; 0 is none. */
static int find_deadline(const struct rulebook_parser *parser, const struct spot *expected,
                         const struct test_appeal *appeal, const struct aro_route *route,
                         struct aro_span *ret)
{
    bool has_own = !aro_instant_is_never(appeal->deadline);

    if (!route->has_deadline && has_own && aro_instant_is_never(appeal->submitted_at))
        return spot_refuse(expected, parser->reterr,
                           "the appeal brings a deadline of its own: say when it was submitted "
                           "('submitted_at')");
    if (route->has_deadline)
        *ret = route->deadline;
    else if (has_own)
        ret->ms = appeal->deadline.ms - appeal->submitted_at.ms;
    else
        *ret = parser->rulebook->deadline;
    return 0;
}

static int expect_deadline(const struct rulebook_parser *parser, const struct spot *expect,
                           const struct test_appeal *appeal, const struct aro_route *route)
{
    struct spot spot;
    struct aro_span wanted, found;
    char text[ARO_SPAN_TEXT_SIZE];

    if (!spot_find(expect, "deadline", &spot))
        return 0;
    int r = spot_read_span(&spot, &wanted, parser->reterr);
    if (r == 0)
        r = find_deadline(parser, &spot, appeal, route, &found);
    if (r < 0 || wanted.ms == found.ms)
        return r;
    aro_span_format(found, text);
    return spot_refuse(&spot, parser->reterr, "expected %s, found %s by rule '%.60s'",
                       spot.node->text, found.ms == 0 ? "none" : text, route->rule);
}

static int expect_something(const struct rulebook_parser *parser, const struct spot *expect)
{
    static const char *const known[] = { "rule", "queue", "priority", "deadline" };
    struct spot spot;
    int r = spot_check_keys(expect, known, sizeof known / sizeof *known, parser->reterr);
    for (size_t i = 0; r == 0 && i < sizeof known / sizeof *known; i++) {
        if (spot_find(expect, known[i], &spot))
            return 0;
    }
    if (r == 0)
        return spot_refuse(expect, parser->reterr,
                           "expected a rule, queue, priority or deadline, found none");
    return r;
}

static int run_one(struct rulebook_parser *parser, const struct spot *test)
{
    static const char *const known[] = { "name", "appeal", "expect" };
    struct spot appeal, expect;
    struct test_appeal read;
    struct aro_route route;

    int r = spot_check_keys(test, known, sizeof known / sizeof *known, parser->reterr);
    if (r < 0)
        return r;
    if (!spot_find(test, "appeal", &appeal) || !spot_find(test, "expect", &expect))
        return spot_refuse(test, parser->reterr, "expected an 'appeal' and what to 'expect' of it");
    r = expect_something(parser, &expect);
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
        r = expect_deadline(parser, &expect, &read, &route);
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
