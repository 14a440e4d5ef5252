#include "rules/rulebook.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MAX = 1000, TOPIC_LENGTH_MAX = 249 };

static const char *const criterion_names[ARO_CRITERION_COUNT] = {
    [ARO_LOWEST_LOAD] = "lowest_load",
    [ARO_MOST_SPARE] = "most_spare",
    [ARO_LONGEST_IDLE] = "longest_idle",
    [ARO_ROUND_ROBIN] = "round_robin",
    [ARO_BEST_LANGUAGE] = "best_language",
    [ARO_BEST_SKILL] = "best_skill",
    [ARO_FEWEST_SKILLS] = "fewest_skills",
    [ARO_FEWEST_OPEN] = "fewest_open",
    [ARO_RESERVE] = "reserve",
};
static const enum aro_criterion criteria_initial[] = { ARO_BEST_LANGUAGE, ARO_LOWEST_LOAD,
                                                       ARO_LONGEST_IDLE };
static const char *const order_names[] = {
    [ARO_ORDER_ARRIVAL] = "arrival",
    [ARO_ORDER_DEADLINE] = "deadline",
    [ARO_ORDER_PRIORITY] = "priority",
    [ARO_ORDER_SLACK] = "slack",
};
static const char *const language_steps[] = {
    [ARO_LANGUAGE_FIRST] = "first",
    [ARO_LANGUAGE_ANY] = "any",
    [ARO_LANGUAGE_FALLBACK] = "fallback",
};
static const struct aro_offer_terms offer_initial = {
    .expires = { 2 * 60 * 1000 },
    .declines_max = 5,
    .misses_max = 3,
    .retry_after = { 10 * 60 * 1000 },
};

const char *aro_criterion_name(enum aro_criterion criterion)
{
    return criterion_names[criterion];
}

/* A queue while it is being read. */
struct queue_reader {
    struct rulebook_parser *parser;
    const struct spot *queue;
    struct aro_queue_terms *terms;
    struct aro_step needs; /* its skills */
};

static const char *copy_text(const struct queue_reader *reader, const char *text)
{
    return arena_copy_text(reader->parser->arena, text, strlen(text));
}

/* --- what every queue has --- */

static int read_deliver(const struct queue_reader *reader, const struct spot *spot)
{
    static const char *const names[] = { "agent", "queue" };
    size_t chosen;
    int r = spot_read_choice(spot, names, sizeof names / sizeof *names, &chosen,
                             reader->parser->reterr);
    if (r == 0)
        reader->terms->delivers_to_queue = chosen == 1;
    return r;
}

