#include "router_model.h"

#include "support/siphash.h"

#include <aro/time.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { NOBODY = -1, RETRY_MS = 600000 };
#define NEVER INT64_MAX

const char *const model_markets[MODEL_MARKETS] = { "BR", "US", "NO" };
const char *const model_skills[MODEL_SKILLS] = { "fraud", "ip" };
const char *const model_criteria[MODEL_CRITERIA] = {
    "best_language", "lowest_load", "longest_idle", "most_spare", "best_skill",
    "fewest_skills", "fewest_open", "round_robin",  "reserve",
};
const char *const model_launches[MODEL_LAUNCHES] = { "full", "draft", "shadow", "canary",
                                                     "paused" };
const char *const model_orders[MODEL_ORDERS] = { "arrival", "deadline", "priority", "slack" };
const struct model_tag model_tags[MODEL_TAGS] = {
    { "pt-BR", 0, "BR" }, { "pt-PT", 0, "PT" }, { "es", 1, "" },
    { "en", 2, "" },      { "zh-Hant", 3, "" }, { "zh-Hans", 4, "" },
};

/* In the order in which they are asked. */
enum filter { MARKET, LANGUAGE, LEVEL, SKILLS, INDEPENDENCE, DECLINED, STATUS, CAPACITY, FILTERS };
static const char *const filter_names[FILTERS] = {
    "market", "language", "level", "skills", "independence", "declined", "status", "capacity"
};

struct why {
    int pool, by_filter[FILTERS];
    const char *criterion;
    int best, second;
};

void model_agent_id(int agent, char ret[static 16])
{
    snprintf(ret, 16, "agent-%d", agent);
}

void model_appeal_id(int appeal, char ret[static 16])
{
    snprintf(ret, 16, "appeal-%d", appeal);
}

/* --- what is so --- */

static bool has_bit(unsigned bits, int bit)
{
    return bits >> bit & 1;
}

bool model_has_agent(const struct model_appeal *appeal)
{
    return appeal->state == MODEL_OFFERED || appeal->state == MODEL_ASSIGNED;
}

static bool is_stopped(const struct model_appeal *appeal)
{
    return appeal->is_on_hold || appeal->is_market_paused;
}

bool model_is_held(const struct model_appeal *appeal)
{
    return appeal->state == MODEL_WAITING && is_stopped(appeal);
}

bool model_is_paused(const struct model *model, int market)
{
    const struct model_market *state = &model->markets[market];
    return state->is_paused_by_operator || state->is_paused_by_rulebook;
}

static bool is_shut(const struct model *model, const struct model_appeal *appeal)
{
    return model_is_paused(model, appeal->market) ||
           model->markets[appeal->market].job == MODEL_RESUME ||
           model->is_queue_shut[appeal->queue];
}

bool model_has_work(const struct model *model)
{
    bool has_work = model->reroute.is_under_way || model->stage != MODEL_FOLLOWED;
    for (int market = 0; market < MODEL_MARKETS; market++)
        has_work |= model->markets[market].job != MODEL_NO_JOB;
    return has_work;
}

static bool is_any_opening(const struct model *model)
{
    bool is_any = model->stage != MODEL_FOLLOWED;
    for (int market = 0; market < MODEL_MARKETS; market++)
        is_any |= model->markets[market].job == MODEL_OPEN;
    return is_any;
}

int model_used(const struct model *model, int agent)
{
    int used = 0;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        if (model_has_agent(&model->appeals[i]) && model->appeals[i].holder == agent)
            used += model->appeals[i].effort;
    }
    return used;
}

static int room_of(const struct model *model, int agent)
{
    return model->agents[agent].profile.capacity - model_used(model, agent);
}

static bool serves_queue(const struct model *model, int agent, int queue)
{
    const struct model_profile *profile = &model->agents[agent].profile;
    return profile->all_queues || has_bit(profile->queues, queue);
}

/* How well an agent's languages fit: lower is better in each part. */
struct fit {
    int rank, lack, foreign, language;
};

enum suits { SUITS_NOT, SUITS_BADLY, SUITS };

static bool serves(const struct model *model, int own, const struct model_tag *wanted)
{
    if (model_tags[own].base == wanted->base)
        return true;
    return model->rulebook->accepts_hant_for_hans && strcmp(wanted->text, "zh-Hans") == 0 &&
           strcmp(model_tags[own].text, "zh-Hant") == 0;
}

static void try_language(const struct model *model, int agent, int wanted_tag, int rank, int least,
                         enum suits *suits, struct fit *ret)
{
    const struct model_profile *profile = &model->agents[agent].profile;
    const struct model_tag *wanted = &model_tags[wanted_tag];

    for (int tag = 0; tag < MODEL_TAGS; tag++) {
        if (profile->levels[tag] == 0 || !serves(model, tag, wanted))
            continue;
        if (*suits == SUITS_NOT)
            *suits = SUITS_BADLY;
        if (profile->levels[tag] < least)
            continue;
        bool is_foreign = !wanted->region[0] || strcmp(wanted->region, model_tags[tag].region) != 0;
        struct fit fit = { rank, 5 - profile->levels[tag], is_foreign, wanted_tag };
        if (*suits != SUITS || fit.lack < ret->lack ||
            (fit.lack == ret->lack && fit.foreign < ret->foreign))
            *ret = fit;
        *suits = SUITS;
    }
}

static enum suits find_fit(const struct model *model, int agent, const struct model_appeal *appeal,
                           struct fit *ret)
{
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];
    int step = (appeal->step < queue->step_count ? appeal->step : queue->step_count) - 1;
    int count = queue->steps[step].reach == MODEL_FIRST ? 1 : appeal->language_count;
    enum suits suits = SUITS_NOT;

    for (int rank = 0; rank < count && suits != SUITS; rank++)
        try_language(model, agent, appeal->languages[rank], rank, queue->steps[step].level, &suits,
                     ret);
    if (queue->steps[step].reach == MODEL_FALLBACK && suits != SUITS && appeal->market == 0 &&
        model->rulebook->fallback >= 0)
        try_language(model, agent, model->rulebook->fallback, count, queue->steps[step].level,
                     &suits, ret);
    return suits;
}

static const int *needed_skills(const struct model *model, const struct model_appeal *appeal)
{
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];
    int step = (appeal->step < queue->step_count ? appeal->step : queue->step_count) - 1;
    return queue->steps[step].skill_levels;
}

/* --- independence --- */

/* Does @agent share one of @groups, those of @other, or is one of the two the lead of the other? */
static bool shares_group(const struct model *model, int agent, unsigned kinds, int other,
                         const int groups[static MODEL_GROUPS])
{
    const int *own = model->agents[agent].profile.groups;
    if (has_bit(kinds, MODEL_LEAD) && ((groups[MODEL_LEAD] && groups[MODEL_LEAD] == agent) ||
                                       (own[MODEL_LEAD] && own[MODEL_LEAD] == other)))
        return true;
    for (int kind = 0; kind < MODEL_GROUPS; kind++) {
        if (has_bit(kinds, kind) && own[kind] && own[kind] == groups[kind])
            return true;
    }
    return false;
}

/* As they were when their name came; or as they are, where they were no agent then. */
static const int *groups_of(const struct model *model, const struct model_appeal *appeal, int agent)
{
    return appeal->persons[agent].is_known ? appeal->persons[agent].groups
                                           : model->agents[agent].profile.groups;
}

static bool is_dependent(const struct model *model, int agent, const struct model_appeal *appeal)
{
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];
    unsigned kinds = queue->exists ? queue->independence : 0;

    if (has_bit(appeal->barred, agent))
        return true;
    for (int other = 0; other < MODEL_AGENTS; other++) {
        if (has_bit(appeal->barred, other) &&
            shares_group(model, agent, kinds, other, groups_of(model, appeal, other)))
            return true;
    }
    for (int i = 0; appeal->subject >= 0 && i < model->subjects[appeal->subject].count; i++) {
        const struct model_decision *decision = &model->subjects[appeal->subject].decisions[i];
        if (decision->agent == agent ||
            shares_group(model, agent, kinds, decision->agent, decision->groups))
            return true;
    }
    return false;
}

static enum filter filter_of(const struct model *model, int agent, int appeal_index)
{
    const struct model_appeal *appeal = &model->appeals[appeal_index];
    const struct model_agent *who = &model->agents[agent];
    struct fit fit;

    if (!who->profile.all_markets && !has_bit(who->profile.markets, appeal->market))
        return MARKET;
    enum suits suits = find_fit(model, agent, appeal, &fit);
    if (suits != SUITS)
        return suits == SUITS_NOT ? LANGUAGE : LEVEL;
    for (int skill = 0; skill < MODEL_SKILLS; skill++) {
        if (who->profile.skill_levels[skill] < needed_skills(model, appeal)[skill])
            return SKILLS;
    }
    if (is_dependent(model, agent, appeal))
        return INDEPENDENCE;
    if (has_bit(appeal->declined, agent))
        return DECLINED;
    if (who->status != MODEL_AVAILABLE || who->is_off_shift)
        return STATUS;
    return room_of(model, agent) < appeal->effort ? CAPACITY : FILTERS;
}

/* Could they hold it if they had nothing else? */
static bool is_able(const struct model *model, int agent, int appeal)
{
    return model->agents[agent].profile.capacity >= model->appeals[appeal].effort;
}

static bool is_in_pool(const struct model *model, int agent, int queue)
{
    return model->agents[agent].is_known && serves_queue(model, agent, queue);
}

static bool may_take(const struct model *model, int agent, int appeal)
{
    return is_in_pool(model, agent, model->appeals[appeal].queue) &&
           filter_of(model, agent, appeal) == FILTERS;
}

static uint64_t tie_of(const struct model *model, int agent)
{
    char id[16];
    model_agent_id(agent, id);
    return siphash(id, strlen(id), model->rulebook->seed, 0);
}

/* --- who is better --- */

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int open_of(const struct model *model, int agent)
{
    int open = 0;
    for (int i = 0; i < MODEL_APPEALS; i++)
        open += model_has_agent(&model->appeals[i]) && model->appeals[i].holder == agent;
    return open;
}

