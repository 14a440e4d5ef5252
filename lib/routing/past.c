/* A move is its kind, the milliseconds since the move before, which of its members there are (a bit
 * each), and those: numbers in groups of seven bits, texts with their NUL. */
#include "routing/past.h"

#include "routing/details.h"

#include "codec/json_writer.h"
#include "support/buffer.h"
#include "support/decimal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What the packed moves begin with, so that one more is added without a look at the others. */
struct __attribute__((packed)) head {
    int64_t start, last; /* when the first move was, whose own distance is 0, and when the last */
    uint32_t left_out;
    uint16_t count; /* of the moves that are there */
};

#define LABEL(text)                                                                                \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }

/* The label begins the move. */
#define KIND(name)                                                                                 \
    {                                                                                              \
        name, LABEL("{\"" name "\":")                                                              \
    }
static const struct {
    const char *name;
    struct past_label label;
} kinds[PAST_KIND_COUNT] = {
    [PAST_SUBMITTED] = KIND("submitted"), /* queue, rule, rulebook: by which it was routed then */
    [PAST_WAITING] = KIND("waiting"),     /* filter: the last that kept somebody from it */
    [PAST_HELD] = KIND("held"),           /* reason */
    [PAST_RESUMED] = KIND("resumed"),     /* reason */
    [PAST_ESCALATED] = KIND("escalated"), /* step, skipped, reason: why the step before ended */
    [PAST_OFFERED] = KIND("offered"),     /* agent_id, epoch, criterion, runner_up */
    [PAST_ACCEPTED] = KIND("accepted"),   /* agent_id, epoch */
    [PAST_ASSIGNED] = KIND("assigned"),   /* as offered */
    [PAST_DELIVERED] = KIND("delivered"), /* epoch */
    [PAST_DECLINED] = KIND("declined"),   /* agent_id */
    [PAST_RETURNED] = KIND("returned"),   /* agent_id */
    [PAST_EXPIRED] = KIND("expired"),     /* agent_id */
    [PAST_REVOKED] = KIND("revoked"),     /* agent_id, reason */
    [PAST_ASKED_AGAIN] = KIND("asked_again"), /* whoever declined may be */
    [PAST_UPDATED] = KIND("updated"),         /* changed: the members */
    [PAST_REROUTED] = KIND("rerouted"),       /* from, queue, rule, rulebook, reason */
    [PAST_RULED] = KIND("ruled"),             /* rule, rulebook: from here on, in the same queue */
    [PAST_OVERDUE] = KIND("overdue"),         /* */
    [PAST_MERGED] = KIND("merged"),           /* appeal_id: the lead's */
    [PAST_JOINED] = KIND("joined"),           /* appeal_id: of another that changed something */
    [PAST_DECIDED] = KIND("decided"),         /* agent_id, outcome */
    [PAST_WITHDRAWN] = KIND("withdrawn"),     /* */
};

#define MEMBER(name, form)                                                                         \
    {                                                                                              \
        name, LABEL(",\"" name "\":"), form                                                        \
    }
const struct past_member past_members[PAST_MEMBER_COUNT] = {
    MEMBER("queue", PAST_TEXT),     MEMBER("rule", PAST_TEXT),      MEMBER("rulebook", PAST_TEXT),
    MEMBER("from", PAST_TEXT),      MEMBER("reason", PAST_TEXT),    MEMBER("filter", PAST_TEXT),
    MEMBER("agent_id", PAST_TEXT),  MEMBER("criterion", PAST_TEXT), MEMBER("runner_up", PAST_TEXT),
    MEMBER("appeal_id", PAST_TEXT), MEMBER("outcome", PAST_TEXT),   MEMBER("changed", PAST_TEXT),
    MEMBER("epoch", PAST_NUMBER),   MEMBER("step", PAST_NUMBER),    MEMBER("skipped", PAST_STEPS),
};

const char *past_kind_name(enum past_kind kind)
{
    assert(kind < PAST_KIND_COUNT);
    return kinds[kind].name;
}

enum past_kind past_kind_find(const char *name)
{
    unsigned kind = 0;
    while (kind < PAST_KIND_COUNT && strcmp(kinds[kind].name, name) != 0)
        kind++;
    return (enum past_kind)kind;
}

