/* The rules of a rulebook, compiled so that finding the first that matches is no scan.
 *
 * Every conjunction of every rule is one bit, in the order of the rules. For each column (a field,
 * rule_index.c says why it may have several) there is one row of bits for each value that any
 * condition tells apart: the bit is set where the conjunction accepts that value. The appeal picks
 * one row in each column; the first bit set in all of them is the rule that decides.
 *
 * Rows lie in blocks of 512 bits, behind a summary with a bit for each block that has any, so that
 * long stretches without a candidate cost a bit each. Where there are many, they share the blocks
 * in which they are equal: a column of a hundred thousand values costs little more than one. Each
 * market that conditions name has a set of columns of its own with the conjunctions that can match
 * there. */
#ifndef ARO_RULES_RULE_INDEX_H
#define ARO_RULES_RULE_INDEX_H

#include "rules/rulebook.h"

enum { BLOCK_WORDS = 8, BLOCK_BITS = 64 * BLOCK_WORDS, INDEX_COLUMNS_MAX = 256 };

/* What every 64-bit processor has a register for. A whole block as one vector is kept in memory
 * where registers are smaller, and then each AND waits for the one before to be written. */
typedef uint64_t block_part __attribute__((vector_size(2 * sizeof(uint64_t))));

/* One cache line. */
struct block {
    union {
        block_part parts[BLOCK_WORDS / 2];
        uint64_t words[BLOCK_WORDS];
    };
};

static inline bool block_part_has_any(block_part part)
{
    return (part[0] | part[1]) != 0;
}

static inline bool block_has_any(const struct block *block)
{
    const block_part *parts = block->parts;
    return block_part_has_any((parts[0] | parts[1]) | (parts[2] | parts[3]));
}

static inline void block_and(struct block *block, const struct block *other)
{
    block->parts[0] &= other->parts[0];
    block->parts[1] &= other->parts[1];
    block->parts[2] &= other->parts[2];
    block->parts[3] &= other->parts[3];
}

/* From one number to another; what is not in it is @missing. A number lies in its place, or behind
 * that in the first slot that was free. */
struct number_map {
    struct number_map_slot {
        uint32_t key, value; /* key UINT32_MAX: free */
    } * slots;
    uint32_t slot_count; /* the last is free */
    uint16_t missing;
    uint16_t place_shift; /* there are 2^32 >> @place_shift places */
};

/* Rows that every column has, before those of its own stretches of numbers and of its texts. */
enum { ROW_ABSENT, ROW_EMPTY_LIST, ROW_OTHER, ROW_YES, ROW_NO, ROW_OPEN, ROW_FIXED_COUNT };

/* One cache line: a match reads each column's once. */
struct index_column {
    _Alignas(64) uint32_t column; /* field and slot, see column_of() */
    uint32_t boundary_count;
    struct number_map rows_of_texts;
    struct block *blocks; /* number 0 is all ones; without @pages, row after row */
    uint32_t *pages;      /* @block_count of each row: the block's number; NULL: as they lie */
    double *boundaries;   /* row ROW_FIXED_COUNT + i is the stretch after i of them */
    uint64_t *summaries;  /* @summary_words of each row */
    uint32_t row_count, block_count;
};
_Static_assert(sizeof(struct index_column) == 64, "a column is one cache line");

/* A field that the market's conjunctions look at. Its columns lie side by side. */
struct index_field {
    enum field_kind kind;
    uint32_t column_count;
    const struct aro_text *attribute; /* ATTRIBUTE: its name */
    const struct index_column *columns;
};

struct market_index {
    _Alignas(64) uint32_t count; /* conjunctions */
    uint32_t *conjunctions;      /* their numbers, ascending: bit i is conjunctions[i] */
    size_t block_count, summary_words;
    size_t field_count, column_count;
    struct index_field *fields;   /* ascending */
    struct index_column *columns; /* ascending */
};

_Static_assert(sizeof(struct market_index) == 64, "a market is one cache line");

struct rule_index {
    size_t market_count;
    struct market_index *markets;
    struct number_map market_of_text; /* of the vocabulary; missing: ROW_OTHER's */
    uint32_t market_absent;
};

/* -EINVAL where the rules look at more columns, or tell apart more values, than can be held. */
int rule_index_new(const struct rulebook_parser *parser, struct rule_index **ret);
void rule_index_free(struct rule_index *index);
size_t rule_index_byte_count(const struct rule_index *index);

/* The number of the first conjunction that @facts satisfy; the last conjunction of every market
 * has no constraint. */
uint32_t rule_index_match(const struct aro_rulebook *rulebook, const struct aro_facts *facts);

/* By the upper bits of a product with 2^32 over the golden ratio, which spreads numbers that follow
 * one another (Knuth, The Art of Computer Programming, 6.4). */
static inline uint32_t number_map_place(const struct number_map *map, uint32_t key)
{
    return (key * UINT32_C(2654435769)) >> map->place_shift;
}

static inline uint32_t number_map_find(const struct number_map *map, uint32_t key)
{
    const struct number_map_slot *slot = &map->slots[number_map_place(map, key)];
    for (; slot->key != UINT32_MAX; slot++) {
        if (slot->key == key)
            return slot->value;
    }
    return map->missing;
}

/* The row of number @value in @column. */
static inline uint32_t column_row_of_number(const struct index_column *column, double value)
{
    const double *first = column->boundaries;
    for (uint32_t left = column->boundary_count; left > 0; left /= 2) {
        uint32_t half = (left + 1) / 2;
        first += first[half - 1] <= value ? half : 0;
    }
    return ROW_FIXED_COUNT + (uint32_t)(first - column->boundaries);
}

static inline const struct block *column_block(const struct index_column *column,
                                               const struct market_index *market, uint32_t row,
                                               size_t block)
{
    size_t page = row * market->block_count + block;
    return &column->blocks[column->pages ? column->pages[page] : page];
}

static inline uint64_t column_summary(const struct index_column *column,
                                      const struct market_index *market, uint32_t row, size_t word)
{
    return column->summaries[row * market->summary_words + word];
}

/* How many of the market's conjunctions come before number @conjunction: its position, where it is
 * one of them. */
static inline uint32_t market_index_position(const struct market_index *market, size_t conjunction)
{
    uint32_t low = 0, high = market->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (market->conjunctions[middle] < conjunction)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The columns of the market that @text is, or of every other market for VALUE_OTHER. */
static inline const struct market_index *rule_index_market(const struct rule_index *index,
                                                           uint32_t text)
{
    return &index->markets[number_map_find(&index->market_of_text, text)];
}

#endif
