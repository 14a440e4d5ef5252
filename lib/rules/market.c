#include "rules/calendar.h"
#include "rules/rulebook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MS_A_DAY = 24 * 60 * 60 * 1000 };

static const char *const day_names[DAYS_A_WEEK] = {
    "mon", "tue", "wed", "thu", "fri", "sat", "sun"
};

static const char *const launch_names[] = {
    [ARO_LAUNCH_FULL] = "full",     [ARO_LAUNCH_DRAFT] = "draft",   [ARO_LAUNCH_SHADOW] = "shadow",
    [ARO_LAUNCH_CANARY] = "canary", [ARO_LAUNCH_PAUSED] = "paused",
};

/* The hours of a market, while they are being read. */
struct hours {
    bool is_given[DAYS_A_WEEK];
    size_t count;
    struct week_window windows[DAYS_A_WEEK * WINDOWS_A_DAY_MAX];
};

static int find_day(const char *name, size_t length)
{
    for (int day = 0; day < DAYS_A_WEEK; day++) {
        if (strlen(day_names[day]) == length && strncmp(day_names[day], name, length) == 0)
            return day;
    }
    return -1;
}

/* Reads "sat" or "mon-fri"; the days wrap ("sat-mon"). */
static int read_days(const struct rulebook_parser *parser, const struct spot *member,
                     unsigned *ret_first, unsigned *ret_count)
{
    const char *dash = strchr(member->key, '-');
    int first = find_day(member->key, dash ? (size_t)(dash - member->key) : strlen(member->key));
    int last = dash ? find_day(dash + 1, strlen(dash + 1)) : first;

    if (first < 0 || last < 0)
        return spot_refuse_key(member, parser->reterr,
                               "expected a day or days such as mon, sat or mon-fri");
    *ret_first = (unsigned)first;
    *ret_count = (unsigned)(last - first + DAYS_A_WEEK) % DAYS_A_WEEK + 1;
    return 0;
}

/* Reads "09:30" to minutes, up to "24:00"; -1 where it is none. */
static int read_minutes(const char *text, size_t length)
{
    if (length != 5 || text[2] != ':' || strspn(text, "0123456789") != 2 ||
        strspn(text + 3, "0123456789") < 2)
        return -1;
    int hours = (text[0] - '0') * 10 + text[1] - '0';
    int minutes = (text[3] - '0') * 10 + text[4] - '0';
    int all = hours * 60 + minutes;
    return minutes < 60 && all <= MINUTES_A_DAY ? all : -1;
}

static int read_window(const struct rulebook_parser *parser, const struct spot *spot,
                       struct week_window *ret)
{
    const char *text = spot->node->kind == DOCUMENT_TEXT ? spot->node->text : "";
    const char *dash = strchr(text, '-');
    int start = dash ? read_minutes(text, (size_t)(dash - text)) : -1;
    int end = dash ? read_minutes(dash + 1, strlen(dash + 1)) : -1;

    if (start < 0 || end < 0 || start == end || start == MINUTES_A_DAY)
        return spot_refuse_kind(spot, parser->reterr, "hours such as \"09:00-17:30\"");
    ret->start_minute = (unsigned)start;
    ret->end_minute = (unsigned)(end > start ? end : end + MINUTES_A_DAY);
    return 0;
}

static int read_windows(const struct rulebook_parser *parser, const struct spot *spot,
                        struct week_window *windows, size_t *ret_count)
{
    bool is_list = spot->node->kind == DOCUMENT_LIST;
    size_t count = is_list ? spot->node->count : 1;

    if (count > WINDOWS_A_DAY_MAX)
        return spot_refuse(spot, parser->reterr, "expected at most %d hours a day, found %zu",
                           WINDOWS_A_DAY_MAX, count);
    for (size_t i = 0; i < count; i++) {
        struct spot item = is_list ? spot_item(spot, i) : *spot;
        int r = read_window(parser, &item, &windows[i]);
        if (r < 0)
            return r;
        if (i > 0 && windows[i].start_minute < windows[i - 1].end_minute)
            return spot_refuse(&item, parser->reterr,
                               "expected hours after those before them, found '%.20s'",
                               item.node->text);
    }
    *ret_count = count;
    return 0;
}

