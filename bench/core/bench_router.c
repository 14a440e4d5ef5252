/* The router alone: what one event costs as agents and waiting appeals grow.
 *
 * Teams of agents (a profile each), ten markets, three languages, two queues. Times are of
 * aro_router_apply() with its records written, the clock of the process. */
#include <aro/router.h>

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MARKETS = 10, TEAM = 100, BATCH = 1000, ROUNDS = 20 };

static const char rulebook_text[] =
    "rulebook: bench\nseed: 1\ndefaults: { deadline: 72h, dedupe_window: 1s }\n"
    "queues:\n"
    "  fraud: { deliver: agent, needs: { skills: { fraud: 2 } } }\n"
    "  general: { deliver: agent }\n"
    "rules:\n"
    "  - { name: fraud, when: { reason: fraud }, route: { queue: fraud } }\n"
    "  - { name: rest, route: { queue: general } }\n";

static const char *const market_names[MARKETS] = { "BR", "US", "GB", "DE", "FR",
                                                   "ES", "ID", "NO", "SA", "JP" };
static const char *const tags[MARKETS] = { "pt-BR", "en-US", "en-GB", "de", "fr",
                                           "es",    "id",    "nb",    "ar", "ja" };

struct bench {
    struct aro_languages *languages;
    struct aro_rulebook *rulebook;
    struct aro_router *router;
    struct aro_effects *effects;
    const struct aro_language *by_market[MARKETS];
    struct aro_instant now;
    int64_t offset;
    unsigned in_batch;
    double started; /* the clock, when the block at hand began */
};

static double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void need(int r)
{
    if (r < 0)
        abort();
}

static void bench_begin(struct bench *bench)
{
    struct aro_error error;
    *bench = (struct bench){ .now = { INT64_C(1795341600000) } };
    need(aro_languages_new(&bench->languages));
    need(aro_rulebook_parse(rulebook_text, strlen(rulebook_text), bench->languages,
                            &bench->rulebook, &error));
    need(aro_router_new(bench->languages, bench->rulebook, &bench->router));
    need(aro_effects_new(&bench->effects));
    for (int i = 0; i < MARKETS; i++)
        need(aro_languages_intern(bench->languages, tags[i], &bench->by_market[i], &error));
}

static void bench_end(struct bench *bench)
{
    aro_effects_free(bench->effects);
    aro_router_free(bench->router);
    aro_rulebook_free(bench->rulebook);
    aro_languages_free(bench->languages);
}

static void bench_apply(struct bench *bench, const struct aro_event *event)
{
    const struct aro_source source = { ARO_SOURCE_RECORD, "in", 0, bench->offset++ };

    bench->now.ms++;
    aro_router_apply(bench->router, bench->now, event, &source, bench->effects);
    if (++bench->in_batch == BATCH) {
        aro_router_seal(bench->router, bench->effects);
        bench->in_batch = 0;
        aro_effects_free(bench->effects);
        need(aro_effects_new(&bench->effects));
    }
}

/* Every team is of one market and its language; every second one knows fraud. In teams of one,
 * everybody has a skill of their own too, so that no two profiles are the same. */
static void add_agent(struct bench *bench, unsigned number, unsigned team_size)
{
    unsigned team = number / team_size;
    char id[32], team_name[32];
    struct aro_language_level level = { bench->by_market[team % MARKETS], 5 };
    struct aro_skill skills[] = { { team_name, 1 }, { "fraud", 3 } };
    snprintf(id, sizeof id, "agent-%u", number);
    snprintf(team_name, sizeof team_name, "team-%u", team);
    struct aro_event event = {
        .type = ARO_AGENT_UPDATED,
        .agent_id = id,
        .capacity = 4,
        .agent_language_count = 1,
        .agent_languages = &level,
        .market_count = 1,
        .markets = &market_names[team % MARKETS],
        .skill_count = (team / MARKETS % 2) + (team_size == 1),
        .skills = team_size == 1 ? skills : skills + 1,
        .team = team_name,
    };
    bench_apply(bench, &event);
}

static void submit(struct bench *bench, unsigned number)
{
    unsigned market = number * 2654435761u % MARKETS;
    char id[32];
    snprintf(id, sizeof id, "appeal-%u", number);
    struct aro_event event = {
        .type = ARO_APPEAL_SUBMITTED,
        .appeal_id = id,
        .market = market_names[market],
        .language_count = 1,
        .languages = { bench->by_market[market] },
        .reason = number % 3 ? "other" : "fraud",
        .tier = 1,
        .effort = 1,
        .submitted_at = bench->now,
        .deadline = ARO_INSTANT_NEVER,
    };
    bench_apply(bench, &event);
}

static void decide(struct bench *bench, unsigned number)
{
    char id[32];
    snprintf(id, sizeof id, "appeal-%u", number);
    struct aro_event event = { .type = ARO_APPEAL_DECIDED,
                               .appeal_id = id,
                               .outcome = ARO_UPHELD,
                               .decided_at = ARO_INSTANT_NEVER };
    bench_apply(bench, &event);
}