/* --- members --- */

const char *past_text(const struct past_move *move, const struct past_member *member)
{
    assert(member->form == PAST_TEXT);
    return move->texts[member - past_members];
}

uint64_t past_number(const struct past_move *move, const struct past_member *member)
{
    assert(member->form != PAST_TEXT);
    return move->numbers[member - past_members - PAST_TEXT_COUNT];
}

void past_set_text(struct past_move *move, const struct past_member *member, const char *text)
{
    assert(member->form == PAST_TEXT);
    move->texts[member - past_members] = text;
}

void past_set_number(struct past_move *move, const struct past_member *member, uint64_t number)
{
    assert(member->form != PAST_TEXT);
    move->numbers[member - past_members - PAST_TEXT_COUNT] = number;
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

/* The next of the members @there, which loses its bit. */
static const struct past_member *take_member(uint64_t *there)
{
    const struct past_member *member = &past_members[__builtin_ctzll(*there)];
    *there &= *there - 1;
    return member;
}

/* A move about to be packed. */
struct packing {
    const struct past_move *move;
    uint64_t distance;               /* ms since the move before */
    uint64_t there;                  /* which members there are, a bit each */
    size_t lengths[PAST_TEXT_COUNT]; /* of the texts among them, with their NUL */
    size_t size;                     /* of the whole */
};

static void packing_init(struct packing *packing, const struct past_move *move, uint64_t distance)
{
    packing->move = move;
    packing->distance = distance;
    packing->there = 0;
    packing->size = number_size(move->kind) + number_size(distance);
    for (unsigned i = 0; i < PAST_TEXT_COUNT; i++) {
        if (!move->texts[i])
            continue;
        packing->there |= UINT64_C(1) << i;
        packing->lengths[i] = strlen(move->texts[i]) + 1;
        packing->size += packing->lengths[i];
    }
    for (unsigned i = 0; i < PAST_NUMBER_COUNT; i++) {
        if (move->numbers[i] == 0)
            continue;
        packing->there |= UINT64_C(1) << (PAST_TEXT_COUNT + i);
        packing->size += number_size(move->numbers[i]);
    }
    packing->size += number_size(packing->there);
}

static void pack(char *at, const struct packing *packing)
{
    const struct past_move *move = packing->move;

    at = put_number(at, move->kind);
    at = put_number(at, packing->distance);
    at = put_number(at, packing->there);
    for (uint64_t there = packing->there; there; there &= there - 1) {
        unsigned member = (unsigned)__builtin_ctzll(there);
        if (member >= PAST_TEXT_COUNT) {
            at = put_number(at, move->numbers[member - PAST_TEXT_COUNT]);
            continue;
        }
        memcpy(at, move->texts[member], packing->lengths[member]);
        at += packing->lengths[member];
    }
}

/* A move as it lies packed, up to its members. */
struct packed_move {
    enum past_kind kind;
    uint64_t distance, there;
};

static struct packed_move take_move(const char **at)
{
    struct packed_move move;
    move.kind = (enum past_kind)take_number(at);
    move.distance = take_number(at);
    move.there = take_number(at);
    return move;
}

static struct head head_of(const struct details *details)
{
    struct details_past past = details_past(details);
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
        walk->at.ms = head_of(details).start;
        walk->position = sizeof(struct head);
    }
    const char *at = past.bytes + walk->position;
    struct packed_move packed = take_move(&at);
    walk->at.ms += (int64_t)packed.distance;
    *ret = (struct past_move){ .kind = packed.kind, .at = walk->at };
    while (packed.there) {
        const struct past_member *member = take_member(&packed.there);
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

/* --- as JSON --- */

/* The longest that a time or a member becomes, a text's own letters left out: a name with its
 * quotes and colon, a number, and what stands between. */
enum { JSON_PART_SIZE_MAX = 48 };

static char *write_label(char *to, const struct past_label *label)
{
    memcpy(to, label->text, PAST_LABEL_SIZE);
    return to + label->length;
}

static char *write_move(char *to, const char **at, struct aro_instant *time)
{
    struct packed_move packed = take_move(at);

    time->ms += (int64_t)packed.distance;
    to = decimal_write(write_label(to, &kinds[packed.kind].label), time->ms);
    while (packed.there) {
        const struct past_member *member = take_member(&packed.there);
        to = write_label(to, &member->label);
        if (member->form != PAST_TEXT) {
            to = decimal_write(to, (int64_t)take_number(at));
            continue;
        }
        size_t length = strlen(*at);
        to = json_write_text(to, *at, length);
        *at += length + 1;
    }
    *to++ = '}';
    return to;
}

void past_write(const struct details *details, struct buffer *buffer)
{
    struct details_past past = details_past(details);
    struct head head = head_of(details);
    struct aro_instant time = { head.start };
    const char *at = past.bytes + sizeof head, *end = past.bytes + past.length;

    assert(past.length > 0);
    /* From the bytes themselves, into room for all that they can become: each change of an appeal
     * writes its moves once more. */
    size_t part_count = head.count * (1 + (size_t)PAST_MEMBER_COUNT);
    buffer_reserve(buffer, part_count * JSON_PART_SIZE_MAX + json_text_size_max(past.length));
    char *to = write_move(buffer->data + buffer->length, &at, &time);
    while (at < end) {
        *to++ = ',';
        to = write_move(to, &at, &time);
    }
    *to = '\0';
    buffer->length = (size_t)(to - buffer->data);
}

/* --- the whole --- */

bool past_is_known(const struct details *details)
{
    return details_past(details).length > 0;
}

void past_add(struct details **details, const struct past_move *move, size_t moves_max)
{
    size_t length = details_past(*details).length, head_size = length > 0 ? 0 : sizeof(struct head);
    struct head head = { .start = move->at.ms, .last = move->at.ms };

    if (length > 0)
        head = head_of(*details);
    uint64_t distance = move->at.ms > head.last ? (uint64_t)(move->at.ms - head.last) : 0;
    struct packing packing;
    packing_init(&packing, move, distance);
    pack(details_splice_past(details, length, 0, head_size + packing.size) + head_size, &packing);
    head.last += (int64_t)distance;
    head.count++;
    set_head(*details, head);
    if (head.count > moves_max)
        past_trim(details, moves_max);
}

void past_set_first(struct details **details, const struct past_move *move)
{
    struct past_walk walk = { 0 };
    struct past_move old;
    struct packing packing;

    packing_init(&packing, move, 0);
    past_next(*details, &walk, &old);
    pack(details_splice_past(details, sizeof(struct head), walk.position - sizeof(struct head),
                             packing.size),
         &packing);
}

void past_trim(struct details **details, size_t moves_max)
{
    struct head head = head_of(*details);
    struct past_walk walk = { 0 };
    struct past_move move;

    assert(moves_max > 1);
    if (head.count <= moves_max)
        return;
    past_next(*details, &walk, &move);
    size_t first_end = walk.position, left_out = head.count - moves_max;
    for (size_t i = 0; i < left_out; i++)
        past_next(*details, &walk, &move);

    /* What comes behind those is as far from the first move as they were, and itself. */
    const char *bytes = details_past(*details).bytes, *at = bytes + walk.position;
    uint64_t kind = take_number(&at);
    uint64_t distance = take_number(&at) + (uint64_t)(walk.at.ms - head.start);
    char *to = details_splice_past(details, first_end, (size_t)(at - bytes) - first_end,
                                   number_size(kind) + number_size(distance));
    put_number(put_number(to, kind), distance);
    head.left_out += (uint32_t)left_out;
    head.count = (uint16_t)moves_max;
    set_head(*details, head);
}

struct details *past_copy(const struct details *details)
{
    struct details_past past = details_past(details);
    struct details *copy = NULL;
    if (past.length > 0)
        memcpy(details_splice_past(&copy, 0, 0, past.length), past.bytes, past.length);
    return copy;
}

uint64_t past_left_out(const struct details *details)
{
    return head_of(details).left_out;
}

void past_set_left_out(struct details *details, uint64_t count)
{
    struct head head = head_of(details);
    head.left_out = (uint32_t)count;
    set_head(details, head);
}
