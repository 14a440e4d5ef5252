/* The router alone: what one event costs as agents and waiting appeals grow, as tables.
 *
 * Teams of agents (a profile each), ten markets and as many languages, two queues. A time is of the
 * whole event: aro_router_apply(), its records written, and its share of sealing and freeing the
 * batch; by the clock of the process, the quickest block of some, since what else runs on the
 * machine can only add. "chosen" is the choice of an agent and its counts alone, made once more for
 * appeals that were just given out, and "found" the search alone for the best appeal of an agent:
 * the rest of "routed" and "freed" is keeping account of it, most of it in records. "growth" is the
 * time in the row above times this. */
#include <aro/router.h>

#include "routing/agent_choice.h"
#include "routing/agent_work.h"
#include "routing/router_state.h"

#include "support/decimal.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MARKETS = 10, TEAM = 100, BATCH = 1000, ROUNDS = 20, ID_SIZE = 32 };

static const char rulebook_text[] =
    "rulebook: bench\nseed: 1\ndefaults: { deadline: 72h, dedupe_window: 1s }\n"
    "queues:\n"
    "  fraud: { deliver: agent, needs: { skills: { fraud: 2 } } }\n"
    "  general: { deliver: agent }\n"
    "rules:\n"
    "  - { name: fraud, when: { reason: fraud }, route: { queue: fraud } }\n"
    "  - { name: rest, route: { queue: general } }\n";

/* Among agents who differ, by what they differ in. */
static const char unlike_rulebook_text[] =
    "rulebook: bench\nseed: 1\ndefaults: { deadline: 72h, dedupe_window: 1s }\n"
    "queues:\n"
    "  fraud: { deliver: agent, needs: { skills: { fraud: 2 } },\n"
    "    choose: [lowest_load, best_skill, longest_idle] }\n"
    "  general: { deliver: agent, choose: [lowest_load, best_language, longest_idle] }\n"
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
    size_t given_count, given_size;
    char (*given)[ID_SIZE]; /* ids of appeals as they were assigned */
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

static void bench_begin(struct bench *bench, const char *text)
{
    struct aro_error error;
    *bench = (struct bench){ .now = { INT64_C(1795341600000) } };
    need(aro_languages_new(&bench->languages));
    need(aro_rulebook_parse(text, strlen(text), bench->languages, &bench->rulebook, &error));
    need(aro_router_new(bench->languages, bench->rulebook, &bench->router));
    need(aro_effects_new(&bench->effects));
    for (int i = 0; i < MARKETS; i++)
        need(aro_languages_intern(bench->languages, tags[i], &bench->by_market[i], &error));
}

static void bench_end(struct bench *bench)
{
    free(bench->given);
    aro_effects_free(bench->effects);
    aro_router_free(bench->router);
    aro_rulebook_free(bench->rulebook);
    aro_languages_free(bench->languages);
}

/* Out of the time that is measured. */
static void note_given(struct bench *bench)
{
    double before = clock_seconds();

    for (size_t i = 0; i < aro_effects_record_count(bench->effects); i++) {
        const struct aro_record *record = aro_effects_record_at(bench->effects, i);
        if (record->kind != ARO_RECORD_ASSIGNMENT)
            continue;
        if (bench->given_count == bench->given_size) {
            bench->given_size = bench->given_size ? bench->given_size * 2 : BATCH;
            bench->given = realloc(bench->given, bench->given_size * ID_SIZE);
            if (!bench->given)
                abort();
        }
        snprintf(bench->given[bench->given_count++], ID_SIZE, "%s", record->key);
    }
    bench->started += clock_seconds() - before;
}

static void bench_seal(struct bench *bench)
{
    aro_router_seal(bench->router, bench->effects);
    note_given(bench);
    bench->in_batch = 0;
    aro_effects_free(bench->effects);
    need(aro_effects_new(&bench->effects));
}

static void bench_apply(struct bench *bench, const struct aro_event *event)
{
    const struct aro_source source = { ARO_SOURCE_RECORD, "in", 0, bench->offset++ };

    bench->now.ms++;
    aro_router_apply(bench->router, bench->now, event, &source, bench->effects);
    if (++bench->in_batch == BATCH)
        bench_seal(bench);
}

/* "agent-17". Not by snprintf(), which would be a part of what is measured. */
static void write_id(char id[static ID_SIZE], const char *kind, unsigned number)
{
    *decimal_write(stpcpy(id, kind), number) = '\0';
}

