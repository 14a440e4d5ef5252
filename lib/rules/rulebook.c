#include "rules/rulebook.h"

#include "rules/conjunction.h"
#include "rules/hidden.h"
#include "rules/rule_index.h"
#include "rules/split.h"
#include "support/memory.h"
#include "support/nearest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 200000, NAME_LENGTH_MAX = 256 };
static const struct aro_span dedupe_window_initial = { INT64_C(7) * 24 * 3600 * 1000 };
static const struct aro_span independence_window_initial = { INT64_C(400) * 24 * 3600 * 1000 };
static const struct aro_span age_step_initial = { INT64_C(4) * 3600 * 1000 };

void aro_rulebook_free(struct aro_rulebook *rulebook)
{
    if (!rulebook)
        return;
    rule_index_free(rulebook->index);
    vocabulary_done(&rulebook->vocabulary);
    table_done(&rulebook->markets_by_name);
    table_done(&rulebook->queues_by_name);
    arena_done(&rulebook->arena);
    free(rulebook->languages);
    free(rulebook->conjunctions);
    free(rulebook);
}

DEFINE_CLEANUP(struct aro_rulebook, aro_rulebook_free)
DEFINE_CLEANUP(struct document, document_free)

/* --- what the parsers of the parts share --- */

int parser_read_queue(struct rulebook_parser *parser, const struct spot *spot,
                      const struct aro_queue_terms **ret)
{
    const char *name;
    struct nearest nearest;

    int r = spot_read_text(spot, &name, parser->reterr);
    if (r < 0)
        return r;
    const struct aro_queue_terms *queue = table_find(&parser->rulebook->queues_by_name, name);
    if (queue) {
        *ret = queue;
        return 0;
    }
    nearest_init(&nearest, name);
    for (size_t i = 0; i < parser->rulebook->queue_count; i++)
        nearest_offer(&nearest, parser->rulebook->queues[i].name);
    if (nearest.best)
        return spot_refuse(spot, parser->reterr, "unknown queue '%.60s': did you mean '%.60s'?",
                           name, nearest.best);
    return spot_refuse(spot, parser->reterr, "unknown queue '%.60s'", name);
}

int parser_read_market(const struct rulebook_parser *parser, const struct spot *spot,
                       const char **ret)
{
    int r = spot_read_text(spot, ret, parser->reterr);
    if (r < 0 || aro_market_is_country_code(*ret) ||
        table_find(&parser->rulebook->markets_by_name, *ret))
        return r;
    return spot_refuse(spot, parser->reterr,
                       "unknown market '%.60s': expected two capital letters, or a name that "
                       "'markets' declares",
                       *ret);
}

static void note_language(struct rulebook_parser *parser, const struct aro_language *language)
{
    struct aro_rulebook *rulebook = parser->rulebook;

    if (language->id >= parser->seen_size) {
        size_t size = (size_t)language->id * 2 + 64;
        parser->seen_languages =
            memory_resize(parser->seen_languages, size * sizeof *parser->seen_languages);
        memset(parser->seen_languages + parser->seen_size, 0, size - parser->seen_size);
        parser->seen_size = size;
    }
    if (parser->seen_languages[language->id])
        return;
    parser->seen_languages[language->id] = true;
    if (rulebook->language_count == rulebook->language_size) {
        rulebook->language_size = rulebook->language_size ? rulebook->language_size * 2 : 16;
        rulebook->languages = memory_resize(rulebook->languages,
                                            rulebook->language_size * sizeof *rulebook->languages);
    }
    rulebook->languages[rulebook->language_count++] = language;
}

int parser_read_language(struct rulebook_parser *parser, const struct spot *spot,
                         const struct aro_language **ret)
{
    const char *tag;
    struct aro_error why = { 0 };

    int r = spot_read_text(spot, &tag, parser->reterr);
    if (r < 0)
        return r;
    r = aro_languages_intern(parser->languages, tag, ret, &why);
    if (r == -EINVAL)
        return spot_refuse(spot, parser->reterr,
                           "expected a language tag such as pt or zh-Hant, found '%.60s'", tag);
    if (r == -ENOSPC)
        return spot_refuse(spot, parser->reterr, "more languages than can be held");
    if (r == 0)
        note_language(parser, *ret);
    return r;
}

