#include <aro/lint.h>

#include "rules/rulebook.h"
#include "support/buffer.h"
#include "support/cleanup.h"

#include "cmocka_headers.h"

#include <stdio.h>
#include <string.h>

DEFINE_CLEANUP(struct aro_lint, aro_lint_free)
DEFINE_CLEANUP(struct aro_rulebook, aro_rulebook_free)

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

static struct aro_rulebook *parse(const char *text)
{
    struct aro_rulebook *rulebook = NULL;
    struct aro_error error = { 0 };
    if (rulebook_parse_checking(CHECK_HIDDEN, text, strlen(text), languages, &rulebook, &error) < 0)
        fail_msg("%u:%u: %s in\n%s", error.line, error.column, error.message, text);
    return rulebook;
}

static struct aro_language_level speaks(const char *tag, unsigned level)
{
    struct aro_language_level ret = { .level = level };
    assert_int_equal(aro_languages_intern(languages, tag, &ret.language, NULL), 0);
    return ret;
}

/* "LINE name" of each finding, one a line. */
static void assert_findings(struct aro_lint *lint, const char *text, const char *expected)
{
    CLEANUP(buffer_done) struct buffer found = { 0 };
    buffer_add_text(&found, "");
    aro_lint_run(lint);
    for (size_t i = 0; i < aro_lint_finding_count(lint); i++) {
        const struct aro_lint_finding *finding = aro_lint_finding_at(lint, i);
        buffer_add_format(&found, "%u %s\n", finding->line, finding->name);
    }
    if (strcmp(found.data, expected) != 0)
        fail_msg("expected\n%sfound\n%sin\n%s", expected, found.data, text);
}

static void check(const char *text, const char *expected)
{
    CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = parse(text);
    CLEANUP(aro_lint_freep) struct aro_lint *lint = NULL;
    assert_int_equal(aro_lint_new(rulebook, &lint), 0);
    assert_findings(lint, text, expected);
}

#define HEAD "rulebook: x\nqueues: { a: {}, b: {} }\nrules:\n"
#define RULE(name, when) "  - { name: " name ", when: { " when " }, route: { queue: a } }\n"
#define REST "  - { name: rest, route: { queue: b } }\n"

static void test_a_rule_that_contradicts_itself_is_told(void **state)
{
    (void)state;
    check(HEAD RULE("one", "tier: { above: 5, below: 5 }") REST, "4 rule-impossible\n");
    check(HEAD RULE("one", "reason: ip, not: { reason: [ip, fraud] }") REST, "4 rule-impossible\n");
    check(HEAD RULE("one", "attributes.t: { exists: false }, any: [{ attributes.t: x }]") REST,
          ""); /* the two are columns of one field: not looked into */
}

