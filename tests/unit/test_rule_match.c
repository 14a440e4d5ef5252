/* The compiled rules against an evaluator that reads each `when` as the manual words it: random
 * rulebooks, random appeals, the same rule each time. */
#include <aro/lint.h>
#include <aro/rulebook.h>

#include "rules/rule_index.h"
#include "rules/rulebook.h"
#include "support/buffer.h"
#include "support/document.h"

#include "cmocka_headers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RULEBOOKS = 250,
    APPEALS_A_RULEBOOK = 60,
    RULES_MAX = 40,
    LARGE_RULEBOOKS = 3,
    LARGE_RULES = 6000,
    LARGE_APPEALS = 1000,
    RARE_VALUES = 700,
    WITNESSES = 200,
    FIELD_KINDS = 6
};

/* --- chance --- */

static uint64_t chance_state;

static unsigned chance(unsigned count)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (unsigned)(chance_state * UINT64_C(2685821657736338717) >> 33) % count;
}

#define ONE_OF(array) ((array)[chance(sizeof(array) / sizeof *(array))])

static const char *const markets[] = { "BR", "US", "NO", "DE", "latam" };
static const char *const tags[] = { "pt",    "pt-BR", "pt-PT", "en", "en-US",  "nb",
                                    "zh-TW", "zh",    "sr",    "es", "es-419", "sr-Latn" };
static const char *const texts[] = { "a", "b", "c", "gold", "5" };
static const char *const numbers[] = { "1", "2", "2.5", "3", "5" };
static const char *const text_fields[] = { "reason", "subject.type", "decision.policy" };
static const char *const attribute_fields[] = { "attributes.s", "attributes.t", "attributes.u" };
static const char *const bounds[] = { "at_least", "at_most", "above", "below" };

/* --- random rulebooks --- */

static void write_list(struct buffer *out, void (*write)(struct buffer *out))
{
    unsigned count = 1 + chance(3);
    buffer_add_text(out, "[");
    for (unsigned i = 0; i < count; i++) {
        buffer_add_text(out, i ? ", " : "");
        write(out);
    }
    buffer_add_text(out, "]");
}

static void write_market(struct buffer *out)
{
    buffer_add_format(out, "\"%s\"", ONE_OF(markets));
}

static void write_tag(struct buffer *out)
{
    buffer_add_format(out, "\"%s\"", ONE_OF(tags));
}

static void write_text(struct buffer *out)
{
    buffer_add_format(out, "\"%s\"", ONE_OF(texts));
}

static void write_number(struct buffer *out)
{
    buffer_add_text(out, ONE_OF(numbers));
}

static void write_any(struct buffer *out)
{
    if (chance(2))
        write_text(out);
    else if (chance(3))
        write_number(out);
    else
        buffer_add_text(out, chance(2) ? "true" : "false");
}

static void write_matcher(struct buffer *out, void (*write)(struct buffer *out), bool has_bounds,
                          unsigned depth)
{
    unsigned choice = depth > 2 ? chance(5) : chance(10);
    if (choice < 3) {
        write(out);
    } else if (choice < 5) {
        write_list(out, write);
    } else if (choice == 5) {
        buffer_add_format(out, "{\"exists\": %s}", chance(2) ? "true" : "false");
    } else if (choice < 8 && has_bounds) {
        const char *bound = ONE_OF(bounds);
        buffer_add_format(out, "{\"%s\": %s", bound, ONE_OF(numbers));
        if (chance(2) && strcmp(bound, "below") != 0)
            buffer_add_format(out, ", \"below\": %s", ONE_OF(numbers));
        buffer_add_text(out, "}");
    } else {
        buffer_add_text(out, "{\"not\": ");
        write_matcher(out, write, has_bounds, depth + 1);
        buffer_add_text(out, "}");
    }
}