int parser_read_languages(struct rulebook_parser *parser, const struct spot *spot,
                          size_t *ret_count, const struct aro_language *const **ret)
{
    int r = spot_expect(spot, DOCUMENT_LIST, parser->reterr);
    if (r < 0)
        return r;
    const struct aro_language **languages =
        arena_new_array(parser->arena, spot->node->count, sizeof *languages);
    for (size_t i = 0; r == 0 && i < spot->node->count; i++) {
        struct spot item = spot_item(spot, i);
        r = parser_read_language(parser, &item, &languages[i]);
    }
    *ret = languages;
    *ret_count = spot->node->count;
    return r;
}

/* --- the head of the file --- */

static int read_name(const struct rulebook_parser *parser, const struct spot *root)
{
    struct spot name;
    if (!spot_find(root, "rulebook", &name))
        return spot_refuse(root, parser->reterr,
                           "expected 'rulebook', the name of this version, found none");
    if (name.node->kind == DOCUMENT_LIST || name.node->kind == DOCUMENT_MAP)
        return spot_refuse_kind(&name, parser->reterr, "a name");
    size_t length = strlen(name.node->text);
    if (length == 0 || length > NAME_LENGTH_MAX)
        return spot_refuse(&name, parser->reterr, "expected a name of 1 to %d bytes, found %zu",
                           NAME_LENGTH_MAX, length);
    parser->rulebook->name = arena_copy_text(parser->arena, name.node->text, length);
    return 0;
}

static int read_defaults(const struct rulebook_parser *parser, const struct spot *defaults)
{
    struct aro_rulebook *rulebook = parser->rulebook;
    static const char *const known[] = { "deadline", "dedupe_window", "independence_window",
                                         "age_step" };
    struct aro_span *const targets[] = { &rulebook->deadline, &rulebook->dedupe_window,
                                         &rulebook->independence_window, &rulebook->age_step };
    struct spot spot;

    int r = spot_check_keys(defaults, known, sizeof known / sizeof *known, parser->reterr);
    for (size_t i = 0; r == 0 && i < sizeof known / sizeof *known; i++) {
        if (spot_find(defaults, known[i], &spot))
            r = spot_read_span(&spot, targets[i], parser->reterr);
    }
    return r;
}

static int read_head(const struct rulebook_parser *parser, const struct spot *root)
{
    struct aro_rulebook *rulebook = parser->rulebook;
    struct spot spot;
    int64_t seed = 0;

    rulebook->dedupe_window = dedupe_window_initial;
    rulebook->independence_window = independence_window_initial;
    rulebook->age_step = age_step_initial;
    int r = read_name(parser, root);
    if (r == 0 && spot_find(root, "seed", &spot))
        r = spot_read_integer(&spot, 0, INT64_MAX, &seed, parser->reterr);
    rulebook->seed = (uint64_t)seed;
    if (r == 0 && spot_find(root, "defaults", &spot))
        r = read_defaults(parser, &spot);
    return r;
}

/* --- languages --- */

static int compare_acceptances(const void *a, const void *b)
{
    const struct acceptance *left = a, *right = b;
    if (left->appeal_base_id != right->appeal_base_id)
        return left->appeal_base_id < right->appeal_base_id ? -1 : 1;
    return (left->agent_base_id > right->agent_base_id) -
           (left->agent_base_id < right->agent_base_id);
}

static size_t count_items(const struct document_node *map)
{
    size_t count = 0;
    for (size_t i = 0; i < map->count; i++)
        count += map->items[i].count;
    return count;
}

/* One member of `accept`: the language of appeals, and those whose agents may stand in. */
static int read_acceptance(struct rulebook_parser *parser, const struct spot *member,
                           struct acceptance *acceptances, size_t *count)
{
    struct spot key = *member;
    const struct aro_language *appeal, *const *agents;
    size_t agent_count = 0;

    key.node = member->key_node;
    int r = parser_read_language(parser, &key, &appeal);
    if (r == 0)
        r = parser_read_languages(parser, member, &agent_count, &agents);
    if (r < 0)
        return r;
    for (size_t i = 0; i < agent_count; i++)
        acceptances[(*count)++] = (struct acceptance){ .appeal_base_id = appeal->base_id,
                                                       .agent_base_id = agents[i]->base_id };
    return 0;
}

