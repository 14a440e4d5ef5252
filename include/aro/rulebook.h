/* The ordered rules that send each appeal to a queue, and what each queue and market asks for.
 *
 * A rulebook never changes once parsed. A reload builds a new one beside it and the router swaps
 * the pointer between two events, so no appeal ever meets half of each. */
#ifndef ARO_RULEBOOK_H
#define ARO_RULEBOOK_H

#include <aro/calendar.h>
#include <aro/error.h>
#include <aro/event.h>
#include <aro/language.h>
#include <aro/text.h>
#include <aro/time.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aro_rulebook;

/* In the order of the contract; a queue's `choose` lists some of them. */
enum aro_criterion {
    ARO_LOWEST_LOAD,
    ARO_MOST_SPARE,
    ARO_LONGEST_IDLE,
    ARO_ROUND_ROBIN,
    ARO_BEST_LANGUAGE,
    ARO_BEST_SKILL,
    ARO_FEWEST_SKILLS,
    ARO_FEWEST_OPEN,
    ARO_RESERVE,
    ARO_CRITERION_COUNT,
};
/* "lowest_load" */
const char *aro_criterion_name(enum aro_criterion criterion);

enum aro_order { ARO_ORDER_ARRIVAL, ARO_ORDER_DEADLINE, ARO_ORDER_PRIORITY, ARO_ORDER_SLACK };

/* Which of an appeal's languages may serve: each contains the one before. */
enum aro_language_step { ARO_LANGUAGE_FIRST, ARO_LANGUAGE_ANY, ARO_LANGUAGE_FALLBACK };

/* Independence beyond the person, bits. */
enum {
    ARO_INDEPENDENT_TEAM = 1 << 0,
    ARO_INDEPENDENT_SITE = 1 << 1,
    ARO_INDEPENDENT_LEAD = 1 << 2
};

enum { ARO_STEPS_MAX = 32 }; /* of a ladder */

struct aro_step {
    struct aro_span lasts; /* age of the appeal at which it ends; INT64_MAX for the last */
    enum aro_language_step language;
    unsigned level; /* least level of the language, 1..5; the floor's where the step names none */
    size_t skill_count;
    const struct aro_skill
        *skills;                   /* those of the step, else the queue's `needs`, and the floors */
    size_t site_count, team_count; /* 0: any */
    const char *const *sites, *const *teams;
};

struct aro_offer_terms {
    struct aro_span expires;
    unsigned declines_max, misses_max;
    struct aro_span retry_after;
};

struct aro_queue_terms {
    const char *name;
    unsigned line, column;  /* where the rulebook names it */
    unsigned index;         /* its place in the rulebook, from 0 */
    bool delivers_to_queue; /* no agent is chosen: the team's own inbox takes it */
    const char *topic;      /* NULL: the shard's own */
    enum aro_order order;
    bool has_choice; /* it has a `choose` of its own; @criteria are the usual ones otherwise */
    size_t criterion_count;
    enum aro_criterion criteria[ARO_CRITERION_COUNT];
    unsigned independence;
    bool makes_offers;
    struct aro_offer_terms offer;
    size_t step_count; /* at least 1 */
    const struct aro_step *steps;
    struct aro_step floors;        /* level (1 where none) and skills; the rest unused */
    struct aro_span reclaim_after; /* ms 0: never */
    unsigned overdue_share;        /* percent of the capacity; 100 where not given */
};

/* How far a market is launched. */
enum aro_launch {
    ARO_LAUNCH_FULL,
    ARO_LAUNCH_DRAFT,
    ARO_LAUNCH_SHADOW,
    ARO_LAUNCH_CANARY,
    ARO_LAUNCH_PAUSED
};

struct aro_market_terms {
    const char *name;
    unsigned line, column; /* where the rulebook names it */
    size_t language_count;
    const struct aro_language *const *languages; /* those that its people write in */
    size_t fallback_count;
    const struct aro_language *const *fallback; /* in order */
    const char *time_zone;                      /* NULL: UTC */
    const struct aro_calendar *calendar;        /* NULL: open always */
    enum aro_launch launch;
    unsigned launch_share;        /* percent, canary */
    const char *launch_otherwise; /* a queue, shadow and canary */
};

/* What rules look at, of an appeal. All borrowed; what is absent has no text. */
struct aro_facts {
    const char *appeal_id; /* cuts `split` and `canary` */
    struct aro_text market;
    size_t language_count;
    const struct aro_language *const *languages;
    struct aro_text reason;
    unsigned tier, effort;
    struct aro_text subject_type, decision_policy;
    size_t attribute_count;
    const struct aro_attribute *attributes; /* sorted by name */
};