static void write_field(struct buffer *out, unsigned kind)
{
    switch (kind) {
    case 0:
        buffer_add_text(out, "\"market\": ");
        write_matcher(out, write_market, false, 0);
        break;
    case 1:
        buffer_add_text(out, "\"language\": ");
        write_matcher(out, write_tag, false, 0);
        break;
    case 2:
        buffer_add_text(out, "\"languages\": ");
        write_matcher(out, write_tag, false, 0);
        break;
    case 3:
        buffer_add_format(out, "\"%s\": ", chance(2) ? "tier" : "effort");
        write_matcher(out, write_number, true, 0);
        break;
    case 4:
        buffer_add_format(out, "\"%s\": ", ONE_OF(text_fields));
        write_matcher(out, write_text, false, 0);
        break;
    default:
        buffer_add_format(out, "\"%s\": ", ONE_OF(attribute_fields));
        write_matcher(out, write_any, true, 0);
    }
}

static void write_when(struct buffer *out, unsigned depth);

static void write_group(struct buffer *out, const char *name, unsigned depth)
{
    unsigned count = 1 + chance(3);
    buffer_add_format(out, "\"%s\": [", name);
    for (unsigned i = 0; i < count; i++) {
        buffer_add_text(out, i ? ", " : "");
        write_when(out, depth + 1);
    }
    buffer_add_text(out, "]");
}

/* A map holds each key once, so each kind of field comes at most once. */
static void write_when(struct buffer *out, unsigned depth)
{
    const char *between = "";
    buffer_add_text(out, "{");
    for (unsigned kind = 0; kind < FIELD_KINDS; kind++) {
        if (chance(depth ? 5 : 3))
            continue;
        buffer_add_text(out, between);
        write_field(out, kind);
        between = ", ";
    }
    if (depth < 2 && chance(3) == 0) {
        buffer_add_text(out, between);
        write_group(out, chance(2) ? "any" : "all", depth);
        between = ", ";
    }
    if (depth < 2 && chance(5) == 0) {
        buffer_add_format(out, "%s\"not\": ", between);
        write_when(out, depth + 1);
    }
    buffer_add_text(out, "}");
}

/* --- random appeals --- */

struct appeal {
    struct aro_facts facts;
    const struct aro_language *languages[4];
    struct aro_attribute attributes[4];
    const char *texts[4][4];
    char rare[4][8]; /* "w17": of many, so that a rule that asks for one is reached now and then */
};

static void choose_attribute(struct appeal *appeal, const char *name)
{
    size_t index = appeal->facts.attribute_count++;
    struct aro_attribute *attribute = &appeal->attributes[index];

    for (size_t i = 0; i < 4; i++)
        appeal->texts[index][i] = chance(4) ? ONE_OF(texts) : "unheard of";
    *attribute = (struct aro_attribute){ .name = aro_text_of(name),
                                         .kind = (enum aro_attribute_kind)chance(4) };
    switch (attribute->kind) {
    case ARO_ATTRIBUTE_TEXT: attribute->text = aro_text_of(appeal->texts[index][0]); break;
    case ARO_ATTRIBUTE_NUMBER:
        attribute->number = atof(ONE_OF(numbers)) + (chance(3) == 0 ? .25 : 0);
        break;
    case ARO_ATTRIBUTE_BOOL: attribute->boolean = chance(2); break;
    case ARO_ATTRIBUTE_LIST:
        attribute->text_count = chance(4);
        attribute->texts = appeal->texts[index];
        break;
    }
}

static void choose_appeal(struct aro_languages *languages, struct appeal *appeal)
{
    static const char *const more_tags[] = { "pt-AO", "zh-Hans-SG", "sr-Latn-RS", "iw", "no" };
    static const char *const names[] = { "s", "t", "u" };
    struct aro_error error;

    *appeal = (struct appeal){ .facts = { .appeal_id = "x", .tier = 1 + chance(4) } };
    struct aro_facts *facts = &appeal->facts;
    facts->market = aro_text_of(chance(8) == 0 ? NULL : chance(6) == 0 ? "ZZ" : ONE_OF(markets));
    facts->effort = 1 + chance(6);
    facts->reason = aro_text_of(chance(6) ? ONE_OF(texts) : NULL);
    facts->subject_type = aro_text_of(chance(3) ? ONE_OF(texts) : "shop");
    facts->decision_policy = aro_text_of(chance(3) ? ONE_OF(texts) : NULL);
    facts->languages = appeal->languages;
    facts->language_count = chance(5);
    for (size_t i = 0; i < facts->language_count; i++)
        assert_int_equal(aro_languages_intern(languages,
                                              chance(4) ? ONE_OF(tags) : ONE_OF(more_tags),
                                              &appeal->languages[i], &error),
                         0);
    facts->attributes = appeal->attributes;
    for (size_t i = 0; i < 3; i++) {
        if (chance(3))
            choose_attribute(appeal, names[i]);
    }
}

