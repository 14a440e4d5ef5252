#include "rules/rulebook.h"
#include "rules/split.h"

#include <errno.h>
#include <string.h>

enum { RULE_NAME_LENGTH_MAX = 128 };

static int read_name(const struct rulebook_parser *parser, const struct spot *rule,
                     struct rule *ret)
{
    struct spot name;
    if (!spot_find(rule, "name", &name))
        return spot_refuse(rule, parser->reterr, "expected a 'name', found none");
    int r = spot_read_text(&name, &ret->name, parser->reterr);
    if (r < 0)
        return r;
    size_t length = strlen(ret->name);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)ret->name[i] < ' ')
            return spot_refuse(&name, parser->reterr, "expected a name on one line");
    }
    if (length == 0 || length > RULE_NAME_LENGTH_MAX)
        return spot_refuse(&name, parser->reterr, "expected a name of 1 to %d bytes, found %zu",
                           RULE_NAME_LENGTH_MAX, length);
    ret->name = arena_copy_text(parser->arena, ret->name, length);
    return 0;
}

static int read_share(struct rulebook_parser *parser, const struct spot *member, struct share *ret)
{
    struct spot name = *member;
    name.node = member->key_node;

    int r = parser_read_queue(parser, &name, &ret->queue);
    if (r == 0)
        r = spot_read_unsigned(member, 0, PERCENT, &ret->percent, parser->reterr);
    return r;
}

static int read_split(struct rulebook_parser *parser, const struct spot *split, struct rule *ret)
{
    unsigned sum = 0;
    int r = spot_expect(split, DOCUMENT_MAP, parser->reterr);
    if (r < 0)
        return r;
    struct share *shares = arena_new_array(parser->arena, split->node->count, sizeof *shares);
    for (size_t i = 0; i < split->node->count; i++) {
        struct spot member = spot_member(split, i);
        r = read_share(parser, &member, &shares[i]);
        if (r < 0)
            return r;
        sum += shares[i].percent;
    }
    if (sum != PERCENT)
        return spot_refuse_key(split, parser->reterr, "expected shares that sum to 100, found %u",
                               sum);
    ret->shares = shares;
    ret->share_count = split->node->count;
    ret->split_key = split_key(parser->rulebook->seed, ret->name);
    return 0;
}

static int read_target(struct rulebook_parser *parser, const struct spot *route, struct rule *ret)
{
    struct spot queue, split;
    bool has_queue = spot_find(route, "queue", &queue),
         has_split = spot_find(route, "split", &split);

    if (has_queue == has_split)
        return spot_refuse(route, parser->reterr, "expected either 'queue' or 'split', found %s",
                           has_queue ? "both" : "neither");
    if (has_split)
        return read_split(parser, &split, ret);
    struct share *share = arena_new(parser->arena, sizeof *share);
    share->percent = PERCENT;
    ret->shares = share;
    ret->share_count = 1;
    int r = parser_read_queue(parser, &queue, &share->queue);
    ret->queue = share->queue;
    return r;
}

static int read_route(struct rulebook_parser *parser, const struct spot *rule, struct rule *ret)
{
    static const char *const known[] = { "queue", "split", "priority", "deadline" };
    struct spot route, spot;
    int r;

    if (!spot_find(rule, "route", &route))
        return spot_refuse(rule, parser->reterr, "expected a 'route', found none");
    r = spot_check_keys(&route, known, sizeof known / sizeof *known, parser->reterr);
    if (r == 0)
        r = read_target(parser, &route, ret);
    if (r == 0 && spot_find(&route, "priority", &spot)) {
        ret->has_priority = true;
        r = spot_read_unsigned(&spot, 0, ARO_PRIORITY_MAX, &ret->priority, parser->reterr);
    }
    if (r == 0 && spot_find(&route, "deadline", &spot)) {
        ret->has_deadline = true;
        r = spot_read_span(&spot, &ret->deadline, parser->reterr);
    }
    return r;
}

int rule_parse(struct rulebook_parser *parser, const struct spot *rule, struct rule *ret)
{
    static const char *const known[] = { "name", "when", "route" };
    struct spot when;

    parser->condition_count = 0;
    ret->line = rule->node->line;
    ret->column = rule->node->column;
    int r = spot_check_keys(rule, known, sizeof known / sizeof *known, parser->reterr);
    if (r == 0)
        r = read_name(parser, rule, ret);
    if (r == 0 && spot_find(rule, "when", &when))
        r = condition_parse(parser, &when, &ret->when);
    if (r == 0)
        r = read_route(parser, rule, ret);
    return r;
}
