/* A slow and obvious router, to hold the real one against: plain arrays, linear scans, no classes,
 * no trees, no JSON. It shares nothing with lib/routing but the seeded hash that settles ties.
 *
 * Its world is small and closed: ten agents, twenty appeals, three markets, six languages. It is
 * plain data, so that a copy of it is a snapshot. */
#ifndef ROUTER_MODEL_H
#define ROUTER_MODEL_H

#include "support/buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MODEL_AGENTS = 7,
    MODEL_APPEALS = 16,
    MODEL_MARKETS = 3,
    MODEL_TAGS = 6,
    MODEL_SKILLS = 2,
    MODEL_QUEUES = 3,
    MODEL_REASONS = 4,
    MODEL_LANGUAGES = 3, /* of an appeal */
    MODEL_CRITERIA = 9,
    MODEL_ORDERS = 4,
    MODEL_STEPS = 3, /* of a ladder */
    MODEL_DECLINES = MODEL_AGENTS,
    MODEL_SUBJECTS = 3,
    MODEL_GROUPS = 3,     /* kinds: team, site, lead */
    MODEL_LEAD = 2,       /* groups of that kind are agents */
    MODEL_DECISIONS = 64, /* remembered of a subject */
    MODEL_WINDOWS = 2,    /* of a market, each day */
    MODEL_SPANS = 31,     /* decisions that a queue learns from */
    MODEL_SHIFTS = 2,     /* of an agent */
};

extern const char *const model_markets[MODEL_MARKETS];
extern const char *const model_skills[MODEL_SKILLS];
extern const char *const model_criteria[MODEL_CRITERIA];
extern const char *const model_orders[MODEL_ORDERS];
extern const struct model_tag {
    const char *text;
    int base; /* language and script */
    const char *region;
} model_tags[MODEL_TAGS];

enum model_launch {
    MODEL_FULL,
    MODEL_DRAFT,
    MODEL_SHADOW,
    MODEL_CANARY,
    MODEL_PAUSED,
    MODEL_LAUNCHES
};
extern const char *const model_launches[MODEL_LAUNCHES];

enum model_reach { MODEL_FIRST, MODEL_ANY, MODEL_FALLBACK };

struct model_queue {
    bool exists, delivers;
    int step_count;
    struct {
        int64_t lasts_ms; /* age at its end; not of the last */
        enum model_reach reach;
        int level;
        int skill_levels[MODEL_SKILLS]; /* needed; 0: not */
    } steps[MODEL_STEPS];
    bool makes_offers;
    int64_t expires_ms, retry_ms, reclaim_ms; /* the last may be 0: never */
    int declines_max, misses_max;
    int overdue_share;
    int criterion_count, criteria[MODEL_CRITERIA];
    unsigned independence; /* kinds of groups, bits */
    int order;
};

/* The rule of reason i sends to queue i; the last one, of all other reasons, to @rest. */
struct model_rule {
    bool exists, has_priority, has_deadline;
    int queue, priority;
    int64_t deadline_ms;
};

struct model_rulebook {
    char name[16];
    uint64_t seed;
    int64_t deadline_ms, dedupe_ms, age_step_ms; /* the first may be 0: none */
    int64_t independence_ms;
    bool accepts_hant_for_hans;
    int fallback; /* a tag, of the first market; -1: none */
    struct model_hours {
        bool has_any;                  /* otherwise it is open always */
        int windows[MODEL_WINDOWS][2]; /* minutes of each day, UTC */
    } hours[MODEL_MARKETS];
    struct {
        enum model_launch state;
        int share, otherwise; /* percent; a queue that exists */
    } launches[MODEL_MARKETS];
    struct model_queue queues[MODEL_QUEUES];
    struct model_rule rules[MODEL_REASONS];
};

enum model_status { MODEL_AVAILABLE, MODEL_DRAINING, MODEL_AWAY };

struct model_profile {
    int capacity;
    int levels[MODEL_TAGS]; /* of each tag; 0: not */
    bool all_markets;
    unsigned markets; /* bits */
    bool all_queues;
    unsigned queues; /* bits */
    int skill_levels[MODEL_SKILLS];
    int groups[MODEL_GROUPS]; /* 0: none */
    int shift_count;          /* 0: always there */
    int64_t shifts[MODEL_SHIFTS][2];
};

enum model_step_kind {
    MODEL_SUBMIT,
    MODEL_UPDATE,
    MODEL_WITHDRAW,
    MODEL_ACCEPT,
    MODEL_DECLINE,
    MODEL_RETURN,
    MODEL_DECIDE,
    MODEL_AGENT,
    MODEL_STATUS,
    MODEL_REMOVE,
    MODEL_TICK,
    MODEL_RELOAD,
    MODEL_PAUSE,
    MODEL_REROUTE,
    MODEL_WORK,
    MODEL_KINDS,
};