/* Levels of the skills that the queue asks for; or how many skills there are at all. */
static int skills_of(const struct model *model, int agent, const struct model_appeal *appeal,
                     bool are_counted)
{
    int sum = 0;
    for (int i = 0; i < MODEL_SKILLS; i++) {
        int level = model->agents[agent].profile.skill_levels[i];
        if (are_counted)
            sum += level > 0;
        else if (needed_skills(model, appeal)[i] > 0)
            sum += level;
    }
    return sum;
}

/* How many it is until the turn of @agent. */
static int turns_until(const struct model *model, int agent, const struct model_appeal *appeal)
{
    int last = model->learnt[appeal->queue].served_last;
    return (agent - last - 1 + MODEL_AGENTS) % MODEL_AGENTS;
}

static bool speaks_base(const struct model_agent *agent, int base)
{
    for (int tag = 0; tag < MODEL_TAGS; tag++) {
        if (agent->is_known && agent->profile.levels[tag] > 0 && model_tags[tag].base == base)
            return true;
    }
    return false;
}

/* Speakers of that language of theirs which the fewest speak. */
static int rarest_of(const struct model *model, int agent)
{
    int least = MODEL_AGENTS;
    for (int tag = 0; tag < MODEL_TAGS; tag++) {
        int count = 0;
        for (int i = 0; i < MODEL_AGENTS; i++)
            count += speaks_base(&model->agents[i], model_tags[tag].base);
        if (speaks_base(&model->agents[agent], model_tags[tag].base) && count < least)
            least = count;
    }
    return least;
}

static int compare_by(const struct model *model, int criterion, int a, int b,
                      const struct model_appeal *appeal)
{
    struct fit x = { 0 }, y = { 0 };

    switch (criterion) {
    case 0:
        find_fit(model, a, appeal, &x);
        find_fit(model, b, appeal, &y);
        if (x.rank != y.rank)
            return sign(x.rank, y.rank);
        return x.lack != y.lack ? sign(x.lack, y.lack) : sign(x.foreign, y.foreign);
    case 1:
        return sign(
            (int64_t)(model_used(model, a) + appeal->effort) * model->agents[b].profile.capacity,
            (int64_t)(model_used(model, b) + appeal->effort) * model->agents[a].profile.capacity);
    case 2: return sign(model->agents[a].idle_since, model->agents[b].idle_since);
    case 3: return sign(room_of(model, b), room_of(model, a));
    case 4: return sign(skills_of(model, b, appeal, false), skills_of(model, a, appeal, false));
    case 5: return sign(skills_of(model, a, appeal, true), skills_of(model, b, appeal, true));
    case 6: return sign(open_of(model, a), open_of(model, b));
    case 7: return sign(turns_until(model, a, appeal), turns_until(model, b, appeal));
    default: return sign(rarest_of(model, b), rarest_of(model, a));
    }
}

static bool is_better(const struct model *model, int a, int b, int appeal_index,
                      const char **ret_criterion)
{
    const struct model_appeal *appeal = &model->appeals[appeal_index];
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];

    for (int i = 0; i < queue->criterion_count; i++) {
        int order = compare_by(model, queue->criteria[i], a, b, appeal);
        *ret_criterion = model_criteria[queue->criteria[i]];
        if (order)
            return order < 0;
    }
    *ret_criterion = "seeded_hash";
    return tie_of(model, a) < tie_of(model, b);
}

static int best_of(const struct model *model, int appeal, int except)
{
    const char *criterion;
    int best = NOBODY;
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        if (agent != except && may_take(model, agent, appeal) &&
            (best == NOBODY || is_better(model, agent, best, appeal, &criterion)))
            best = agent;
    }
    return best;
}

static struct why look(const struct model *model, int appeal)
{
    struct why why = { 0 };
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        if (!is_in_pool(model, agent, model->appeals[appeal].queue))
            continue;
        why.pool++;
        enum filter filter = filter_of(model, agent, appeal);
        if (filter != FILTERS)
            why.by_filter[filter]++;
    }
    why.best = best_of(model, appeal, NOBODY);
    why.second = why.best == NOBODY ? NOBODY : best_of(model, appeal, why.best);
    if (why.second != NOBODY)
        is_better(model, why.best, why.second, appeal, &why.criterion);
    return why;
}

static int64_t effective_priority(const struct model *model, const struct model_appeal *appeal,
                                  int64_t now)
{
    int64_t age = is_stopped(appeal) ? appeal->age_base : now - appeal->age_base;
    int64_t step = model->rulebook->age_step_ms;
    return appeal->priority + (step ? age / step : 0);
}

/* --- working hours, a minute at a time --- */

static int64_t minute_before(int64_t ms)
{
    return (ms - 1) / 60000 * 60000;
}

static bool is_open(const struct model_hours *hours, int64_t minute_ms)
{
    int minute = (int)(minute_ms / 60000 % 1440);
    for (int i = 0; i < MODEL_WINDOWS; i++) {
        if (hours->windows[i][0] <= minute && minute < hours->windows[i][1])
            return true;
    }
    return !hours->has_any;
}

static int64_t work_between(const struct model_hours *hours, int64_t start, int64_t end)
{
    int64_t sum = 0;
    while (end > start) {
        int64_t minute = minute_before(end), from = minute > start ? minute : start;
        sum += is_open(hours, minute) ? end - from : 0;
        end = from;
    }
    return sum;
}

static int64_t work_before(const struct model_hours *hours, int64_t end, int64_t left)
{
    while (left > 0) {
        int64_t minute = minute_before(end);
        int64_t part = end - minute < left || !is_open(hours, minute) ? end - minute : left;
        left -= is_open(hours, minute) ? part : 0;
        end -= part;
    }
    return end;
}

static int64_t median_of(const struct model_learnt *learnt)
{
    for (int i = 0; i < learnt->count; i++) {
        int less = 0, equal = 0, middle = (learnt->count - 1) / 2;
        for (int j = 0; j < learnt->count; j++) {
            less += learnt->spans_ms[j] < learnt->spans_ms[i];
            equal += learnt->spans_ms[j] == learnt->spans_ms[i];
        }
        if (less <= middle && middle < less + equal)
            return learnt->spans_ms[i];
    }
    return 0;
}

static bool is_by_slack(const struct model *model, const struct model_appeal *appeal)
{
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];
    return queue->exists && !queue->delivers && queue->order == 3;
}

static void set_latest_start(struct model *model, struct model_appeal *appeal)
{
    int64_t expected = median_of(&model->learnt[appeal->queue]);

    if (is_by_slack(model, appeal) && !is_stopped(appeal) && appeal->latest_start == NEVER &&
        appeal->deadline != NEVER)
        appeal->latest_start = work_before(&model->rulebook->hours[appeal->market],
                                           appeal->deadline, expected ? expected : 1);
}

static void learn(struct model *model, const struct model_appeal *appeal, int64_t now)
{
    struct model_learnt *learnt = &model->learnt[appeal->queue];

    if (appeal->state != MODEL_ASSIGNED || appeal->assigned_at == NEVER)
        return;
    if (learnt->count == MODEL_SPANS)
        memmove(learnt->spans_ms, learnt->spans_ms + 1, --learnt->count * sizeof(int64_t));
    learnt->spans_ms[learnt->count++] =
        work_between(&model->rulebook->hours[appeal->market], appeal->assigned_at, now);
}

static bool is_open_appeal(const struct model_appeal *appeal)
{
    return appeal->state >= MODEL_WAITING && appeal->state <= MODEL_DELIVERED;
}

/* A queue that is gone, once it is empty, has learnt nothing. */
static void forget_gone(struct model *model)
{
    for (int queue = 0; queue < MODEL_QUEUES; queue++) {
        bool is_used = model->rulebook->queues[queue].exists;
        for (int i = 0; i < MODEL_APPEALS; i++) {
            is_used |= is_open_appeal(&model->appeals[i]) && model->appeals[i].queue == queue;
        }
        if (!is_used)
            model->learnt[queue] = (struct model_learnt){ .served_last = NOBODY };
    }
}

static int64_t due_start(const struct model *model, const struct model_appeal *appeal)
{
    bool is_known = is_by_slack(model, appeal) && appeal->latest_start != NEVER;
    return is_known ? appeal->latest_start : appeal->deadline;
}

static bool is_more_urgent(const struct model *model, int a, int b, int64_t now)
{
    const struct model_appeal *x = &model->appeals[a], *y = &model->appeals[b];
    int64_t px = effective_priority(model, x, now), py = effective_priority(model, y, now);
    int64_t sx = due_start(model, x), sy = due_start(model, y);

    if (px != py)
        return px > py;
    return sx != sy ? sx < sy : x->arrival < y->arrival;
}

static bool is_waiting(const struct model_appeal *appeal)
{
    return appeal->state == MODEL_WAITING && !is_stopped(appeal);
}

static bool is_queue_for_agents(const struct model *model, int queue)
{
    return model->rulebook->queues[queue].exists && !model->rulebook->queues[queue].delivers;
}

static int64_t place_key(const struct model *model, const struct model_appeal *appeal, int64_t now)
{
    bool is_ordered = is_queue_for_agents(model, appeal->queue) &&
                      (!is_stopped(appeal) || model->rulebook->queues[appeal->queue].order == 2);
    switch (is_ordered ? model->rulebook->queues[appeal->queue].order : 0) {
    case 1: return appeal->deadline;
    case 2: return -effective_priority(model, appeal, now);
    case 3: return due_start(model, appeal);
    default: return 0;
    }
}

static bool is_ahead(const struct model *model, int a, int b, int64_t now)
{
    const struct model_appeal *x = &model->appeals[a], *y = &model->appeals[b];
    int64_t kx = place_key(model, x, now), ky = place_key(model, y, now);
    return kx != ky ? kx < ky : x->arrival < y->arrival;
}

/* Do its overdue appeals have as much of what @queue gave to agents as they may, or would with
 * @effort more? */