static void test_rules_that_together_hide_one_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *expected;
    } rows[] = {
        { RULE("one", "tier: 1") RULE("two", "tier: 2") RULE("both", "tier: [1, 2]"),
          "6 rule-hidden\n" },
        { RULE("one", "tier: 1") RULE("two", "tier: 2") RULE("more", "tier: [1, 2, 3]"), "" },
        { RULE("low", "attributes.v: { below: 10 }") RULE("high", "attributes.v: { at_least: 10 }")
              RULE("any", "attributes.v: { at_least: 5, at_most: 15 }"),
          "6 rule-hidden\n" },
        { RULE("low", "attributes.v: { below: 10 }") RULE("high", "attributes.v: { above: 10 }")
              RULE("any", "attributes.v: { at_least: 5, at_most: 15 }"),
          "" }, /* exactly 10 is left */
        { RULE("br", "market: BR") RULE("no", "market: NO")
              RULE("both", "market: [BR, NO], reason: ip"),
          "6 rule-hidden\n" },
        { RULE("br", "market: BR, reason: ip") RULE("no", "market: NO")
              RULE("both", "market: [BR, NO], reason: [ip, fraud]"),
          "" },
        { RULE("is", "reason: ip, language: pt") RULE("not", "reason: { not: ip }, language: pt")
              RULE("pt", "language: pt-BR"),
          "6 rule-hidden\n" },
        { RULE("gold", "attributes.t: gold") RULE("new", "attributes.t: new")
              RULE("both", "attributes.t: [gold, new]"),
          "6 rule-hidden\n" },
        { RULE("a", "attributes.t: { not: gold }") RULE("b", "attributes.t: { not: new }")
              RULE("all", "reason: ip"),
          "" }, /* a list of both is left */
        { RULE("a", "any: [{ tier: 1 }, { reason: x }]") RULE("b", "tier: { above: 1 }")
              RULE("c", "tier: { at_least: 1 }, reason: y"),
          "6 rule-hidden\n7 rule-hidden\n" },
        { RULE("one", "tier: 1") RULE("more", "tier: { at_least: 2 }, reason: ip")
              RULE("two", "tier: { above: 1, below: 2.5 }, reason: ip"),
          "6 rule-hidden\n" }, /* a tier is a whole number */
        { RULE("few", "effort: { at_most: 50 }") RULE("many", "effort: { above: 50, at_most: 100 }")
              RULE("all", "effort: { at_least: 30 }"),
          "6 rule-hidden\n7 rule-hidden\n" },
        { RULE("few", "effort: { below: 50 }") RULE("many", "effort: { above: 50 }")
              RULE("all", "effort: { at_least: 30 }"),
          "7 rule-hidden\n" }, /* it has exactly 50 */
        { RULE("br", "market: BR") RULE("not", "market: { not: BR }, reason: { not: ip }")
              RULE("ip", "reason: ip, market: { exists: true }"),
          "7 rule-hidden\n" }, /* no event is without a market */
        { RULE("is", "subject.type: x") RULE("not", "subject.type: { not: x }, tier: 1"), "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, HEAD "%s" REST, rows[i].rules);
        check(text, rows[i].expected);
    }
}

/* Rules that name no market beside very many that are named: the index keeps one set for all. */
static void test_rules_of_many_markets_hide_no_more_than_those_of_few(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *expected;
    } rows[] = {
        { RULE("one", "tier: 1") RULE("two", "tier: 2") RULE("three", "tier: 3"), "" },
        { RULE("one", "tier: 1") RULE("two", "tier: 2") RULE("both", "tier: [1, 2]"),
          "6 rule-hidden\n" },
        { RULE("br", "market: BR") RULE("no", "market: NO")
              RULE("both", "market: [BR, NO], reason: ip") RULE("pt", "market: PT"),
          "6 rule-hidden\n" },
        { RULE("br", "market: BR") RULE("not", "market: { not: BR }, reason: { not: ip }")
              RULE("ip", "reason: ip, market: { exists: true }")
                  RULE("x", "market: { not: BR }, tier: 1"),
          "7 rule-hidden\n8 rule-hidden\n9 rule-hidden\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CLEANUP(buffer_done) struct buffer text = { 0 };
        buffer_add_format(&text, HEAD "%s  - { name: far, when: { attributes.far: x, market: [",
                          rows[i].rules);
        for (unsigned market = 0; market < 200; market++)
            buffer_add_format(&text, "%c%c, ", 'Q' + market / 26, 'A' + market % 26);
        buffer_add_text(&text, "ZZ] }, route: { queue: a } }\n" REST);
        check(text.data, rows[i].expected);
    }
}

static void test_a_rule_that_asks_for_what_no_appeal_has_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *when, *expected;
    } rows[] = {
        { "tier: 0", "4 rule-impossible\n" },
        { "tier: 1.5", "4 rule-impossible\n" },
        { "tier: { above: 1, below: 2 }", "4 rule-impossible\n" },
        { "tier: { exists: false }", "4 rule-impossible\n" },
        { "effort: { at_least: 101 }", "4 rule-impossible\n" },
        { "market: { exists: false }", "4 rule-impossible\n" },
        { "reason: { not: { exists: true } }", "4 rule-impossible\n" },
        { "languages: { exists: false }", "4 rule-impossible\n" },
        { "any: [{ tier: 0 }, { effort: 0 }]", "4 rule-impossible\n" },
        { "any: [{ tier: 0 }, { reason: ip }]", "" },
        { "tier: 1", "" },
        { "tier: { above: 1.5, below: 2.5 }", "" },
        { "tier: { at_least: 1000 }", "" },
        { "tier: { not: 1.5 }, reason: ip", "" },
        { "effort: { at_least: 100 }", "" },
        { "subject.type: { exists: false }", "" },
        { "attributes.value: 1.5", "" },
        { "attributes.value: { exists: false }", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 HEAD "  - { name: one, when: { %s }, route: { queue: a } }\n" REST, rows[i].when);
        check(text, rows[i].expected);
    }
}