/* One of many texts, or several of them. */
static void choose_rare(struct appeal *appeal)
{
    size_t index = appeal->facts.attribute_count++;
    struct aro_attribute *attribute = &appeal->attributes[index];

    for (size_t i = 0; i < 4; i++) {
        snprintf(appeal->rare[i], sizeof appeal->rare[i], "w%u", chance(RARE_VALUES));
        appeal->texts[index][i] = appeal->rare[i];
    }
    *attribute = (struct aro_attribute){ .name = aro_text_of("w") };
    if (chance(3)) {
        attribute->kind = ARO_ATTRIBUTE_TEXT;
        attribute->text = aro_text_of(appeal->rare[0]);
    } else {
        attribute->kind = ARO_ATTRIBUTE_LIST;
        attribute->text_count = 1 + chance(4);
        attribute->texts = appeal->texts[index];
    }
}

/* --- the slow evaluator --- */

struct evaluation {
    struct aro_languages *languages;
    const struct aro_facts *facts;
};

static bool language_equals(const struct evaluation *on, const struct document_node *wanted,
                            const struct aro_language *language)
{
    const struct aro_language *meant;
    struct aro_error error;
    assert_int_equal(aro_languages_intern(on->languages, wanted->text, &meant, &error), 0);
    return meant->base_id == language->base_id &&
           (!*meant->region || strcmp(meant->region, language->region) == 0);
}

static bool text_equals(const struct document_node *wanted, const char *text)
{
    return text && wanted->kind == DOCUMENT_TEXT && strcmp(wanted->text, text) == 0;
}

static const struct aro_attribute *attribute_of(const struct evaluation *on, const char *field)
{
    for (size_t i = 0; i < on->facts->attribute_count; i++) {
        if (strcmp(on->facts->attributes[i].name.text, field + strlen("attributes.")) == 0)
            return &on->facts->attributes[i];
    }
    return NULL;
}

static const char *text_of(const struct evaluation *on, const char *field)
{
    return strcmp(field, "market") == 0         ? on->facts->market.text
           : strcmp(field, "reason") == 0       ? on->facts->reason.text
           : strcmp(field, "subject.type") == 0 ? on->facts->subject_type.text
                                                : on->facts->decision_policy.text;
}

static bool is_language(const char *field)
{
    return strncmp(field, "language", strlen("language")) == 0;
}

static bool is_attribute(const char *field)
{
    return strncmp(field, "attributes.", strlen("attributes.")) == 0;
}

static size_t language_count_of(const struct evaluation *on, const char *field)
{
    size_t count = on->facts->language_count;
    return strcmp(field, "language") == 0 && count > 1 ? 1 : count;
}

/* False where the field is no number, or absent. */
static bool number_of(const struct evaluation *on, const char *field, double *ret)
{
    const struct aro_attribute *attribute = is_attribute(field) ? attribute_of(on, field) : NULL;
    if (strcmp(field, "tier") == 0)
        *ret = on->facts->tier;
    else if (strcmp(field, "effort") == 0)
        *ret = on->facts->effort;
    else if (attribute && attribute->kind == ARO_ATTRIBUTE_NUMBER)
        *ret = attribute->number;
    else
        return false;
    return true;
}

static bool exists(const struct evaluation *on, const char *field)
{
    double number;
    if (is_attribute(field))
        return attribute_of(on, field) != NULL;
    if (is_language(field))
        return on->facts->language_count > 0;
    return number_of(on, field, &number) || text_of(on, field) != NULL;
}