static bool is_beyond_share(const struct model *model, const struct model_appeal *appeal)
{
    int given = appeal->effort, overdue = appeal->effort;

    if (!is_queue_for_agents(model, appeal->queue) || !appeal->is_overdue)
        return false;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        const struct model_appeal *other = &model->appeals[i];
        if (!model_has_agent(other) || other->queue != appeal->queue)
            continue;
        given += other->effort;
        overdue += other->is_given_overdue ? other->effort : 0;
    }
    return overdue * 100 > model->rulebook->queues[appeal->queue].overdue_share * given;
}

/* The first that waits in @queue for @agent: of those that are overdue, or of the others. */
static int first_of_queue(const struct model *model, int agent, int queue, bool is_overdue,
                          int64_t now)
{
    int first = NOBODY;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        const struct model_appeal *appeal = &model->appeals[i];
        if (is_waiting(appeal) && (!appeal->has_just_entered || appeal->is_in_line) &&
            !appeal->comes_last && !is_shut(model, appeal) && appeal->queue == queue &&
            appeal->is_overdue == is_overdue && may_take(model, agent, i) &&
            (first == NOBODY || is_ahead(model, i, first, now)))
            first = i;
    }
    return first;
}

static int more_urgent(const struct model *model, int a, int b, int64_t now)
{
    if (a == NOBODY || b == NOBODY)
        return a == NOBODY ? b : a;
    return is_more_urgent(model, a, b, now) ? a : b;
}

static int work_for(const struct model *model, int agent, int64_t now)
{
    int best = NOBODY, beyond = NOBODY;
    for (int queue = 0; queue < MODEL_QUEUES && model->agents[agent].is_known; queue++) {
        if (!is_queue_for_agents(model, queue))
            continue;
        int first = first_of_queue(model, agent, queue, false, now);
        int overdue = first_of_queue(model, agent, queue, true, now);
        if (overdue != NOBODY && is_beyond_share(model, &model->appeals[overdue]))
            beyond = more_urgent(model, beyond, overdue, now);
        else if (first == NOBODY || (overdue != NOBODY && is_ahead(model, overdue, first, now)))
            first = overdue;
        best = more_urgent(model, best, first, now);
    }
    return best != NOBODY ? best : beyond;
}

int model_find_neglected(const struct model *model)
{
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        int work = work_for(model, agent, 0);
        if (work != NOBODY)
            return work;
    }
    return NOBODY;
}

/* --- what is said --- */

struct saying {
    struct model *model;
    int64_t now;
    struct buffer *lines;
    int used_before[MODEL_AGENTS]; /* when nothing had happened yet, as is the next */
    struct model_agent agents_before[MODEL_AGENTS];
    unsigned at_boundary; /* of a shift, in this turn: agents, bits */
};

static void remember_agents(struct saying *saying)
{
    memcpy(saying->agents_before, saying->model->agents, sizeof saying->agents_before);
    for (int agent = 0; agent < MODEL_AGENTS; agent++)
        saying->used_before[agent] = model_used(saying->model, agent);
}

/* While a market is being opened, or a reload followed, there are people who have room for
 * something that waits. Only those who have just got room, or come, take anything. */
static bool may_look(const struct saying *saying, int agent)
{
    const struct model_agent *before = &saying->agents_before[agent];
    const struct model_agent *now = &saying->model->agents[agent];
    return !is_any_opening(saying->model) || has_bit(saying->at_boundary, agent) ||
           model_used(saying->model, agent) < saying->used_before[agent] ||
           before->is_known != now->is_known || before->status != now->status ||
           memcmp(&before->profile, &now->profile, sizeof now->profile) != 0;
}

static void say_head(struct saying *saying, const char *type, int appeal)
{
    char id[16];
    model_appeal_id(appeal, id);
    buffer_add_format(saying->lines, "%s key=%s", type, id);
}

static void say_agent(struct saying *saying, int agent)
{
    char id[16];
    if (agent == NOBODY)
        return;
    model_agent_id(agent, id);
    buffer_add_format(saying->lines, " agent_id=%s", id);
}

static void say_deadline(struct saying *saying, const struct model_appeal *appeal)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    if (appeal->deadline == NEVER)
        return;
    aro_instant_format((struct aro_instant){ appeal->deadline }, text);
    buffer_add_format(saying->lines, " deadline=%s", text);
}

static void say_why(struct saying *saying, const struct why *why, bool is_assignment)
{
    buffer_add_format(saying->lines, " pool=%d", why->pool);
    for (int i = 0; i < FILTERS; i++) {
        if (why->by_filter[i])
            buffer_add_format(saying->lines, " %s:%d", filter_names[i], why->by_filter[i]);
    }
    if (is_assignment && why->criterion) {
        char id[16];
        model_agent_id(why->second, id);
        buffer_add_format(saying->lines, " criterion=%s runner_up=%s", why->criterion, id);
    }
}

static const char *rule_name(int rule, char ret[static 16])
{
    snprintf(ret, 16, "rule-%d", rule);
    return ret;
}

/* Of those that joined @lead, the one that came after @after. */
static int next_appellant(const struct model *model, int lead, uint64_t after)
{
    int next = NOBODY;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        const struct model_appeal *appeal = &model->appeals[i];
        if (appeal->state == MODEL_MERGED && appeal->lead == lead && appeal->arrival > after &&
            (next == NOBODY || appeal->arrival < model->appeals[next].arrival))
            next = i;
    }
    return next;
}

static void say_appellants(struct saying *saying, int lead)
{
    const struct model *model = saying->model;
    uint64_t after = 0;
    for (int i; (i = next_appellant(model, lead, after)) != NOBODY;) {
        char id[16];
        model_appeal_id(i, id);
        buffer_add_format(saying->lines, " appellant:%s", id);
        after = model->appeals[i].arrival;
    }
}

static void say_assignment(struct saying *saying, const char *type, int index, const char *reason,
                           const struct why *why)
{
    const struct model_appeal *appeal = &saying->model->appeals[index];
    char rule[16];

    say_head(saying, type, index);
    say_agent(saying, model_has_agent(appeal) ? appeal->holder : NOBODY);
    buffer_add_format(saying->lines, " queue=q%d market=%s language=%s epoch=%u effort=%d",
                      appeal->queue, model_markets[appeal->market],
                      model_tags[appeal->held_language].text, appeal->epoch, appeal->effort);
    buffer_add_format(saying->lines, " priority=%d tier=%d", appeal->priority, appeal->tier);
    say_deadline(saying, appeal);
    buffer_add_format(saying->lines, " rule=%s rulebook=%s", rule_name(appeal->rule, rule),
                      appeal->rulebook);
    if (reason)
        buffer_add_format(saying->lines, " reason=%s", reason);
    say_appellants(saying, index);
    if (why)
        say_why(saying, why, true);
    buffer_add_text(saying->lines, "\n");
}

static int count_at_last_step(struct model *model, int index)
{
    struct model_appeal *appeal = &model->appeals[index];
    int count = 0, step = appeal->step;

    appeal->step = model->rulebook->queues[appeal->queue].step_count;
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        enum filter filter = filter_of(model, agent, index);
        count += is_in_pool(model, agent, appeal->queue) &&
                 model->agents[agent].profile.capacity >= appeal->effort && filter >= DECLINED;
    }
    appeal->step = step;
    return count;
}

static void say_waits(struct saying *saying, int index)
{
    const struct model_appeal *appeal = &saying->model->appeals[index];
    struct why why = { 0 };
    char rule[16];

    if (is_queue_for_agents(saying->model, appeal->queue))
        why = look(saying->model, index);

    say_head(saying, "appeal.waiting", index);
    buffer_add_format(saying->lines, " queue=q%d market=%s language=%s priority=%d", appeal->queue,
                      model_markets[appeal->market], model_tags[appeal->languages[0]].text,
                      appeal->priority);
    say_deadline(saying, appeal);
    buffer_add_format(saying->lines, " rule=%s rulebook=%s", rule_name(appeal->rule, rule),
                      appeal->rulebook);
    say_why(saying, &why, false);
    if (is_queue_for_agents(saying->model, appeal->queue))
        buffer_add_format(saying->lines, " eligible_at_last_step=%d",
                          count_at_last_step(saying->model, index));
}

static void say_waiting(struct saying *saying, int index)
{
    say_waits(saying, index);
    buffer_add_text(saying->lines, "\n");
}

/* What @queue would have done with it. */
static void say_shadow(struct saying *saying, int index, int queue)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    const struct model_appeal own = *appeal;
    struct why why;

    say_waits(saying, index);
    buffer_add_format(saying->lines, " shadow=q%d", queue);
    if (is_queue_for_agents(saying->model, queue)) {
        appeal->queue = queue;
        why = look(saying->model, index);
        *appeal = own;
        if (why.best != NOBODY)
            say_agent(saying, why.best);
        say_why(saying, &why, why.best != NOBODY);
    }
    buffer_add_text(saying->lines, "\n");
}

static void say_reason(struct saying *saying, const char *type, int index, const char *reason)
{
    say_head(saying, type, index);
    buffer_add_format(saying->lines, " reason=%s\n", reason);
}

static void say_ignored(struct saying *saying, const struct model_step *step, const char *reason)
{
    bool is_agent =
        step->kind == MODEL_AGENT || step->kind == MODEL_STATUS || step->kind == MODEL_REMOVE;
    char id[16];
    if (is_agent)
        model_agent_id(step->agent, id);
    else
        model_appeal_id(step->appeal, id);
    buffer_add_format(saying->lines, "event.ignored key=%s%s%s reason=%s\n", id,
                      is_agent ? " agent_id=" : "", is_agent ? id : "", reason);
}

/* --- what changes --- */

static int queue_of_rule(const struct model *model, int reason, int *ret_rule)
{
    for (int i = 0; i < MODEL_REASONS; i++) {
        if (model->rulebook->rules[i].exists && (i == reason || i == MODEL_REASONS - 1)) {
            *ret_rule = i;
            return model->rulebook->rules[i].queue;
        }
    }
    assert(false);
    return 0;
}