static void test_rules_that_cross_are_noted(void **state)
{
    (void)state;
    check(HEAD RULE(
              "one",
              "market: BR") "  - { name: two, when: { reason: ip }, route: { queue: b } }\n" REST,
          "5 rules-cross\n");
    for (int share = 50; share <= 60; share += 10) {
        char text[512];
        snprintf(text, sizeof text,
                 HEAD
                 "  - { name: x, when: { market: BR }, route: { split: { a: 50, b: 50 } } }\n"
                 "  - { name: y, when: { reason: ip }, route: { split: { a: %d, b: %d } } }\n" REST,
                 share, 100 - share);
        check(text, share == 50 ? "" : "5 rules-cross\n");
    }
    check(
        HEAD RULE(
            "one",
            "any: [{ market: BR }, { market: PT, tier: 2 }]") "  - { name: two, when: { reason: ip "
                                                              "}, route: { queue: b } }\n" REST,
        "5 rules-cross\n");
    check(HEAD RULE(
              "special",
              "any: [{ reason: ip, tier: 2 }, { reason: ip, market: PT }]") "  - { name: wider, "
                                                                            "when: { reason: ip }, "
                                                                            "route: { queue: b } "
                                                                            "}\n" REST,
          "");
    check(HEAD RULE("one",
                    "any: [{ market: BR }, { market: PT }]") "  - { name: apart, when: { market: "
                                                             "NO }, route: { queue: b } }\n" REST,
          "");
    check(HEAD RULE("special", "market: BR, reason: ip") "  - { name: wider, when: { reason: ip }, "
                                                         "route: { queue: b } }\n" REST,
          "");
    check(HEAD RULE("one", "market: BR, reason: fraud") "  - { name: two, when: { reason: ip, "
                                                        "tier: 2 }, route: { queue: b } }\n" REST,
          "");
}

static void test_an_inbox_that_speaks_of_agents_is_told(void **state)
{
    (void)state;
    check("rulebook: x\nqueues:\n  a: { deliver: queue, needs: { skills: { x: 1 } } }\n"
          "rules: [{ name: rest, route: { queue: a } }]\n",
          "3 inbox-chooses\n");
    static const struct {
        const char *members, *expected;
    } rows[] = {
        { "topic: t", "" },
        { "order: deadline", "" },
        { "independence: [agent]", "" },
        { "choose: [best_language, lowest_load, longest_idle]", "3 inbox-chooses\n" },
        { "overdue_share: 30", "3 inbox-chooses\n" },
        { "ladder: [{ sites: [x] }]", "3 inbox-chooses\n" },
        { "ladder: [{ language: first }]", "3 inbox-chooses\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "rulebook: x\nqueues:\n  a: { deliver: queue, %s }\n"
                 "rules: [{ name: rest, route: { queue: a } }]\n",
                 rows[i].members);
        check(text, rows[i].expected);
    }
}

static void test_a_criterion_behind_a_turn_is_told(void **state)
{
    (void)state;
    check("rulebook: x\nqueues:\n  a: { choose: [best_language, round_robin] }\n"
          "  b: { choose: [round_robin, longest_idle] }\n"
          "rules: [{ name: rest, route: { split: { a: 50, b: 50 } } }]\n",
          "4 criterion-unused\n");
}