static bool equals(const struct evaluation *on, const char *field,
                   const struct document_node *wanted)
{
    double number;

    if (is_language(field)) {
        for (size_t i = 0; i < language_count_of(on, field); i++) {
            if (language_equals(on, wanted, on->facts->languages[i]))
                return true;
        }
        return false;
    }
    if (number_of(on, field, &number))
        return (wanted->kind == DOCUMENT_INTEGER || wanted->kind == DOCUMENT_NUMBER) &&
               wanted->number == number;
    if (!is_attribute(field))
        return text_equals(wanted, text_of(on, field));
    const struct aro_attribute *attribute = attribute_of(on, field);
    if (!attribute)
        return false;
    if (attribute->kind == ARO_ATTRIBUTE_BOOL)
        return wanted->kind == DOCUMENT_BOOL && wanted->boolean == attribute->boolean;
    if (attribute->kind == ARO_ATTRIBUTE_TEXT)
        return text_equals(wanted, attribute->text.text);
    for (size_t i = 0; i < attribute->text_count; i++) {
        if (text_equals(wanted, attribute->texts[i]))
            return true;
    }
    return false;
}

static bool matches(const struct evaluation *on, const char *field,
                    const struct document_node *matcher);

static bool operator_holds(const struct evaluation *on, const char *field, const char *name,
                           const struct document_node *operand)
{
    double number;
    if (strcmp(name, "not") == 0)
        return !matches(on, field, operand);
    if (strcmp(name, "exists") == 0)
        return exists(on, field) == operand->boolean;
    if (!number_of(on, field, &number))
        return false;
    return strcmp(name, "at_least") == 0  ? number >= operand->number
           : strcmp(name, "at_most") == 0 ? number <= operand->number
           : strcmp(name, "above") == 0   ? number > operand->number
                                          : number < operand->number;
}

static bool matches(const struct evaluation *on, const char *field,
                    const struct document_node *matcher)
{
    if (matcher->kind == DOCUMENT_MAP) {
        for (size_t i = 0; i < matcher->count; i++) {
            if (!operator_holds(on, field, matcher->keys[i].text, &matcher->items[i]))
                return false;
        }
        return true;
    }
    if (matcher->kind != DOCUMENT_LIST)
        return equals(on, field, matcher);
    for (size_t i = 0; i < matcher->count; i++) {
        if (equals(on, field, &matcher->items[i]))
            return true;
    }
    return false;
}

static bool when_holds(const struct evaluation *on, const struct document_node *when);

static size_t count_holding(const struct evaluation *on, const struct document_node *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += when_holds(on, &list->items[i]);
    return count;
}

static bool when_holds(const struct evaluation *on, const struct document_node *when)
{
    for (size_t i = 0; i < when->count; i++) {
        const char *key = when->keys[i].text;
        const struct document_node *value = &when->items[i];
        bool holds = strcmp(key, "all") == 0   ? count_holding(on, value) == value->count
                     : strcmp(key, "any") == 0 ? count_holding(on, value) > 0
                     : strcmp(key, "not") == 0 ? !when_holds(on, value)
                                               : matches(on, key, value);
        if (!holds)
            return false;
    }
    return true;
}

static size_t slow_match(const struct evaluation *on, const struct document_node *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct document_node *when = document_find(&rules->items[i], "when");
        if (!when || when_holds(on, when))
            return i;
    }
    fail_msg("no rule matches");
    return 0;
}

/* --- the test --- */

struct world {
    bool is_large;
    struct aro_languages *languages;
    size_t rule_count;
    struct buffer whens[RULES_MAX]; /* the last is empty: the rule that takes the rest */
    struct buffer text;
    size_t dead_count; /* rules of which lint says that they can never match */
};

static void world_done(struct world *world)
{
    for (size_t i = 0; i < RULES_MAX; i++)
        buffer_done(&world->whens[i]);
    buffer_done(&world->text);
    aro_languages_free(world->languages);
}