static void set_rulebook_name(const struct model *model, struct model_appeal *appeal)
{
    memcpy(appeal->rulebook, model->rulebook->name, sizeof appeal->rulebook);
}

static int percent_of(const struct model *model, const struct model_appeal *appeal)
{
    const char *market = model_markets[appeal->market];
    uint64_t seed = model->rulebook->seed, key = siphash(market, strlen(market), seed, 0);
    char id[16];
    model_appeal_id((int)(appeal - model->appeals), id);
    return (int)(siphash(id, strlen(id), seed, key) % 100);
}

static int queue_by_launch(const struct model *model, const struct model_appeal *appeal,
                           int by_rules)
{
    const struct model_rulebook *book = model->rulebook;
    enum model_launch state = book->launches[appeal->market].state;
    bool is_other = state == MODEL_SHADOW ||
                    (state == MODEL_CANARY &&
                     percent_of(model, appeal) >= book->launches[appeal->market].share);
    return is_other ? book->launches[appeal->market].otherwise : by_rules;
}

static void set_deadline(const struct model *model, struct model_appeal *appeal,
                         const struct model_rule *rule)
{
    int64_t before = appeal->deadline;

    if (rule->has_deadline)
        appeal->deadline = appeal->submitted + rule->deadline_ms;
    else if (appeal->event_deadline != NEVER || model->rulebook->deadline_ms == 0)
        appeal->deadline = appeal->event_deadline;
    else
        appeal->deadline = appeal->submitted + model->rulebook->deadline_ms;
    if (appeal->joined_deadline < appeal->deadline)
        appeal->deadline = appeal->joined_deadline;
    if (before != appeal->deadline)
        appeal->latest_start = NEVER;
}

static void route(struct model *model, struct model_appeal *appeal)
{
    int by_rules = queue_of_rule(model, appeal->reason, &appeal->rule);
    int queue = queue_by_launch(model, appeal, by_rules);
    bool is_other_queue = queue != appeal->queue;
    if (is_other_queue)
        appeal->step = 1;
    appeal->queue = queue;
    const struct model_rule *rule = &model->rulebook->rules[appeal->rule];

    set_rulebook_name(model, appeal);
    appeal->priority = rule->has_priority ? rule->priority : appeal->event_priority;
    if (is_other_queue)
        appeal->latest_start = NEVER;
    set_deadline(model, appeal, rule);
}

static void take_back(struct model_appeal *appeal)
{
    appeal->state = MODEL_WAITING;
    appeal->has_just_entered = true;
}

static int matched_language(const struct model *model, int agent, const struct model_appeal *appeal)
{
    struct fit fit = { 0 };
    find_fit(model, agent, appeal, &fit);
    return fit.language;
}

/* What @why sounds like, kept for the day the offer is accepted. */
static void keep_why(struct saying *saying, struct model_appeal *appeal, const struct why *why)
{
    struct buffer text = { 0 };
    struct saying aside = { saying->model, saying->now, &text };
    buffer_add_text(&text, "");
    say_why(&aside, why, true);
    snprintf(appeal->why, sizeof appeal->why, "%s", text.data);
    buffer_done(&text);
}

static bool takes_turns(const struct model_queue *queue)
{
    for (int i = 0; i < queue->criterion_count; i++) {
        if (queue->criteria[i] == 7)
            return true;
    }
    return false;
}

static void give(struct saying *saying, int index)
{
    struct model *model = saying->model;
    struct model_appeal *appeal = &model->appeals[index];
    struct why why = look(model, index);

    assert(why.best != NOBODY);
    appeal->held_language = matched_language(model, why.best, appeal);
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];
    appeal->state = queue->makes_offers ? MODEL_OFFERED : MODEL_ASSIGNED;
    appeal->holder = why.best;
    appeal->assigned_at = saying->now;
    appeal->is_given_overdue = appeal->is_overdue;
    if (takes_turns(queue))
        model->learnt[appeal->queue].served_last = why.best;
    appeal->epoch++;
    appeal->is_announced = false;
    appeal->retry_at = NEVER;
    set_rulebook_name(model, appeal);
    if (queue->makes_offers) {
        appeal->expires_at = saying->now + queue->expires_ms;
        keep_why(saying, appeal, &why);
        say_assignment(saying, "assignment.offered", index, NULL, &why);
        return;
    }
    model->agents[why.best].idle_since = saying->now;
    say_assignment(saying, "assignment.created", index, NULL, &why);
}

static void deliver(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    struct why why = { 0 };

    appeal->held_language = appeal->languages[0];
    appeal->state = MODEL_DELIVERED;
    appeal->epoch++;
    appeal->is_announced = false;
    appeal->retry_at = NEVER;
    set_rulebook_name(saying->model, appeal);
    say_assignment(saying, "assignment.created", index, NULL, &why);
}

/* One that is in time again becomes overdue again. */
static void look_at_time(const struct saying *saying, struct model_appeal *appeal)
{
    if (appeal->deadline > saying->now)
        appeal->is_overdue = false;
}

static void route_anew(struct saying *saying, struct model_appeal *appeal)
{
    route(saying->model, appeal);
    look_at_time(saying, appeal);
}

static void say_rerouted(struct saying *saying, int index, int from, const char *reason)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    if (appeal->queue == from)
        return;
    appeal->is_announced = false;
    say_head(saying, "appeal.rerouted", index);
    buffer_add_format(saying->lines, " from=q%d to=q%d reason=%s\n", from, appeal->queue, reason);
}

static void say_escalated(struct saying *saying, int index, unsigned skipped)
{
    const struct model_appeal *appeal = &saying->model->appeals[index];
    say_head(saying, "appeal.escalated", index);
    buffer_add_format(saying->lines, " queue=q%d step=%d", appeal->queue, appeal->step);
    for (int step = 1; step <= MODEL_STEPS; step++) {
        if (has_bit(skipped, step))
            buffer_add_format(saying->lines, " skipped:%d", step);
    }
    buffer_add_text(saying->lines, "\n");
}

static int64_t step_ends_at(const struct model *model, const struct model_appeal *appeal)
{
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];
    return appeal->step >= queue->step_count
               ? NEVER
               : appeal->age_base + queue->steps[appeal->step - 1].lasts_ms;
}

static bool is_on_shift_within(const struct model_profile *profile, int64_t from, int64_t to)
{
    for (int i = 0; i < profile->shift_count; i++) {
        if (profile->shifts[i][0] < to && profile->shifts[i][1] > from)
            return true;
    }
    return false;
}

/* By somebody with the capacity for it who is there, or will be before the step ends. */
static bool can_be_filled(const struct saying *saying, int index)
{
    const struct model *model = saying->model;
    int64_t end = step_ends_at(model, &model->appeals[index]);

    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        if (!is_in_pool(model, agent, model->appeals[index].queue) || !is_able(model, agent, index))
            continue;
        enum filter filter = filter_of(model, agent, index);
        if (filter > STATUS ||
            (filter == STATUS &&
             is_on_shift_within(&model->agents[agent].profile, saying->now, end)))
            return true;
    }
    return false;
}

static int count_bits(unsigned bits)
{
    int count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

/* A reload may have made the ladder shorter. */
static void lower(struct model_appeal *appeal, const struct model_queue *queue)
{
    if (appeal->step > queue->step_count)
        appeal->step = queue->step_count;
}

/* By somebody who has not declined. */
static bool can_be_filled_later(const struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    const int own = appeal->step;
    const int last = saying->model->rulebook->queues[appeal->queue].step_count;
    bool can_be = false;

    while (!can_be && appeal->step < last) {
        appeal->step++;
        can_be = can_be_filled(saying, index);
    }
    appeal->step = own;
    return can_be;
}

/* Does anybody who declined count at this step? */
static bool has_decliner(const struct model *model, int index)
{
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        if (is_in_pool(model, agent, model->appeals[index].queue) &&
            filter_of(model, agent, index) == DECLINED)
            return true;
    }
    return false;
}

static void climb(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    const struct model_queue *queue = &saying->model->rulebook->queues[appeal->queue];
    bool is_worn = queue->makes_offers && count_bits(appeal->declined) >= queue->declines_max;
    unsigned skipped = 0;

    lower(appeal, queue);
    int start = appeal->step;
    for (; appeal->step < queue->step_count; appeal->step++) {
        if (is_worn || saying->now - appeal->age_base >= queue->steps[appeal->step - 1].lasts_ms) {
            is_worn = false;
            appeal->declined = 0;
            appeal->retry_at = NEVER;
            continue;
        }
        if (can_be_filled(saying, index) ||
            (appeal->declined && !can_be_filled_later(saying, index)))
            break;
        if (!has_decliner(saying->model, index))
            skipped |= 1u << appeal->step;
    }
    if (appeal->step == start)
        return;
    say_escalated(saying, index, skipped);
}

static void settle_agent(struct saying *saying, int agent)
{
    for (int work; (work = work_for(saying->model, agent, saying->now)) != NOBODY;)
        give(saying, work);
}

/* Whoever may take it takes what is first for them, until somebody has it or nobody may. */
static void serve(struct saying *saying, int index)
{
    for (int best; is_waiting(&saying->model->appeals[index]) &&
                   (best = best_of(saying->model, index, NOBODY)) != NOBODY;)
        settle_agent(saying, best);
}

static void set_holds(struct saying *saying, int index, bool is_on_hold, bool is_market_paused)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    bool was_stopped = is_stopped(appeal);

    if (is_on_hold == appeal->is_on_hold && is_market_paused == appeal->is_market_paused)
        return;
    appeal->is_on_hold = is_on_hold;
    appeal->is_market_paused = is_market_paused;
    appeal->assigned_at = NEVER;
    if (is_stopped(appeal) != was_stopped)
        appeal->age_base = saying->now - appeal->age_base;
}

static void announce(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    if (!is_waiting(appeal) || appeal->is_announced || is_shut(saying->model, appeal))
        return;
    say_waiting(saying, index);
    appeal->is_announced = true;
}

