/* What a reload costs: reading a rulebook, which the daemon does on a thread of its own, and taking
 * it over, which its loop does, as it does what follows from other commands to very many appeals.
 * For the latter what counts is the longest single call: of getting ready for it, of the swap, and
 * of what follows.
 *
 * The rulebook names 60 markets, 40 reasons and further attributes, and no rule hides another. */
#include <aro/router.h>

#include "support/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MARKETS = 60, QUEUES = 50, SLICE = 250, PREPARE_SLICE = 1000, BATCH = 1000 };

/* What differs from the rulebook before. */
enum change {
    CHANGE_RULES,
    CHANGE_ORDER,
    CHANGE_CHOICE,
    CHANGE_SEED,
    CHANGE_TEAMS,
    CHANGE_QUEUES,
    CHANGE_LADDER,
    IN_ONE_MARKET, /* all rules, of either */
};

static const struct {
    const char *name;
    enum change change;
} changes[] = {
    { "rules alone", CHANGE_RULES },           { "order of lines", CHANGE_ORDER },
    { "choice of agents", CHANGE_CHOICE },     { "seed", CHANGE_SEED },
    { "teams looked at", CHANGE_TEAMS },       { "half of the queues gone", CHANGE_QUEUES },
    { "steps of the ladders", CHANGE_LADDER },
};

static double clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void need(int r)
{
    if (r < 0)
        abort();
}

static void market_name(unsigned market, char text[static 3])
{
    snprintf(text, 3, "%c%c", 'A' + market / 8, 'A' + market % 8 * 3);
}

static void write_queues(struct buffer *out, unsigned version, enum change change)
{
    bool is_other = version > 1;
    const char *order = change == CHANGE_ORDER && is_other ? "deadline" : "arrival";
    const char *choose = change == CHANGE_CHOICE && is_other
                             ? "[fewest_open, longest_idle, lowest_load]"
                             : "[lowest_load, longest_idle]";
    const char *within = change == CHANGE_LADDER && is_other ? "3h" : "2h";
    const char *independence = change == CHANGE_TEAMS && is_other ? "[agent, team]" : "[agent]";
    unsigned count = change == CHANGE_QUEUES && is_other ? QUEUES / 2 : QUEUES;

    buffer_add_text(out, "queues:\n");
    for (unsigned i = 0; i < count; i++)
        buffer_add_format(out,
                          "  q%u: { order: %s, choose: %s, independence: %s, "
                          "ladder: [ { level: 3, for: %s }, { level: 1 } ] }\n",
                          i, order, choose, independence, within);
}

static void write_rulebook(struct buffer *out, unsigned rule_count, unsigned version,
                           enum change change)
{
    unsigned queue_count = change == CHANGE_QUEUES && version > 1 ? QUEUES / 2 : QUEUES;
    char market[3];

    buffer_clear(out);
    buffer_add_format(out, "rulebook: bench-%u\nseed: %u\ndefaults: { deadline: 72h }\n", version,
                      change == CHANGE_SEED ? version : 1);
    write_queues(out, version, change);
    buffer_add_text(out, "rules:\n");
    for (unsigned i = 0; i + 1 < rule_count; i++) {
        unsigned round = change == IN_ONE_MARKET ? i : i / MARKETS;
        market_name(change == IN_ONE_MARKET ? 0 : i % MARKETS, market);
        buffer_add_format(out,
                          "  - name: rule-%u\n    when: { market: %s, reason: reason-%u, "
                          "attributes.seller: seller-%u, tier: { at_least: %u } }\n"
                          "    route: { queue: q%u }\n",
                          i, market, round % 40, round, i % 5, i % queue_count);
    }
    buffer_add_text(out, "  - { name: rest, route: { queue: q0 } }\n");
}

/* --- reading --- */

static void bench_reading(unsigned rule_count, enum change change)
{
    struct buffer text = { 0 };
    struct aro_languages *own, *daemons;
    struct aro_rulebook *rulebook;
    struct aro_error error = { 0 };

    need(aro_languages_new(&own));
    need(aro_languages_new(&daemons));
    write_rulebook(&text, rule_count, 1, change);
    double start = clock_ms();
    need(aro_rulebook_parse(text.data, text.length, own, &rulebook, &error));
    double read = clock_ms();
    need(aro_rulebook_adopt(rulebook, daemons));
    double adopted = clock_ms();
    aro_rulebook_free(rulebook);
    double freed = clock_ms();
    printf("%8u rules%s, %6.2f MB: read %8.1f ms, adopted %6.3f ms, freed %6.2f ms\n", rule_count,
           change == IN_ONE_MARKET ? " of one market" : "", (double)text.length / 1e6, read - start,
           adopted - read, freed - adopted);
    buffer_done(&text);
    aro_languages_free(own);
    aro_languages_free(daemons);
}

/* --- taking over --- */