/* What Kafka takes as the name of a topic. */
static int read_topic(const struct queue_reader *reader, const struct spot *spot)
{
    const char *topic;
    int r = spot_read_text(spot, &topic, reader->parser->reterr);
    if (r < 0)
        return r;
    size_t length = strspn(topic, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-");
    if (length == 0 || length > TOPIC_LENGTH_MAX || topic[length] != '\0' ||
        strcmp(topic, ".") == 0 || strcmp(topic, "..") == 0)
        return spot_refuse(spot, reader->parser->reterr,
                           "expected a topic of 1 to %d letters, digits and . _ -, found '%.60s'",
                           TOPIC_LENGTH_MAX, topic);
    reader->terms->topic = copy_text(reader, topic);
    return 0;
}

static int read_order(const struct queue_reader *reader, const struct spot *spot)
{
    size_t chosen;
    int r = spot_read_choice(spot, order_names, sizeof order_names / sizeof *order_names, &chosen,
                             reader->parser->reterr);
    if (r == 0)
        reader->terms->order = (enum aro_order)chosen;
    return r;
}

static int read_choose(const struct queue_reader *reader, const struct spot *spot)
{
    struct aro_queue_terms *terms = reader->terms;
    unsigned seen = 0;

    int r = spot_expect(spot, DOCUMENT_LIST, reader->parser->reterr);
    if (r == 0 && spot->node->count == 0)
        return spot_refuse(spot, reader->parser->reterr, "expected a criterion, found none");
    terms->has_choice = true;
    terms->criterion_count = 0;
    for (size_t i = 0; r == 0 && i < spot->node->count; i++) {
        struct spot item = spot_item(spot, i);
        size_t chosen;
        r = spot_read_choice(&item, criterion_names, ARO_CRITERION_COUNT, &chosen,
                             reader->parser->reterr);
        if (r == 0 && (seen & 1u << chosen))
            return spot_refuse(&item, reader->parser->reterr, "'%s' stands here twice",
                               criterion_names[chosen]);
        if (r == 0) {
            seen |= 1u << chosen;
            terms->criteria[terms->criterion_count++] = (enum aro_criterion)chosen;
        }
    }
    return r;
}

static int read_independence(const struct queue_reader *reader, const struct spot *spot)
{
    static const char *const names[] = { "agent", "team", "site", "lead" };
    static const unsigned bits[] = { 0, ARO_INDEPENDENT_TEAM, ARO_INDEPENDENT_SITE,
                                     ARO_INDEPENDENT_LEAD };

    int r = spot_expect(spot, DOCUMENT_LIST, reader->parser->reterr);
    for (size_t i = 0; r == 0 && i < spot->node->count; i++) {
        struct spot item = spot_item(spot, i);
        size_t chosen;
        r = spot_read_choice(&item, names, sizeof names / sizeof *names, &chosen,
                             reader->parser->reterr);
        if (r == 0)
            reader->terms->independence |= bits[chosen];
    }
    return r;
}

static int read_reclaim_after(const struct queue_reader *reader, const struct spot *spot)
{
    struct aro_error *reterr = reader->parser->reterr;
    int r = spot_read_span(spot, &reader->terms->reclaim_after, reterr);
    if (r == 0 && reader->terms->reclaim_after.ms == 0)
        return spot_refuse_kind(spot, reterr, "a span of more than 0s");
    return r;
}

static int read_overdue_share(const struct queue_reader *reader, const struct spot *spot)
{
    return spot_read_unsigned(spot, 0, PERCENT, &reader->terms->overdue_share,
                              reader->parser->reterr);
}

static int read_offer(const struct queue_reader *reader, const struct spot *spot)
{
    static const char *const known[] = { "expires", "declines_max", "misses_max", "retry_after" };
    struct aro_error *reterr = reader->parser->reterr;
    struct aro_offer_terms *offer = &reader->terms->offer;
    struct spot member;

    reader->terms->makes_offers = true;
    int r = spot_check_keys(spot, known, sizeof known / sizeof *known, reterr);
    if (r == 0 && spot_find(spot, "expires", &member)) {
        r = spot_read_span(&member, &offer->expires, reterr);
        if (r == 0 && offer->expires.ms < 1000)
            return spot_refuse_kind(&member, reterr, "a span of at least 1s");
    }
    if (r == 0 && spot_find(spot, "declines_max", &member))
        r = spot_read_unsigned(&member, 1, LIMIT_MAX, &offer->declines_max, reterr);
    if (r == 0 && spot_find(spot, "misses_max", &member))
        r = spot_read_unsigned(&member, 1, LIMIT_MAX, &offer->misses_max, reterr);
    if (r == 0 && spot_find(spot, "retry_after", &member))
        r = spot_read_span(&member, &offer->retry_after, reterr);
    return r;
}

/* --- skills, floors and steps --- */

static int compare_skills(const void *a, const void *b)
{
    const struct aro_skill *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static const struct aro_skill *find_skill(const struct aro_step *step, const char *name)
{
    for (size_t i = 0; i < step->skill_count; i++) {
        if (strcmp(step->skills[i].name, name) == 0)
            return &step->skills[i];
    }
    return NULL;
}

/* Reads {name: level}, sorted by name. */
static int read_skills(const struct queue_reader *reader, const struct spot *spot,
                       struct aro_step *ret)
{
    int r = spot_expect(spot, DOCUMENT_MAP, reader->parser->reterr);
    if (r < 0)
        return r;
    struct aro_skill *skills =
        arena_new_array(reader->parser->arena, spot->node->count, sizeof *skills);
    for (size_t i = 0; i < spot->node->count; i++) {
        struct spot member = spot_member(spot, i);
        const struct aro_skill *floor = find_skill(&reader->terms->floors, member.key);
        skills[i].name = copy_text(reader, member.key);
        r = spot_read_unsigned(&member, 1, ARO_LEVEL_MAX, &skills[i].level, reader->parser->reterr);
        if (r < 0)
            return r;
        if (floor && skills[i].level < floor->level)
            return spot_refuse(&member, reader->parser->reterr, "%u is below the floor of %u",
                               skills[i].level, floor->level);
    }
    qsort(skills, spot->node->count, sizeof *skills, compare_skills);
    ret->skills = skills;
    ret->skill_count = spot->node->count;
    return 0;
}

/* Adds the floors' skills that @step does not ask for already; those it does are no lower. */
static void add_floor_skills(const struct queue_reader *reader, struct aro_step *step)
{
    const struct aro_step *floors = &reader->terms->floors;
    struct aro_skill *skills = arena_new_array(
        reader->parser->arena, step->skill_count + floors->skill_count, sizeof *skills);
    size_t count = step->skill_count;

    if (count)
        memcpy(skills, step->skills, count * sizeof *skills);
    for (size_t i = 0; i < floors->skill_count; i++) {
        if (!find_skill(step, floors->skills[i].name))
            skills[count++] = floors->skills[i];
    }
    qsort(skills, count, sizeof *skills, compare_skills);
    step->skills = skills;
    step->skill_count = count;
}

static int read_level(const struct queue_reader *reader, const struct spot *spot,
                      struct aro_step *step)
{
    int r = spot_read_unsigned(spot, 1, ARO_LEVEL_MAX, &step->level, reader->parser->reterr);
    if (r == 0 && step->level < reader->terms->floors.level)
        return spot_refuse(spot, reader->parser->reterr, "%u is below the floor of %u", step->level,
                           reader->terms->floors.level);
    return r;
}

static int read_floors(const struct queue_reader *reader, const struct spot *spot)
{
    static const char *const known[] = { "level", "skills" };
    struct aro_step floors = { .level = 1 };
    struct spot member;

    int r = spot_check_keys(spot, known, sizeof known / sizeof *known, reader->parser->reterr);
    if (r == 0 && spot_find(spot, "level", &member))
        r = read_level(reader, &member, &floors);
    if (r == 0 && spot_find(spot, "skills", &member))
        r = read_skills(reader, &member, &floors);
    if (r == 0)
        reader->terms->floors = floors;
    return r;
}

static int read_needs(struct queue_reader *reader, const struct spot *spot)
{
    static const char *const known[] = { "skills" };
    struct spot skills;
    int r = spot_check_keys(spot, known, sizeof known / sizeof *known, reader->parser->reterr);
    if (r == 0 && spot_find(spot, "skills", &skills))
        r = read_skills(reader, &skills, &reader->needs);
    return r;
}

static int read_names(const struct queue_reader *reader, const struct spot *spot, size_t *ret_count,
                      const char *const **ret)
{
    int r = spot_expect(spot, DOCUMENT_LIST, reader->parser->reterr);
    if (r < 0)
        return r;
    if (spot->node->count == 0)
        return spot_refuse(spot, reader->parser->reterr, "expected at least one name, found none");
    const char **names = arena_new_array(reader->parser->arena, spot->node->count, sizeof *names);
    for (size_t i = 0; i < spot->node->count; i++) {
        struct spot item = spot_item(spot, i);
        r = spot_read_text(&item, &names[i], reader->parser->reterr);
        if (r < 0)
            return r;
        names[i] = copy_text(reader, names[i]);
    }
    *ret = names;
    *ret_count = spot->node->count;
    return 0;
}

/* Whom a step is for; without a word on it, as the queue itself says. */
static int read_step_people(const struct queue_reader *reader, const struct spot *spot,
                            struct aro_step *step)
{
    struct aro_error *reterr = reader->parser->reterr;
    struct spot member;
    size_t chosen;
    int r = 0;

    if (spot_find(spot, "language", &member)) {
        r = spot_read_choice(&member, language_steps,
                             sizeof language_steps / sizeof *language_steps, &chosen, reterr);
        if (r == 0)
            step->language = (enum aro_language_step)chosen;
    }
    if (r == 0 && spot_find(spot, "level", &member))
        r = read_level(reader, &member, step);
    if (r == 0 && spot_find(spot, "sites", &member))
        r = read_names(reader, &member, &step->site_count, &step->sites);
    if (r == 0 && spot_find(spot, "teams", &member))
        r = read_names(reader, &member, &step->team_count, &step->teams);
    if (r == 0 && spot_find(spot, "skills", &member))
        r = read_skills(reader, &member, step);
    return r;
}

/* Each step but the last has an end, `for` after the end of the one before. */
static int read_step_end(const struct queue_reader *reader, const struct spot *spot, bool is_last,
                         struct aro_span start, struct aro_step *step)
{
    struct aro_error *reterr = reader->parser->reterr;
    struct spot member;
    bool has_end = spot_find(spot, "for", &member);
    struct aro_span length;

    step->lasts.ms = INT64_MAX;
    if (is_last)
        return has_end ? spot_refuse_key(&member, reterr, "the last step has no end") : 0;
    if (!has_end)
        return spot_refuse(spot, reterr, "expected 'for' in every step but the last, found none");
    int r = spot_read_span(&member, &length, reterr);
    if (r == 0 && length.ms == 0)
        return spot_refuse_kind(&member, reterr, "a span longer than nothing");
    if (r == 0)
        step->lasts.ms = start.ms + length.ms;
    return r;
}

static struct aro_step initial_step(const struct queue_reader *reader)
{
    return (struct aro_step){ .lasts = { INT64_MAX },
                              .language = ARO_LANGUAGE_ANY,
                              .level = reader->terms->floors.level,
                              .skills = reader->needs.skills,
                              .skill_count = reader->needs.skill_count };
}

static int read_ladder(const struct queue_reader *reader, const struct spot *spot)
{
    static const char *const known[] = { "for", "language", "level", "sites", "teams", "skills" };
    struct aro_span start = { 0 };

    int r = spot_expect(spot, DOCUMENT_LIST, reader->parser->reterr);
    if (r == 0 && spot->node->count == 0)
        return spot_refuse(spot, reader->parser->reterr, "expected at least one step, found none");
    if (r == 0 && spot->node->count > ARO_STEPS_MAX)
        return spot_refuse(spot, reader->parser->reterr, "expected at most %d steps, found %zu",
                           ARO_STEPS_MAX, spot->node->count);
    struct aro_step *steps =
        arena_new_array(reader->parser->arena, spot->node->count, sizeof *steps);
    for (size_t i = 0; r == 0 && i < spot->node->count; i++) {
        struct spot item = spot_item(spot, i);
        steps[i] = initial_step(reader);
        r = spot_check_keys(&item, known, sizeof known / sizeof *known, reader->parser->reterr);
        if (r == 0)
            r = read_step_end(reader, &item, i + 1 == spot->node->count, start, &steps[i]);
        if (r == 0)
            r = read_step_people(reader, &item, &steps[i]);
        add_floor_skills(reader, &steps[i]);
        start = steps[i].lasts;
    }
    reader->terms->steps = steps;
    reader->terms->step_count = spot->node->count;
    return r;
}

/* A queue without a ladder has one step. */
static void set_only_step(const struct queue_reader *reader)
{
    struct aro_step *step = arena_new(reader->parser->arena, sizeof *step);
    *step = initial_step(reader);
    add_floor_skills(reader, step);
    reader->terms->steps = step;
    reader->terms->step_count = 1;
}

static void set_initial(struct aro_queue_terms *terms)
{
    terms->criterion_count = sizeof criteria_initial / sizeof *criteria_initial;
    memcpy(terms->criteria, criteria_initial, sizeof criteria_initial);
    terms->offer = offer_initial;
    terms->floors.level = 1;
    terms->overdue_share = PERCENT;
}

static int read_simple_members(const struct queue_reader *reader)
{
    static const struct {
        const char *key;
        int (*read)(const struct queue_reader *reader, const struct spot *spot);
    } readers[] = {
        { "deliver", read_deliver },
        { "topic", read_topic },
        { "order", read_order },
        { "choose", read_choose },
        { "independence", read_independence },
        { "offer", read_offer },
        { "floors", read_floors },
        { "reclaim_after", read_reclaim_after },
        { "overdue_share", read_overdue_share },
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof readers / sizeof *readers; i++) {
        struct spot spot;
        if (spot_find(reader->queue, readers[i].key, &spot))
            r = readers[i].read(reader, &spot);
    }
    return r;
}

/* Nothing behind `offer:` could mean no offers, as `{}` means those of the usual terms. */
static int refuse_bare_offer(const struct queue_reader *reader)
{
    for (size_t i = 0; i < reader->queue->node->count; i++) {
        struct spot member = spot_member(reader->queue, i);
        if (strcmp(member.key, "offer") == 0 && member.node->kind == DOCUMENT_NULL)
            return spot_refuse(&member, reader->parser->reterr,
                               "expected a map, found nothing: write {} for the usual terms");
    }
    return 0;
}

int queue_parse(struct rulebook_parser *parser, const struct spot *queue,
                struct aro_queue_terms *ret)
{
    static const char *const known[] = { "deliver", "topic",         "order",        "needs",
                                         "choose",  "offer",         "independence", "ladder",
                                         "floors",  "reclaim_after", "overdue_share" };
    struct queue_reader reader = { .parser = parser, .queue = queue, .terms = ret };
    struct spot spot;

    set_initial(ret);
    int r = spot_check_keys(queue, known, sizeof known / sizeof *known, parser->reterr);
    if (r == 0)
        r = refuse_bare_offer(&reader);
    if (r == 0)
        r = read_simple_members(&reader);
    if (r == 0 && spot_find(queue, "needs", &spot))
        r = read_needs(&reader, &spot);
    if (r < 0)
        return r;
    if (spot_find(queue, "ladder", &spot))
        return read_ladder(&reader, &spot);
    set_only_step(&reader);
    return 0;
}