static void settle_entered(struct saying *saying, int index)
{
    struct model *model = saying->model;
    struct model_appeal *appeal = &model->appeals[index];

    if (is_stopped(appeal)) {
        if (!appeal->is_held_announced)
            say_reason(saying, "appeal.held", index,
                       appeal->is_on_hold ? "on_hold" : "market_paused");
        appeal->is_held_announced = true;
        return;
    }
    if (!model->rulebook->queues[appeal->queue].exists) {
        int from = appeal->queue;
        route_anew(saying, appeal);
        say_rerouted(saying, index, from, "queue_gone");
    }
    if (model->rulebook->queues[appeal->queue].delivers) {
        deliver(saying, index);
        return;
    }
    set_latest_start(model, appeal);
    climb(saying, index);
    appeal->is_in_line = true;
    if (is_shut(model, appeal))
        return;
    if (is_any_opening(model))
        serve(saying, index);
    else if (best_of(model, index, NOBODY) != NOBODY)
        give(saying, index);
}

/* Is another of its queue, entered and not yet @done, ahead of it? */
static bool is_behind(const struct model *model, const bool *done, int index, int64_t now)
{
    for (int i = 0; i < MODEL_APPEALS; i++) {
        if (model->appeals[i].has_just_entered && !done[i] &&
            model->appeals[i].queue == model->appeals[index].queue &&
            is_ahead(model, i, index, now))
            return true;
    }
    return false;
}

/* Of each queue the first of those entered and not yet @done, of these the most urgent. */
static int next_entered(const struct model *model, const bool *done, int64_t now)
{
    int next = NOBODY;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        if (model->appeals[i].has_just_entered && !done[i] && !is_behind(model, done, i, now) &&
            (next == NOBODY || is_more_urgent(model, i, next, now)))
            next = i;
    }
    return next;
}

/* The order of all that entered is fixed before any of them moves. */
static void settle(struct saying *saying)
{
    struct model *model = saying->model;
    bool done[MODEL_APPEALS] = { false };
    int order[MODEL_APPEALS], count = 0;

    for (int i = 0; i < MODEL_APPEALS; i++) {
        if (!model->appeals[i].has_just_entered)
            continue;
        if (model_is_paused(model, model->appeals[i].market))
            set_holds(saying, i, model->appeals[i].is_on_hold, true);
        set_latest_start(model, &model->appeals[i]);
    }

    for (int next; (next = next_entered(model, done, saying->now)) != NOBODY; done[next] = true)
        order[count++] = next;
    for (int i = 0; i < count; i++) {
        struct model_appeal *appeal = &model->appeals[order[i]];
        appeal->comes_last = is_waiting(appeal) && is_beyond_share(model, appeal);
        if (!appeal->comes_last)
            settle_entered(saying, order[i]);
    }
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        if (may_look(saying, agent))
            settle_agent(saying, agent);
    }
    saying->at_boundary = 0;
    remember_agents(saying);
    for (int i = 0; i < count; i++) {
        if (model->appeals[order[i]].comes_last)
            settle_entered(saying, order[i]);
        model->appeals[order[i]].comes_last = false;
    }
    for (int i = 0; i < count; i++) {
        announce(saying, order[i]);
        model->appeals[order[i]].has_just_entered = model->appeals[order[i]].is_in_line = false;
    }
}

/* --- events --- */

/* Adds those of @excluded, and @decided_by unless nobody; whether that is anything new. */
static bool bar(const struct model *model, struct model_appeal *appeal, unsigned excluded,
                int decided_by)
{
    bool is_new = false;
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        struct model_person *person = &appeal->persons[agent];
        bool has_decided = agent == decided_by;
        if (!has_decided && !has_bit(excluded, agent))
            continue;
        if (!has_bit(appeal->barred, agent)) {
            is_new = true;
            appeal->barred |= 1u << agent;
            person->is_known = model->agents[agent].is_known;
            memcpy(person->groups, model->agents[agent].profile.groups, sizeof person->groups);
        }
        is_new |= has_decided && !person->has_decided;
        person->has_decided |= has_decided;
    }
    appeal->declined &= ~appeal->barred;
    return is_new;
}

static void revoke_if_dependent(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    if (!model_has_agent(appeal) || !is_dependent(saying->model, appeal->holder, appeal))
        return;
    say_assignment(saying, "assignment.revoked", index, "independence", NULL);
    take_back(appeal);
}

/* The latest open one of the same subject and tier. */
static int find_lead(const struct model *model, const struct model_step *step)
{
    int lead = NOBODY;
    for (int i = 0; i < MODEL_APPEALS && step->subject >= 0; i++) {
        const struct model_appeal *appeal = &model->appeals[i];
        if (is_open_appeal(appeal) && appeal->subject == step->subject &&
            appeal->tier == step->tier &&
            (lead == NOBODY || appeal->arrival > model->appeals[lead].arrival))
            lead = i;
    }
    return lead;
}

/* What an appeal that joined brings to the review. */
static bool bring(struct saying *saying, int index, const struct model_step *step, int decided_by,
                  int64_t deadline)
{
    struct model_appeal *lead = &saying->model->appeals[index];
    bool is_new = bar(saying->model, lead, step->excluded, decided_by);
    bool is_earlier = deadline < lead->joined_deadline;

    if (is_earlier)
        lead->joined_deadline = deadline;
    if (deadline < lead->deadline) {
        lead->deadline = deadline;
        lead->latest_start = NEVER;
    }
    if ((is_new || is_earlier) && is_waiting(lead))
        lead->has_just_entered = true;
    if (is_new)
        revoke_if_dependent(saying, index);
    return is_new || is_earlier;
}

static void say_lead(struct saying *saying, int lead)
{
    char id[16];
    model_appeal_id(lead, id);
    buffer_add_format(saying->lines, " lead=%s", id);
}

static void join(struct saying *saying, int index, int lead, const struct model_step *step)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    int64_t deadline;

    route(saying->model, appeal);
    deadline = appeal->deadline;
    appeal->state = MODEL_MERGED;
    appeal->lead = lead;
    appeal->has_just_entered = false;
    say_head(saying, "appeal.merged", index);
    say_lead(saying, lead);
    buffer_add_text(saying->lines, "\n");
    bring(saying, lead, step, step->decided_by, deadline);
}

static void do_submit(struct saying *saying, const struct model_step *step)
{
    struct model_appeal *appeal = &saying->model->appeals[step->appeal];
    int lead = find_lead(saying->model, step);

    if (appeal->state != MODEL_ABSENT) {
        say_ignored(saying, step, "repeat");
        return;
    }
    enum model_launch launch = saying->model->rulebook->launches[step->market].state;
    if (launch == MODEL_DRAFT) {
        say_ignored(saying, step, "market_draft");
        return;
    }
    *appeal = (struct model_appeal){
        .state = MODEL_WAITING,
        .has_just_entered = true,
        .market = step->market,
        .reason = step->reason,
        .effort = step->effort,
        .tier = step->tier,
        .subject = step->subject,
        .event_priority = step->priority,
        .language_count = step->language_count,
        .submitted = step->now,
        .event_deadline = step->has_deadline ? step->deadline : NEVER,
        .joined_deadline = NEVER,
        .age_base = step->now,
        .retry_at = NEVER,
        .arrival = ++saying->model->arrival_last,
        .holder = NOBODY,
        .step = 1,
    };
    memcpy(appeal->languages, step->languages, sizeof appeal->languages);
    if (lead != NOBODY) {
        join(saying, step->appeal, lead, step);
        return;
    }
    bar(saying->model, appeal, step->excluded, step->decided_by);
    route(saying->model, appeal);
    set_holds(saying, step->appeal, false, model_is_paused(saying->model, step->market));
    if (launch == MODEL_SHADOW) {
        int rule;
        say_shadow(saying, step->appeal, queue_of_rule(saying->model, step->reason, &rule));
        appeal->is_announced = true;
    }
}

static bool changes_fields(const struct model_appeal *appeal, const struct model_step *step)
{
    if (step->has_reason && step->reason != appeal->reason)
        return true;
    if (step->has_deadline && step->deadline != appeal->event_deadline)
        return true;
    if (step->excluded & ~appeal->barred)
        return true;
    if (!step->has_languages)
        return false;
    return step->language_count != appeal->language_count ||
           memcmp(step->languages, appeal->languages,
                  sizeof(int) * (size_t)appeal->language_count) != 0;
}

/* Gives whether somebody is barred anew. */
static bool set_fields(const struct model *model, struct model_appeal *appeal,
                       const struct model_step *step)
{
    if (step->has_reason)
        appeal->reason = step->reason;
    if (step->has_deadline)
        appeal->event_deadline = step->deadline;
    if (step->has_languages) {
        appeal->language_count = step->language_count;
        memcpy(appeal->languages, step->languages, sizeof appeal->languages);
    }
    return bar(model, appeal, step->excluded, NOBODY);
}

static void change_holds(struct saying *saying, int index, bool is_on_hold, bool is_market_paused,
                         const char *reason)
{
    struct model_appeal *appeal = &saying->model->appeals[index];

    set_holds(saying, index, is_on_hold, is_market_paused);
    if (appeal->state != MODEL_WAITING)
        return;
    if (!is_stopped(appeal) && appeal->is_held_announced) {
        appeal->is_held_announced = false;
        say_reason(saying, "appeal.resumed", index, reason);
    }
    appeal->has_just_entered = true;
}

static void follow_fields(struct saying *saying, const struct model_step *step,
                          bool has_new_exclusions)
{
    struct model_appeal *appeal = &saying->model->appeals[step->appeal];

    if (appeal->state == MODEL_WAITING) {
        int from = appeal->queue;
        route_anew(saying, appeal);
        say_rerouted(saying, step->appeal, from, "updated");
        appeal->has_just_entered = true;
        return;
    }
    if (step->has_deadline) {
        int rule;
        queue_of_rule(saying->model, appeal->reason, &rule);
        set_deadline(saying->model, appeal, &saying->model->rulebook->rules[rule]);
        look_at_time(saying, appeal);
    }
    if (has_new_exclusions)
        revoke_if_dependent(saying, step->appeal);
}