static void test_a_step_that_opens_to_nobody_new_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *ladder, *expected;
    } rows[] = {
        { "[{ for: 1h, level: 4 }, { level: 3 }]", "" },
        { "[{ for: 1h, level: 3 }, { level: 4 }]", "3 step-opens-to-nobody\n" },
        { "[{ for: 1h, language: any }, { language: first }]", "3 step-opens-to-nobody\n" },
        { "[{ for: 1h, sites: [x] }, {}]", "" },
        { "[{ for: 1h }, { sites: [x] }]", "3 step-opens-to-nobody\n" },
        { "[{ for: 1h, sites: [x] }, { sites: [y] }]", "" },
        { "[{ for: 1h, skills: { s: 3 } }, { skills: { s: 2 } }]", "" },
        { "[{ for: 1h, skills: { s: 3 } }, { skills: { s: 3, t: 1 } }]",
          "3 step-opens-to-nobody\n" },
        { "[{ for: 1h, teams: [x] }, { teams: [x], level: 5 }]", "3 step-opens-to-nobody\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "rulebook: x\nqueues:\n  a: { ladder: %s }\n"
                 "rules: [{ name: rest, route: { queue: a } }]\n",
                 rows[i].ladder);
        check(text, rows[i].expected);
    }
}

/* One agent of Oslo, who decides fraud for Norway. */
static void add_agent(struct aro_lint *lint, const struct aro_shift *shift)
{
    static const char *const markets[] = { "NO" }, *const queues[] = { "fraud", "ladder" };
    static const struct aro_skill skills[] = { { .name = "fraud", .level = 3 } };
    struct aro_language_level spoken[] = { speaks("nb", 4), speaks("en", 2) };
    struct aro_event event = { .type = ARO_AGENT_UPDATED,
                               .has = ARO_HAS_QUEUES,
                               .agent_id = "kari",
                               .capacity = 5,
                               .markets = markets,
                               .market_count = 1,
                               .queues = queues,
                               .queue_count = 2,
                               .skills = skills,
                               .skill_count = 1,
                               .agent_languages = spoken,
                               .agent_language_count = 2,
                               .shifts = shift,
                               .shift_count = shift != NULL,
                               .site = "oslo" };
    aro_lint_add_agent(lint, &event);
    aro_lint_add_agent(lint, &event); /* said twice: still one */
}

static const char with_agents[] =
    "rulebook: x\n"
    "markets:\n"
    "  NO: { languages: [nb, nn], hours: { mon-sun: \"08:00-10:00\" } }\n"
    "  SE: { languages: [en] }\n"
    "queues:\n"
    "  fraud: { needs: { skills: { fraud: 3 } } }\n"
    "  rights: {}\n"
    "  ladder: { ladder: [{ for: 1h, sites: [bergen] }, { for: 1h }, { skills: { fraud: 4 } }] }\n"
    "rules:\n"
    "  - { name: fraud, when: { reason: fraud }, route: { queue: fraud } }\n"
    "  - { name: ladder, when: { reason: ladder }, route: { queue: ladder } }\n"
    "  - { name: rest, route: { queue: rights } }\n";

static void test_what_the_agents_cannot_do_is_told(void **state)
{
    (void)state;
    CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = parse(with_agents);
    CLEANUP(aro_lint_freep) struct aro_lint *lint = NULL;
    assert_int_equal(aro_lint_new(rulebook, &lint), 0);
    add_agent(lint, NULL);
    assert_findings(lint, with_agents,
                    "3 language-unserved\n" /* nn */
                    "4 language-unserved\n"
                    "7 queue-unserved\n"
                    "8 step-opens-to-nobody\n"
                    "8 step-unserved\n"
                    "8 ladder-cannot-end\n");
}

