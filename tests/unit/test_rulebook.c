#include <aro/rulebook.h>

#include "rules/rulebook.h"
#include "support/buffer.h"
#include "support/cleanup.h"

#include "cmocka_headers.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct aro_languages *languages;

static int set_up(void **state)
{
    (void)state;
    return aro_languages_new(&languages);
}

static int tear_down(void **state)
{
    (void)state;
    aro_languages_free(languages);
    return 0;
}

static struct buffer read_file(const char *path)
{
    struct buffer text = { 0 };
    char chunk[4096];
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot open %s", path);
    for (size_t length; (length = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buffer_add(&text, chunk, length);
    fclose(file);
    return text;
}

static struct aro_rulebook *parse_all(const char *text)
{
    struct aro_rulebook *rulebook = NULL;
    struct aro_error error = { 0 };
    if (rulebook_parse_checking(CHECK_HIDDEN, text, strlen(text), languages, &rulebook, &error) < 0)
        fail_msg("%u:%u: %s", error.line, error.column, error.message);
    return rulebook;
}

#define REST "rules: [{ name: rest, route: { queue: a } }]\n"

/* Everything that a rulebook can say, once. */
static const char whole[] =
    "rulebook: 2026-11-22.1\n"
    "seed: 7\n"
    "defaults: { deadline: 72h, dedupe_window: 8d, independence_window: 401d, age_step: 5h }\n"
    "languages: { accept: { nn: [nb], sr-Latn: [sr-Cyrl] } }\n"
    "markets:\n"
    "  BR:\n"
    "    languages: [pt-BR]\n"
    "    fallback: [es, en]\n"
    "    time_zone: America/Sao_Paulo\n"
    "    hours: { mon-fri: [\"09:00-12:00\", \"13:00-18:00\"], sat: [\"22:00-02:00\"] }\n"
    "    holidays: [2026-12-25]\n"
    "  NO: { languages: [nb, nn], fallback: [sv, da, en],\n"
    "        launch: { state: canary, share: 10, otherwise: general } }\n"
    "queues:\n"
    "  fraud-latam:\n"
    "    deliver: agent\n"
    "    topic: assignments.latam\n"
    "    order: slack\n"
    "    needs: { skills: { fraud: 2 } }\n"
    "    choose: [lowest_load, best_language, longest_idle]\n"
    "    independence: [agent, team]\n"
    "    offer: { expires: 2m, declines_max: 5, misses_max: 3, retry_after: 10m }\n"
    "    ladder:\n"
    "      - { for: 10m, language: first, level: 4, sites: [sao-paulo], skills: { fraud: 3 } }\n"
    "      - { for: 20m, language: any, level: 3 }\n"
    "      - { language: fallback }\n"
    "    floors: { level: 2, skills: { appeals: 1 } }\n"
    "    reclaim_after: 8h\n"
    "    overdue_share: 30\n"
    "  general: { deliver: agent, order: deadline }\n"
    "  inbox: { deliver: queue }\n"
    "rules:\n"
    "  - name: pt-fraud\n"
    "    when: { market: [BR, PT], language: pt, reason: [fraud, counterfeit],\n"
    "            attributes.value: { at_least: 500 } }\n"
    "    route: { queue: fraud-latam, priority: 2, deadline: 48h }\n"
    "  - name: split\n"
    "    when: { market: { not: [US] }, tier: 2, any: [{ reason: ip },\n"
    "            { attributes.seller_tier: gold }] }\n"
    "    route: { split: { fraud-latam: 90, general: 10 } }\n"
    "  - { name: inbox, when: { tier: 3 }, route: { queue: inbox } }\n"
    "  - { name: rest, route: { queue: general } }\n"
    "tests:\n"
    "  - appeal: { market: BR, languages: [pt-BR], reason: fraud, attributes: { value: 900 } }\n"
    "    expect: { rule: pt-fraud, queue: fraud-latam, priority: 2, deadline: 48h }\n";

static void test_the_hash_of_a_rulebook_is_that_of_its_file(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook =
        parse_all("rulebook: one\nqueues: { general: {} }\n"
                  "rules: [ { name: rest, route: { queue: general } } ]\n");
    assert_string_equal(aro_rulebook_sha256(rulebook),
                        "29d15d2bafc8225f7933579517427d4bc16cd7ce878931bea9da9e633cb3bdc2");
    aro_rulebook_free(rulebook);
}

static void test_a_rulebook_is_read_whole(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook = parse_all(whole);
    assert_string_equal(aro_rulebook_name(rulebook), "2026-11-22.1");
    assert_int_equal(strlen(aro_rulebook_sha256(rulebook)), 64);
    assert_int_equal(aro_rulebook_seed(rulebook), 7);
    assert_int_equal(aro_rulebook_deadline(rulebook).ms, INT64_C(72) * 3600000);
    assert_int_equal(aro_rulebook_dedupe_window(rulebook).ms, INT64_C(8) * 24 * 3600000);
    assert_int_equal(aro_rulebook_independence_window(rulebook).ms, INT64_C(401) * 24 * 3600000);
    assert_int_equal(aro_rulebook_age_step(rulebook).ms, INT64_C(5) * 3600000);
    assert_int_equal(aro_rulebook_queue_count(rulebook), 3);
    assert_null(aro_rulebook_find_queue(rulebook, "fraud"));
    assert_null(aro_rulebook_find_market(rulebook, "US"));
    aro_rulebook_free(rulebook);
}

static void test_a_market_is_read_whole(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook = parse_all(whole);
    const struct aro_market_terms *brazil = aro_rulebook_find_market(rulebook, "BR");
    assert_string_equal(brazil->languages[0]->tag, "pt-BR");
    assert_int_equal(brazil->fallback_count, 2);
    assert_string_equal(brazil->fallback[1]->tag, "en");
    assert_string_equal(brazil->time_zone, "America/Sao_Paulo");
    assert_non_null(brazil->calendar);
    assert_int_equal(brazil->launch, ARO_LAUNCH_FULL);

    const struct aro_market_terms *norway = aro_rulebook_find_market(rulebook, "NO");
    assert_null(norway->calendar);
    assert_int_equal(norway->launch, ARO_LAUNCH_CANARY);
    assert_int_equal(norway->launch_share, 10);
    assert_string_equal(norway->launch_otherwise, "general");
    aro_rulebook_free(rulebook);
}

static void test_a_queue_is_read_whole(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook = parse_all(whole);
    const struct aro_queue_terms *queue = aro_rulebook_find_queue(rulebook, "fraud-latam");
    assert_false(queue->delivers_to_queue);
    assert_string_equal(queue->topic, "assignments.latam");
    assert_int_equal(queue->order, ARO_ORDER_SLACK);
    assert_int_equal(queue->criterion_count, 3);
    assert_int_equal(queue->criteria[0], ARO_LOWEST_LOAD);
    assert_int_equal(queue->criteria[2], ARO_LONGEST_IDLE);
    assert_int_equal(queue->independence, ARO_INDEPENDENT_TEAM);
    assert_true(queue->makes_offers);
    assert_int_equal(queue->offer.expires.ms, 120000);
    assert_int_equal(queue->offer.declines_max, 5);
    assert_int_equal(queue->offer.misses_max, 3);
    assert_int_equal(queue->offer.retry_after.ms, 600000);
    assert_int_equal(queue->reclaim_after.ms, 8 * 3600000);
    assert_int_equal(queue->overdue_share, 30);
    aro_rulebook_free(rulebook);
}

static void test_steps_inherit_needs_and_never_lose_a_floor(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook = parse_all(whole);
    const struct aro_queue_terms *queue = aro_rulebook_find_queue(rulebook, "fraud-latam");
    assert_int_equal(queue->step_count, 3);

    const struct aro_step *first = &queue->steps[0];
    assert_int_equal(first->lasts.ms, 600000);
    assert_int_equal(first->language, ARO_LANGUAGE_FIRST);
    assert_int_equal(first->level, 4);
    assert_int_equal(first->site_count, 1);
    assert_string_equal(first->sites[0], "sao-paulo");
    assert_int_equal(first->skill_count, 2);
    assert_string_equal(first->skills[0].name, "appeals"); /* of the floors */
    assert_int_equal(first->skills[0].level, 1);
    assert_int_equal(first->skills[1].level, 3);

    assert_int_equal(queue->steps[1].lasts.ms, 30 * 60000); /* counted from the beginning */
    assert_int_equal(queue->steps[1].skills[1].level, 2);   /* what the queue needs */
    const struct aro_step *last = &queue->steps[2];
    assert_int_equal(last->lasts.ms, INT64_MAX);
    assert_int_equal(last->language, ARO_LANGUAGE_FALLBACK);
    assert_int_equal(last->level, 2); /* the floor */
    aro_rulebook_free(rulebook);
}

static void test_a_plain_queue_has_one_step_and_the_usual_criteria(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook = parse_all("rulebook: x\nqueues: { a: }\n" REST);
    const struct aro_queue_terms *queue = aro_rulebook_queue_at(rulebook, 0);
    assert_int_equal(queue->order, ARO_ORDER_ARRIVAL);
    assert_int_equal(queue->criterion_count, 3);
    assert_int_equal(queue->criteria[0], ARO_BEST_LANGUAGE);
    assert_int_equal(queue->criteria[1], ARO_LOWEST_LOAD);
    assert_int_equal(queue->criteria[2], ARO_LONGEST_IDLE);
    assert_false(queue->makes_offers);
    assert_int_equal(queue->step_count, 1);
    assert_int_equal(queue->steps[0].language, ARO_LANGUAGE_ANY);
    assert_int_equal(queue->steps[0].level, 1);
    assert_int_equal(queue->steps[0].lasts.ms, INT64_MAX);
    assert_int_equal(queue->overdue_share, 100);
    assert_int_equal(queue->reclaim_after.ms, 0);
    aro_rulebook_free(rulebook);
}

static const struct aro_language *language(const char *tag)
{
    const struct aro_language *ret = NULL;
    assert_int_equal(aro_languages_intern(languages, tag, &ret, NULL), 0);
    return ret;
}

static void test_only_accept_lets_one_language_stand_in_for_another(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook = parse_all(whole);
    assert_true(aro_rulebook_accepts(rulebook, language("pt-PT"), language("pt-BR")));
    assert_true(aro_rulebook_accepts(rulebook, language("nb"), language("nn")));
    assert_true(aro_rulebook_accepts(rulebook, language("no"), language("nn-NO")));
    assert_false(aro_rulebook_accepts(rulebook, language("nn"), language("nb")));
    assert_true(aro_rulebook_accepts(rulebook, language("sr"), language("sr-Latn")));
    assert_false(aro_rulebook_accepts(rulebook, language("ru"), language("uk")));
    aro_rulebook_free(rulebook);
}

static void test_a_rulebook_moves_to_another_table_of_languages(void **state)
{
    (void)state;
    struct aro_languages *own = NULL;
    struct aro_rulebook *rulebook = NULL;
    struct aro_error error = { 0 };
    struct aro_route route;
    static const char *const tags[] = { "ja", "en", "sr-Cyrl", "pt", "nb", "nn", "nn-NO", "fr" };

    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) /* other ids than in a new table */
        language(tags[i]);
    assert_int_equal(aro_languages_new(&own), 0);
    assert_int_equal(
        rulebook_parse_checking(CHECK_HIDDEN, whole, strlen(whole), own, &rulebook, &error), 0);
    assert_int_equal(aro_rulebook_adopt(rulebook, languages), 0);
    aro_languages_free(own);

    assert_true(aro_rulebook_accepts(rulebook, language("nb"), language("nn")));
    assert_false(aro_rulebook_accepts(rulebook, language("nn"), language("nb")));
    assert_true(aro_rulebook_accepts(rulebook, language("sr-Cyrl"), language("sr-Latn")));
    const struct aro_market_terms *brazil = aro_rulebook_find_market(rulebook, "BR");
    assert_ptr_equal(brazil->languages[0], language("pt-BR"));
    assert_ptr_equal(brazil->fallback[1], language("en"));

    const struct aro_language *portuguese = language("pt-PT"), *french = language("fr");
    struct aro_attribute value = { .name = aro_text_of("value"),
                                   .kind = ARO_ATTRIBUTE_NUMBER,
                                   .number = 500 };
    struct aro_facts facts = { .market = aro_text_of("PT"),
                               .reason = aro_text_of("fraud"),
                               .tier = 1,
                               .effort = 1,
                               .languages = &portuguese,
                               .language_count = 1,
                               .attributes = &value,
                               .attribute_count = 1 };
    aro_rulebook_match(rulebook, &facts, &route);
    assert_string_equal(route.rule, "pt-fraud");
    facts.languages = &french;
    aro_rulebook_match(rulebook, &facts, &route);
    assert_string_equal(route.rule, "rest");
    aro_rulebook_free(rulebook);
}

/* The counts come from a second implementation of the formula in lib/rules/split.h. */
static void test_a_split_is_the_same_on_every_host(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook = parse_all(whole);
    unsigned general = 0, canary = 0;
    const struct aro_market_terms *norway = aro_rulebook_find_market(rulebook, "NO");

    for (unsigned i = 0; i < 10000; i++) {
        char id[16];
        struct aro_route route;
        snprintf(id, sizeof id, "a-%u", i);
        struct aro_facts facts = { .appeal_id = id,
                                   .market = aro_text_of("BR"),
                                   .tier = 2,
                                   .effort = 1,
                                   .reason = aro_text_of("ip") };
        aro_rulebook_match(rulebook, &facts, &route);
        assert_string_equal(route.rule, "split");
        general += strcmp(route.queue->name, "general") == 0;
        canary += aro_rulebook_market_is_launched(rulebook, norway, id);
    }
    assert_int_equal(general, 1034);
    assert_int_equal(canary, 927);
    aro_rulebook_free(rulebook);
}

static void test_the_sample_rulebook_is_accepted_as_it_is(void **state)
{
    (void)state;
    struct aro_rulebook *rulebook = NULL;
    struct aro_error error = { 0 };
    CLEANUP(buffer_done) struct buffer text = read_file(SOURCE_DIR "/config/rulebook.yaml");
    if (aro_rulebook_parse(text.data, text.length, languages, &rulebook, &error) < 0)
        fail_msg("%u:%u: %s", error.line, error.column, error.message);
    aro_rulebook_free(rulebook);
}

/* Calls @check for each rulebook of tests/golden/rulebooks/@folder; gives back how many. */
static unsigned each_golden(const char *folder, void (*check)(const char *name, const char *text))
{
    char path[600];
    unsigned count = 0;
    struct dirent *entry;

    snprintf(path, sizeof path, SOURCE_DIR "/tests/golden/rulebooks/%s", folder);
    DIR *directory = opendir(path);
    if (!directory)
        fail_msg("cannot open %s", path);
    while ((entry = readdir(directory))) {
        if (!strstr(entry->d_name, ".yaml"))
            continue;
        snprintf(path, sizeof path, SOURCE_DIR "/tests/golden/rulebooks/%s/%s", folder,
                 entry->d_name);
        CLEANUP(buffer_done) struct buffer text = read_file(path);
        check(entry->d_name, text.data);
        count++;
    }
    closedir(directory);
    return count;
}

/* The first line is "# expected: LINE:COLUMN: message". */
static void check_bad(const char *name, const char *text)
{
    struct aro_rulebook *rulebook = NULL;
    struct aro_error error = { 0 };
    char found[700], expected[700];

    if (sscanf(text, "# expected: %699[^\n]", expected) != 1)
        fail_msg("%s: no line that says what is expected", name);
    int r = rulebook_parse_checking(CHECK_HIDDEN, text, strlen(text), languages, &rulebook, &error);
    if (r == 0)
        fail_msg("%s is accepted", name);
    assert_int_equal(r, -EINVAL);
    snprintf(found, sizeof found, "%u:%u: %s", error.line, error.column, error.message);
    if (strcmp(found, expected) != 0)
        fail_msg("%s:\nexpected %s\nfound    %s", name, expected, found);
}

static void test_each_mistake_is_refused_with_its_place_and_what_was_expected(void **state)
{
    (void)state;
    assert_true(each_golden("bad", check_bad) >= 170);
}

/* Its own `tests` say what must hold. */
static void check_good(const char *name, const char *text)
{
    struct aro_rulebook *rulebook = NULL;
    struct aro_error error = { 0 };
    if (rulebook_parse_checking(CHECK_HIDDEN, text, strlen(text), languages, &rulebook, &error) < 0)
        fail_msg("%s:%u:%u: %s", name, error.line, error.column, error.message);
    aro_rulebook_free(rulebook);
}

static void test_each_condition_holds_where_its_rulebook_says(void **state)
{
    (void)state;
    assert_true(each_golden("good", check_good) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_hash_of_a_rulebook_is_that_of_its_file),
        cmocka_unit_test(test_a_rulebook_is_read_whole),
        cmocka_unit_test(test_a_market_is_read_whole),
        cmocka_unit_test(test_a_queue_is_read_whole),
        cmocka_unit_test(test_steps_inherit_needs_and_never_lose_a_floor),
        cmocka_unit_test(test_a_plain_queue_has_one_step_and_the_usual_criteria),
        cmocka_unit_test(test_only_accept_lets_one_language_stand_in_for_another),
        cmocka_unit_test(test_a_rulebook_moves_to_another_table_of_languages),
        cmocka_unit_test(test_a_split_is_the_same_on_every_host),
        cmocka_unit_test(test_the_sample_rulebook_is_accepted_as_it_is),
        cmocka_unit_test(test_each_mistake_is_refused_with_its_place_and_what_was_expected),
        cmocka_unit_test(test_each_condition_holds_where_its_rulebook_says),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
