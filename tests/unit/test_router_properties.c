/* The router against the slow model of tests/model: thousands of short random histories, each with
 * batches sealed and undone, reloads, timers, and a fold of the ledger in the middle.
 *
 * After every step: the router says exactly what the model says, every agent's use is what they
 * hold and within their capacity when something is given, epochs are dense, nothing that somebody
 * could take waits, and a router folded from the ledger writes the same bytes.
 *
 *     test_router_properties                 10,000 seeds
 *     test_router_properties SEED [STEPS]    one, telling it; STEPS as a failure prints them
 *     test_router_properties --soak [FIRST]  from seed FIRST on, with rulebooks of their own, until
 *                                            it is interrupted or fails
 *
 * Histories run in a process of their own: whatever ends it, a failed check, an assertion or a
 * sanitizer, the seed is told, and shrunk to the fewest steps that still fail.
 */
#include "../model/router_model.h"

#include "routing/ledger_record.h"
#include "routing/router_state.h"
#include "support/text.h"

#include <aro/router.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEEDS = 10000, STEPS = 36, BOOKS = 48, LEDGER_KEYS = 64 };

/* --- chance --- */

static uint64_t chance_state;

static void chance_seed(uint64_t seed)
{
    chance_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

static int chance(int count)
{
    chance_state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t word = chance_state;
    word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
    return (int)((word ^ word >> 31) % (uint64_t)count);
}

static bool percent(int share)
{
    return chance(100) < share;
}

/* --- rulebooks --- */

struct book {
    struct model_rulebook model;
    struct aro_rulebook *rulebook;
};

static struct aro_languages *languages;
static struct book books[BOOKS];

static void invent_steps(struct model_queue *queue)
{
    queue->step_count = percent(40) ? 2 + chance(MODEL_STEPS - 1) : 1;
    for (int i = 0; i < queue->step_count; i++) {
        queue->steps[i].lasts_ms = (i + 1) * INT64_C(400000);
        queue->steps[i].reach = queue->step_count == 1 ? MODEL_ANY : (enum model_reach)chance(3);
        queue->steps[i].level = queue->step_count == 1 ? 1 : 1 + chance(5);
        for (int skill = 0; skill < MODEL_SKILLS; skill++)
            queue->steps[i].skill_levels[skill] = percent(20) ? 1 + chance(3) : 0;
    }
}

static void invent_queue(struct model_queue *queue)
{
    queue->exists = true;
    queue->delivers = percent(15);
    invent_steps(queue);
    queue->makes_offers = percent(40) && !queue->delivers;
    queue->expires_ms = percent(50) ? 1000 : 120000;
    queue->retry_ms = 600000;
    queue->reclaim_ms = percent(40) ? 300000 : 0;
    queue->independence = percent(40) && !queue->delivers ? (unsigned)chance(1 << MODEL_GROUPS) : 0;
    queue->declines_max = 1 + chance(3);
    queue->misses_max = 1 + chance(3);
    queue->order = chance(MODEL_ORDERS);
    queue->overdue_share = percent(50) ? 20 * chance(4) : 100;
    queue->criterion_count = 1 + chance(3);
    for (int i = 0; i < queue->criterion_count;) {
        queue->criteria[i] = chance(MODEL_CRITERIA);
        bool is_new = true;
        for (int j = 0; j < i; j++)
            is_new &= queue->criteria[j] != queue->criteria[i];
        i += is_new;
    }
}

static const char *const group_names[MODEL_GROUPS] = { "team", "site", "lead" };

static void invent_rule(struct model_rule *rule, int queue)
{
    *rule = (struct model_rule){ .exists = true, .queue = queue };
    rule->has_priority = percent(30);
    rule->priority = chance(10);
    rule->has_deadline = percent(30);
    rule->deadline_ms = (1 + chance(3)) * INT64_C(3600000);
}

/* Gaps of the length of a history: it begins at 10:00. */
static void invent_hours(struct model_hours *hours)
{
    int minute = 570;

    hours->has_any = percent(50);
    for (int i = 0; i < MODEL_WINDOWS; i++) {
        hours->windows[i][0] = minute += 1 + chance(120);
        hours->windows[i][1] = minute += 1 + chance(120);
    }
}

static void invent_launch(struct model_rulebook *book, int market, int otherwise)
{
    book->launches[market].state =
        percent(60) ? MODEL_FULL : (enum model_launch)chance(MODEL_LAUNCHES);
    book->launches[market].share = chance(101);
    book->launches[market].otherwise = otherwise;
}

static void invent_rulebook(struct model_rulebook *book, int number)
{
    int last = chance(MODEL_QUEUES);

    *book = (struct model_rulebook){ .seed = (uint64_t)chance(1000) };
    snprintf(book->name, sizeof book->name, "book-%d", number);
    book->deadline_ms = percent(50) ? 7200000 : 0;
    book->dedupe_ms = 1800000;
    book->independence_ms = percent(50) ? 900000 : INT64_C(86400000);
    book->age_step_ms = percent(50) ? 600000 : 4 * 3600000;
    for (int i = 0; i < MODEL_MARKETS; i++)
        invent_hours(&book->hours[i]);
    book->fallback = percent(50) ? chance(MODEL_TAGS) : -1;
    book->accepts_hant_for_hans = percent(30);
    for (int i = 0; i < MODEL_QUEUES; i++) {
        if (i == last || percent(80)) {
            invent_queue(&book->queues[i]);
            invent_rule(&book->rules[i], i);
        }
    }
    invent_rule(&book->rules[MODEL_REASONS - 1], last);
    for (int i = 0; i < MODEL_MARKETS; i++)
        invent_launch(book, i, last);
}

static void write_skills(struct buffer *yaml, const int *levels)
{
    const char *comma = "";
    buffer_add_text(yaml, "skills: {");
    for (int i = 0; i < MODEL_SKILLS; i++) {
        if (!levels[i])
            continue;
        buffer_add_format(yaml, "%s %s: %d", comma, model_skills[i], levels[i]);
        comma = ",";
    }
    buffer_add_text(yaml, " }");
}

static void write_ladder(struct buffer *yaml, const struct model_queue *queue)
{
    static const char *const reaches[] = { "first", "any", "fallback" };
    buffer_add_text(yaml, ", ladder: [");
    for (int i = 0; i < queue->step_count; i++) {
        buffer_add_format(yaml, "%s{ language: %s, level: %d, ", i ? ", " : "",
                          reaches[queue->steps[i].reach], queue->steps[i].level);
        if (i + 1 < queue->step_count)
            buffer_add_text(yaml, "for: 400000ms, ");
        write_skills(yaml, queue->steps[i].skill_levels);
        buffer_add_text(yaml, " }");
    }
    buffer_add_text(yaml, "]");
}

static void write_queue(struct buffer *yaml, const struct model_queue *queue, int index)
{
    if (queue->delivers) {
        buffer_add_format(yaml, "  q%d: { deliver: queue }\n", index);
        return;
    }
    buffer_add_format(yaml, "  q%d: { deliver: agent, order: %s, choose: [", index,
                      model_orders[queue->order]);
    for (int i = 0; i < queue->criterion_count; i++)
        buffer_add_format(yaml, "%s%s", i ? ", " : "", model_criteria[queue->criteria[i]]);
    buffer_add_text(yaml, "]");
    if (queue->makes_offers)
        buffer_add_format(yaml,
                          ", offer: { expires: %lldms, declines_max: %d, misses_max: %d, "
                          "retry_after: %lldms }",
                          (long long)queue->expires_ms, queue->declines_max, queue->misses_max,
                          (long long)queue->retry_ms);
    if (queue->independence) {
        buffer_add_text(yaml, ", independence: [agent");
        for (int kind = 0; kind < MODEL_GROUPS; kind++) {
            if (queue->independence >> kind & 1)
                buffer_add_format(yaml, ", %s", group_names[kind]);
        }
        buffer_add_text(yaml, "]");
    }
    if (queue->overdue_share < 100)
        buffer_add_format(yaml, ", overdue_share: %d", queue->overdue_share);
    if (queue->reclaim_ms)
        buffer_add_format(yaml, ", reclaim_after: %lldms", (long long)queue->reclaim_ms);
    if (queue->step_count > 1) {
        write_ladder(yaml, queue);
    } else {
        buffer_add_text(yaml, ", needs: { ");
        write_skills(yaml, queue->steps[0].skill_levels);
        buffer_add_text(yaml, " }");
    }
    buffer_add_text(yaml, " }\n");
}

static void write_rule(struct buffer *yaml, const struct model_rule *rule, int index)
{
    buffer_add_format(yaml, "  - { name: rule-%d, ", index);
    if (index < MODEL_REASONS - 1)
        buffer_add_format(yaml, "when: { reason: r%d }, ", index);
    buffer_add_format(yaml, "route: { queue: q%d", rule->queue);
    if (rule->has_priority)
        buffer_add_format(yaml, ", priority: %d", rule->priority);
    if (rule->has_deadline)
        buffer_add_format(yaml, ", deadline: %lldms", (long long)rule->deadline_ms);
    buffer_add_text(yaml, " } }\n");
}

static void write_launch(struct buffer *yaml, const struct model_rulebook *book, int market)
{
    enum model_launch state = book->launches[market].state;

    buffer_add_format(yaml, ", launch: { state: %s", model_launches[state]);
    if (state == MODEL_CANARY)
        buffer_add_format(yaml, ", share: %d", book->launches[market].share);
    if (state == MODEL_CANARY || state == MODEL_SHADOW)
        buffer_add_format(yaml, ", otherwise: q%d", book->launches[market].otherwise);
    buffer_add_text(yaml, " }");
}

static void write_market(struct buffer *yaml, const struct model_rulebook *book, int market)
{
    const struct model_hours *hours = &book->hours[market];

    buffer_add_format(yaml, "  %s: { languages: [en]", model_markets[market]);
    write_launch(yaml, book, market);
    if (market == 0 && book->fallback >= 0)
        buffer_add_format(yaml, ", fallback: [%s]", model_tags[book->fallback].text);
    for (int i = 0; i < MODEL_WINDOWS && hours->has_any; i++) {
        const int *window = hours->windows[i];
        buffer_add_format(yaml, "%s\"%02d:%02d-%02d:%02d\"", i ? ", " : ", hours: { mon-sun: [",
                          window[0] / 60, window[0] % 60, window[1] / 60, window[1] % 60);
    }
    buffer_add_text(yaml, hours->has_any ? "] } }\n" : " }\n");
}

static void write_rulebook(struct buffer *yaml, const struct model_rulebook *book)
{
    buffer_add_format(yaml,
                      "rulebook: %s\nseed: %llu\ndefaults: { dedupe_window: %lldms, "
                      "independence_window: %lldms",
                      book->name, (unsigned long long)book->seed, (long long)book->dedupe_ms,
                      (long long)book->independence_ms);
    if (book->deadline_ms)
        buffer_add_format(yaml, ", deadline: %lldms", (long long)book->deadline_ms);
    buffer_add_format(yaml, ", age_step: %lldms }\n", (long long)book->age_step_ms);
    if (book->accepts_hant_for_hans)
        buffer_add_text(yaml, "languages: { accept: { zh-Hans: [zh-Hant] } }\n");
    buffer_add_text(yaml, "markets:\n");
    for (int i = 0; i < MODEL_MARKETS; i++)
        write_market(yaml, book, i);
    buffer_add_text(yaml, "queues:\n");
    for (int i = 0; i < MODEL_QUEUES; i++) {
        if (book->queues[i].exists)
            write_queue(yaml, &book->queues[i], i);
    }
    buffer_add_text(yaml, "rules:\n");
    for (int i = 0; i < MODEL_REASONS; i++) {
        if (book->rules[i].exists)
            write_rule(yaml, &book->rules[i], i);
    }
}

/* Seeds share their rulebooks with the SEEDS of their block: to parse some is slow. */
static void books_setup(unsigned long seed)
{
    for (int i = 0; i < BOOKS; i++) {
        struct buffer yaml = { 0 };
        struct aro_error error = { 0 };
        chance_seed(seed / SEEDS * BOOKS + (uint64_t)i);
        invent_rulebook(&books[i].model, i);
        write_rulebook(&yaml, &books[i].model);
        if (aro_rulebook_parse(yaml.data, yaml.length, languages, &books[i].rulebook, &error) < 0) {
            fprintf(stderr, "%s\nline %u: %s\n", yaml.data, error.line, error.message);
            exit(1);
        }
        buffer_done(&yaml);
    }
}

/* --- a history --- */

/* The last record of each key, as compaction would leave them. */
struct ledger {
    size_t count;
    struct {
        char key[32];
        char *value; /* owned; NULL: tombstone */
    } entries[LEDGER_KEYS];
};

/* What was said of each appeal since it was submitted, a letter each. */
struct lives {
    char said[MODEL_APPEALS][256];
};

struct history {
    unsigned long seed;
    struct model model, model_before; /* the second: when the batch began */
    struct aro_router *router, *twin; /* the twin was folded from the ledger; or NULL */
    struct aro_effects *effects, *twin_effects;
    size_t seen;          /* records of @effects that were compared */
    struct ledger ledger; /* of sealed batches */
    json_t *counters;     /* of the same moment; owned */
    char *dump_before;    /* when the batch began; owned */
    struct aro_event_reader *reader;
    const struct book *book;
    const struct book *book_before;
    const struct book *coming; /* what the routers get ready for; NULL: nothing */
    bool is_crowded;
    int64_t now, offset;
    struct buffer expected, said, json;
    unsigned epochs[MODEL_APPEALS], epochs_before[MODEL_APPEALS];
    struct lives lives, lives_before;
    int step;
};

static void history_fail(const struct history *history, const char *what, const char *detail)
{
    fprintf(stderr, "seed %lu, step %d: %s\n%s\n", history->seed, history->step, what, detail);
    fflush(stdout);
    _exit(1); /* without looking for leaks, which there are now */
}

static char *dump(const struct aro_router *router)
{
    struct buffer buffer = { 0 };
    ledger_dump(router, &buffer);
    return buffer_take(&buffer);
}

/* --- inventing steps --- */

static int invent_languages(int list[static MODEL_LANGUAGES])
{
    int count = 0, wanted = 1 + chance(MODEL_LANGUAGES);
    while (count < wanted) {
        int tag = chance(MODEL_TAGS);
        bool is_new = true;
        for (int i = 0; i < count; i++)
            is_new &= list[i] != tag;
        if (is_new)
            list[count++] = tag;
    }
    return count;
}

static unsigned invent_agents(int share)
{
    unsigned bits = 0;
    for (int i = 0; i < MODEL_AGENTS; i++)
        bits |= percent(share) ? 1u << i : 0;
    return bits;
}

/* In some histories nearly all ask the same, and few people are there: long lines. */
static void make_crowd(struct model_step *step)
{
    if (percent(15))
        return;
    step->market = percent(80) ? 0 : step->market;
    step->languages[0] = 0;
    step->language_count = step->effort = 1;
    step->reason = step->reason % 2;
    step->has_languages = false;
}

static void invent_fields(struct model_step *step)
{
    step->market = percent(70) ? 0 : chance(MODEL_MARKETS);
    step->reason = chance(MODEL_REASONS);
    step->effort = 1 + (percent(30) ? chance(4) : 0);
    step->priority = percent(30) ? chance(10) : 0;
    step->tier = 1 + chance(2);
    step->subject = percent(50) ? chance(MODEL_SUBJECTS) : -1;
    step->language_count = invent_languages(step->languages);
    step->decided_by = percent(30) ? chance(MODEL_AGENTS) : -1;
    step->excluded = invent_agents(percent(20) ? 30 : 0);
    step->has_deadline = percent(50);
    step->deadline = step->now + (1 + chance(30)) * INT64_C(300000);
}

static void invent_update(struct model_step *step)
{
    invent_fields(step);
    step->has_languages = percent(20);
    step->has_reason = percent(30);
    step->has_deadline = percent(20);
    step->has_hold = percent(40);
    step->is_on_hold = percent(50);
}

/* Who serves the crowd has little room, and comes late. */
static void make_scarce(struct model_profile *profile, int step)
{
    profile->levels[0] = 5;
    profile->all_markets = true;
    profile->markets = 0;
    profile->capacity = step < 12 ? chance(2) : profile->capacity;
}

/* Around @now; the second may begin when the first ends. */
static void invent_shifts(struct model_profile *profile, int64_t now)
{
    int64_t at = now - chance(4) * INT64_C(120000);

    profile->shift_count = percent(35) ? 1 + chance(MODEL_SHIFTS) : 0;
    for (int i = 0; i < profile->shift_count; i++) {
        profile->shifts[i][0] = at += chance(4) * INT64_C(120000);
        profile->shifts[i][1] = at += (1 + chance(5)) * INT64_C(120000);
    }
}

static void invent_profile(struct model_profile *profile, int64_t now)
{
    memset(profile, 0, sizeof *profile);
    invent_shifts(profile, now);
    profile->capacity = chance(5);
    for (int i = 0; i < MODEL_TAGS; i++)
        profile->levels[i] = percent(45) ? 3 + chance(3) : 0;
    profile->all_markets = percent(50);
    profile->markets = profile->all_markets ? 0 : (unsigned)chance(1 << MODEL_MARKETS);
    profile->all_queues = percent(70);
    profile->queues = profile->all_queues ? 0 : (unsigned)chance(1 << MODEL_QUEUES);
    for (int i = 0; i < MODEL_SKILLS; i++)
        profile->skill_levels[i] = percent(60) ? 1 + chance(5) : 0;
    for (int kind = 0; kind < MODEL_GROUPS; kind++)
        profile->groups[kind] = chance(4);
}

/* Mostly what the holder would say, sometimes something stale. */
static void invent_review(const struct history *history, struct model_step *step)
{
    const struct model_appeal *appeal = &history->model.appeals[step->appeal];
    step->agent = model_has_agent(appeal) && percent(85) ? appeal->holder : chance(MODEL_AGENTS);
    step->epoch = percent(85) && appeal->epoch ? appeal->epoch : 1 + (unsigned)chance(3);
    step->has_agent = percent(60);
    step->has_epoch = percent(60);
}

static int invent_appeal(const struct history *history, bool is_open)
{
    int appeal = chance(MODEL_APPEALS);
    for (int tries = 0; tries < 12; tries++, appeal = chance(MODEL_APPEALS)) {
        enum model_state state = history->model.appeals[appeal].state;
        if ((state != MODEL_ABSENT && state != MODEL_CLOSED) == is_open)
            break;
    }
    return appeal;
}

/* How often each kind of step is taken, of a hundred. */
static const int shares[] = {
    [MODEL_SUBMIT] = 26, [MODEL_UPDATE] = 9,  [MODEL_WITHDRAW] = 3, [MODEL_ACCEPT] = 7,
    [MODEL_DECLINE] = 5, [MODEL_RETURN] = 3,  [MODEL_DECIDE] = 12,  [MODEL_AGENT] = 13,
    [MODEL_STATUS] = 6,  [MODEL_REMOVE] = 2,  [MODEL_TICK] = 7,     [MODEL_RELOAD] = 3,
    [MODEL_PAUSE] = 3,   [MODEL_REROUTE] = 1,
};

static enum model_step_kind invent_kind(void)
{
    int at = chance(100), kind = 0;
    while (at >= shares[kind])
        at -= shares[kind++];
    return (enum model_step_kind)kind;
}

/* Mostly one market is paused and resumed; some of what that means is left for later. */
static void invent_pause(const struct history *history, struct model_step *step)
{
    step->market = percent(70) ? 0 : chance(MODEL_MARKETS);
    step->is_paused = !history->model.markets[step->market].is_paused_by_operator ^ percent(15);
}

static void invent_step(struct history *history, struct model_step *step)
{
    static const int64_t passes[] = { 0, 0, 0, 1, 1000, 1000, 120000, 300000, 700000 };

    memset(step, 0, sizeof *step);
    history->now += passes[chance(sizeof passes / sizeof *passes)];
    step->now = history->now;
    step->kind = history->step < 4 ? MODEL_AGENT : invent_kind();
    if (model_has_work(&history->model) && percent(40))
        step->kind = MODEL_WORK;
    step->appeal = invent_appeal(history, step->kind != MODEL_SUBMIT);
    step->agent = chance(MODEL_AGENTS);
    step->status = (enum model_status)chance(3);
    step->has_status = percent(20);
    if (step->kind == MODEL_SUBMIT)
        invent_fields(step);
    else if (step->kind == MODEL_UPDATE)
        invent_update(step);
    else if (step->kind == MODEL_AGENT)
        invent_profile(&step->profile, step->now);
    else if (step->kind >= MODEL_ACCEPT && step->kind <= MODEL_DECIDE)
        invent_review(history, step);
    else if (step->kind == MODEL_PAUSE)
        invent_pause(history, step);
    else if (step->kind == MODEL_REROUTE)
        step->market = percent(50) ? -1 : chance(MODEL_MARKETS);
    if (history->is_crowded && step->kind <= MODEL_UPDATE)
        make_crowd(step);
    if (history->is_crowded && step->kind == MODEL_AGENT)
        make_scarce(&step->profile, history->step);
    if (step->kind >= MODEL_RELOAD)
        step->limit = percent(40) ? 1000 : chance(4);
    if (step->kind == MODEL_RELOAD) {
        history->book = history->coming && percent(70) ? history->coming : &books[chance(BOOKS)];
        step->rulebook = &history->book->model;
    }
    if (step->kind == MODEL_AGENT && history->model.agents[step->agent].is_known && percent(15))
        step->profile = history->model.agents[step->agent].profile;
}

/* --- steps as JSON --- */

static void add_tags(struct buffer *json, const struct model_step *step)
{
    buffer_add_text(json, ",\"languages\":[");
    for (int i = 0; i < step->language_count; i++)
        buffer_add_format(json, "%s\"%s\"", i ? "," : "", model_tags[step->languages[i]].text);
    buffer_add_text(json, "]");
}

static void add_excluded(struct buffer *json, const struct model_step *step)
{
    char id[16];
    bool is_first = true;
    if (!step->excluded)
        return;
    buffer_add_text(json, ",\"exclude\":[");
    for (int i = 0; i < MODEL_AGENTS; i++) {
        if (!(step->excluded >> i & 1))
            continue;
        model_agent_id(i, id);
        buffer_add_format(json, "%s\"%s\"", is_first ? "" : ",", id);
        is_first = false;
    }
    buffer_add_text(json, "]");
}

static void add_deadline(struct buffer *json, const struct model_step *step)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    if (!step->has_deadline)
        return;
    aro_instant_format((struct aro_instant){ step->deadline }, text);
    buffer_add_format(json, ",\"deadline\":\"%s\"", text);
}

