/* A move is its kind, the milliseconds since the move before, which of its members there are (a bit
 * each), and those: numbers in groups of seven bits, texts with their NUL. */
#include "routing/past.h"

#include "routing/details.h"

#include "support/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What the packed moves begin with. */
struct __attribute__((packed)) head {
    int64_t start; /* when the first move was; its own distance is 0 */
    uint32_t left_out;
};

static const char *const kind_names[PAST_KIND_COUNT] = {
    [PAST_SUBMITTED] = "submitted",     /* queue, rule, rulebook: by which it was routed then */
    [PAST_WAITING] = "waiting",         /* filter: the last that kept somebody from it */
    [PAST_HELD] = "held",               /* reason */
    [PAST_RESUMED] = "resumed",         /* reason */
    [PAST_ESCALATED] = "escalated",     /* step, skipped, reason: why the step before ended */
    [PAST_OFFERED] = "offered",         /* agent_id, epoch, criterion, runner_up */
    [PAST_ACCEPTED] = "accepted",       /* agent_id, epoch */
    [PAST_ASSIGNED] = "assigned",       /* as offered */
    [PAST_DELIVERED] = "delivered",     /* epoch */
    [PAST_DECLINED] = "declined",       /* agent_id */
    [PAST_RETURNED] = "returned",       /* agent_id */
    [PAST_EXPIRED] = "expired",         /* agent_id */
    [PAST_REVOKED] = "revoked",         /* agent_id, reason */
    [PAST_ASKED_AGAIN] = "asked_again", /* whoever declined may be */
    [PAST_UPDATED] = "updated",         /* changed: the members */
    [PAST_REROUTED] = "rerouted",       /* from, queue, rule, rulebook, reason */
    [PAST_RULED] = "ruled",             /* rule, rulebook: from here on, in the same queue */
    [PAST_OVERDUE] = "overdue",         /* */
    [PAST_MERGED] = "merged",           /* appeal_id: the lead's */
    [PAST_JOINED] = "joined",           /* appeal_id: of another that changed something */
    [PAST_DECIDED] = "decided",         /* agent_id, outcome */
    [PAST_WITHDRAWN] = "withdrawn",     /* */
};

const struct past_member past_members[PAST_MEMBER_COUNT] = {
    { "queue", offsetof(struct past_move, queue), PAST_TEXT },
    { "rule", offsetof(struct past_move, rule), PAST_TEXT },
    { "rulebook", offsetof(struct past_move, rulebook), PAST_TEXT },
    { "from", offsetof(struct past_move, from), PAST_TEXT },
    { "reason", offsetof(struct past_move, reason), PAST_TEXT },
    { "filter", offsetof(struct past_move, filter), PAST_TEXT },
    { "agent_id", offsetof(struct past_move, agent_id), PAST_TEXT },
    { "criterion", offsetof(struct past_move, criterion), PAST_TEXT },
    { "runner_up", offsetof(struct past_move, runner_up), PAST_TEXT },
    { "appeal_id", offsetof(struct past_move, appeal_id), PAST_TEXT },
    { "outcome", offsetof(struct past_move, outcome), PAST_TEXT },
    { "changed", offsetof(struct past_move, changed), PAST_TEXT },
    { "epoch", offsetof(struct past_move, epoch), PAST_NUMBER },
    { "step", offsetof(struct past_move, step), PAST_NUMBER },
    { "skipped", offsetof(struct past_move, skipped), PAST_STEPS },
};

const char *past_kind_name(enum past_kind kind)
{
    assert(kind < PAST_KIND_COUNT);
    return kind_names[kind];
}

enum past_kind past_kind_find(const char *name)
{
    return (enum past_kind)text_index(kind_names, PAST_KIND_COUNT, name);
}

/* --- members --- */

const char *past_text(const struct past_move *move, const struct past_member *member)
{
    const char *text;
    assert(member->form == PAST_TEXT);
    memcpy(&text, (const char *)move + member->offset, sizeof text);
    return text;
}

uint64_t past_number(const struct past_move *move, const struct past_member *member)
{
    uint64_t number;
    assert(member->form != PAST_TEXT);
    memcpy(&number, (const char *)move + member->offset, sizeof number);
    return number;
}

void past_set_text(struct past_move *move, const struct past_member *member, const char *text)
{
    assert(member->form == PAST_TEXT);
    memcpy((char *)move + member->offset, &text, sizeof text);
}

void past_set_number(struct past_move *move, const struct past_member *member, uint64_t number)
{
    assert(member->form != PAST_TEXT);
    memcpy((char *)move + member->offset, &number, sizeof number);
}

static bool has_member(const struct past_move *move, const struct past_member *member)
{
    return member->form == PAST_TEXT ? past_text(move, member) != NULL
                                     : past_number(move, member) > 0;
}

/* --- bytes --- */

static size_t number_size(uint64_t number)
{
    size_t size = 1;
    for (; number > 0x7f; number >>= 7)
        size++;
    return size;
}

static char *put_number(char *at, uint64_t number)
{
    for (; number > 0x7f; number >>= 7)
        *at++ = (char)(number | 0x80);
    *at++ = (char)number;
    return at;
}

static uint64_t take_number(const char **at)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char byte = (unsigned char)*(*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
}