static void do_update(struct saying *saying, const struct model_step *step)
{
    struct model_appeal *appeal = &saying->model->appeals[step->appeal];

    if (appeal->state == MODEL_MERGED) {
        if (!bring(saying, appeal->lead, step, NOBODY, step->has_deadline ? step->deadline : NEVER))
            say_ignored(saying, step, "merged");
        return;
    }
    bool changes_hold = step->has_hold && step->is_on_hold != appeal->is_on_hold;
    bool changes = changes_fields(appeal, step);

    if (!changes && !changes_hold) {
        say_ignored(saying, step, "repeat");
        return;
    }
    if (changes) {
        bool has_new_exclusions = set_fields(saying->model, appeal, step);
        follow_fields(saying, step, has_new_exclusions);
    }
    if (changes_hold && step->is_on_hold && appeal->state == MODEL_OFFERED) {
        say_assignment(saying, "assignment.revoked", step->appeal, "on_hold", NULL);
        take_back(appeal);
    }
    if (changes_hold)
        change_holds(saying, step->appeal, step->is_on_hold, appeal->is_market_paused, "on_hold");
}

/* The end of one that is about @review; @decision: NULL where withdrawn. */
static void close(struct saying *saying, int index, int review, const struct model_step *decision)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    const struct model_appeal *lead = &saying->model->appeals[review];

    say_head(saying, "appeal.closed", index);
    if (decision && decision->has_agent)
        say_agent(saying, decision->agent);
    else if (decision && model_has_agent(lead))
        say_agent(saying, lead->holder);
    if (lead->epoch)
        buffer_add_format(saying->lines, " epoch=%u", lead->epoch);
    buffer_add_format(saying->lines, " reason=%s", decision ? "decided" : "withdrawn");
    if (index != review)
        say_lead(saying, review);
    buffer_add_text(saying->lines, "\n");
    if (index == review)
        return;
    appeal->state = MODEL_CLOSED;
    appeal->closed_at = saying->now;
}

static void close_review(struct saying *saying, int index, const struct model_step *decision)
{
    struct model_appeal *appeal = &saying->model->appeals[index];

    if (!appeal->has_withdrawn)
        close(saying, index, index, decision);
    for (int i; (i = next_appellant(saying->model, index, 0)) != NOBODY;)
        close(saying, i, index, decision);
    appeal->closed_at = saying->now;
}

static void withdraw_review(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    if (appeal->state != MODEL_WAITING)
        say_assignment(saying, "assignment.revoked", index, "withdrawn", NULL);
    close_review(saying, index, NULL);
    appeal->state = MODEL_CLOSED;
}

static void withdraw_merged(struct saying *saying, int index)
{
    struct model *model = saying->model;
    int lead = model->appeals[index].lead, first = next_appellant(model, lead, 0);
    bool is_only_one = next_appellant(model, lead, model->appeals[first].arrival) == NOBODY;

    if (model->appeals[lead].has_withdrawn && is_only_one)
        withdraw_review(saying, lead);
    else
        close(saying, index, lead, NULL);
}

static void do_withdraw(struct saying *saying, const struct model_step *step)
{
    struct model_appeal *appeal = &saying->model->appeals[step->appeal];

    if (appeal->state == MODEL_MERGED) {
        withdraw_merged(saying, step->appeal);
    } else if (next_appellant(saying->model, step->appeal, 0) == NOBODY) {
        withdraw_review(saying, step->appeal);
    } else {
        close(saying, step->appeal, step->appeal, NULL);
        appeal->has_withdrawn = true;
        if (appeal->is_on_hold)
            change_holds(saying, step->appeal, false, appeal->is_market_paused, "on_hold");
    }
}

/* A decision by the same person of the same groups is remembered by its latest time. */
static void note_decider(struct saying *saying, int subject, int agent, const int *groups)
{
    struct model_subject *known = &saying->model->subjects[subject];
    struct model_decision decision = { .at = saying->now, .agent = agent };
    int at = 0;

    memcpy(decision.groups, groups, sizeof decision.groups);
    while (at < known->count &&
           (known->decisions[at].agent != agent ||
            memcmp(known->decisions[at].groups, groups, sizeof decision.groups) != 0))
        at++;
    assert(at < MODEL_DECISIONS);
    known->decisions[at] = decision;
    if (at == known->count)
        known->count++;
}

/* Of the others of @subject that are open, the one that came after @after. */
static int next_of_subject(const struct model *model, int subject, int except, uint64_t after)
{
    int next = NOBODY;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        const struct model_appeal *appeal = &model->appeals[i];
        if (is_open_appeal(appeal) && i != except && appeal->subject == subject &&
            appeal->arrival > after &&
            (next == NOBODY || appeal->arrival < model->appeals[next].arrival))
            next = i;
    }
    return next;
}

static void note_decision(struct saying *saying, int index, const struct model_step *step)
{
    const struct model *model = saying->model;
    const struct model_appeal *appeal = &model->appeals[index];
    int decider = step->has_agent ? step->agent : model_has_agent(appeal) ? appeal->holder : NOBODY;

    if (appeal->subject < 0)
        return;
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        if (appeal->persons[agent].has_decided)
            note_decider(saying, appeal->subject, agent, groups_of(model, appeal, agent));
    }
    if (decider != NOBODY)
        note_decider(saying, appeal->subject, decider, model->agents[decider].profile.groups);
    uint64_t after = 0;
    for (int i; (i = next_of_subject(model, appeal->subject, index, after)) != NOBODY;) {
        after = model->appeals[i].arrival;
        revoke_if_dependent(saying, i);
    }
}

static void do_decide(struct saying *saying, const struct model_step *step)
{
    struct model_appeal *appeal = &saying->model->appeals[step->appeal];

    if (step->has_epoch && step->epoch != appeal->epoch) {
        say_ignored(saying, step, "stale");
        return;
    }
    close_review(saying, step->appeal, step);
    note_decision(saying, step->appeal, step);
    learn(saying->model, appeal, saying->now);
    if (model_has_agent(appeal))
        saying->model->agents[appeal->holder].idle_since = saying->now;
    appeal->state = MODEL_CLOSED;
}

static int64_t retry_of(const struct model *model, const struct model_appeal *appeal)
{
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];
    return queue->exists && queue->makes_offers ? queue->retry_ms : RETRY_MS;
}

static void accept(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    struct model_agent *agent = &saying->model->agents[appeal->holder];

    appeal->state = MODEL_ASSIGNED;
    appeal->assigned_at = saying->now;
    agent->misses = 0;
    agent->idle_since = saying->now;
    say_assignment(saying, "assignment.created", index, NULL, NULL);
    saying->lines->length--; /* the end of the line, to put the why before it */
    buffer_add_format(saying->lines, "%s\n", appeal->why);
}

static void do_review(struct saying *saying, const struct model_step *step)
{
    struct model_appeal *appeal = &saying->model->appeals[step->appeal];
    bool is_theirs = appeal->state != MODEL_WAITING && appeal->epoch == step->epoch &&
                     (appeal->state == MODEL_DELIVERED || appeal->holder == step->agent);

    if (step->kind == MODEL_ACCEPT && is_theirs && appeal->state == MODEL_OFFERED) {
        accept(saying, step->appeal);
        return;
    }
    if (step->kind == MODEL_ACCEPT) {
        say_ignored(saying, step,
                    is_theirs && appeal->state == MODEL_ASSIGNED ? "repeat" : "stale");
        return;
    }
    if (!is_theirs) {
        say_ignored(saying, step, "stale");
        return;
    }
    if (model_has_agent(appeal)) {
        saying->model->agents[step->agent].misses = 0;
        appeal->declined |= 1u << step->agent;
        appeal->retry_at = saying->now + retry_of(saying->model, appeal);
    }
    take_back(appeal);
}

static void set_status(struct model_agent *agent, enum model_status status, int64_t now)
{
    if (agent->status != status)
        agent->away_since = status == MODEL_AWAY ? now : NEVER;
    agent->status = status;
}

/* Whether they are on shift now, and when that may change. */
static void look_at_shifts(struct model_agent *agent, int64_t now)
{
    const struct model_profile *profile = &agent->profile;

    agent->is_off_shift = profile->shift_count > 0;
    agent->shift_due = NEVER;
    for (int i = 0; i < profile->shift_count; i++) {
        agent->is_off_shift &= now < profile->shifts[i][0] || now >= profile->shifts[i][1];
        for (int bound = 0; bound < 2; bound++) {
            int64_t at = profile->shifts[i][bound];
            agent->shift_due = at > now && at < agent->shift_due ? at : agent->shift_due;
        }
    }
}

static void do_agent(struct saying *saying, const struct model_step *step)
{
    struct model_agent *agent = &saying->model->agents[step->agent];
    enum model_status status = step->has_status  ? step->status
                               : agent->is_known ? agent->status
                                                 : MODEL_AVAILABLE;

    if (agent->is_known && agent->status == status &&
        memcmp(&agent->profile, &step->profile, sizeof agent->profile) == 0) {
        say_ignored(saying, step, "repeat");
        return;
    }
    if (!agent->is_known) {
        agent->idle_since = saying->now;
        agent->away_since = NEVER;
        agent->status = MODEL_AVAILABLE;
    }
    agent->is_known = true;
    set_status(agent, status, saying->now);
    agent->profile = step->profile;
    look_at_shifts(agent, saying->now);
}

static void do_status(struct saying *saying, const struct model_step *step)
{
    struct model_agent *agent = &saying->model->agents[step->agent];
    if (!agent->is_known || agent->status == step->status)
        say_ignored(saying, step, agent->is_known ? "repeat" : "unknown");
    else
        set_status(agent, step->status, saying->now);
}

/* The appeal that came after @after, of those that @agent holds. */
static int next_held(const struct model *model, int agent, uint64_t after)
{
    int next = NOBODY;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        const struct model_appeal *appeal = &model->appeals[i];
        if (model_has_agent(appeal) && appeal->holder == agent && appeal->arrival > after &&
            (next == NOBODY || appeal->arrival < model->appeals[next].arrival))
            next = i;
    }
    return next;
}