static void add_submission(struct buffer *json, const struct model_step *step)
{
    char id[16];
    buffer_add_format(json, ",\"market\":\"%s\",\"reason\":\"r%d\",\"effort\":%d,\"priority\":%d",
                      model_markets[step->market], step->reason, step->effort, step->priority);
    buffer_add_format(json, ",\"tier\":%d", step->tier);
    add_tags(json, step);
    add_excluded(json, step);
    add_deadline(json, step);
    if (step->subject >= 0)
        buffer_add_format(json, ",\"subject\":{\"type\":\"listing\",\"id\":\"l-%d\"}",
                          step->subject);
    if (step->decided_by >= 0) {
        model_agent_id(step->decided_by, id);
        buffer_add_format(json, ",\"decision\":{\"id\":\"d\",\"decided_by\":\"%s\"}", id);
    }
}

static void add_update(struct buffer *json, const struct model_step *step)
{
    if (step->has_languages)
        add_tags(json, step);
    if (step->has_reason)
        buffer_add_format(json, ",\"reason\":\"r%d\"", step->reason);
    if (step->has_hold)
        buffer_add_format(json, ",\"on_hold\":%s", step->is_on_hold ? "true" : "false");
    add_excluded(json, step);
    add_deadline(json, step);
}

static void add_bits(struct buffer *json, const char *name, unsigned bits, int count,
                     const char *prefix, const char *const *texts)
{
    bool is_first = true;
    buffer_add_format(json, ",\"%s\":[", name);
    for (int i = 0; i < count; i++) {
        if (!(bits >> i & 1))
            continue;
        buffer_add_text(json, is_first ? "\"" : ",\"");
        if (texts)
            buffer_add_text(json, texts[i]);
        else
            buffer_add_format(json, "%s%d", prefix, i);
        buffer_add_text(json, "\"");
        is_first = false;
    }
    buffer_add_text(json, "]");
}