static int read_languages(struct rulebook_parser *parser, const struct spot *languages)
{
    static const char *const known[] = { "accept" };
    struct aro_rulebook *rulebook = parser->rulebook;
    struct spot accept;

    int r = spot_check_keys(languages, known, sizeof known / sizeof *known, parser->reterr);
    if (r < 0 || !spot_find(languages, "accept", &accept))
        return r;
    r = spot_expect(&accept, DOCUMENT_MAP, parser->reterr);
    if (r < 0)
        return r;
    struct acceptance *acceptances =
        arena_new_array(parser->arena, count_items(accept.node), sizeof *acceptances);
    for (size_t i = 0; r == 0 && i < accept.node->count; i++) {
        struct spot member = spot_member(&accept, i);
        r = read_acceptance(parser, &member, acceptances, &rulebook->acceptance_count);
    }
    qsort(acceptances, rulebook->acceptance_count, sizeof *acceptances, compare_acceptances);
    rulebook->acceptances = acceptances;
    return r;
}

/* --- queues and markets --- */

static const char *queue_key(const void *item)
{
    return ((const struct aro_queue_terms *)item)->name;
}

static const char *market_key(const void *item)
{
    return ((const struct aro_market_terms *)item)->name;
}

/* The name of @member, which ends up in keys and in events. */
static int read_member_name(const struct rulebook_parser *parser, const struct spot *member,
                            const char **ret)
{
    if (!text_is_id(member->key))
        return spot_refuse_key(member, parser->reterr,
                               "expected a name of 1 to 128 letters, digits and . _ : ~ -");
    *ret = arena_copy_text(parser->arena, member->key, strlen(member->key));
    return 0;
}

static int read_queues(struct rulebook_parser *parser, const struct spot *root)
{
    struct aro_rulebook *rulebook = parser->rulebook;
    struct spot queues;

    if (!spot_find(root, "queues", &queues))
        return spot_refuse(root, parser->reterr, "expected 'queues', found none");
    int r = spot_expect(&queues, DOCUMENT_MAP, parser->reterr);
    if (r < 0)
        return r;
    rulebook->queues = arena_new_array(parser->arena, queues.node->count, sizeof *rulebook->queues);
    for (size_t i = 0; r == 0 && i < queues.node->count; i++) {
        struct spot member = spot_member(&queues, i);
        struct aro_queue_terms *queue = &rulebook->queues[i];
        queue->index = (unsigned)i;
        queue->line = member.key_node->line;
        queue->column = member.key_node->column;
        r = read_member_name(parser, &member, &queue->name);
        if (r == 0)
            r = queue_parse(parser, &member, queue);
        if (r < 0)
            return r;
        rulebook->queue_count++;
        table_add(&rulebook->queues_by_name, queue);
    }
    return r;
}

static int read_markets(struct rulebook_parser *parser, const struct spot *markets)
{
    struct aro_rulebook *rulebook = parser->rulebook;
    int r = spot_expect(markets, DOCUMENT_MAP, parser->reterr);
    if (r < 0)
        return r;
    rulebook->markets =
        arena_new_array(parser->arena, markets->node->count, sizeof *rulebook->markets);
    for (size_t i = 0; r == 0 && i < markets->node->count; i++) {
        struct spot member = spot_member(markets, i);
        struct aro_market_terms *market = &rulebook->markets[i];
        market->line = member.key_node->line;
        market->column = member.key_node->column;
        r = read_member_name(parser, &member, &market->name);
        if (r == 0)
            r = market_parse(parser, &member, market);
        if (r < 0)
            return r;
        rulebook->market_count++;
        table_add(&rulebook->markets_by_name, market);
    }
    return r;
}

/* --- rules --- */

static const char *rule_key(const void *item)
{
    return ((const struct rule *)item)->name;
}

static int read_each_rule(struct rulebook_parser *parser, const struct spot *rules,
                          struct table *seen)
{
    struct aro_rulebook *rulebook = parser->rulebook;
    for (size_t i = 0; i < rules->node->count; i++) {
        struct spot item = spot_item(rules, i);
        int r = rule_parse(parser, &item, &rulebook->rules[i]);
        if (r < 0)
            return r;
        const struct rule *first = table_find(seen, rulebook->rules[i].name);
        if (first)
            return spot_refuse(&item, parser->reterr,
                               "the rule '%.100s' stands here twice: first on line %u", first->name,
                               first->line);
        rulebook->rule_count++;
        table_add(seen, &rulebook->rules[i]);
    }
    return 0;
}