/* Microseconds an event since the block began; another begins. */
static double per_event(struct bench *bench, unsigned count)
{
    double now = clock_seconds(), us = (now - bench->started) * 1e6 / count;
    bench->started = now;
    return us;
}

static int compare_numbers(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The one in the middle: what else runs on the machine cannot move it far. */
static double median(double numbers[static ROUNDS])
{
    qsort(numbers, ROUNDS, sizeof *numbers, compare_numbers);
    return numbers[ROUNDS / 2];
}

/* Half of the capacity is in use; each round submits a batch and decides the oldest. */
static void bench_routing(unsigned agents, unsigned team_size)
{
    struct bench bench;
    double submitting[ROUNDS], deciding[ROUNDS];
    unsigned open = agents * 2, block = agents < BATCH ? agents : BATCH;

    bench_begin(&bench);
    bench.started = clock_seconds();
    for (unsigned i = 0; i < agents; i++)
        add_agent(&bench, i, team_size);
    double adding = per_event(&bench, agents);
    for (unsigned i = 0; i < open; i++)
        submit(&bench, i);
    per_event(&bench, open);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < block; i++)
            submit(&bench, open + round * block + i);
        submitting[round] = per_event(&bench, block);
        for (unsigned i = 0; i < block; i++)
            decide(&bench, round * block + i);
        deciding[round] = per_event(&bench, block);
    }
    printf("%8u agents, %6u teams: agent.updated %6.2f us, routed appeal %6.2f us, "
           "decided %6.2f us\n",
           agents, agents / team_size, adding, median(submitting), median(deciding));
    bench_end(&bench);
}

static void count_name(const struct aro_queue_view *queue, void *context)
{
    size_t *length = context;
    *length += strlen(queue->name);
}

/* What a scrape of /metrics asks the router, and the slices of the census in between: the median
 * and the longest of them, in microseconds. */
static void bench_census(struct bench *bench)
{
    enum { SLICE = 5000, SLICES_MAX = 100000 };
    double *slices = calloc(SLICES_MAX, sizeof *slices);
    size_t count = 0, length = 0;
    bool has_more = true;

    need(slices ? 0 : -1);
    per_event(bench, 1);
    for (; has_more && count < SLICES_MAX; count++) {
        has_more = aro_router_take_census(bench->router, bench->now, SLICE);
        slices[count] = per_event(bench, 1);
    }
    aro_router_each_queue(bench->router, count_name, &length);
    double asking = per_event(bench, 1);
    qsort(slices, count, sizeof *slices, compare_numbers);
    printf(
        "          census: %4zu slices of %6.0f us, the longest %6.0f us; asking for every queue "
        "%5.0f us\n",
        count, slices[count / 2], slices[count - 1], asking);
    free(slices);
}

/* Nobody has room; then each decision frees somebody, who gets the best that waits. */
static void bench_waiting(unsigned waiting)
{
    enum { AGENTS = 1000 };
    struct bench bench;

    bench_begin(&bench);
    for (unsigned i = 0; i < AGENTS; i++)
        add_agent(&bench, i, TEAM);
    for (unsigned i = 0; i < AGENTS * 4 * 2; i++)
        submit(&bench, i);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    bench.started = clock_seconds();
    for (unsigned i = 0; i < waiting; i++)
        submit(&bench, AGENTS * 4 * 2 + i);
    double submitting = per_event(&bench, waiting);
    size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    bench_census(&bench);
    unsigned rounds = waiting < AGENTS * 2 ? waiting : AGENTS * 2;
    for (unsigned i = 0; i < rounds; i++)
        decide(&bench, i);
    printf("%8u waiting: submitted %6.2f us, freed agent %6.2f us, %4zu bytes a waiting appeal\n",
           waiting, submitting, per_event(&bench, rounds), bytes / waiting);
    bench_end(&bench);
}

static void bench_teams(unsigned agents)
{
    bench_routing(agents, TEAM);
}

static void bench_unique(unsigned agents)
{
    bench_routing(agents, 1);
}

/* The curves: `bench_router CURVE [MAX]` draws one of them, without arguments all are drawn. */
static const struct {
    const char *name;
    void (*bench)(unsigned count);
    unsigned from, to;
} curves[] = {
    { "teams", bench_teams, 100, 100000 },
    { "unique", bench_unique, 100, 100000 },
    { "waiting", bench_waiting, 10000, 1000000 },
};

int main(int argument_count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        unsigned to = argument_count > 2 ? (unsigned)atoi(arguments[2]) : curves[i].to;
        if (argument_count > 1 && strcmp(arguments[1], curves[i].name) != 0)
            continue;
        for (unsigned count = curves[i].from; count <= to; count *= 10)
            curves[i].bench(count);
    }
    return 0;
}