static void add_shifts(struct buffer *json, const struct model_profile *profile)
{
    char start[ARO_INSTANT_TEXT_SIZE], end[ARO_INSTANT_TEXT_SIZE];

    buffer_add_text(json, ",\"shifts\":[");
    for (int i = 0; i < profile->shift_count; i++) {
        aro_instant_format((struct aro_instant){ profile->shifts[i][0] }, start);
        aro_instant_format((struct aro_instant){ profile->shifts[i][1] }, end);
        buffer_add_format(json, "%s{\"start\":\"%s\",\"end\":\"%s\"}", i ? "," : "", start, end);
    }
    buffer_add_text(json, "]");
}

/* A lead is an agent, a team or a site only a name. */
static void add_group(struct buffer *json, int kind, int group)
{
    char id[16];

    model_agent_id(group, id);
    if (kind == MODEL_LEAD)
        buffer_add_format(json, ",\"lead\":\"%s\"", id);
    else
        buffer_add_format(json, ",\"%s\":\"%s-%d\"", group_names[kind], group_names[kind], group);
}

static void add_profile(struct buffer *json, const struct model_profile *profile)
{
    const char *comma = "";
    buffer_add_format(json, ",\"capacity\":%d,\"languages\":[", profile->capacity);
    for (int i = 0; i < MODEL_TAGS; i++) {
        if (!profile->levels[i])
            continue;
        buffer_add_format(json, "%s{\"tag\":\"%s\",\"level\":%d}", comma, model_tags[i].text,
                          profile->levels[i]);
        comma = ",";
    }
    buffer_add_text(json, "]");
    if (profile->all_markets)
        buffer_add_text(json, ",\"markets\":[\"*\"]");
    else
        add_bits(json, "markets", profile->markets, MODEL_MARKETS, "", model_markets);
    if (!profile->all_queues)
        add_bits(json, "queues", profile->queues, MODEL_QUEUES, "q", NULL);
    buffer_add_text(json, ",\"skills\":{");
    comma = "";
    for (int i = 0; i < MODEL_SKILLS; i++) {
        if (!profile->skill_levels[i])
            continue;
        buffer_add_format(json, "%s\"%s\":%d", comma, model_skills[i], profile->skill_levels[i]);
        comma = ",";
    }
    buffer_add_text(json, "}");
    for (int kind = 0; kind < MODEL_GROUPS; kind++) {
        if (profile->groups[kind])
            add_group(json, kind, profile->groups[kind]);
    }
    if (profile->shift_count > 0)
        add_shifts(json, profile);
}