static int read_member_hours(const struct rulebook_parser *parser, const struct spot *member,
                             struct hours *hours)
{
    struct week_window windows[WINDOWS_A_DAY_MAX];
    unsigned first, day_count;
    size_t count;

    int r = read_days(parser, member, &first, &day_count);
    if (r == 0)
        r = read_windows(parser, member, windows, &count);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < day_count; i++) {
        unsigned day = (first + i) % DAYS_A_WEEK;
        if (hours->is_given[day])
            return spot_refuse_key(member, parser->reterr, "the hours of %s stand here twice",
                                   day_names[day]);
        hours->is_given[day] = true;
        for (size_t w = 0; w < count; w++) {
            hours->windows[hours->count] = windows[w];
            hours->windows[hours->count++].day = day;
        }
    }
    return 0;
}

static int compare_windows(const void *a, const void *b)
{
    const struct week_window *left = a, *right = b;
    if (left->day != right->day)
        return left->day < right->day ? -1 : 1;
    return (left->start_minute > right->start_minute) - (left->start_minute < right->start_minute);
}

static int read_hours(const struct rulebook_parser *parser, const struct spot *spot,
                      struct hours *hours)
{
    int r = spot_expect(spot, DOCUMENT_MAP, parser->reterr);
    for (size_t i = 0; r == 0 && i < spot->node->count; i++) {
        struct spot member = spot_member(spot, i);
        r = read_member_hours(parser, &member, hours);
    }
    if (r == 0 && hours->count == 0)
        return spot_refuse(spot, parser->reterr, "expected hours on some day, found none");
    qsort(hours->windows, hours->count, sizeof *hours->windows, compare_windows);
    return r;
}

static void open_always(struct hours *hours)
{
    for (unsigned day = 0; day < DAYS_A_WEEK; day++)
        hours->windows[hours->count++] =
            (struct week_window){ .day = day, .end_minute = MINUTES_A_DAY };
}

static int read_holiday(const struct rulebook_parser *parser, const struct spot *spot, int32_t *ret)
{
    char text[40];
    struct aro_instant at;

    snprintf(text, sizeof text, "%.20sT00:00:00Z", spot->node->text);
    if (spot->node->kind != DOCUMENT_TEXT || aro_instant_parse(text, &at) < 0)
        return spot_refuse_kind(spot, parser->reterr, "a date such as 2026-12-25");
    *ret = (int32_t)(at.ms / MS_A_DAY);
    return 0;
}