static void do_remove(struct saying *saying, const struct model_step *step)
{
    struct model *model = saying->model;
    struct model_agent *agent = &model->agents[step->agent];

    if (!agent->is_known) {
        say_ignored(saying, step, "unknown");
        return;
    }
    uint64_t after = 0;
    for (int index; (index = next_held(model, step->agent, after)) != NOBODY;) {
        say_assignment(saying, "assignment.revoked", index, "removed", NULL);
        after = model->appeals[index].arrival;
        take_back(&model->appeals[index]);
    }
    *agent = (struct model_agent){ .is_known = false };
}

/* --- markets --- */

static bool has_any_open(const struct model *model, int market)
{
    bool has_any = false;
    for (int i = 0; i < MODEL_APPEALS; i++)
        has_any |= is_open_appeal(&model->appeals[i]) && model->appeals[i].market == market;
    return has_any;
}

static void set_paused(struct model *model, int market, bool *reason, bool is_paused)
{
    struct model_market *state = &model->markets[market];
    bool was_paused = model_is_paused(model, market);

    *reason = is_paused;
    if (model_is_paused(model, market) == was_paused)
        return;
    state->cursor = 0;
    state->job = !has_any_open(model, market) ? MODEL_NO_JOB
                 : was_paused                 ? MODEL_RESUME
                                              : MODEL_HOLD;
}

static void follow_rulebook(struct model *model)
{
    for (int market = 0; market < MODEL_MARKETS; market++)
        set_paused(model, market, &model->markets[market].is_paused_by_rulebook,
                   model->rulebook->launches[market].state == MODEL_PAUSED);
}

static int next_by_arrival(const struct model *model, uint64_t after)
{
    int next = NOBODY;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        const struct model_appeal *appeal = &model->appeals[i];
        if (is_open_appeal(appeal) && appeal->arrival > after &&
            (next == NOBODY || appeal->arrival < model->appeals[next].arrival))
            next = i;
    }
    return next;
}

/* What the job of its market does to an appeal; gives whether that was anything. */
static bool visit(struct saying *saying, int index, enum model_job job)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    bool is_due = job == MODEL_HOLD ? !appeal->is_market_paused : appeal->is_market_paused;

    if (job == MODEL_OPEN) {
        bool is_in_line = is_waiting(appeal);
        serve(saying, index);
        announce(saying, index);
        return is_in_line;
    }
    if (is_due && job == MODEL_HOLD && appeal->state == MODEL_OFFERED) {
        say_assignment(saying, "assignment.revoked", index, "market_paused", NULL);
        take_back(appeal);
    }
    if (is_due)
        change_holds(saying, index, appeal->is_on_hold, job == MODEL_HOLD, "market_paused");
    return is_due;
}

enum { LOOK = 1, TRY = 4, CHANGE = 16 };

static int count_lines(const struct buffer *lines, size_t from)
{
    int count = 0;
    for (size_t i = from; i < lines->length; i++)
        count += lines->data[i] == '\n';
    return count;
}

static void market_work(struct saying *saying, int market, int *budget)
{
    static const enum model_job next[] = {
        [MODEL_RESUME] = MODEL_OPEN, [MODEL_OPEN] = MODEL_NO_JOB
    };
    struct model_market *state = &saying->model->markets[market];
    int index = 0;

    while (*budget > 0 && (index = next_by_arrival(saying->model, state->cursor)) != NOBODY) {
        const struct model_appeal *appeal = &saying->model->appeals[index];
        state->cursor = appeal->arrival;
        size_t said = saying->lines->length;
        bool is_change = appeal->market == market && visit(saying, index, state->job);
        int told = count_lines(saying->lines, said);
        *budget -= !is_change ? LOOK : told > 1 ? told * CHANGE : CHANGE;
    }
    settle(saying);
    if (index != NOBODY)
        return;
    state->job = next[state->job];
    state->cursor = 0;
}

/* BR, NO, US: by name. */
static int first_with_job(const struct model *model)
{
    int first = NOBODY;
    for (int i = 0; i < MODEL_MARKETS; i++) {
        if (model->markets[i].job != MODEL_NO_JOB &&
            (first == NOBODY || strcmp(model_markets[i], model_markets[first]) < 0))
            first = i;
    }
    return first;
}

static void reroute_one(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    const struct model_appeal old = *appeal;

    route_anew(saying, appeal);
    if (appeal->queue == old.queue && appeal->rule == old.rule &&
        appeal->priority == old.priority && appeal->deadline == old.deadline) {
        *appeal = old;
        return;
    }
    say_rerouted(saying, index, old.queue, "control");
    appeal->has_just_entered = true;
}

static void reroute_work(struct saying *saying, int *budget)
{
    struct model *model = saying->model;
    int index = 0;

    while (*budget > 0 && (index = next_by_arrival(model, model->reroute.cursor)) != NOBODY) {
        const struct model_appeal *appeal = &model->appeals[index];
        bool is_meant = appeal->state == MODEL_WAITING &&
                        (model->reroute.market < 0 || model->reroute.market == appeal->market);
        model->reroute.cursor = appeal->arrival;
        *budget -= is_meant ? CHANGE : LOOK;
        if (is_meant)
            reroute_one(saying, index);
    }
    if (index == NOBODY)
        model->reroute.is_under_way = false;
    settle(saying);
}

/* What the stage of a reload does to an appeal; gives what that costs. */
static int visit_for_reload(struct saying *saying, int index)
{
    struct model *model = saying->model;
    struct model_appeal *appeal = &model->appeals[index];
    size_t said = saying->lines->length;

    if (!is_waiting(appeal))
        return LOOK;
    if (model->stage == MODEL_LINING_UP) {
        if (!is_queue_for_agents(model, appeal->queue))
            appeal->has_just_entered = true;
        else if (model->is_queue_shut[appeal->queue])
            lower(appeal, &model->rulebook->queues[appeal->queue]);
        else
            return LOOK;
        return CHANGE;
    }
    if (is_shut(model, appeal))
        return LOOK;
    serve(saying, index);
    announce(saying, index);
    int told = count_lines(saying->lines, said);
    return told ? told * CHANGE : TRY;
}

static void work_on_stage(struct saying *saying, int *budget)
{
    struct model *model = saying->model;
    int index = 0;

    while (*budget > 0 && (index = next_by_arrival(model, model->stage_cursor)) != NOBODY) {
        model->stage_cursor = model->appeals[index].arrival;
        *budget -= visit_for_reload(saying, index);
    }
    settle(saying);
    if (index != NOBODY)
        return;
    memset(model->is_queue_shut, 0, sizeof model->is_queue_shut);
    if (model->stage == MODEL_OPENING)
        forget_gone(model);
    model->stage = model->stage == MODEL_OPENING ? MODEL_FOLLOWED : MODEL_OPENING;
    model->stage_cursor = 0;
}

static void do_work(struct saying *saying, int limit)
{
    int budget = limit * CHANGE;

    while (budget > 0 && saying->model->stage != MODEL_FOLLOWED)
        work_on_stage(saying, &budget);
    for (int market; budget > 0 && (market = first_with_job(saying->model)) != NOBODY;)
        market_work(saying, market, &budget);
    if (budget > 0 && saying->model->reroute.is_under_way)
        reroute_work(saying, &budget);
}

static void do_pause(struct saying *saying, const struct model_step *step)
{
    struct model_market *market = &saying->model->markets[step->market];
    if (market->is_paused_by_operator != step->is_paused)
        set_paused(saying->model, step->market, &market->is_paused_by_operator, step->is_paused);
}

static void do_reroute(struct saying *saying, const struct model_step *step)
{
    if (saying->model->reroute.is_under_way)
        return;
    saying->model->reroute.is_under_way = true;
    saying->model->reroute.market = step->market;
    saying->model->reroute.cursor = 0;
}

static int count_in_line(const struct model *model, int queue)
{
    int count = 0;
    for (int i = 0; i < MODEL_APPEALS; i++)
        count += is_waiting(&model->appeals[i]) && model->appeals[i].queue == queue;
    return count;
}

/* Does what waits in @queue have another place than by the rulebook before? */
static bool is_to_line_up(const struct model_rulebook *before, const struct model_rulebook *now,
                          int queue)
{
    const struct model_queue *old = &before->queues[queue], *new = &now->queues[queue];

    if (!old->exists || old->delivers)
        return true;
    return old->order != new->order || old->step_count > new->step_count ||
           (old->overdue_share < 100) != (new->overdue_share < 100) ||
           (strcmp(model_orders[new->order], "priority") == 0 &&
            before->age_step_ms != now->age_step_ms);
}

static void do_reload(struct saying *saying, const struct model_step *step)
{
    struct model *model = saying->model;
    const struct model_rulebook *before = model->rulebook;
    bool has_any = false;

    model->rulebook = step->rulebook;
    for (int queue = 0; queue < MODEL_QUEUES; queue++)
        model->is_queue_shut[queue] =
            is_queue_for_agents(model, queue) && count_in_line(model, queue) > 0 &&
            (model->is_queue_shut[queue] || is_to_line_up(before, step->rulebook, queue));
    follow_rulebook(model);
    for (int i = 0; i < MODEL_APPEALS; i++)
        has_any |= is_open_appeal(&model->appeals[i]);
    model->stage = has_any ? MODEL_LINING_UP : MODEL_FOLLOWED;
    model->stage_cursor = 0;
}

/* --- timers --- */

/* By all who are there and could ever hold it. */
static bool is_declined_by_all(const struct model *model, int index)
{
    if (!is_queue_for_agents(model, model->appeals[index].queue))
        return false;
    for (int agent = 0; agent < MODEL_AGENTS; agent++) {
        if (is_in_pool(model, agent, model->appeals[index].queue) &&
            filter_of(model, agent, index) > STATUS && is_able(model, agent, index))
            return false;
    }
    return true;
}