struct bench {
    struct aro_languages *languages;
    struct aro_rulebook *rulebook, *next;
    struct aro_router *router;
    struct aro_effects *effects;
    const struct aro_language *by_market[MARKETS];
    char markets[MARKETS][3];
    struct aro_instant now;
    int64_t offset;
    unsigned in_batch;
};

static struct aro_rulebook *parse(struct bench *bench, unsigned version, enum change change)
{
    struct buffer text = { 0 };
    struct aro_rulebook *rulebook;
    struct aro_error error = { 0 };

    write_rulebook(&text, 2401, version, change);
    need(aro_rulebook_parse(text.data, text.length, bench->languages, &rulebook, &error));
    buffer_done(&text);
    return rulebook;
}

static void next_batch(struct bench *bench)
{
    aro_router_seal(bench->router, bench->effects);
    aro_effects_free(bench->effects);
    need(aro_effects_new(&bench->effects));
    bench->in_batch = 0;
}

static void apply(struct bench *bench, const struct aro_event *event)
{
    const struct aro_source source = { ARO_SOURCE_RECORD, "in", 0, bench->offset++ };

    bench->now.ms++;
    aro_router_apply(bench->router, bench->now, event, &source, bench->effects);
    if (++bench->in_batch == BATCH)
        next_batch(bench);
}

/* Those that are unlike are so by one skill, which nobody asks for. */
static void add_agent(struct bench *bench, unsigned number, bool is_unlike)
{
    unsigned team = number / 100, market = team % MARKETS;
    const char *name = bench->markets[market];
    struct aro_language_level level = { bench->by_market[market], 2 + team / MARKETS % 4 };
    char id[32], team_name[32], skill_name[32];
    struct aro_skill skill = { skill_name, 3 };

    snprintf(id, sizeof id, "agent-%u", number);
    snprintf(team_name, sizeof team_name, "team-%u", team);
    snprintf(skill_name, sizeof skill_name, "skill-%u", number);
    const struct aro_event event = { .type = ARO_AGENT_UPDATED,
                                     .agent_id = id,
                                     .capacity = 2,
                                     .agent_language_count = 1,
                                     .agent_languages = &level,
                                     .market_count = 1,
                                     .markets = &name,
                                     .skill_count = is_unlike,
                                     .skills = &skill,
                                     .team = team_name };
    apply(bench, &event);
}

static void submit(struct bench *bench, unsigned number)
{
    unsigned market = number % MARKETS, spread = number * 2654435761u >> 8;
    char id[32], reason[32], seller[32];
    snprintf(id, sizeof id, "appeal-%u", number);
    snprintf(reason, sizeof reason, "reason-%u", spread % 40);
    snprintf(seller, sizeof seller, "seller-%u", spread % 40);
    const struct aro_attribute attribute = { .name = aro_text_of("seller"),
                                             .kind = ARO_ATTRIBUTE_TEXT,
                                             .text = aro_text_of(seller) };
    const struct aro_event event = { .type = ARO_APPEAL_SUBMITTED,
                                     .appeal_id = id,
                                     .market = bench->markets[market],
                                     .language_count = 1,
                                     .languages = { bench->by_market[market] },
                                     .reason = reason,
                                     .tier = 5,
                                     .effort = 1,
                                     .attribute_count = 1,
                                     .attributes = { attribute },
                                     .submitted_at = bench->now,
                                     .deadline = ARO_INSTANT_NEVER };
    apply(bench, &event);
}

/* How many there are of what. */
struct size {
    unsigned agents, waiting;
    bool is_unlike;
};

static void bench_begin(struct bench *bench, const struct size *size, enum change change)
{
    static const char *const tags[] = {
        "pt", "en", "de", "fr", "es", "id", "nb", "ar", "ja", "it"
    };
    struct aro_error error;

    *bench = (struct bench){ .now = { INT64_C(1795341600000) } };
    need(aro_languages_new(&bench->languages));
    for (unsigned i = 0; i < MARKETS; i++) {
        market_name(i, bench->markets[i]);
        need(aro_languages_intern(bench->languages, tags[i % 10], &bench->by_market[i], &error));
    }
    bench->rulebook = parse(bench, 1, change);
    bench->next = parse(bench, 2, change);
    need(aro_router_new(bench->languages, bench->rulebook, &bench->router));
    need(aro_effects_new(&bench->effects));
    for (unsigned i = 0; i < size->agents; i++)
        add_agent(bench, i, size->is_unlike);
    for (unsigned i = 0; i < size->agents * 2 + size->waiting; i++)
        submit(bench, i);
}

static void bench_end(struct bench *bench)
{
    aro_effects_free(bench->effects);
    aro_router_free(bench->router);
    aro_rulebook_free(bench->rulebook);
    aro_rulebook_free(bench->next);
    aro_languages_free(bench->languages);
}

/* Calls, and how long they took, in ms. */
struct span {
    double longest, all;
    unsigned count;
};

static void span_add(struct span *span, double began)
{
    double took = clock_ms() - began;
    span->longest = took > span->longest ? took : span->longest;
    span->all += took;
    span->count++;
}