static void test_an_open_hour_without_anybody_is_told(void **state)
{
    (void)state;
    static const char text[] = "rulebook: x\n"
                               "markets:\n"
                               "  NO: { languages: [nb], hours: { mon-sun: \"08:00-10:00\" } }\n"
                               "queues: { fraud: {} }\n"
                               "rules: [{ name: rest, route: { queue: fraud } }]\n";
    struct aro_shift shift;
    static const struct {
        const char *start, *end, *expected;
    } rows[] = {
        { "2026-11-23T08:00:00Z", "2026-11-23T18:00:00Z", "" },
        { "2026-11-23T06:00:00Z", "2026-11-24T20:00:00Z", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = parse(text);
        CLEANUP(aro_lint_freep) struct aro_lint *lint = NULL;
        assert_int_equal(aro_lint_new(rulebook, &lint), 0);
        assert_int_equal(aro_instant_parse(rows[i].start, &shift.start), 0);
        assert_int_equal(aro_instant_parse(rows[i].end, &shift.end), 0);
        add_agent(lint, &shift);
        assert_findings(lint, text, rows[i].expected);
    }
}

/* Of one agent, who is there from 08:00 to @end and from @start to 18:00. */
static void test_a_gap_between_two_shifts_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *hours, *end, *start, *gap;
    } rows[] = {
        { "00:00-24:00", "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z", "2026-11-23T12:00:00" },
        { "00:00-24:00", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z", NULL },
        { "00:00-24:00", "2026-11-23T12:10:00Z", "2026-11-23T12:50:00Z", "2026-11-23T12:10:00" },
        { "12:20-12:40", "2026-11-23T12:10:00Z", "2026-11-23T12:50:00Z", "2026-11-23T12:20:00" },
        { "12:50-13:40", "2026-11-23T12:10:00Z", "2026-11-23T12:50:00Z", NULL },
        { "10:00-12:10", "2026-11-23T12:10:00Z", "2026-11-23T12:50:00Z", NULL },
        { "10:00-11:00", "2026-11-23T10:59:00Z", "2026-11-24T10:00:00Z", "2026-11-23T10:59:00" },
        { "10:00-11:00", "2026-11-23T11:00:00Z", "2026-11-24T10:01:00Z", "2026-11-24T10:00:00" },
    };
    static const char *const markets[] = { "NO" };
    struct aro_shift shifts[2];
    struct aro_language_level spoken = speaks("nb", 5);
    struct aro_event event = { .agent_id = "kari",
                               .capacity = 5,
                               .markets = markets,
                               .market_count = 1,
                               .agent_languages = &spoken,
                               .agent_language_count = 1,
                               .shifts = shifts,
                               .shift_count = 2 };

    assert_int_equal(aro_instant_parse("2026-11-23T08:00:00Z", &shifts[0].start), 0);
    assert_int_equal(aro_instant_parse("2026-11-24T18:00:00Z", &shifts[1].end), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "rulebook: x\n"
                 "markets: { NO: { languages: [nb], hours: { mon-sun: \"%s\" } } }\n"
                 "queues: { fraud: {} }\n"
                 "rules: [{ name: rest, route: { queue: fraud } }]\n",
                 rows[i].hours);
        CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = parse(text);
        CLEANUP(aro_lint_freep) struct aro_lint *lint = NULL;
        assert_int_equal(aro_lint_new(rulebook, &lint), 0);
        assert_int_equal(aro_instant_parse(rows[i].end, &shifts[0].end), 0);
        assert_int_equal(aro_instant_parse(rows[i].start, &shifts[1].start), 0);
        aro_lint_add_agent(lint, &event);
        assert_findings(lint, text, rows[i].gap ? "2 hour-unserved\n" : "");
        if (rows[i].gap && !strstr(aro_lint_finding_at(lint, 0)->message, rows[i].gap))
            fail_msg("expected %s in %s", rows[i].gap, aro_lint_finding_at(lint, 0)->message);
    }
}

