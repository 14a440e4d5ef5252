/* What has happened to an appeal, move by move, for whoever asks later why it went where it went.
 *
 * It lies packed at the end of an appeal's details, where a move takes ten to thirty bytes: of each
 * appeal that more has happened to than being submitted and waiting, and of the closed ones that
 * are remembered. It is in the ledger record, and nothing is ever decided by it. */
#ifndef ARO_ROUTING_PAST_H
#define ARO_ROUTING_PAST_H

#include <aro/time.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum past_kind {
    PAST_SUBMITTED, /* always the first; of the rest see the table in past.c */
    PAST_WAITING,
    PAST_HELD,
    PAST_RESUMED,
    PAST_ESCALATED,
    PAST_OFFERED,
    PAST_ACCEPTED,
    PAST_ASSIGNED,
    PAST_DELIVERED,
    PAST_DECLINED,
    PAST_RETURNED,
    PAST_EXPIRED,
    PAST_REVOKED,
    PAST_ASKED_AGAIN,
    PAST_UPDATED,
    PAST_REROUTED,
    PAST_RULED,
    PAST_OVERDUE,
    PAST_MERGED,
    PAST_JOINED,
    PAST_DECIDED,
    PAST_WITHDRAWN,
    PAST_KIND_COUNT,
};

/* The first move and the last ones; how many in between were left out is counted. */
enum { PAST_MOVES_MAX = 32, PAST_CLOSED_MOVES_MAX = 12 };

enum { PAST_TEXT_COUNT = 12, PAST_NUMBER_COUNT = 3 };
enum { PAST_MEMBER_COUNT = PAST_TEXT_COUNT + PAST_NUMBER_COUNT };

/* One of them. Texts are NULL, and numbers 0, where there is nothing to say. */
struct past_move {
    enum past_kind kind;
    struct aro_instant at;
    union {
        struct {
            const char *queue, *rule, *rulebook, *from, *reason, *filter;
            const char *agent_id, *criterion, *runner_up, *appeal_id, *outcome, *changed;
        };
        const char *texts[PAST_TEXT_COUNT];
    };
    union {
        struct {
            uint64_t epoch, step;
            uint64_t skipped; /* steps, a bit each: 1 << (step - 1) */
        };
        uint64_t numbers[PAST_NUMBER_COUNT];
    };
};

/* What stands before a value in JSON: of one length for all, which costs less to copy. */
enum { PAST_LABEL_SIZE = 16 };
struct past_label {
    char text[PAST_LABEL_SIZE];
    unsigned length;
};

/* The members of a move besides kind and time, by the names that people and the ledger use; the
 * texts first, then the numbers, as above. */
enum past_form { PAST_TEXT, PAST_NUMBER, PAST_STEPS };
struct past_member {
    const char *name;
    struct past_label label;
    enum past_form form;
};
extern const struct past_member past_members[PAST_MEMBER_COUNT];

const char *past_text(const struct past_move *move, const struct past_member *member);
uint64_t past_number(const struct past_move *move, const struct past_member *member);
void past_set_text(struct past_move *move, const struct past_member *member, const char *text);
void past_set_number(struct past_move *move, const struct past_member *member, uint64_t number);

/* "submitted". */
const char *past_kind_name(enum past_kind kind);
enum past_kind past_kind_find(const char *name); /* PAST_KIND_COUNT: no such kind */

struct buffer;
struct details;

/* Is there any? */
bool past_is_known(const struct details *details);

/* Adds @move; one that is earlier than the last counts as at the same time. Beyond @moves_max the
 * second is left out. */
void past_add(struct details **details, const struct past_move *move, size_t moves_max);
/* Puts another first move in place of the one there is; the same time. Its texts lie elsewhere. */
void past_set_first(struct details **details, const struct past_move *move);
/* Leaves out all but the first and the last @moves_max - 1, of which there is one at least. */
void past_trim(struct details **details, size_t moves_max);

/* Adds the moves to @buffer as the ledger tells them: {"submitted":MS},{"offered":MS,"agent_id":
 * "ana","epoch":1}. There is one at least. */
void past_write(const struct details *details, struct buffer *buffer);

/* The past of @details and nothing else; malloc'd. NULL where there is none. */
struct details *past_copy(const struct details *details);

uint64_t past_left_out(const struct details *details);
void past_set_left_out(struct details *details, uint64_t count);

/* Walks over the moves; texts point into @details. Starts at { 0 }. */
struct past_walk {
    size_t position;
    struct aro_instant at;
};
bool past_next(const struct details *details, struct past_walk *walk, struct past_move *ret);

#endif