static struct span prepare(struct bench *bench, const struct aro_rulebook *next)
{
    struct span span = { 0 };

    for (bool has_more = true; has_more;) {
        double began = clock_ms();
        has_more = aro_router_prepare(bench->router, next, PREPARE_SLICE);
        span_add(&span, began);
    }
    return span;
}

/* Goes on to the end of what was begun. */
static struct span work(struct bench *bench)
{
    struct span span = { 0 };

    for (bool has_more = aro_router_has_work(bench->router); has_more;) {
        next_batch(bench);
        double began = clock_ms();
        has_more = aro_router_work(bench->router, bench->now, SLICE, bench->effects);
        span_add(&span, began);
    }
    return span;
}

static void print_span(const char *what, const struct span *span)
{
    printf(" | %s %5u, longest %5.2f, all %7.1f", what, span->count, span->longest, span->all);
}

static void bench_taking_over(const struct size *size, size_t at)
{
    static const struct aro_source source = { .kind = ARO_SOURCE_CONTROL };
    struct span swap = { 0 };
    struct bench bench;

    bench_begin(&bench, size, changes[at].change);
    next_batch(&bench);
    struct span prepared = prepare(&bench, bench.next);
    double began = clock_ms();
    aro_router_set_rulebook(bench.router, bench.now, bench.next, &source, bench.effects);
    span_add(&swap, began);
    struct span tidied = prepare(&bench, NULL), worked = work(&bench);
    printf("  %-24s: swap %5.2f", changes[at].name, swap.longest);
    print_span("ready", &prepared);
    print_span("tidy", &tidied);
    print_span("slices", &worked);
    printf("\n");
    bench_end(&bench);
}

/* The shard is lost in the middle of a reload that orders lines otherwise. */
static void bench_cut_short(const struct size *size)
{
    static const struct aro_source source = { .kind = ARO_SOURCE_CONTROL };
    struct bench bench;

    bench_begin(&bench, size, CHANGE_ORDER);
    next_batch(&bench);
    prepare(&bench, bench.next);
    aro_router_set_rulebook(bench.router, bench.now, bench.next, &source, bench.effects);
    for (unsigned slices = size->waiting / SLICE / 4; slices > 0; slices--) {
        next_batch(&bench);
        aro_router_work(bench.router, bench.now, SLICE, bench.effects);
    }
    aro_router_undo(bench.router, bench.effects);
    struct span mended = prepare(&bench, NULL);
    printf("  %-24s:", "lost in the middle");
    print_span("mended", &mended);
    printf("\n");
    bench_end(&bench);
}

static void report(struct bench *bench, const char *what, double began)
{
    double took = clock_ms() - began;
    struct span worked = work(bench);

    printf("  %-24s: begun %5.2f", what, took);
    print_span("slices", &worked);
    printf("\n");
}

/* What else goes by slices: a market paused and resumed, everything rerouted. */
static void bench_commands(const struct size *size)
{
    static const struct aro_reroute_filter everything = { 0 };
    struct bench bench;

    bench_begin(&bench, size, CHANGE_RULES);
    for (int is_paused = 1; is_paused >= 0; is_paused--) {
        next_batch(&bench);
        double began = clock_ms();
        aro_router_pause(bench.router, bench.now, bench.markets[0], is_paused, bench.effects);
        report(&bench, is_paused ? "a market paused" : "a market resumed", began);
    }
    next_batch(&bench);
    double began = clock_ms();
    aro_router_reroute(bench.router, bench.now, &everything, bench.effects);
    report(&bench, "everything rerouted", began);
    bench_end(&bench);
}

/* `bench_reload [reading|taking-over [AGENTS]]`: without an argument all. */
int main(int argument_count, char **arguments)
{
    static const struct size sizes[] = {
        { 1000, 10000, false },
        { 10000, 100000, false },
        { 10000, 100000, true },
        { 100000, 1000000, false },
    };
    const char *part = argument_count > 1 ? arguments[1] : "";
    unsigned agents = argument_count > 2 ? (unsigned)strtoul(arguments[2], NULL, 10) : 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned rules = 100; rules <= 100000 && strcmp(part, "taking-over") != 0; rules *= 10)
        bench_reading(rules, CHANGE_RULES);
    if (strcmp(part, "taking-over") != 0)
        bench_reading(100000, IN_ONE_MARKET);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && strcmp(part, "reading") != 0; i++) {
        if (agents > 0 && sizes[i].agents != agents)
            continue;
        printf("%u agents%s, %u waiting, slices of %d; ms:\n", sizes[i].agents,
               sizes[i].is_unlike ? ", no two alike" : "", sizes[i].waiting, SLICE);
        for (size_t at = 0; at < sizeof changes / sizeof *changes; at++)
            bench_taking_over(&sizes[i], at);
        bench_cut_short(&sizes[i]);
        bench_commands(&sizes[i]);
    }
    return 0;
}