static int read_rules(struct rulebook_parser *parser, const struct spot *root)
{
    struct aro_rulebook *rulebook = parser->rulebook;
    CLEANUP(table_done) struct table seen;
    struct spot rules;

    table_init(&seen, rule_key);
    if (!spot_find(root, "rules", &rules))
        return spot_refuse(root, parser->reterr, "expected 'rules', found none");
    int r = spot_expect(&rules, DOCUMENT_LIST, parser->reterr);
    if (r < 0)
        return r;
    if (rules.node->count == 0 || rules.node->count > RULES_MAX)
        return spot_refuse(&rules, parser->reterr, "expected 1 to %d rules, found %zu", RULES_MAX,
                           rules.node->count);
    rulebook->rules = arena_new_array(parser->arena, rules.node->count, sizeof *rulebook->rules);
    return read_each_rule(parser, &rules, &seen);
}

static int refuse_rule(const struct rulebook_parser *parser, const struct rule *rule,
                       const char *message)
{
    return aro_error_set_at(parser->reterr, -EINVAL, rule->line, rule->column, "rules[%td]: %s",
                            rule - parser->rulebook->rules, message);
}

/* Every appeal must find a rule: the last has to match everything. */
static int check_catch_all(const struct rulebook_parser *parser)
{
    const struct aro_rulebook *rulebook = parser->rulebook;
    const struct rule *last = &rulebook->rules[rulebook->rule_count - 1];
    for (size_t i = 0; i < last->conjunction_count; i++) {
        if (rulebook->conjunctions[last->first_conjunction + i].constraint_count == 0)
            return 0;
    }
    return refuse_rule(parser, last,
                       "expected a last rule without 'when', which takes what no other does");
}

static int check_hidden(const struct rulebook_parser *parser)
{
    const struct aro_rulebook *rulebook = parser->rulebook;
    for (size_t i = 1; i < rulebook->rule_count; i++) {
        const struct rule *rule = &rulebook->rules[i], *outer = hidden_by(rulebook, rule);
        if (outer)
            return aro_error_set_at(
                parser->reterr, -EINVAL, rule->line, rule->column,
                "rules[%zu]: '%.100s' can never match: '%.100s' on line %u takes all of it first",
                i, rule->name, outer->name, outer->line);
    }
    return 0;
}

/* A queue is needed where a rule sends appeals to it or a market's launch does. */
static int check_queues(const struct rulebook_parser *parser, const struct spot *root)
{
    const struct aro_rulebook *rulebook = parser->rulebook;
    CLEANUP(freep) bool *is_named = memory_new_array(rulebook->queue_count, sizeof *is_named);
    struct spot queues;

    for (size_t i = 0; i < rulebook->rule_count; i++) {
        for (size_t s = 0; s < rulebook->rules[i].share_count; s++)
            is_named[rulebook->rules[i].shares[s].queue->index] = true;
    }
    for (size_t i = 0; i < rulebook->market_count; i++) {
        const char *otherwise = rulebook->markets[i].launch_otherwise;
        if (otherwise)
            is_named[aro_rulebook_find_queue(rulebook, otherwise)->index] = true;
    }
    bool found = spot_find(root, "queues", &queues);
    assert(found);
    for (size_t i = 0; i < rulebook->queue_count; i++) {
        struct spot member = spot_member(&queues, i);
        if (!is_named[i])
            return spot_refuse_key(&member, parser->reterr, "no rule sends anything here");
    }
    return 0;
}

static int compare_attributes(const void *a, const void *b)
{
    return strcmp(((const struct field *)a)->name, ((const struct field *)b)->name);
}

/* Numbers the attributes by name, as appeals list theirs: a match walks both lists once. */
static void order_attributes(struct aro_rulebook *rulebook)
{
    struct field *attributes = rulebook->fields + FIELD_COUNT_FIXED;
    size_t count = rulebook->field_count - FIELD_COUNT_FIXED;

    qsort(attributes, count, sizeof *attributes, compare_attributes);
    for (unsigned i = 0; i < rulebook->field_count; i++)
        rulebook->field_ranks[rulebook->fields[i].number] = i;
}

static int compile(struct rulebook_parser *parser)
{
    struct aro_rulebook *rulebook = parser->rulebook;
    CLEANUP(arena_done) struct arena scratch = { 0 };
    CLEANUP(conjunction_list_done) struct conjunction_list list = { 0 };

    vocabulary_freeze(&rulebook->vocabulary);
    order_attributes(rulebook);
    for (uint32_t i = 0; i < rulebook->rule_count; i++) {
        rulebook->rules[i].first_conjunction = list.count;
        int r = conjunctions_add(parser, &scratch, i, &list);
        if (r < 0)
            return r;
        rulebook->rules[i].conjunction_count = list.count - rulebook->rules[i].first_conjunction;
    }
    rulebook->conjunction_count = list.count;
    rulebook->conjunctions = TAKE(list.items);
    int r = rule_index_new(parser, &rulebook->index);
    if (r == 0 && parser->checks & CHECK_HIDDEN)
        r = check_hidden(parser);
    if (r == 0)
        r = check_catch_all(parser);
    return r;
}