static const struct {
    const char *type;
    enum aro_topic_kind topic;
} step_types[] = {
    [MODEL_SUBMIT] = { "appeal.submitted", ARO_TOPIC_APPEALS },
    [MODEL_UPDATE] = { "appeal.updated", ARO_TOPIC_APPEALS },
    [MODEL_WITHDRAW] = { "appeal.withdrawn", ARO_TOPIC_APPEALS },
    [MODEL_ACCEPT] = { "assignment.accepted", ARO_TOPIC_REVIEWS },
    [MODEL_DECLINE] = { "assignment.declined", ARO_TOPIC_REVIEWS },
    [MODEL_RETURN] = { "assignment.returned", ARO_TOPIC_REVIEWS },
    [MODEL_DECIDE] = { "appeal.decided", ARO_TOPIC_REVIEWS },
    [MODEL_AGENT] = { "agent.updated", ARO_TOPIC_AGENTS },
    [MODEL_STATUS] = { "agent.status", ARO_TOPIC_AGENTS },
    [MODEL_REMOVE] = { "agent.removed", ARO_TOPIC_AGENTS },
};
static const char *const status_names[] = { "available", "draining", "away" };

static void add_review(struct buffer *json, const struct model_step *step)
{
    bool is_decision = step->kind == MODEL_DECIDE;
    char id[16];

    if (is_decision)
        buffer_add_text(json, ",\"outcome\":\"upheld\"");
    if (!is_decision || step->has_agent) {
        model_agent_id(step->agent, id);
        buffer_add_format(json, ",\"agent_id\":\"%s\"", id);
    }
    if (!is_decision || step->has_epoch)
        buffer_add_format(json, ",\"epoch\":%u", step->epoch);
}