static void choose_rules(struct world *world)
{
    world->rule_count = 2 + chance(RULES_MAX - 2);
    for (size_t i = 0; i < world->rule_count; i++) {
        buffer_clear(&world->whens[i]);
        buffer_add_text(&world->whens[i], "");
        if (i + 1 < world->rule_count)
            write_when(&world->whens[i], 0);
    }
}

static void write_rulebook(struct world *world)
{
    buffer_clear(&world->text);
    buffer_add_text(&world->text, "{\"rulebook\": \"random\", \"markets\": {\"latam\": {}},\n"
                                  "\"queues\": {\"q\": {}},\n\"rules\": [\n");
    for (size_t i = 0; i < world->rule_count; i++)
        buffer_add_format(
            &world->text, "{\"name\": \"r%zu\", %s%s%s\"route\": {\"queue\": \"q\"}}%s\n", i,
            world->whens[i].length ? "\"when\": " : "", world->whens[i].data,
            world->whens[i].length ? ", " : "", i + 1 < world->rule_count ? "," : "]}");
}

static void drop_rule(struct world *world, size_t index)
{
    struct buffer dropped = world->whens[index];
    memmove(&world->whens[index], &world->whens[index + 1],
            (world->rule_count - index - 1) * sizeof dropped);
    world->whens[--world->rule_count] = dropped;
    if (index == world->rule_count) /* nothing can follow what takes everything */
        buffer_clear(&world->whens[world->rule_count - 1]);
}

static const char *or_none(const char *text)
{
    return text ? text : "none";
}

/* cmocka cuts its messages; what is needed to see why is longer. */
static void show(const struct world *world, const struct aro_facts *facts)
{
    fprintf(stderr, "%s", world->text.data);
    fprintf(stderr, "market %s, reason %s, subject %s, policy %s, tier %u, effort %u, languages",
            or_none(facts->market.text), or_none(facts->reason.text),
            or_none(facts->subject_type.text), or_none(facts->decision_policy.text), facts->tier,
            facts->effort);
    for (size_t i = 0; i < facts->language_count; i++)
        fprintf(stderr, " %s", facts->languages[i]->tag);
    for (size_t i = 0; i < facts->attribute_count; i++) {
        const struct aro_attribute *attribute = &facts->attributes[i];
        fprintf(stderr, "; %s:", attribute->name.text);
        switch (attribute->kind) {
        case ARO_ATTRIBUTE_TEXT: fprintf(stderr, " '%s'", attribute->text.text); break;
        case ARO_ATTRIBUTE_NUMBER: fprintf(stderr, " %g", attribute->number); break;
        case ARO_ATTRIBUTE_BOOL: fprintf(stderr, attribute->boolean ? " true" : " false"); break;
        case ARO_ATTRIBUTE_LIST:
            for (size_t t = 0; t < attribute->text_count; t++)
                fprintf(stderr, " ['%s']", attribute->texts[t]);
            break;
        }
    }
    fprintf(stderr, "\n");
}

/* A refused rule must never match where the rule that is said to hide it does not. */
static void check_hidden(struct world *world, const char *message)
{
    struct document *document = NULL;
    struct aro_error error;
    size_t hidden, outer;

    if (sscanf(message, "rules[%zu]: 'r%*u' can never match: 'r%zu'", &hidden, &outer) != 2)
        fail_msg("%s", message);
    assert_int_equal(document_parse(world->text.data, world->text.length, &document, &error), 0);
    const struct document_node *rules = document_find(document_root(document), "rules");
    const struct document_node *inner_when = document_find(&rules->items[hidden], "when");
    const struct document_node *outer_when = document_find(&rules->items[outer], "when");
    for (int i = 0; i < WITNESSES && outer_when; i++) {
        struct appeal appeal;
        choose_appeal(world->languages, &appeal);
        struct evaluation on = { .languages = world->languages, .facts = &appeal.facts };
        if ((!inner_when || when_holds(&on, inner_when)) && !when_holds(&on, outer_when)) {
            show(world, &appeal.facts);
            fail_msg("not so: %s", message);
        }
    }
    document_free(document);
    drop_rule(world, hidden);
}