/* --- the whole --- */

static int read_parts(struct rulebook_parser *parser, const struct spot *root)
{
    static const char *const known[] = { "rulebook", "seed",   "defaults", "languages",
                                         "markets",  "queues", "rules",    "tests" };
    struct spot spot;

    int r = spot_check_keys(root, known, sizeof known / sizeof *known, parser->reterr);
    if (r == 0)
        r = read_head(parser, root);
    if (r == 0 && spot_find(root, "languages", &spot))
        r = read_languages(parser, &spot);
    if (r == 0)
        r = read_queues(parser, root);
    if (r == 0 && spot_find(root, "markets", &spot))
        r = read_markets(parser, &spot);
    if (r == 0)
        r = read_rules(parser, root);
    if (r == 0)
        r = check_queues(parser, root);
    if (r == 0)
        r = compile(parser);
    if (r == 0 && spot_find(root, "tests", &spot))
        r = self_test_run(parser, &spot);
    return r;
}

static struct aro_rulebook *rulebook_new(const char *text, size_t length)
{
    struct aro_rulebook *rulebook = memory_new(sizeof *rulebook);

    table_init(&rulebook->markets_by_name, market_key);
    table_init(&rulebook->queues_by_name, queue_key);
    sha256_format(text, length, rulebook->sha256);
    rulebook->fields = arena_new_array(&rulebook->arena, FIELD_COUNT_MAX, sizeof *rulebook->fields);
    memcpy(rulebook->fields, fixed_fields, sizeof fixed_fields);
    for (unsigned i = 0; i < FIELD_COUNT_FIXED; i++)
        rulebook->fields[i].number = i;
    rulebook->field_count = FIELD_COUNT_FIXED;
    return rulebook;
}

int rulebook_parse_checking(unsigned checks, const char *text, size_t length,
                            struct aro_languages *languages, struct aro_rulebook **ret,
                            struct aro_error *reterr)
{
    CLEANUP(document_freep) struct document *document = NULL;
    int r = document_parse(text, length, &document, reterr);
    if (r < 0)
        return r;

    CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = rulebook_new(text, length);
    struct rulebook_parser parser = { .rulebook = rulebook,
                                      .arena = &rulebook->arena,
                                      .languages = languages,
                                      .reterr = reterr,
                                      .checks = checks };
    struct spot root = spot_root(document);
    r = read_parts(&parser, &root);
    free(parser.seen_languages);
    if (r < 0)
        return r;
    *ret = TAKE(rulebook);
    return 0;
}

int aro_rulebook_parse(const char *text, size_t length, struct aro_languages *languages,
                       struct aro_rulebook **ret, struct aro_error *reterr)
{
    return rulebook_parse_checking(CHECK_HIDDEN, text, length, languages, ret, reterr);
}

/* --- another table of languages --- */

/* Each language that the rulebook names, and the same one of the new table. */
struct adoption {
    const struct aro_language *const *from;
    const struct aro_language **to;
};

static const struct aro_language *adopted(const struct adoption *adoption,
                                          const struct aro_language *language)
{
    size_t i = 0;
    while (adoption->from[i] != language)
        i++;
    return adoption->to[i];
}

static uint32_t adopted_base(const struct adoption *adoption, uint32_t base_id)
{
    size_t i = 0;
    while (adoption->from[i]->base_id != base_id)
        i++;
    return adoption->to[i]->base_id;
}