static void write_event(struct buffer *json, const struct model_step *step)
{
    bool is_agent = step_types[step->kind].topic == ARO_TOPIC_AGENTS;
    char id[16];

    buffer_clear(json);
    if (is_agent)
        model_agent_id(step->agent, id);
    else
        model_appeal_id(step->appeal, id);
    buffer_add_format(json, "{\"type\":\"%s\",\"%s\":\"%s\"", step_types[step->kind].type,
                      is_agent ? "agent_id" : "appeal_id", id);
    if (step->kind == MODEL_SUBMIT)
        add_submission(json, step);
    else if (step->kind == MODEL_UPDATE)
        add_update(json, step);
    else if (step->kind == MODEL_AGENT)
        add_profile(json, &step->profile);
    else if (step_types[step->kind].topic == ARO_TOPIC_REVIEWS)
        add_review(json, step);
    if (step->kind == MODEL_STATUS || (step->kind == MODEL_AGENT && step->has_status))
        buffer_add_format(json, ",\"status\":\"%s\"", status_names[step->status]);
    buffer_add_text(json, "}");
}

/* --- doing steps --- */

static void do_event(struct history *history, const struct model_step *step,
                     const struct aro_source *source)
{
    const struct aro_event *event = NULL;
    struct aro_error error = { 0 };

    write_event(&history->json, step);
    const struct aro_message message = { .topic_kind = step_types[step->kind].topic,
                                         .value = history->json.data,
                                         .value_length = history->json.length };
    if (aro_event_read(history->reader, &message, &event, &error) < 0)
        history_fail(history, error.message, history->json.data);
    aro_router_apply(history->router, (struct aro_instant){ step->now }, event, source,
                     history->effects);
    if (history->twin)
        aro_router_apply(history->twin, (struct aro_instant){ step->now }, event, source,
                         history->twin_effects);
}

static void tick(struct aro_router *router, int64_t now, struct aro_effects *effects)
{
    struct aro_instant at = { now };
    while (aro_router_tick(router, at, at, 2, effects))
        continue;
}

/* A step that is no event. */
static void do_command(struct aro_router *router, const struct history *history,
                       const struct model_step *step, struct aro_effects *effects)
{
    const struct aro_source control = { .kind = ARO_SOURCE_CONTROL };
    const char *market = step->market < 0 ? NULL : model_markets[step->market];
    const struct aro_reroute_filter filter = { .market = market };
    struct aro_instant now = { step->now };

    if (step->kind == MODEL_TICK)
        tick(router, step->now, effects);
    else if (step->kind == MODEL_RELOAD)
        aro_router_set_rulebook(router, now, history->book->rulebook, &control, effects);
    else if (step->kind == MODEL_PAUSE)
        aro_router_pause(router, now, market, step->is_paused, effects);
    else if (step->kind == MODEL_REROUTE)
        aro_router_reroute(router, now, &filter, effects);
    if (step->limit > 0)
        aro_router_work(router, now, (unsigned)step->limit, effects);
}

static void do_step(struct history *history, const struct model_step *step)
{
    const struct aro_source record = { .kind = ARO_SOURCE_RECORD,
                                       .topic = "in",
                                       .offset = history->offset++ };

    if (step->kind < MODEL_TICK) {
        do_event(history, step, &record);
        return;
    }
    do_command(history->router, history, step, history->effects);
    if (history->twin)
        do_command(history->twin, history, step, history->twin_effects);
}

/* --- what the router said --- */

static const char *const members[] = { "agent_id", "queue",    "market", "language", "epoch",
                                       "effort",   "priority", "tier",   "deadline", "rule",
                                       "rulebook", "from",     "to",     "reason",   "lead" };

static void add_value(struct buffer *line, const char *name, const json_t *value, char equals)
{
    if (json_is_string(value))
        buffer_add_format(line, " %s%c%s", name, equals, json_string_value(value));
    else if (json_is_integer(value))
        buffer_add_format(line, " %s%c%lld", name, equals, (long long)json_integer_value(value));
}

static void add_why(struct buffer *lines, const json_t *why)
{
    const char *name;
    json_t *value;

    add_value(lines, "pool", json_object_get(why, "pool"), '=');
    json_object_foreach(json_object_get(why, "by_filter"), name, value)
        add_value(lines, name, value, ':');
    add_value(lines, "criterion", json_object_get(why, "criterion"), '=');
    add_value(lines, "runner_up", json_object_get(why, "runner_up"), '=');
    add_value(lines, "eligible_at_last_step", json_object_get(why, "eligible_at_last_step"), '=');
}

static void add_said(struct buffer *lines, const struct aro_record *record)
{
    json_t *body = json_loadb(record->value, record->value_length, 0, NULL);
    const json_t *shadow = json_object_get(body, "shadow");
    json_t *value;
    size_t index;

    buffer_add_format(lines, "%s key=%s", record->type, record->key);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        bool is_said = strncmp(record->type, "event", 5) != 0 || strcmp(members[i], "epoch") != 0;
        if (is_said)
            add_value(lines, members[i], json_object_get(body, members[i]), '=');
    }
    json_array_foreach(json_object_get(body, "appellants"), index, value)
        add_value(lines, "appellant", value, ':');
    if (strcmp(record->type, "appeal.escalated") == 0)
        add_value(lines, "step", json_object_get(body, "step"), '=');
    json_array_foreach(json_object_get(body, "skipped"), index, value)
        add_value(lines, "skipped", value, ':');
    add_why(lines, json_object_get(body, "why"));
    add_value(lines, "shadow", json_object_get(shadow, "queue"), '=');
    add_value(lines, "agent_id", json_object_get(shadow, "agent_id"), '=');
    add_why(lines, json_object_get(shadow, "why"));
    add_value(lines, "agent_status", json_object_get(body, "agent_status"), '=');
    buffer_add_text(lines, "\n");
    json_decref(body);
}

static int64_t recorded_ms(const json_t *record, const char *name)
{
    const json_t *value = json_object_get(record, name);
    return value ? json_integer_value(value) : INT64_MAX;
}

/* What is learnt and worked out only shows much later, if at all: it is looked up in the ledger. */
static void check_recorded_appeal(const struct history *history, int index, const json_t *record)
{
    const struct model_appeal *appeal = &history->model.appeals[index];
    bool is_assigned = appeal->state == MODEL_ASSIGNED;

    if (appeal->state == MODEL_ABSENT || appeal->state == MODEL_CLOSED)
        return;
    if (recorded_ms(record, "latest_start") != appeal->latest_start)
        history_fail(history, "another latest start is recorded", "");
    if (recorded_ms(record, "assigned_at") != (is_assigned ? appeal->assigned_at : INT64_MAX))
        history_fail(history, "another time of assignment is recorded", "");
}