/* Every team is of one market and its language; every second one knows fraud. @more: capacity
 * beyond the usual. */
static void add_agent(struct bench *bench, unsigned number, unsigned team_size, unsigned more)
{
    unsigned team = number / team_size;
    char id[ID_SIZE], team_name[ID_SIZE];
    struct aro_language_level level = { bench->by_market[team % MARKETS], 5 };
    struct aro_skill fraud = { "fraud", 3 };
    write_id(id, "agent-", number);
    write_id(team_name, "team-", team);
    struct aro_event event = {
        .type = ARO_AGENT_UPDATED,
        .agent_id = id,
        .capacity = 4 + more,
        .agent_language_count = 1,
        .agent_languages = &level,
        .market_count = 1,
        .markets = &market_names[team % MARKETS],
        .skill_count = team / MARKETS % 2,
        .skills = &fraud,
        .team = team_name,
    };
    bench_apply(bench, &event);
}

/* They differ in level, second language, capacity and knowledge of fraud; and have a skill of their
 * own, so that no two profiles are the same. */
static void add_unlike_agent(struct bench *bench, unsigned number, unsigned more)
{
    unsigned market = number % MARKETS, kind = number / MARKETS;
    unsigned fraud_level = (kind + 2) % 4, other_market = (market + 1 + kind / 16) % MARKETS;
    char id[ID_SIZE], own_skill[ID_SIZE];
    write_id(id, "agent-", number);
    write_id(own_skill, "skill-", number);
    struct aro_language_level levels[] = { { bench->by_market[market], 3 + (kind + 1) % 3 },
                                           { bench->by_market[other_market], 3 } };
    struct aro_skill skills[] = { { own_skill, 1 }, { "fraud", fraud_level } };
    struct aro_event event = {
        .type = ARO_AGENT_UPDATED,
        .agent_id = id,
        .capacity = 3 + kind / 2 % 4 + more,
        .agent_language_count = 2,
        .agent_languages = levels,
        .market_count = 1,
        .markets = &market_names[market],
        .skill_count = fraud_level ? 2 : 1,
        .skills = skills,
    };
    bench_apply(bench, &event);
}

/* @team_size 0: no two are alike. */
static void update_agent(struct bench *bench, unsigned number, unsigned team_size, unsigned more)
{
    if (team_size == 0)
        add_unlike_agent(bench, number, more);
    else
        add_agent(bench, number, team_size, more);
}

/* @is_detailed: with a subject of its own, a decision and two attributes. Gives the length of all
 * its texts, with their ends. */
static size_t submit(struct bench *bench, unsigned number, bool is_detailed)
{
    static const char policy[] = "fraud-2", tier[] = "gold";
    const struct aro_attribute attributes[] = {
        { .name = aro_text_of("seller_tier"),
          .kind = ARO_ATTRIBUTE_TEXT,
          .text = aro_text_of(tier) },
        { .name = aro_text_of("value"), .kind = ARO_ATTRIBUTE_NUMBER, .number = 899 },
    };
    unsigned market = number * 2654435761u % MARKETS;
    char id[ID_SIZE], subject[ID_SIZE], decider[ID_SIZE];
    write_id(id, "appeal-", number);
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
    if (is_detailed) {
        write_id(subject, "listing-", number);
        write_id(decider, "agent-", number % 1000);
        event.subject_type = "listing";
        event.subject_id = subject;
        event.decided_by = decider;
        event.decision_policy = policy;
        event.attribute_count = 2;
        memcpy(event.attributes, attributes, sizeof attributes);
    }
    bench_apply(bench, &event);
    size_t length = strlen(id) + 1;
    if (is_detailed)
        length += strlen("listing:") + strlen(subject) + strlen(decider) + sizeof policy +
                  sizeof tier + sizeof "seller_tier" + sizeof "value" + 2 + sizeof(double);
    return length;
}

/* @number: of those assigned, in that order. */
static void decide(struct bench *bench, size_t number)
{
    if (number >= bench->given_count)
        bench_seal(bench);
    if (number >= bench->given_count)
        abort();
    char *id = bench->given[number];
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
    bench->started = clock_seconds();
    return us;
}

static void keep_least(double *least, double us)
{
    if (*least == 0 || us < *least)
        *least = us;
}

/* A column of growth: how many times what stood in the row above. */
static void print_growth(double before, double now)
{
    if (before > 0)
        printf(" %8.2f", now / before);
    else
        printf(" %8s", "");
}