/* Kari of add_agent(), in queues of her own. */
static void test_a_rule_that_sends_what_nobody_in_the_queue_takes_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *expected;
    } rows[] = {
        { "when: { market: NO }, route: { queue: fraud }", "" },
        { "when: { market: SE }, route: { queue: fraud }", "10 rule-unserved\n" },
        { "when: { market: [SE, NO] }, route: { queue: fraud }", "" },
        { "when: { market: { not: NO }, tier: 2 }, route: { queue: fraud }", "10 rule-unserved\n" },
        { "when: { market: { not: SE }, tier: 2 }, route: { queue: fraud }", "" },
        { "when: { language: nb }, route: { queue: fraud }", "" },
        { "when: { language: [sv, en-GB] }, route: { queue: fraud }", "" },
        { "when: { language: da }, route: { queue: fraud }", "" }, /* accepted */
        { "when: { language: pt }, route: { queue: fraud }", "10 rule-unserved\n" },
        { "when: { language: { not: nb } }, route: { queue: fraud }", "" },
        { "when: { language: pt, languages: en }, route: { queue: fraud }", "" },
        { "when: { any: [{ language: pt }, { language: en }] }, route: { queue: fraud }", "" },
        { "when: { language: en }, route: { queue: best }", "10 rule-unserved\n" }, /* level 2 */
        { "when: { language: nb }, route: { queue: best }", "" },
        { "when: { language: pt }, route: { queue: ladder }", "" }, /* its last step falls back */
        { "when: { market: SE }, route: { split: { fraud: 90, inbox: 10 } }",
          "10 rule-unserved\n" },
        { "when: { market: SE }, route: { queue: inbox }", "" },
    };
    static const char *const markets[] = { "NO" };
    struct aro_language_level spoken[] = { speaks("nb", 4), speaks("en", 2) };
    struct aro_event event = { .agent_id = "kari",
                               .capacity = 5,
                               .markets = markets,
                               .market_count = 1,
                               .agent_languages = spoken,
                               .agent_language_count = 2 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 "rulebook: x\n"
                 "languages: { accept: { da: [nb] } }\n"
                 "markets: { FI: { fallback: [en] } }\n"
                 "queues:\n"
                 "  fraud: {}\n"
                 "  best: { floors: { level: 3 } }\n"
                 "  ladder: { ladder: [{ for: 1h }, { language: fallback }] }\n"
                 "  inbox: { deliver: queue }\n"
                 "rules:\n"
                 "  - { name: one, %s }\n"
                 "  - name: rest\n"
                 "    route: { split: { fraud: 25, best: 25, ladder: 25, inbox: 25 } }\n",
                 rows[i].rule);
        CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = parse(text);
        CLEANUP(aro_lint_freep) struct aro_lint *lint = NULL;
        assert_int_equal(aro_lint_new(rulebook, &lint), 0);
        aro_lint_add_agent(lint, &event);
        assert_findings(lint, text, rows[i].expected);
    }
}

static void test_who_has_no_capacity_or_market_or_was_removed_serves_nothing(void **state)
{
    (void)state;
    static const char text[] = "rulebook: x\n"
                               "queues:\n"
                               "  fraud: {}\n"
                               "rules: [{ name: rest, route: { queue: fraud } }]\n";
    struct aro_language_level spoken = speaks("nb", 5);
    struct aro_event kari = { .agent_id = "kari",
                              .capacity = 5,
                              .all_markets = true,
                              .agent_languages = &spoken,
                              .agent_language_count = 1 };
    struct aro_event ola = kari, eva = kari;
    CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = parse(text);
    CLEANUP(aro_lint_freep) struct aro_lint *lint = NULL;

    ola.agent_id = "ola";
    ola.capacity = 0;
    eva.agent_id = "eva";
    eva.all_markets = false;
    assert_int_equal(aro_lint_new(rulebook, &lint), 0);
    aro_lint_add_agent(lint, &kari);
    aro_lint_add_agent(lint, &ola);
    aro_lint_add_agent(lint, &eva);
    aro_lint_remove_agent(lint, "kari");
    aro_lint_remove_agent(lint, "who");
    assert_findings(lint, text, "3 queue-unserved\n");
}

static void test_a_canary_of_none_or_of_all_is_told(void **state)
{
    static const struct {
        const char *share, *findings;
    } rows[] = { { "0", "3 canary-of-none\n" }, { "1", "" }, { "100", "3 canary-of-all\n" } };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "rulebook: x\nmarkets:\n"
                 "  NO: { launch: { state: canary, share: %s, otherwise: a } }\n"
                 "queues: { a: {} }\nrules: [{ name: rest, route: { queue: a } }]\n",
                 rows[i].share);
        check(text, rows[i].findings);
    }
}