static void check_recorded_queue(const struct history *history, int index, const json_t *record)
{
    const struct model_learnt *learnt = &history->model.learnt[index];
    const json_t *handling = json_object_get(record, "handling");
    const json_t *served_last = json_object_get(record, "served_last");
    int agent = -1;

    if (served_last)
        sscanf(json_string_value(served_last), "agent-%d", &agent);
    if (agent != learnt->served_last)
        history_fail(history, "somebody else was served last", "");

    if (json_array_size(handling) != (size_t)learnt->count)
        history_fail(history, "a queue has learnt from another number of decisions", "");
    for (int i = 0; i < learnt->count; i++) {
        if (json_integer_value(json_array_get(handling, (size_t)i)) != learnt->spans_ms[i])
            history_fail(history, "a queue has learnt another time", "");
    }
}

static bool is_last_of_key(const struct history *history, size_t index)
{
    const char *key = aro_effects_record_at(history->effects, index)->key;

    for (size_t i = index + 1; i < aro_effects_record_count(history->effects); i++) {
        const struct aro_record *later = aro_effects_record_at(history->effects, i);
        if (later->kind == ARO_RECORD_LEDGER && strcmp(later->key, key) == 0)
            return false;
    }
    return true;
}

static void check_recorded(const struct history *history, const struct aro_record *record)
{
    json_t *body = record->value ? json_loadb(record->value, record->value_length, 0, NULL) : NULL;
    int index;

    if (sscanf(record->key, "appeal:appeal-%d", &index) == 1)
        check_recorded_appeal(history, index, body);
    else if (sscanf(record->key, "queue:q%d", &index) == 1)
        check_recorded_queue(history, index, body);
    json_decref(body);
}

/* What an event is in the past of its appeal. */
static const struct {
    const char *type, *moves[3];
    char letter;
} past_words[] = {
    { "appeal.waiting", { "waiting" }, 'w' },
    { "appeal.held", { "held" }, 'h' },
    { "appeal.resumed", { "resumed" }, 'R' },
    { "appeal.escalated", { "escalated" }, 'e' },
    { "appeal.overdue", { "overdue" }, 'd' },
    { "appeal.rerouted", { "rerouted" }, 'm' },
    { "appeal.merged", { "merged" }, 'j' },
    { "appeal.closed", { "decided", "withdrawn" }, 'x' },
    { "assignment.offered", { "offered" }, 'o' },
    { "assignment.created", { "assigned", "accepted", "delivered" }, 'c' },
    { "assignment.revoked", { "revoked", "expired" }, 'r' },
};
enum { PAST_WORDS = sizeof past_words / sizeof *past_words };

static void note_said(struct history *history, const struct aro_record *record)
{
    int appeal;

    for (size_t i = 0; i < PAST_WORDS; i++) {
        if (strcmp(past_words[i].type, record->type) != 0 ||
            sscanf(record->key, "appeal-%d", &appeal) != 1)
            continue;
        char *said = history->lives.said[appeal];
        size_t length = strlen(said);
        if (length + 1 < sizeof *history->lives.said)
            said[length] = past_words[i].letter;
    }
}

static char letter_of_move(const char *what)
{
    for (size_t i = 0; i < PAST_WORDS; i++) {
        for (size_t j = 0; j < 3 && past_words[i].moves[j]; j++) {
            if (strcmp(past_words[i].moves[j], what) == 0)
                return past_words[i].letter;
        }
    }
    return '\0';
}

/* The past of an appeal is what was said of it, but for the moves of which nothing is said. */
static void check_past(const struct history *history, int index)
{
    const struct aro_explain_page page = { 0 };
    const char *said = history->lives.said[index];
    char id[16], told[64] = "";
    size_t length = 0, at;
    json_t *move;

    model_appeal_id(index, id);
    json_t *answer =
        aro_router_explain(history->router, (struct aro_instant){ history->now }, id, &page);
    json_array_foreach(json_object_get(answer, "past"), at, move)
    {
        char letter = letter_of_move(json_string_value(json_object_get(move, "what")));
        if (letter && length + 1 < sizeof told)
            told[length++] = letter;
    }
    told[length] = '\0';
    bool is_whole = !json_object_get(answer, "past_left_out");
    if (answer && (strlen(said) < length || strcmp(said + strlen(said) - length, told) != 0 ||
                   (is_whole && strlen(said) != length)))
        history_fail(history, "the past of an appeal is not what was said of it", id);
    json_decref(answer);
}

static void history_listen(struct history *history)
{
    buffer_clear(&history->said);
    buffer_add_text(&history->said, "");
    for (; history->seen < aro_effects_record_count(history->effects); history->seen++) {
        const struct aro_record *record = aro_effects_record_at(history->effects, history->seen);
        if (record->kind != ARO_RECORD_LEDGER) {
            note_said(history, record);
            add_said(&history->said, record);
        } else if (is_last_of_key(history, history->seen)) {
            check_recorded(history, record);
        }
    }
}

/* --- what must hold --- */

static void check_twin(struct history *history)
{
    size_t count = aro_effects_record_count(history->effects);

    if (!history->twin)
        return;
    if (aro_effects_record_count(history->twin_effects) != count)
        history_fail(history, "the folded router writes another number of records", "");
    for (size_t i = 0; i < count; i++) {
        const struct aro_record *a = aro_effects_record_at(history->effects, i);
        const struct aro_record *b = aro_effects_record_at(history->twin_effects, i);
        if (a->kind != b->kind || !text_equals(a->key, b->key) ||
            !text_equals(a->value, b->value) || !text_equals(a->id, b->id) ||
            !text_equals(a->topic, b->topic) || !text_equals(a->source, b->source))
            history_fail(history, "the folded router writes another record",
                         b->value ? b->value : b->key);
    }
}

static void check_agents(const struct history *history)
{
    for (int i = 0; i < MODEL_AGENTS; i++) {
        struct aro_agent_view view = { 0 };
        char id[16];
        model_agent_id(i, id);
        aro_router_agent_view(history->router, id, &view);
        if ((int)view.used != model_used(&history->model, i) ||
            view.is_known != history->model.agents[i].is_known)
            history_fail(history, "an agent's use is not what they hold", id);
        if (view.is_known && view.is_off_shift != history->model.agents[i].is_off_shift)
            history_fail(history, "an agent is on shift, or is not, against their shifts", id);
    }
}

/* Epochs grow by one at a time, and whoever just got something had room for it. */
static void check_appeals(struct history *history)
{
    for (int i = 0; i < MODEL_APPEALS; i++) {
        const struct model_appeal *appeal = &history->model.appeals[i];
        unsigned before = history->epochs[i];
        unsigned now = appeal->state == MODEL_ABSENT ? 0 : appeal->epoch;
        bool is_new = now > before && model_has_agent(appeal);
        if (now > before + 1)
            history_fail(history, "an epoch was left out", "");
        if (is_new && model_used(&history->model, appeal->holder) >
                          history->model.agents[appeal->holder].profile.capacity)
            history_fail(history, "somebody got more than they can hold", "");
        history->epochs[i] = now;
    }
}

static void check_counts(const struct history *history)
{
    struct aro_router_counts counts;
    uint64_t waiting = 0, held = 0, assigned = 0, delivered = 0, offered = 0;

    for (int i = 0; i < MODEL_APPEALS; i++) {
        const struct model_appeal *appeal = &history->model.appeals[i];
        waiting += appeal->state == MODEL_WAITING && !model_is_held(appeal);
        held += model_is_held(appeal);
        assigned += appeal->state == MODEL_ASSIGNED;
        offered += appeal->state == MODEL_OFFERED;
        delivered += appeal->state == MODEL_DELIVERED;
    }
    aro_router_counts(history->router, &counts);
    if (counts.waiting != waiting || counts.held != held || counts.assigned != assigned ||
        counts.delivered != delivered || counts.offered != offered)
        history_fail(history, "the counts are wrong", "");
}