static int compare_appeal_ids(int a, int b)
{
    char x[16], y[16];
    model_appeal_id(a, x);
    model_appeal_id(b, y);
    return strcmp(x, y);
}

/* When something comes to @appeal by time alone. */
static int64_t step_end(const struct model *model, const struct model_appeal *appeal)
{
    return is_waiting(appeal) && is_queue_for_agents(model, appeal->queue)
               ? step_ends_at(model, appeal)
               : NEVER;
}

static int64_t overdue_at(const struct model_appeal *appeal)
{
    return appeal->is_overdue ? NEVER : appeal->deadline;
}

static int64_t expires_at(const struct model_appeal *appeal)
{
    return appeal->state == MODEL_OFFERED ? appeal->expires_at : NEVER;
}

static int64_t reclaim_at(const struct model *model, const struct model_appeal *appeal)
{
    const struct model_queue *queue = &model->rulebook->queues[appeal->queue];
    if (appeal->state != MODEL_ASSIGNED || !queue->exists || queue->delivers ||
        !queue->reclaim_ms || model->agents[appeal->holder].status != MODEL_AWAY)
        return NEVER;
    return model->agents[appeal->holder].away_since + queue->reclaim_ms;
}

static int64_t retry_at(const struct model_appeal *appeal)
{
    return appeal->state == MODEL_WAITING ? appeal->retry_at : NEVER;
}

static int64_t due_of(const struct model *model, const struct model_appeal *appeal)
{
    const int64_t dues[] = { overdue_at(appeal), expires_at(appeal), reclaim_at(model, appeal),
                             retry_at(appeal), step_end(model, appeal) };
    int64_t due = NEVER;
    for (int i = 0; i < 5; i++)
        due = dues[i] < due ? dues[i] : due;
    return is_open_appeal(appeal) && model->stage != MODEL_LINING_UP ? due : NEVER;
}

static int next_due(const struct model *model, int64_t now)
{
    int next = NOBODY;
    int64_t next_at = NEVER;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        int64_t due = due_of(model, &model->appeals[i]);
        if (due > now || due > next_at)
            continue;
        if (due == next_at && compare_appeal_ids(i, next) > 0)
            continue;
        next = i;
        next_at = due;
    }
    return next;
}

static void expire(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    struct model_agent *agent = &saying->model->agents[appeal->holder];
    const struct model_queue *queue = &saying->model->rulebook->queues[appeal->queue];

    bool sets_away = queue->exists && queue->makes_offers && agent->misses + 1 >= queue->misses_max;
    say_assignment(saying, "assignment.revoked", index, "expired", NULL);
    saying->lines->length--; /* the end of the line */
    buffer_add_text(saying->lines, sets_away ? " agent_status=away\n" : "\n");
    appeal->declined |= 1u << appeal->holder & ~appeal->barred;
    appeal->retry_at = saying->now + retry_of(saying->model, appeal);
    agent->misses++;
    if (queue->exists && queue->makes_offers && agent->misses >= queue->misses_max) {
        agent->misses = 0;
        set_status(agent, MODEL_AWAY, saying->now);
    }
    take_back(appeal);
}

static void do_retry(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    const struct model_queue *queue = &saying->model->rulebook->queues[appeal->queue];

    if (queue->exists && appeal->step < queue->step_count) {
        appeal->retry_at = NEVER;
    } else if (!is_declined_by_all(saying->model, index)) {
        appeal->retry_at = saying->now + retry_of(saying->model, appeal);
    } else {
        appeal->retry_at = NEVER;
        appeal->declined = 0;
        appeal->has_just_entered = !is_stopped(appeal);
    }
}

static void do_due(struct saying *saying, int index)
{
    struct model_appeal *appeal = &saying->model->appeals[index];
    char text[ARO_INSTANT_TEXT_SIZE];

    if (overdue_at(appeal) <= saying->now) {
        appeal->is_overdue = true;
        aro_instant_format((struct aro_instant){ appeal->deadline }, text);
        say_head(saying, "appeal.overdue", index);
        buffer_add_format(saying->lines, " queue=q%d deadline=%s\n", appeal->queue, text);
    }
    if (expires_at(appeal) <= saying->now)
        expire(saying, index);
    if (reclaim_at(saying->model, appeal) <= saying->now) {
        say_assignment(saying, "assignment.revoked", index, "reclaimed", NULL);
        take_back(appeal);
    }
    if (retry_at(appeal) <= saying->now)
        do_retry(saying, index);
    if (step_end(saying->model, appeal) <= saying->now)
        appeal->has_just_entered = true;
}

static int64_t decision_due(const struct model *model, int subject)
{
    int64_t first = NEVER;
    for (int i = 0; i < model->subjects[subject].count; i++) {
        int64_t at = model->subjects[subject].decisions[i].at;
        first = at < first ? at : first;
    }
    return first == NEVER ? NEVER : first + model->rulebook->independence_ms;
}

static int next_decision_due(const struct model *model, int64_t now)
{
    int next = NOBODY;
    for (int i = 0; i < MODEL_SUBJECTS; i++) {
        if (decision_due(model, i) <= now &&
            (next == NOBODY || decision_due(model, i) < decision_due(model, next)))
            next = i;
    }
    return next;
}

/* Whoever decided so long ago may judge again. */
static void forget_deciders(struct saying *saying, int subject)
{
    struct model *model = saying->model;
    struct model_subject *known = &model->subjects[subject];
    int kept = 0;

    for (int i = 0; i < known->count; i++) {
        if (known->decisions[i].at + model->rulebook->independence_ms > saying->now)
            known->decisions[kept++] = known->decisions[i];
    }
    known->count = kept;
    for (int i = 0; i < MODEL_APPEALS; i++) {
        if (model->appeals[i].subject == subject && is_waiting(&model->appeals[i]))
            model->appeals[i].has_just_entered = true;
    }
}

/* Whose shift begins or ends first; of several the first by id. */
static int next_boundary(const struct model *model, int64_t now)
{
    int next = NOBODY;
    for (int i = 0; i < MODEL_AGENTS; i++) {
        const struct model_agent *agent = &model->agents[i];
        if (agent->is_known && agent->shift_due <= now &&
            (next == NOBODY || agent->shift_due < model->agents[next].shift_due))
            next = i;
    }
    return next;
}

static bool do_next_due(struct saying *saying)
{
    int index = next_due(saying->model, saying->now);
    int agent = next_boundary(saying->model, saying->now);
    int subject = next_decision_due(saying->model, saying->now);

    if (index != NOBODY) {
        do_due(saying, index);
    } else if (agent != NOBODY) {
        look_at_shifts(&saying->model->agents[agent], saying->now);
        saying->at_boundary |= 1u << agent;
    } else if (subject != NOBODY) {
        forget_deciders(saying, subject);
    }
    return index != NOBODY || agent != NOBODY || subject != NOBODY;
}

static void do_tick(struct saying *saying)
{
    struct model *model = saying->model;

    while (do_next_due(saying))
        settle(saying);
    for (int i = 0; i < MODEL_APPEALS; i++) {
        if (model->appeals[i].state == MODEL_CLOSED &&
            model->appeals[i].closed_at + model->rulebook->dedupe_ms <= saying->now)
            model->appeals[i].state = MODEL_ABSENT;
    }
}

/* --- the way in --- */

void model_init(struct model *model, const struct model_rulebook *rulebook)
{
    memset(model, 0, sizeof *model);
    model->rulebook = rulebook;
    for (int queue = 0; queue < MODEL_QUEUES; queue++)
        model->learnt[queue].served_last = NOBODY;
}

static bool ignore_of_state(struct saying *saying, const struct model_step *step)
{
    const struct model_appeal *appeal = &saying->model->appeals[step->appeal];
    bool is_review =
        step->kind == MODEL_ACCEPT || step->kind == MODEL_DECLINE || step->kind == MODEL_RETURN;
    bool is_by_appellant = step->kind == MODEL_UPDATE || step->kind == MODEL_WITHDRAW;

    if (step->kind == MODEL_SUBMIT || step->kind > MODEL_DECIDE)
        return false;
    if (appeal->state == MODEL_ABSENT)
        say_ignored(saying, step, "unknown");
    else if (appeal->state == MODEL_CLOSED)
        say_ignored(saying, step, is_review ? "stale" : "closed");
    else if (appeal->state == MODEL_MERGED && !is_by_appellant)
        say_ignored(saying, step, "merged");
    else if (appeal->has_withdrawn && is_by_appellant)
        say_ignored(saying, step, "closed");
    else
        return false;
    return true;
}

void model_do(struct model *model, const struct model_step *step, struct buffer *lines)
{
    struct saying saying = { model, step->now, lines };

    remember_agents(&saying);
    if (step->kind != MODEL_TICK) /* which need not be a turn */
        follow_rulebook(model);
    if (ignore_of_state(&saying, step))
        return;
    switch (step->kind) {
    case MODEL_SUBMIT: do_submit(&saying, step); break;
    case MODEL_UPDATE: do_update(&saying, step); break;
    case MODEL_WITHDRAW: do_withdraw(&saying, step); break;
    case MODEL_ACCEPT:
    case MODEL_DECLINE:
    case MODEL_RETURN: do_review(&saying, step); break;
    case MODEL_DECIDE: do_decide(&saying, step); break;
    case MODEL_AGENT: do_agent(&saying, step); break;
    case MODEL_STATUS: do_status(&saying, step); break;
    case MODEL_REMOVE: do_remove(&saying, step); break;
    case MODEL_TICK: do_tick(&saying); break;
    case MODEL_RELOAD: do_reload(&saying, step); break;
    case MODEL_PAUSE: do_pause(&saying, step); break;
    case MODEL_REROUTE: do_reroute(&saying, step); break;
    case MODEL_WORK:
    case MODEL_KINDS: break;
    }
    settle(&saying);
    if (step->kind == MODEL_RELOAD && model->stage == MODEL_FOLLOWED)
        forget_gone(model);
    if (step->limit > 0)
        do_work(&saying, step->limit);
}