static void test_a_fallback_that_no_ladder_uses_is_told(void **state)
{
    (void)state;
    check("rulebook: x\nmarkets:\n  NO: { fallback: [sv] }\nqueues: { a: {} }\n"
          "rules: [{ name: rest, route: { queue: a } }]\n",
          "3 fallback-unused\n");
    check("rulebook: x\nmarkets:\n  NO: { fallback: [sv] }\n"
          "queues: { a: { ladder: [{ for: 1h }, { language: fallback }] } }\n"
          "rules: [{ name: rest, route: { queue: a } }]\n",
          "");
    check("rulebook: x\nmarkets:\n  NO: { fallback: [sv] }\n" /* it goes to the other queue */
          "queues:\n  a: { ladder: [{ for: 1h }, { language: fallback }] }\n  b: {}\n"
          "rules:\n  - { name: no, when: { market: NO }, route: { queue: b } }\n"
          "  - { name: rest, route: { queue: a } }\n",
          "3 fallback-unused\n5 step-opens-to-nobody\n");
    check("rulebook: x\nmarkets:\n" /* by its launch alone */
          "  NO: { fallback: [sv], launch: { state: shadow, otherwise: a } }\n"
          "queues:\n  a: { ladder: [{ for: 1h }, { language: fallback }] }\n  b: {}\n"
          "rules:\n  - { name: no, when: { market: NO }, route: { queue: b } }\n"
          "  - { name: rest, route: { queue: a } }\n",
          "");
}

static void test_the_largest_rulebook_is_looked_at_in_bounded_time(void **state)
{
    (void)state;
    enum { RULES = 3000 };
    CLEANUP(buffer_done) struct buffer text = { 0 };
    buffer_add_text(&text, HEAD);
    for (int i = 0; i < RULES; i++)
        buffer_add_format(&text,
                          "  - { name: r%d, when: { reason: x%d, tier: { not: %d }, effort: { not: "
                          "%d }, attributes.a: { not: %d }, attributes.b: { not: %d } }, route: { "
                          "queue: a } }\n",
                          i, i % 50, i % 7, i % 11, i % 13, i % 17);
    buffer_add_text(&text, REST);
    CLEANUP(aro_rulebook_freep) struct aro_rulebook *rulebook = NULL;
    struct aro_error error;
    assert_int_equal(
        rulebook_parse_checking(0, text.data, text.length, languages, &rulebook, &error), 0);
    CLEANUP(aro_lint_freep) struct aro_lint *lint = NULL;
    assert_int_equal(aro_lint_new(rulebook, &lint), 0);
    aro_lint_run(lint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rule_that_contradicts_itself_is_told),
        cmocka_unit_test(test_rules_that_together_hide_one_are_found),
        cmocka_unit_test(test_rules_of_many_markets_hide_no_more_than_those_of_few),
        cmocka_unit_test(test_a_rule_that_asks_for_what_no_appeal_has_is_told),
        cmocka_unit_test(test_rules_that_cross_are_noted),
        cmocka_unit_test(test_an_inbox_that_speaks_of_agents_is_told),
        cmocka_unit_test(test_a_criterion_behind_a_turn_is_told),
        cmocka_unit_test(test_a_step_that_opens_to_nobody_new_is_told),
        cmocka_unit_test(test_what_the_agents_cannot_do_is_told),
        cmocka_unit_test(test_an_open_hour_without_anybody_is_told),
        cmocka_unit_test(test_a_gap_between_two_shifts_is_told),
        cmocka_unit_test(test_who_has_no_capacity_or_market_or_was_removed_serves_nothing),
        cmocka_unit_test(test_a_rule_that_sends_what_nobody_in_the_queue_takes_is_told),
        cmocka_unit_test(test_a_canary_of_none_or_of_all_is_told),
        cmocka_unit_test(test_a_fallback_that_no_ladder_uses_is_told),
        cmocka_unit_test(test_the_largest_rulebook_is_looked_at_in_bounded_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