static int compare_days(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

static int read_holidays(const struct rulebook_parser *parser, const struct spot *spot,
                         size_t *ret_count, const int32_t **ret)
{
    int r = spot_expect(spot, DOCUMENT_LIST, parser->reterr);
    if (r < 0)
        return r;
    int32_t *days = arena_new_array(parser->arena, spot->node->count, sizeof *days);
    for (size_t i = 0; i < spot->node->count; i++) {
        struct spot item = spot_item(spot, i);
        r = read_holiday(parser, &item, &days[i]);
        if (r < 0)
            return r;
    }
    qsort(days, spot->node->count, sizeof *days, compare_days);
    *ret = days;
    *ret_count = spot->node->count;
    return 0;
}

static int read_calendar(const struct rulebook_parser *parser, const struct spot *market,
                         struct aro_market_terms *ret)
{
    struct hours hours = { 0 };
    struct spot spot;
    const int32_t *holidays = NULL;
    size_t holiday_count = 0;
    bool has_hours = spot_find(market, "hours", &spot);

    int r = has_hours ? read_hours(parser, &spot, &hours) : 0;
    bool has_holidays = spot_find(market, "holidays", &spot);
    if (r == 0 && has_holidays)
        r = read_holidays(parser, &spot, &holiday_count, &holidays);
    if (r < 0 || (!has_hours && !has_holidays))
        return r;
    if (!has_hours)
        open_always(&hours);
    ret->calendar = calendar_new(parser->arena, ret->time_zone ? ret->time_zone : "UTC",
                                 hours.windows, hours.count, holidays, holiday_count);
    return 0;
}

static int read_zone(const struct rulebook_parser *parser, const struct spot *market,
                     struct aro_market_terms *ret)
{
    struct spot spot;
    const char *zone;

    if (!spot_find(market, "time_zone", &spot))
        return 0;
    int r = spot_read_text(&spot, &zone, parser->reterr);
    if (r < 0)
        return r;
    if (!calendar_knows_zone(zone))
        return spot_refuse(&spot, parser->reterr,
                           "unknown time zone '%.60s': expected one such as America/Sao_Paulo",
                           zone);
    ret->time_zone = arena_copy_text(parser->arena, zone, strlen(zone));
    return 0;
}

/* `share` goes with canary, `otherwise` with canary and shadow: each is asked for there, and
 * refused elsewhere. */
static int read_launch_member(const struct rulebook_parser *parser, const struct spot *launch,
                              const char *key, bool is_wanted, struct spot *ret)
{
    struct spot state;
    if (spot_find(launch, key, ret) == is_wanted)
        return 0;
    if (!is_wanted)
        return spot_refuse_key(ret, parser->reterr, "'%s' has no meaning in this state", key);
    bool has_state = spot_find(launch, "state", &state);
    return spot_refuse(launch, parser->reterr, "expected '%s' for state '%.20s', found none", key,
                       has_state ? state.node->text : "");
}

static int read_launch(struct rulebook_parser *parser, const struct spot *launch,
                       struct aro_market_terms *ret)
{
    static const char *const known[] = { "state", "share", "otherwise" };
    struct spot state, share, otherwise;
    size_t chosen;

    int r = spot_check_keys(launch, known, sizeof known / sizeof *known, parser->reterr);
    if (r < 0)
        return r;
    if (!spot_find(launch, "state", &state))
        return spot_refuse(launch, parser->reterr, "expected a 'state', found none");
    r = spot_read_choice(&state, launch_names, sizeof launch_names / sizeof *launch_names, &chosen,
                         parser->reterr);
    if (r < 0)
        return r;
    ret->launch = (enum aro_launch)chosen;
    bool is_canary = ret->launch == ARO_LAUNCH_CANARY;
    bool has_otherwise = is_canary || ret->launch == ARO_LAUNCH_SHADOW;
    r = read_launch_member(parser, launch, "share", is_canary, &share);
    if (r == 0)
        r = read_launch_member(parser, launch, "otherwise", has_otherwise, &otherwise);
    if (r == 0 && is_canary)
        r = spot_read_unsigned(&share, 0, PERCENT, &ret->launch_share, parser->reterr);
    if (r == 0 && has_otherwise) {
        const struct aro_queue_terms *queue;
        r = parser_read_queue(parser, &otherwise, &queue);
        if (r == 0)
            ret->launch_otherwise = queue->name;
    }
    return r;
}

int market_parse(struct rulebook_parser *parser, const struct spot *market,
                 struct aro_market_terms *ret)
{
    static const char *const known[] = { "languages", "fallback", "time_zone",
                                         "hours",     "holidays", "launch" };
    struct spot spot;

    int r = spot_check_keys(market, known, sizeof known / sizeof *known, parser->reterr);
    if (r == 0 && spot_find(market, "languages", &spot))
        r = parser_read_languages(parser, &spot, &ret->language_count, &ret->languages);
    if (r == 0 && spot_find(market, "fallback", &spot))
        r = parser_read_languages(parser, &spot, &ret->fallback_count, &ret->fallback);
    if (r == 0)
        r = read_zone(parser, market, ret);
    if (r == 0)
        r = read_calendar(parser, market, ret);
    if (r == 0 && spot_find(market, "launch", &spot))
        r = read_launch(parser, &spot, ret);
    return r;
}