/* Those of an appeal.submitted; they point to what the event points to. */
struct aro_facts aro_facts_of_event(const struct aro_event *event);

/* Where a rule sends an appeal. Borrowed from the rulebook. */
struct aro_route {
    const char *rule;
    unsigned rule_index; /* from 0 */
    const struct aro_queue_terms *queue;
    bool has_priority, has_deadline;
    unsigned priority;
    struct aro_span deadline; /* from submission */
};

/* Parses YAML (1.2 core schema) or JSON: @length bytes of @text, borrowed. @languages is borrowed
 * and outlives the rulebook. On success the caller owns *@ret. On failure -EINVAL, with line,
 * column and what was expected, or -ENOMEM. The rulebook's own `tests` have run and passed. */
int aro_rulebook_parse(const char *text, size_t length, struct aro_languages *languages,
                       struct aro_rulebook **ret, struct aro_error *reterr);
void aro_rulebook_free(struct aro_rulebook *rulebook);

/* Makes @rulebook speak of the languages of another table, which is then the one that it borrows.
 * So a large rulebook can be parsed beside the loop, with a table of its own, and taken over in no
 * time. On failure (-ENOSPC, -ENOMEM) nothing has changed. */
int aro_rulebook_adopt(struct aro_rulebook *rulebook, struct aro_languages *languages);

/* The `rulebook:` of the file, and the SHA-256 of its bytes in hexadecimal. */
const char *aro_rulebook_name(const struct aro_rulebook *rulebook);
const char *aro_rulebook_sha256(const struct aro_rulebook *rulebook);
uint64_t aro_rulebook_seed(const struct aro_rulebook *rulebook);
struct aro_span aro_rulebook_deadline(const struct aro_rulebook *rulebook); /* ms 0: none */
struct aro_span aro_rulebook_dedupe_window(const struct aro_rulebook *rulebook);
struct aro_span aro_rulebook_independence_window(const struct aro_rulebook *rulebook);
struct aro_span aro_rulebook_age_step(const struct aro_rulebook *rulebook); /* ms 0: no ageing */

size_t aro_rulebook_queue_count(const struct aro_rulebook *rulebook);
const struct aro_queue_terms *aro_rulebook_queue_at(const struct aro_rulebook *rulebook,
                                                    size_t index);
const struct aro_queue_terms *aro_rulebook_find_queue(const struct aro_rulebook *rulebook,
                                                      const char *name);
size_t aro_rulebook_market_count(const struct aro_rulebook *rulebook);
const struct aro_market_terms *aro_rulebook_market_at(const struct aro_rulebook *rulebook,
                                                      size_t index);
/* NULL where the rulebook does not name it: full, no fallback, open always. */
const struct aro_market_terms *aro_rulebook_find_market(const struct aro_rulebook *rulebook,
                                                        const char *name);

/* Two capital letters (ISO 3166): a market that need not be declared. */
static inline bool aro_market_is_country_code(const char *market)
{
    return market[0] >= 'A' && market[0] <= 'Z' && market[1] >= 'A' && market[1] <= 'Z' &&
           market[2] == '\0';
}

/* Is it the one for synthetic appeals (aro/event.h), whose topic nobody works from? */
bool aro_queue_takes_synthetic(const struct aro_queue_terms *queue);

/* What only a rulebook can tell of an event: is its market an ISO 3166 code in form, or declared?
 * Does a synthetic appeal go where nobody meets it? To be asked of every event that was read.
 * -EINVAL with code FIELD where not. */
int aro_rulebook_check_event(const struct aro_rulebook *rulebook, const struct aro_event *event,
                             struct aro_error *reterr);

/* Does a full market, or the canary's share of one, take appeal @appeal_id as its rules say? Cut by
 * SipHash-2-4 of the id, keyed by the seed and the market's name. Neither draft nor shadow nor
 * paused do. */
bool aro_rulebook_market_is_launched(const struct aro_rulebook *rulebook,
                                     const struct aro_market_terms *market, const char *appeal_id);

/* May someone hired for @agent serve @appeal: equal language and script, or the rulebook's `accept`
 * says so. */
bool aro_rulebook_accepts(const struct aro_rulebook *rulebook, const struct aro_language *agent,
                          const struct aro_language *appeal);

/* The first rule that matches decides; the last matches everything, so there always is one. Never
 * allocates and changes nothing: several threads may match in one rulebook. A `split` is cut in
 * written order by SipHash-2-4 of the appeal's id, keyed by the seed and the rule's name. */
void aro_rulebook_match(const struct aro_rulebook *rulebook, const struct aro_facts *facts,
                        struct aro_route *ret);

#endif