static void adopt_list(const struct adoption *adoption, struct arena *arena, size_t count,
                       const struct aro_language *const **list)
{
    const struct aro_language **copy = arena_new_array(arena, count, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = adopted(adoption, (*list)[i]);
    *list = copy;
}

static void adopt_all(struct aro_rulebook *rulebook, const struct adoption *adoption)
{
    for (size_t i = 0; i < rulebook->market_count; i++) {
        struct aro_market_terms *market = &rulebook->markets[i];
        adopt_list(adoption, &rulebook->arena, market->language_count, &market->languages);
        adopt_list(adoption, &rulebook->arena, market->fallback_count, &market->fallback);
    }
    for (size_t i = 0; i < rulebook->acceptance_count; i++) {
        struct acceptance *acceptance = &rulebook->acceptances[i];
        acceptance->appeal_base_id = adopted_base(adoption, acceptance->appeal_base_id);
        acceptance->agent_base_id = adopted_base(adoption, acceptance->agent_base_id);
    }
    if (rulebook->acceptance_count > 1)
        qsort(rulebook->acceptances, rulebook->acceptance_count, sizeof *rulebook->acceptances,
              compare_acceptances);
    for (size_t i = 0; i < rulebook->vocabulary.language_count; i++) {
        struct language_value *value = &rulebook->vocabulary.languages[i];
        value->base_id = adopted_base(adoption, value->base_id);
    }
    vocabulary_index_languages(&rulebook->vocabulary);
}

int aro_rulebook_adopt(struct aro_rulebook *rulebook, struct aro_languages *languages)
{
    size_t count = rulebook->language_count;
    const struct aro_language **to = memory_new_array(count, sizeof *to);
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = aro_languages_intern(languages, rulebook->languages[i]->tag, &to[i], NULL);
    if (r < 0) {
        free(to);
        return r;
    }
    adopt_all(rulebook, &(struct adoption){ .from = rulebook->languages, .to = to });
    free(rulebook->languages);
    rulebook->languages = to;
    rulebook->language_size = count;
    return 0;
}

/* --- what others ask --- */

const char *aro_rulebook_name(const struct aro_rulebook *rulebook)
{
    return rulebook->name;
}

const char *aro_rulebook_sha256(const struct aro_rulebook *rulebook)
{
    return rulebook->sha256;
}

uint64_t aro_rulebook_seed(const struct aro_rulebook *rulebook)
{
    return rulebook->seed;
}

struct aro_span aro_rulebook_deadline(const struct aro_rulebook *rulebook)
{
    return rulebook->deadline;
}

struct aro_span aro_rulebook_dedupe_window(const struct aro_rulebook *rulebook)
{
    return rulebook->dedupe_window;
}

struct aro_span aro_rulebook_independence_window(const struct aro_rulebook *rulebook)
{
    return rulebook->independence_window;
}

struct aro_span aro_rulebook_age_step(const struct aro_rulebook *rulebook)
{
    return rulebook->age_step;
}

size_t aro_rulebook_queue_count(const struct aro_rulebook *rulebook)
{
    return rulebook->queue_count;
}

const struct aro_queue_terms *aro_rulebook_queue_at(const struct aro_rulebook *rulebook,
                                                    size_t index)
{
    assert(index < rulebook->queue_count);
    return &rulebook->queues[index];
}

const struct aro_queue_terms *aro_rulebook_find_queue(const struct aro_rulebook *rulebook,
                                                      const char *name)
{
    return table_find(&rulebook->queues_by_name, name);
}

size_t aro_rulebook_market_count(const struct aro_rulebook *rulebook)
{
    return rulebook->market_count;
}

const struct aro_market_terms *aro_rulebook_market_at(const struct aro_rulebook *rulebook,
                                                      size_t index)
{
    assert(index < rulebook->market_count);
    return &rulebook->markets[index];
}

const struct aro_market_terms *aro_rulebook_find_market(const struct aro_rulebook *rulebook,
                                                        const char *name)
{
    return table_find(&rulebook->markets_by_name, name);
}

bool aro_rulebook_accepts(const struct aro_rulebook *rulebook, const struct aro_language *agent,
                          const struct aro_language *appeal)
{
    struct acceptance asked = { .appeal_base_id = appeal->base_id,
                                .agent_base_id = agent->base_id };
    return aro_language_serves(agent, appeal) ||
           (rulebook->acceptance_count > 0 &&
            bsearch(&asked, rulebook->acceptances, rulebook->acceptance_count, sizeof asked,
                    compare_acceptances) != NULL);
}

void aro_rulebook_match(const struct aro_rulebook *rulebook, const struct aro_facts *facts,
                        struct aro_route *ret)
{
    uint32_t conjunction = rule_index_match(rulebook, facts);
    uint32_t index = rulebook->conjunctions[conjunction].rule;
    const struct rule *rule = &rulebook->rules[index];

    *ret = (struct aro_route){
        .rule = rule->name,
        .rule_index = index,
        .queue = rule->queue
                     ? rule->queue
                     : split_queue(rulebook->seed, rule, facts->appeal_id ? facts->appeal_id : ""),
        .has_priority = rule->has_priority,
        .has_deadline = rule->has_deadline,
        .priority = rule->priority,
        .deadline = rule->deadline,
    };
}