/* The earliest times of each queue, which its trees keep up to date, against all its appeals. */
static void check_queues(const struct history *history)
{
    for (int queue = 0; queue < MODEL_QUEUES; queue++) {
        int64_t submitted = INT64_MAX, deadline = INT64_MAX;
        struct aro_queue_view view;
        char name[8];
        snprintf(name, sizeof name, "q%d", queue);
        if (!aro_router_queue_view(history->router, name, &view))
            continue;
        for (int i = 0; i < MODEL_APPEALS; i++) {
            const struct model_appeal *appeal = &history->model.appeals[i];
            if (appeal->state != MODEL_WAITING || model_is_held(appeal) || appeal->queue != queue)
                continue;
            submitted = appeal->submitted < submitted ? appeal->submitted : submitted;
            deadline = appeal->deadline < deadline ? appeal->deadline : deadline;
        }
        if (view.oldest_submitted_at.ms != submitted || view.next_deadline.ms != deadline)
            history_fail(history, "a queue's earliest times are wrong", name);
    }
}

static void check_markets(const struct history *history)
{
    for (int market = 0; market < MODEL_MARKETS; market++) {
        uint64_t waiting = 0, held = 0, assigned = 0;
        struct aro_market_view view;
        aro_router_market_view(history->router, model_markets[market], &view);
        for (int i = 0; i < MODEL_APPEALS; i++) {
            const struct model_appeal *appeal = &history->model.appeals[i];
            if (appeal->market != market)
                continue;
            waiting += appeal->state == MODEL_WAITING && !model_is_held(appeal);
            held += model_is_held(appeal);
            assigned += appeal->state >= MODEL_OFFERED && appeal->state <= MODEL_DELIVERED;
        }
        if (view.waiting != waiting || view.held != held || view.assigned != assigned ||
            (view.is_paused_by_operator || view.is_paused_by_rulebook) !=
                model_is_paused(&history->model, market))
            history_fail(history, "a market is not as it should be", model_markets[market]);
    }
    if (aro_router_has_work(history->router) != model_has_work(&history->model))
        history_fail(history, "there is work left where there is none, or none", "");
}

static void history_check(struct history *history)
{
    history_listen(history);
    if (strcmp(history->expected.data, history->said.data) != 0) {
        fprintf(stderr, "the model says:\n%s\nthe router says:\n", history->expected.data);
        history_fail(history, "they differ", history->said.data);
    }
    if (!model_has_work(&history->model) && model_find_neglected(&history->model) >= 0)
        history_fail(history, "an appeal waits that somebody could take", "");
    check_twin(history);
    check_agents(history);
    check_appeals(history);
    check_counts(history);
    check_queues(history);
    check_markets(history);
}

/* --- batches --- */

static void ledger_set(struct ledger *ledger, const struct aro_record *record)
{
    size_t at = 0;
    while (at < ledger->count && strcmp(ledger->entries[at].key, record->key) != 0)
        at++;
    if (at == ledger->count)
        snprintf(ledger->entries[ledger->count++].key, sizeof ledger->entries->key, "%s",
                 record->key);
    free(ledger->entries[at].value);
    ledger->entries[at].value = record->value ? strdup(record->value) : NULL;
}

static void new_effects(struct aro_effects **effects)
{
    aro_effects_free(*effects);
    if (aro_effects_new(effects) < 0)
        abort();
}

static void history_begin_batch(struct history *history)
{
    new_effects(&history->effects);
    new_effects(&history->twin_effects);
    history->seen = 0;
    history->model_before = history->model;
    history->book_before = history->book;
    memcpy(history->epochs_before, history->epochs, sizeof history->epochs);
    history->lives_before = history->lives;
    free(history->dump_before);
    history->dump_before = dump(history->router);
}

static void history_seal(struct history *history)
{
    aro_router_seal(history->router, history->effects);
    if (history->twin)
        aro_router_seal(history->twin, history->twin_effects);
    check_twin(history);
    history_listen(history); /* to what is only recorded now */
    for (size_t i = 0; i < aro_effects_record_count(history->effects); i++) {
        const struct aro_record *record = aro_effects_record_at(history->effects, i);
        if (record->kind == ARO_RECORD_LEDGER)
            ledger_set(&history->ledger, record);
    }
    json_decref(history->counters);
    history->counters = aro_router_counters_get(history->router);
    history_begin_batch(history);
}

/* Not over a reload: the rulebook is the shell's to put back. */
static void history_undo(struct history *history)
{
    aro_router_undo(history->router, history->effects);
    if (history->twin)
        aro_router_undo(history->twin, history->twin_effects);
    char *after = dump(history->router);
    if (strcmp(after, history->dump_before) != 0) {
        fprintf(stderr, "before:\n%s\nafter:\n", history->dump_before);
        history_fail(history, "an undone batch left a trace", after);
    }
    free(after);
    history->model = history->model_before;
    memcpy(history->epochs, history->epochs_before, sizeof history->epochs);
    history->lives = history->lives_before;
    history_begin_batch(history);
}

/* In every second history two classes of agents make a crowd; its twin looks at each. */
static void set_crowds(const struct history *history, struct aro_router *router, bool is_twin)
{
    router->crowds.above = history->seed % 2 == is_twin ? 1 : CROWD_ABOVE;
}

/* Makes the twin: another router, folded from the ledger in an order of its own. */
static void history_fold(struct history *history)
{
    struct aro_error error = { 0 };
    size_t count = history->ledger.count, start = (size_t)chance((int)count + 1);

    if (history->twin || aro_router_new(languages, history->book->rulebook, &history->twin) < 0)
        return;
    set_crowds(history, history->twin, true);
    for (size_t i = 0; i < count; i++) {
        size_t at = (start + count - i) % count;
        const char *value = history->ledger.entries[at].value;
        if (aro_router_restore(history->twin, history->ledger.entries[at].key, value,
                               value ? strlen(value) : 0, &error) < 0)
            history_fail(history, error.message, history->ledger.entries[at].key);
    }
    if (history->counters && aro_router_counters_set(history->twin, history->counters) < 0)
        history_fail(history, "the counters cannot be restored", "");
    char *folded = dump(history->twin);
    if (strcmp(folded, history->dump_before) != 0) {
        fprintf(stderr, "the router:\n%s\nfolded from its ledger:\n", history->dump_before);
        history_fail(history, "they differ", folded);
    }
    free(folded);
}

static void history_end_batch(struct history *history)
{
    if (percent(20) && history->book == history->book_before) {
        history_undo(history);
        return;
    }
    history_seal(history);
    if (percent(15))
        history_fold(history);
}

/* --- a run --- */

static void history_done(struct history *history)
{
    aro_effects_free(history->effects);
    aro_effects_free(history->twin_effects);
    aro_router_free(history->router);
    aro_router_free(history->twin);
    for (size_t i = 0; i < history->ledger.count; i++)
        free(history->ledger.entries[i].value);
    json_decref(history->counters);
    free(history->dump_before);
    buffer_done(&history->expected);
    buffer_done(&history->said);
    buffer_done(&history->json);
}