/* A hundred, or fewer where there would not be two teams for each market. */
static unsigned team_size_of(unsigned agents)
{
    return agents / (2 * MARKETS) < TEAM ? agents / (2 * MARKETS) : TEAM;
}

/* --- agents --- */

/* What the choice alone costs for the @count appeals that were given out last. */
static double bench_choice(struct bench *bench, size_t count)
{
    const struct appeal **appeals = calloc(count, sizeof *appeals);
    struct choice choice;

    need(appeals ? 0 : -1);
    for (size_t i = 0; i < count; i++)
        appeals[i] =
            table_find(&bench->router->appeals, bench->given[bench->given_count - count + i]);
    per_event(bench, 1);
    for (size_t i = 0; i < count; i++)
        choice_make(bench->router, appeals[i], &choice);
    double choosing = per_event(bench, (unsigned)count);
    free(appeals);
    return choosing;
}

/* Half of the capacity is in use; each round submits a block and decides the oldest. In the end
 * some agents get another profile. Gives what a routed appeal costs, which was @before in the row
 * above. @team_size is 0 where no two are alike. */
static double bench_routing(unsigned agents, unsigned team_size, double before)
{
    struct bench bench;
    double submitting = 0, deciding = 0, choosing = 0, changing = 0;
    unsigned open = agents * 2, block = agents < BATCH ? agents : BATCH, change = block / ROUNDS;

    bench_begin(&bench, team_size ? rulebook_text : unlike_rulebook_text);
    bench.started = clock_seconds();
    for (unsigned i = 0; i < agents; i++)
        update_agent(&bench, i, team_size, 0);
    double adding = per_event(&bench, agents);
    for (unsigned i = 0; i < open; i++)
        submit(&bench, i, false);
    for (unsigned round = 0; round < ROUNDS; round++) {
        bench_seal(&bench);
        per_event(&bench, 1);
        for (unsigned i = 0; i < block; i++)
            submit(&bench, open + round * block + i, false);
        keep_least(&submitting, per_event(&bench, block));
        for (unsigned i = 0; i < block; i++)
            decide(&bench, (size_t)round * block + i);
        keep_least(&deciding, per_event(&bench, block));
        keep_least(&choosing, bench_choice(&bench, block));
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        per_event(&bench, 1);
        for (unsigned i = 0; i < change; i++)
            update_agent(&bench, round * change + i, team_size, 1);
        keep_least(&changing, per_event(&bench, change));
    }
    printf("%10u %10u %12.2f %12.2f %12.2f %12.2f %12.2f", agents,
           team_size ? agents / team_size : agents, adding, changing, deciding, choosing,
           submitting);
    print_growth(before, submitting);
    printf("\n");
    bench_end(&bench);
    return submitting;
}

static const char routing_header[] =
    "    agents   profiles    added, us  changed, us  decided, us   chosen, us   routed, us   "
    "growth\n";

static double bench_teams(unsigned agents, double before)
{
    return bench_routing(agents, team_size_of(agents), before);
}

static double bench_unique(unsigned agents, double before)
{
    return bench_routing(agents, 0, before);
}