/* One thing that happens. */
struct model_step {
    enum model_step_kind kind;
    int64_t now;
    int appeal, agent;
    /* submit, update */
    int market, reason, effort, priority, tier;
    int subject; /* -1: none */
    int language_count, languages[MODEL_LANGUAGES];
    int decided_by;    /* an agent; -1: none */
    unsigned excluded; /* agents, bits */
    bool has_languages, has_reason, has_deadline, has_hold, is_on_hold;
    int64_t deadline;
    /* agent */
    struct model_profile profile;
    bool has_status;
    enum model_status status;
    /* reviews */
    bool has_agent, has_epoch;
    unsigned epoch;
    /* reload */
    const struct model_rulebook *rulebook;
    /* pause, with the market; reroute, where the market may be -1: all */
    bool is_paused;
    /* work; and what follows from a reload, a pause and a reroute at once: appeals at most */
    int limit;
};

enum model_state {
    MODEL_ABSENT,
    MODEL_WAITING,
    MODEL_OFFERED,
    MODEL_ASSIGNED,
    MODEL_DELIVERED,
    MODEL_MERGED,
    MODEL_CLOSED
};

/* Somebody whom an appeal keeps away, as they were when their name came. */
struct model_person {
    bool has_decided, is_known;
    int groups[MODEL_GROUPS];
};

struct model_appeal {
    enum model_state state;
    bool has_withdrawn;                        /* open for those alone that joined */
    int subject, lead;                         /* the second where merged */
    struct model_person persons[MODEL_AGENTS]; /* those barred */
    int64_t joined_deadline;
    bool is_overdue, is_given_overdue, is_on_hold, is_market_paused, is_announced,
        is_held_announced;
    bool has_just_entered, is_in_line; /* the second only of those that have just entered */
    bool comes_last;                   /* when this step settles: nobody looks at it before */
    int market, reason, effort, tier, event_priority, priority;
    int language_count, languages[MODEL_LANGUAGES];
    unsigned barred;                             /* decided or excluded: agents, bits */
    unsigned declined;                           /* agents, bits */
    int64_t submitted, event_deadline, deadline; /* INT64_MAX: none, as is the next but one */
    int64_t age_base;                            /* runs: when its age was 0; stopped: its age */
    int64_t latest_start; /* INT64_MAX: not worked out, as is the next: held meanwhile */
    int64_t assigned_at;
    int64_t retry_at, closed_at;
    uint64_t arrival;
    int queue, step, holder, rule, held_language;
    int64_t expires_at;
    char why[200]; /* of an offer, as it was said */
    char rulebook[16];
    unsigned epoch;
};

struct model_agent {
    bool is_known;
    enum model_status status;
    struct model_profile profile;
    int64_t idle_since, away_since;
    int misses;
    bool is_off_shift; /* as of when somebody last looked */
    int64_t shift_due; /* when to look again; INT64_MAX: never */
};

/* How long the last decisions of a queue took, the oldest first; and whose turn it was. */
struct model_learnt {
    int served_last; /* an agent; -1: nobody */
    int count;
    int64_t spans_ms[MODEL_SPANS];
};

struct model_subject {
    int count;
    struct model_decision {
        int64_t at;
        int agent, groups[MODEL_GROUPS];
    } decisions[MODEL_DECISIONS];
};

/* What a reload has still to do. */
enum model_stage { MODEL_FOLLOWED, MODEL_LINING_UP, MODEL_OPENING };

enum model_job { MODEL_NO_JOB, MODEL_HOLD, MODEL_RESUME, MODEL_OPEN };

struct model_market {
    bool is_paused_by_operator, is_paused_by_rulebook;
    enum model_job job;
    uint64_t cursor;
};

struct model {
    struct model_subject subjects[MODEL_SUBJECTS];
    struct model_market markets[MODEL_MARKETS];
    struct {
        bool is_under_way;
        int market; /* -1: all */
        uint64_t cursor;
    } reroute;
    const struct model_rulebook *rulebook;
    enum model_stage stage;
    uint64_t stage_cursor;
    bool is_queue_shut[MODEL_QUEUES];
    struct model_learnt learnt[MODEL_QUEUES];
    struct model_appeal appeals[MODEL_APPEALS];
    struct model_agent agents[MODEL_AGENTS];
    uint64_t arrival_last;
};

void model_agent_id(int agent, char ret[static 16]);
void model_appeal_id(int appeal, char ret[static 16]);

/* Nothing has happened yet. */
void model_init(struct model *model, const struct model_rulebook *rulebook);

/* Does @step and appends a line for each assignment and outcome that it causes. */
void model_do(struct model *model, const struct model_step *step, struct buffer *lines);

bool model_has_agent(const struct model_appeal *appeal);

/* Neither in somebody's hands nor in line. */
bool model_is_held(const struct model_appeal *appeal);
bool model_is_paused(const struct model *model, int market);

/* Is there anything that a reload, a pause, a resumption or a reroute has still to do? */
bool model_has_work(const struct model *model);

/* Units in use, by what they hold. */
int model_used(const struct model *model, int agent);

/* An appeal that waits though somebody could take it now; -1: none, as it should be. */
int model_find_neglected(const struct model *model);

#endif