static struct aro_rulebook *parse_random(struct world *world)
{
    struct aro_rulebook *rulebook = NULL;
    struct aro_error error;

    choose_rules(world);
    for (;;) {
        write_rulebook(world);
        if (rulebook_parse_checking(CHECK_HIDDEN, world->text.data, world->text.length,
                                    world->languages, &rulebook, &error) == 0)
            return rulebook;
        check_hidden(world, error.message);
    }
}

/* Whether lint says of the rule that it can never match. */
static bool is_told_dead(const struct aro_lint *lint, const struct rule *rule)
{
    for (size_t i = 0; i < aro_lint_finding_count(lint); i++) {
        const struct aro_lint_finding *finding = aro_lint_finding_at(lint, i);
        if (finding->line == rule->line && (strcmp(finding->name, "rule-hidden") == 0 ||
                                            strcmp(finding->name, "rule-impossible") == 0))
            return true;
    }
    return false;
}

/* Lint knows what every event has; a rulebook's own tests may do without. */
static bool could_be_submitted(const struct aro_facts *facts)
{
    return facts->market.text && facts->reason.text && facts->language_count > 0;
}

static void check_appeals(struct world *world, const struct aro_rulebook *rulebook)
{
    struct document *document = NULL;
    struct aro_error error;

    assert_int_equal(document_parse(world->text.data, world->text.length, &document, &error), 0);
    const struct document_node *rules = document_find(document_root(document), "rules");
    struct aro_lint *lint = NULL;
    assert_int_equal(aro_lint_new(rulebook, &lint), 0);
    if (!world->is_large)
        aro_lint_run(lint);
    for (int i = 0; i < (world->is_large ? LARGE_APPEALS : APPEALS_A_RULEBOOK); i++) {
        struct appeal appeal;
        struct aro_route route;
        choose_appeal(world->languages, &appeal);
        if (world->is_large)
            choose_rare(&appeal);
        struct evaluation on = { .languages = world->languages, .facts = &appeal.facts };
        aro_rulebook_match(rulebook, &appeal.facts, &route);
        size_t expected = slow_match(&on, rules);
        if (route.rule_index != expected) {
            show(world, &appeal.facts);
            fail_msg("rule %u instead of %zu", route.rule_index, expected);
        }
        if (could_be_submitted(&appeal.facts) && is_told_dead(lint, &rulebook->rules[expected])) {
            show(world, &appeal.facts);
            fail_msg("lint says that rule %zu can never match", expected);
        }
    }
    for (size_t i = 0; i < rulebook->rule_count; i++)
        world->dead_count += is_told_dead(lint, &rulebook->rules[i]);
    aro_lint_free(lint);
    document_free(document);
}

static void test_the_compiled_rules_choose_what_their_words_say(void **state)
{
    (void)state;
    struct world world = { 0 };
    assert_int_equal(aro_languages_new(&world.languages), 0);
    for (uint64_t seed = 1; seed <= RULEBOOKS; seed++) {
        chance_state = seed * UINT64_C(0x9e3779b97f4a7c15);
        struct aro_rulebook *rulebook = parse_random(&world);
        check_appeals(&world, rulebook);
        aro_rulebook_free(rulebook);
    }
    assert_true(world.dead_count > 20);
    world_done(&world);
}

/* Each rule asks for one of many values, so the first that matches may lie anywhere: in any block
 * of bits, by any page. With many markets, but few rules that name one, there is one set of columns
 * for all. */
