/* Reading the members of one JSON object by a table of them.
 *
 * A row says which events have a member, which cannot do without it, and which function reads it
 * into the event; the walk over rows and values, and the errors with their places, are here. */
#ifndef ARO_CODEC_MEMBER_H
#define ARO_CODEC_MEMBER_H

#include "codec/json_reader.h"

#include <aro/event.h>

struct event_memory;

/* Where a value stands, for errors: "languages", then [2], then "level". */
struct place {
    const struct place *outer; /* NULL at the top */
    const char *name;          /* of a member; NULL for an item of a list */
    size_t index;
};

/* One event being read. */
struct reading {
    struct event_memory *memory;
    struct aro_event *event;
    struct aro_error *reterr;
};

struct member;

/* Reads @node, which is not null, to where the row @member says in @target. -EINVAL, -ENOMEM. */
typedef int member_reader(const struct reading *reading, const struct place *place,
                          const struct member *member, const struct json_node *node, void *target);

/* A row of the contract. */
struct member {
    const char *name;
    uint32_t name_length;
    unsigned events;   /* MEMBER_OF() the event types that have it */
    unsigned required; /* and of those that cannot do without */
    unsigned has;      /* of enum aro_event_field, where its presence means something */
    member_reader *read;
    size_t offset; /* of its value in the target */
    int64_t minimum, maximum;
    const char *const *words; /* of a choice, to NULL; its value is the index */
};

#define NAME(text) .name = (text), .name_length = sizeof(text) - 1
#define MEMBER_OF(type) (1u << (type))
#define EVERY_EVENT (~0u)
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

enum { MEMBER_INDEX_SIZE = 128 };

/* The rows of a large table by a hash of their names: it is small, fixed and ours, so the names
 * that others choose make no place crowded. */
struct member_index {
    uint8_t rows[MEMBER_INDEX_SIZE]; /* from 1; 0: free */
};

struct member_table {
    const struct member *rows;
    size_t count;
    const struct member_index *index; /* NULL: they are few */
};

/* @index is zeroed; @count less than half of its places. */
void member_index_fill(struct member_index *index, const struct member *rows, size_t count);

/* Reads the members of @object by @table into @target: the first that is wrong in the order written
 * is the error, else the first that is missing in the order of the table. Null ones are absent,
 * those that no row knows ignored. */
int reading_members(const struct reading *reading, const struct place *outer,
                    const struct member_table *table, const struct json_node *object, void *target);

typedef int item_reader(const struct reading *reading, const struct place *place,
                        const struct json_node *node, void *target);

/* Reads each item of a list of at most @count_max into @target. */
int reading_each_item(const struct reading *reading, const struct place *place,
                      const struct json_node *node, size_t count_max, item_reader *read,
                      void *target);
/* Reads each member of an object whose names the sender chooses; null ones are absent. */
int reading_each_entry(const struct reading *reading, const struct place *place,
                       const struct json_node *node, item_reader *read, void *target);

/* Always -EINVAL, with the place and "<place> <sentence>". */
int reading_refuse(const struct reading *reading, const struct place *place,
                   enum aro_error_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

int reading_expect(const struct reading *reading, const struct place *place,
                   const struct json_node *node, enum json_node_kind kind);
int reading_expect_count(const struct reading *reading, const struct place *place, size_t count,
                         size_t maximum);
int reading_expect_some(const struct reading *reading, const struct place *place, size_t count);
/* Is it 1..@length_max characters of the alphabet of ids? */
int reading_check_id(const struct reading *reading, const struct place *place, const char *text,
                     size_t length, size_t length_max);

static inline void *member_value(const struct member *member, void *target)
{
    return (char *)target + member->offset;
}

#endif