/* A step that is no event, as one tells it. */
static const char *command_name(const struct model_step *step)
{
    static const char *const names[] = { "tick", "reload", "pause or resume", "reroute", "work" };
    static char text[80];
    const char *market = step->market < 0 ? "all" : model_markets[step->market];
    snprintf(text, sizeof text, "%s%s%s%s, limit %d", names[step->kind - MODEL_TICK],
             step->kind == MODEL_RELOAD ? " " : "",
             step->kind == MODEL_RELOAD ? step->rulebook->name : "",
             step->kind == MODEL_PAUSE || step->kind == MODEL_REROUTE ? market : "", step->limit);
    return text;
}

/* What is run: a seed's history, or only those of its steps whose bit is set. */
struct trial {
    unsigned long seed;
    uint64_t steps;
    bool is_told;
};

#define ALL_STEPS (UINT64_MAX >> (64 - STEPS))

/* Each router gets some way ready for the rulebook that is to come, or lets that be; nothing that
 * they say may depend on it. */
static void prepare_some(struct history *history)
{
    struct aro_router *routers[] = { history->router, history->twin };

    for (size_t i = 0; i < 2; i++) {
        bool has_next = history->coming && percent(80);
        unsigned limit = (unsigned)chance(8);
        if (routers[i])
            aro_router_prepare(routers[i], has_next ? history->coming->rulebook : NULL, limit);
    }
}

static void run_step(struct history *history, const struct trial *trial)
{
    const struct book *book = history->book;
    struct model_step step;

    /* Each step has a chance of its own, so that leaving one out changes no other. */
    chance_seed((trial->seed + 1000) * (STEPS + 1) + (uint64_t)history->step);
    invent_step(history, &step);
    bool ends_batch = percent(30);
    if (percent(15))
        history->coming = percent(80) ? &books[chance(BOOKS)] : NULL;
    if (!(trial->steps >> history->step & 1)) {
        history->book = book;
        return;
    }
    buffer_clear(&history->expected);
    buffer_add_text(&history->expected, "");
    if (step.kind == MODEL_SUBMIT && history->model.appeals[step.appeal].state == MODEL_ABSENT)
        memset(history->lives.said[step.appeal], 0, sizeof *history->lives.said);
    model_do(&history->model, &step, &history->expected);
    prepare_some(history);
    do_step(history, &step);
    if (trial->is_told)
        printf("%d: %s\n%s", history->step,
               step.kind <= MODEL_REMOVE ? history->json.data : command_name(&step),
               history->expected.data);
    history_check(history);
    if (ends_batch)
        history_end_batch(history);
}

static void run(const struct trial *trial, struct aro_event_reader *reader)
{
    static struct history history; /* large */

    memset(&history, 0, sizeof history);
    chance_seed((trial->seed + 1000) * (STEPS + 1) + STEPS);
    history.seed = trial->seed;
    history.reader = reader;
    history.book = &books[chance(BOOKS)];
    history.is_crowded = percent(40);
    model_init(&history.model, &history.book->model);
    history.now = INT64_C(1795341600000);
    if (aro_router_new(languages, history.book->rulebook, &history.router) < 0)
        abort();
    set_crowds(&history, history.router, false);
    history_begin_batch(&history);
    for (history.step = 0; history.step < STEPS; history.step++)
        run_step(&history, trial);
    for (int i = 0; i < MODEL_APPEALS; i++)
        check_past(&history, i);
    history_done(&history);
}

/* --- runs in processes of their own --- */

static unsigned long *seed_under_way; /* shared with the child */

/* Does one of the @count seeds from @trial's on fail? @trial is then of that seed. */
static bool run_apart(struct trial *trial, unsigned long count, bool is_quiet,
                      struct aro_event_reader *reader)
{
    int status;
    fflush(NULL);
    pid_t child = fork();

    if (child < 0)
        abort();
    if (child == 0) {
        if (is_quiet && (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout)))
            abort();
        for (unsigned long last = trial->seed + count; trial->seed < last; trial->seed++) {
            *seed_under_way = trial->seed;
            run(trial, reader);
        }
        exit(0);
    }
    if (waitpid(child, &status, 0) != child)
        abort();
    trial->seed = *seed_under_way;
    return status != 0;
}

/* Leaves out one step after the other for as long as what remains still fails. */
static void shrink(struct trial *trial, struct aro_event_reader *reader)
{
    bool is_smaller = true;

    while (is_smaller) {
        is_smaller = false;
        for (int step = STEPS - 1; step >= 0; step--) {
            struct trial fewer = *trial;
            fewer.steps &= ~(UINT64_C(1) << step);
            if (fewer.steps != trial->steps && run_apart(&fewer, 1, true, reader)) {
                *trial = fewer;
                is_smaller = true;
            }
        }
    }
}

static int run_block(unsigned long first, struct aro_event_reader *reader)
{
    struct trial trial = { .seed = first, .steps = ALL_STEPS };

    if (!run_apart(&trial, SEEDS - first % SEEDS, false, reader))
        return 0;
    shrink(&trial, reader);
    fprintf(stderr, "again: test_router_properties %lu 0x%llx\n", trial.seed,
            (unsigned long long)trial.steps);
    trial.is_told = true;
    run_apart(&trial, 1, false, reader);
    return 1;
}

static void books_done(void)
{
    for (int i = 0; i < BOOKS; i++)
        aro_rulebook_free(books[i].rulebook);
}

static int soak(unsigned long first, struct aro_event_reader *reader)
{
    int r = 0;

    while (r == 0) {
        books_setup(first);
        r = run_block(first, reader);
        books_done();
        first = (first / SEEDS + 1) * SEEDS;
        printf("up to seed %lu\n", first);
    }
    return r;
}

static int run_one(const char *seed, const char *steps, struct aro_event_reader *reader)
{
    struct trial trial = { .seed = strtoul(seed, NULL, 10),
                           .steps = steps ? strtoull(steps, NULL, 16) : ALL_STEPS,
                           .is_told = true };
    books_setup(trial.seed);
    run(&trial, reader);
    books_done();
    return 0;
}

static int run_all(struct aro_event_reader *reader)
{
    books_setup(0);
    int r = run_block(0, reader);
    books_done();
    if (r == 0)
        printf("%d histories of %d steps\n", SEEDS, STEPS);
    return r;
}

int main(int argument_count, char **arguments)
{
    struct aro_event_reader *reader = NULL;
    int r;

    seed_under_way = mmap(NULL, sizeof *seed_under_way, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seed_under_way == MAP_FAILED || aro_languages_new(&languages) < 0 ||
        aro_event_reader_new(languages, &reader) < 0)
        return 1;
    if (argument_count > 1 && strcmp(arguments[1], "--soak") == 0)
        r = soak(argument_count > 2 ? strtoul(arguments[2], NULL, 10) : SEEDS, reader);
    else if (argument_count > 1)
        r = run_one(arguments[1], argument_count > 2 ? arguments[2] : NULL, reader);
    else
        r = run_all(reader);
    aro_event_reader_free(reader);
    aro_languages_free(languages);
    return r;
}