/* --- waiting appeals --- */

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static size_t resident(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0; /* the column is then 0 */
    if (file)
        fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* What finding the best that waits costs, for agents of whom nobody has room: as if each had just
 * got rid of one. */
static double bench_finding(struct bench *bench, unsigned agents)
{
    size_t position = 0;

    per_event(bench, 1);
    for (struct agent *agent; (agent = table_next(&bench->router->agents, &position)) != NULL;) {
        agent->used--;
        need(agent_find_work(bench->router, agent, bench->now) ? 0 : -1);
        agent->used++;
    }
    return per_event(bench, agents);
}

/* Nobody has room; then each decision frees somebody, who gets the best that waits. As many come as
 * are given out. Gives what a freed agent costs, which was @before in the row above. */
static double bench_line(unsigned waiting, bool is_detailed, double before)
{
    enum { AGENTS = 1000, OPEN = AGENTS * 4 * 2 };
    struct bench bench;
    double freeing = 0, finding = 0;
    size_t texts = 0, number = OPEN, decided = 0;
    unsigned block = waiting < BATCH ? waiting : BATCH;

    bench_begin(&bench, rulebook_text);
    for (unsigned i = 0; i < AGENTS; i++)
        add_agent(&bench, i, team_size_of(AGENTS), 0);
    for (unsigned i = 0; i < OPEN; i++)
        submit(&bench, i, is_detailed);
    bench_seal(&bench);
    size_t allocated_before = allocated(), resident_before = resident();
    bench.started = clock_seconds();
    for (unsigned i = 0; i < waiting; i++)
        texts += submit(&bench, (unsigned)number++, is_detailed);
    bench_seal(&bench);
    double submitting = per_event(&bench, waiting);
    size_t bytes = allocated() - allocated_before - texts;
    size_t resident_bytes = resident() - resident_before - texts;
    for (unsigned round = 0; round < ROUNDS; round++) {
        per_event(&bench, 1);
        for (unsigned i = 0; i < block; i++)
            decide(&bench, decided++);
        keep_least(&freeing, per_event(&bench, block));
        for (unsigned i = 0; i < block; i++)
            submit(&bench, (unsigned)number++, is_detailed);
        bench_seal(&bench);
        keep_least(&finding, bench_finding(&bench, AGENTS));
    }
    printf("%10u %14.2f %12zu %12zu %12.2f %12.2f", waiting, submitting, bytes / waiting,
           waiting < 100000 ? 0 : resident_bytes / waiting, finding, freeing);
    print_growth(before, freeing);
    printf("\n");
    bench_end(&bench);
    malloc_trim(0);
    return freeing;
}

static const char line_header[] =
    "   waiting  submitted, us  bytes each*   resident*    found, us    freed, us   growth\n";

static double bench_waiting(unsigned waiting, double before)
{
    return bench_line(waiting, false, before);
}

static double bench_detailed(unsigned waiting, double before)
{
    return bench_line(waiting, true, before);
}

/* --- the census --- */

static int compare_numbers(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void count_name(const struct aro_queue_view *queue, void *context)
{
    size_t *length = context;
    *length += strlen(queue->name);
}

/* What a scrape of /metrics asks the router, and the slices of the census in between. Gives the
 * longest slice, which was @before in the row above. */
static double bench_census(unsigned waiting, double before)
{
    enum { SLICE = 5000, SLICES_MAX = 100000 };
    double *slices = calloc(SLICES_MAX, sizeof *slices);
    size_t count = 0, length = 0;
    bool has_more = true;
    struct bench bench;

    need(slices ? 0 : -1);
    bench_begin(&bench, rulebook_text);
    for (unsigned i = 0; i < waiting; i++)
        submit(&bench, i, false);
    bench_seal(&bench);
    per_event(&bench, 1);
    for (; has_more && count < SLICES_MAX; count++) {
        has_more = aro_router_take_census(bench.router, bench.now, SLICE);
        slices[count] = per_event(&bench, 1);
    }
    aro_router_each_queue(bench.router, count_name, &length);
    double asking = per_event(&bench, 1);
    qsort(slices, count, sizeof *slices, compare_numbers);
    double longest = slices[count - 1];
    printf("%10u %10zu %14.0f %14.0f %14.0f", waiting, count, asking, slices[count / 2], longest);
    print_growth(before, longest);
    printf("\n");
    free(slices);
    bench_end(&bench);
    return longest;
}

static const char census_header[] =
    "   waiting     slices     asking, us  the median, us    longest, us   growth\n";

/* --- all of them --- */

/* The curves: `bench_router CURVE [MAX]` draws one of them, without arguments all are drawn. */
static const struct {
    const char *name, *title, *header;
    double (*bench)(unsigned count, double before);
    unsigned from, to;
} curves[] = {
    { "teams", "Routed among agents in teams of up to a hundred that are alike", routing_header,
      bench_teams, 100, 100000 },
    { "unique", "Routed among agents of whom no two are alike", routing_header, bench_unique, 100,
      100000 },
    { "waiting",
      "An agent is freed and gets the best of those that wait (* beside its texts; not "
      "told for few)",
      line_header, bench_waiting, 100, 10000000 },
    { "detailed", "The same; each with a subject, a decision and two attributes", line_header,
      bench_detailed, 100, 1000000 },
    { "census", "Slices of the census, and asking for every queue", census_header, bench_census,
      1000, 1000000 },
};

int main(int argument_count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        unsigned to = argument_count > 2 ? (unsigned)atoi(arguments[2]) : curves[i].to;
        double before = 0;
        if (argument_count > 1 && strcmp(arguments[1], curves[i].name) != 0)
            continue;
        printf("%s\n%s", curves[i].title, curves[i].header);
        for (unsigned count = curves[i].from; count <= to; count *= 10)
            before = curves[i].bench(count, before);
        printf("\n");
    }
    return 0;
}