/* Which members there are, a bit each, and how many bytes they take. */
static uint64_t members_there(const struct past_move *move, size_t *ret_size)
{
    uint64_t there = 0;
    size_t size = 0;

    for (unsigned i = 0; i < PAST_MEMBER_COUNT; i++) {
        const struct past_member *member = &past_members[i];
        if (!has_member(move, member))
            continue;
        there |= UINT64_C(1) << i;
        size += member->form == PAST_TEXT ? strlen(past_text(move, member)) + 1
                                          : number_size(past_number(move, member));
    }
    *ret_size = size;
    return there;
}

static char *put_members(char *at, const struct past_move *move, uint64_t there)
{
    for (unsigned i = 0; i < PAST_MEMBER_COUNT; i++) {
        const struct past_member *member = &past_members[i];
        if (!(there >> i & 1))
            continue;
        if (member->form == PAST_TEXT)
            at = stpcpy(at, past_text(move, member)) + 1;
        else
            at = put_number(at, past_number(move, member));
    }
    return at;
}

static struct head head_of(struct details_past past)
{
    struct head head = { 0 };
    if (past.length > 0)
        memcpy(&head, past.bytes, sizeof head);
    return head;
}

static void set_head(struct details *details, struct head head)
{
    memcpy((char *)(uintptr_t)details_past(details).bytes, &head, sizeof head);
}

bool past_next(const struct details *details, struct past_walk *walk, struct past_move *ret)
{
    struct details_past past = details_past(details);

    if (walk->position >= past.length)
        return false;
    if (walk->position == 0) {
        walk->at.ms = head_of(past).start;
        walk->position = sizeof(struct head);
    }
    const char *at = past.bytes + walk->position;
    *ret = (struct past_move){ .kind = (enum past_kind)take_number(&at) };
    walk->at.ms += (int64_t)take_number(&at);
    ret->at = walk->at;
    uint64_t there = take_number(&at);
    for (unsigned i = 0; i < PAST_MEMBER_COUNT; i++) {
        const struct past_member *member = &past_members[i];
        if (!(there >> i & 1))
            continue;
        if (member->form != PAST_TEXT) {
            past_set_number(ret, member, take_number(&at));
            continue;
        }
        past_set_text(ret, member, at);
        at += strlen(at) + 1;
    }
    walk->position = (size_t)(at - past.bytes);
    return true;
}

/* --- the whole --- */

bool past_is_known(const struct details *details)
{
    return details_past(details).length > 0;
}

static size_t move_count(const struct details *details, struct aro_instant *ret_last)
{
    struct past_walk walk = { 0 };
    struct past_move move = { 0 };
    size_t count = 0;

    while (past_next(details, &walk, &move))
        count++;
    *ret_last = move.at;
    return count;
}

/* Behind all others, of which the last was at @last. */
static void append(struct details **details, const struct past_move *move, struct aro_instant last)
{
    size_t size;
    uint64_t there = members_there(move, &size);
    uint64_t distance = move->at.ms > last.ms ? (uint64_t)(move->at.ms - last.ms) : 0;
    bool is_first = !past_is_known(*details);

    size += number_size(move->kind) + number_size(distance) + number_size(there);
    char *at = details_reach_past(details, size + (is_first ? sizeof(struct head) : 0));
    if (is_first) {
        set_head(*details, (struct head){ .start = move->at.ms });
        at += sizeof(struct head);
    }
    at = put_number(at, move->kind);
    at = put_number(at, distance);
    put_members(put_number(at, there), move, there);
}

/* Made anew with @first before what comes behind the first @skipped moves, of which those from the
 * second on are counted as left out. */
static void rebuild(struct details **details, const struct past_move *first, size_t skipped)
{
    struct details *new = NULL;
    struct past_walk walk = { 0 };
    struct past_move move;
    struct aro_instant last = first->at;

    append(&new, first, last);
    past_set_left_out(new, past_left_out(*details) + skipped - 1);
    for (size_t i = 0; past_next(*details, &walk, &move); i++) {
        if (i < skipped)
            continue;
        append(&new, &move, last);
        last = move.at;
    }
    details_set_past(details, details_past(new));
    free(new);
}

void past_add(struct details **details, const struct past_move *move, size_t moves_max)
{
    struct aro_instant last;
    size_t count = move_count(*details, &last);

    append(details, move, count == 0 ? move->at : last);
    if (count == moves_max)
        past_trim(details, moves_max);
}

void past_set_first(struct details **details, const struct past_move *move)
{
    rebuild(details, move, 1);
}

void past_trim(struct details **details, size_t moves_max)
{
    struct past_walk walk = { 0 };
    struct past_move first;
    struct aro_instant last;
    size_t count = move_count(*details, &last);

    if (count <= moves_max)
        return;
    past_next(*details, &walk, &first);
    rebuild(details, &first, count - moves_max + 1);
}

struct details *past_copy(const struct details *details)
{
    struct details *copy = NULL;
    if (past_is_known(details))
        details_set_past(&copy, details_past(details));
    return copy;
}

uint64_t past_left_out(const struct details *details)
{
    return head_of(details_past(details)).left_out;
}

void past_set_left_out(struct details *details, uint64_t count)
{
    struct head head = head_of(details_past(details));
    head.left_out = (uint32_t)count;
    set_head(details, head);
}