static void write_large_rulebook(struct world *world, unsigned market_count)
{
    struct buffer *out = &world->text;
    buffer_clear(out);
    buffer_add_text(out, "{\"rulebook\": \"large\", \"markets\": {\"latam\": {}},\n"
                         "\"queues\": {\"q\": {}},\n\"rules\": [\n");
    for (unsigned i = 0; i < market_count; i++)
        buffer_add_format(out,
                          "{\"name\": \"m%u\", \"when\": {\"market\": \"Z%c\", \"tier\": 3}, "
                          "\"route\": {\"queue\": \"q\"}},\n",
                          i, 'A' + i);
    for (unsigned i = 0; i < LARGE_RULES; i++) {
        buffer_add_format(out, "{\"name\": \"r%u\", \"when\": {\"attributes.w\": ", i);
        if (chance(40) == 0)
            buffer_add_format(out, "{\"not\": [\"w%u\", \"w%u\"]}", chance(RARE_VALUES),
                              chance(RARE_VALUES));
        else
            buffer_add_format(out, "\"w%u\"", chance(RARE_VALUES));
        buffer_add_text(out, ", \"all\": [");
        write_when(out, 1);
        buffer_add_format(out,
                          ", {\"tier\": {\"at_most\": %u}}]}, \"route\": {\"queue\": \"q\"}},\n",
                          1 + chance(4));
    }
    buffer_add_text(out, "{\"name\": \"rest\", \"route\": {\"queue\": \"q\"}}]}\n");
}

static void test_thousands_of_rules_are_matched_as_a_few_are(void **state)
{
    (void)state;
    struct world world = { .is_large = true };
    assert_int_equal(aro_languages_new(&world.languages), 0);
    for (uint64_t seed = 1; seed <= LARGE_RULEBOOKS; seed++) {
        struct aro_rulebook *rulebook = NULL;
        struct aro_error error;
        chance_state = seed * UINT64_C(0x9e3779b97f4a7c15);
        write_large_rulebook(&world, seed == LARGE_RULEBOOKS ? 26 : 0);
        if (rulebook_parse_checking(0, world.text.data, world.text.length, world.languages,
                                    &rulebook, &error) < 0)
            fail_msg("%u:%u: %s", error.line, error.column, error.message);
        assert_int_equal(rulebook->index->market_count == 1, seed == LARGE_RULEBOOKS);
        check_appeals(&world, rulebook);
        aro_rulebook_free(rulebook);
    }
    world_done(&world);
}

/* --- threads --- */

enum { THREADS = 4, THREAD_APPEALS = 200, THREAD_ROUNDS = 20 };

struct thread_work {
    const struct aro_rulebook *rulebook;
    const struct appeal *appeals;
    const unsigned *expected; /* the rule of each */
    unsigned wrong;
};

static void *match_again_and_again(void *context)
{
    struct thread_work *work = context;
    for (int round = 0; round < THREAD_ROUNDS; round++) {
        for (int i = 0; i < THREAD_APPEALS; i++) {
            struct aro_route route;
            aro_rulebook_match(work->rulebook, &work->appeals[i].facts, &route);
            work->wrong += route.rule_index != work->expected[i];
        }
    }
    return NULL;
}

static void test_several_threads_match_in_one_rulebook(void **state)
{
    (void)state;
    static struct appeal appeals[THREAD_APPEALS];
    static unsigned expected[THREAD_APPEALS];
    struct thread_work work[THREADS];
    pthread_t threads[THREADS];
    struct world world = { 0 };

    chance_state = 4711;
    assert_int_equal(aro_languages_new(&world.languages), 0);
    struct aro_rulebook *rulebook = parse_random(&world);
    for (int i = 0; i < THREAD_APPEALS; i++) {
        struct aro_route route;
        choose_appeal(world.languages, &appeals[i]);
        aro_rulebook_match(rulebook, &appeals[i].facts, &route);
        expected[i] = route.rule_index;
    }
    for (int i = 0; i < THREADS; i++) {
        work[i] =
            (struct thread_work){ .rulebook = rulebook, .appeals = appeals, .expected = expected };
        assert_int_equal(pthread_create(&threads[i], NULL, match_again_and_again, &work[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(work[i].wrong, 0);
    }
    aro_rulebook_free(rulebook);
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_compiled_rules_choose_what_their_words_say),
        cmocka_unit_test(test_thousands_of_rules_are_matched_as_a_few_are),
        cmocka_unit_test(test_several_threads_match_in_one_rulebook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
