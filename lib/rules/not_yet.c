#include "rules/rulebook.h"

#include <errno.h>
#include <string.h>

/* What a rulebook may say but the router does not do yet: it is refused rather than ignored. A row
 * goes when the router learns it; the parsing behind it is whole. `*` is every member or item.
 * Where @allowed lists values, only others are refused. */
static const struct {
    const char *path[6];
    const char *allowed[8];
    const char *what;
} not_yet[] = {
    { { "queues", "*", "overdue_share" }, { 0 }, "a share for the overdue" },
    { { "queues", "*", "choose", "*" },
      { "best_language", "lowest_load", "longest_idle", "most_spare", "best_skill", "fewest_skills",
        "fewest_open" },
      "this criterion" },
};

static bool is_allowed(const char *const *allowed, const char *text)
{
    for (; *allowed; allowed++) {
        if (strcmp(*allowed, text) == 0)
            return true;
    }
    return false;
}

/* Refuses what stands at row @row's path from its element @depth on, below @spot. */
static int check_path(const struct spot *spot, size_t row, size_t depth, struct aro_error *reterr)
{
    const char *step = not_yet[row].path[depth];
    int r = 0;

    if (!step) {
        if (is_allowed(not_yet[row].allowed, spot->node->text))
            return 0;
        return spot_refuse_key(spot, reterr, "%s: not supported yet", not_yet[row].what);
    }
    if (strcmp(step, "*") != 0) {
        struct spot member;
        return spot_find(spot, step, &member) ? check_path(&member, row, depth + 1, reterr) : 0;
    }
    for (size_t i = 0; r == 0 && i < spot->node->count; i++) {
        struct spot child =
            spot->node->kind == DOCUMENT_MAP ? spot_member(spot, i) : spot_item(spot, i);
        r = check_path(&child, row, depth + 1, reterr);
    }
    return r;
}

int not_yet_check(const struct spot *root, struct aro_error *reterr)
{
    int r = 0;
    for (size_t row = 0; r == 0 && row < sizeof not_yet / sizeof *not_yet; row++)
        r = check_path(root, row, 0, reterr);
    return r;
}
