/* The path of every appeal: reads a frozen index, allocates nothing and changes nothing. */
#include "rules/rule_index.h"

#include <assert.h>
#include <string.h>

enum {
    BLOCKS_WITHOUT_SUMMARY = 4, /* so few are looked at sooner than their summaries */
    COLUMNS_BETWEEN_LOOKS = 4,  /* after so many, see whether the block has any left */
};

/* One column: the row that the appeal picks, or the list of values that pick several. */
struct pick {
    const struct index_column *column;
    const struct aro_attribute *list; /* NULL: the appeal's languages */
    bool is_list;                     /* of more than one member */
    uint32_t row;                     /* otherwise */
};

struct match {
    const struct aro_rulebook *rulebook;
    const struct market_index *market;
    const struct aro_facts *facts;
    size_t row_count;
    const struct block *rows[INDEX_COLUMNS_MAX]; /* the first block of each row that is picked */
    struct block lists;                          /* what all that are lists have in theirs */
    size_t pick_count;                           /* 0 where there is no other block */
    struct pick picks[INDEX_COLUMNS_MAX];
};

/* Of @list, or of the appeal's languages for NULL. */
static size_t member_count(const struct match *match, const struct aro_attribute *list)
{
    return list ? list->text_count : match->facts->language_count;
}

static uint32_t list_member(const struct match *match, const struct aro_attribute *list,
                            size_t index)
{
    const struct vocabulary *vocabulary = &match->rulebook->vocabulary;
    if (!list)
        return vocabulary_find_language(vocabulary, match->facts->languages[index]);
    struct aro_text text = aro_text_of(list->texts[index]);
    return vocabulary_find_text(vocabulary, &text);
}

/* The row of one text, as all languages and the members of lists are. */
static uint32_t row_of_text(const struct index_column *column, uint32_t text)
{
    return number_map_find(&column->rows_of_texts, text);
}

/* For one member to be enough the members' rows are joined; for all to be needed, intersected. */
static bool one_member_is_enough(const struct pick *pick)
{
    return pick->column->column % COLUMNS_A_FIELD != 0;
}

/* The conjunctions of block @at that accept the members of a list. */
static void list_bits(const struct match *match, const struct pick *pick, size_t at,
                      struct block *ret)
{
    bool any_is_enough = one_member_is_enough(pick);

    memset(ret, any_is_enough ? 0 : 0xff, sizeof *ret);
    for (size_t i = 0; i < member_count(match, pick->list); i++) {
        uint32_t row = row_of_text(pick->column, list_member(match, pick->list, i));
        const struct block *block = column_block(pick->column, match->market, row, at);
        for (unsigned word = 0; word < BLOCK_WORDS; word++) {
            if (any_is_enough)
                ret->words[word] |= block->words[word];
            else
                ret->words[word] &= block->words[word];
        }
    }
}

/* Most appeals are decided in the first block: of that no more is kept than where it is. */
static inline void push_pick(struct match *match, const struct index_column *column, uint32_t row)
{
    match->rows[match->row_count++] = column_block(column, match->market, row, 0);
    if (match->market->block_count == 1)
        return;
    struct pick *pick = &match->picks[match->pick_count++];
    pick->column = column;
    pick->is_list = false;
    pick->row = row;
}

/* The same row in each column of the field: one of the fixed rows. */
static void pick_row(struct match *match, const struct index_field *field, uint32_t row)
{
    for (uint32_t i = 0; i < field->column_count; i++)
        push_pick(match, &field->columns[i], row);
}

/* @number: of a text or a language. */
static inline void pick_numbered(struct match *match, const struct index_field *field,
                                 uint32_t number)
{
    for (uint32_t i = 0; i < field->column_count; i++)
        push_pick(match, &field->columns[i], row_of_text(&field->columns[i], number));
}

static void pick_text(struct match *match, const struct index_field *field,
                      const struct aro_text *text)
{
    if (!text->text)
        pick_row(match, field, ROW_ABSENT);
    else
        pick_numbered(match, field, vocabulary_find_text(&match->rulebook->vocabulary, text));
}

static void pick_number(struct match *match, const struct index_field *field, double number)
{
    for (uint32_t i = 0; i < field->column_count; i++)
        push_pick(match, &field->columns[i], column_row_of_number(&field->columns[i], number));
}

static void pick_first_language(struct match *match, const struct index_field *field)
{
    const struct aro_facts *facts = match->facts;
    if (facts->language_count == 0)
        pick_row(match, field, ROW_ABSENT);
    else
        pick_numbered(match, field,
                      vocabulary_find_language(&match->rulebook->vocabulary, facts->languages[0]));
}

static void pick_list(struct match *match, const struct index_field *field,
                      const struct aro_attribute *list)
{
    size_t count = member_count(match, list);

    if (count == 0)
        pick_row(match, field, list ? ROW_EMPTY_LIST : ROW_ABSENT);
    else if (count == 1)
        pick_numbered(match, field, list_member(match, list, 0));
    for (uint32_t i = 0; count > 1 && i < field->column_count; i++) {
        struct pick pick = { .column = &field->columns[i], .list = list, .is_list = true };
        struct block bits;
        list_bits(match, &pick, 0, &bits);
        block_and(&match->lists, &bits);
        if (match->market->block_count > 1)
            match->picks[match->pick_count++] = pick;
    }
}

static void pick_attribute(struct match *match, const struct index_field *field,
                           const struct aro_attribute *attribute)
{
    switch (attribute->kind) {
    case ARO_ATTRIBUTE_TEXT: pick_text(match, field, &attribute->text); break;
    case ARO_ATTRIBUTE_NUMBER: pick_number(match, field, attribute->number); break;
    case ARO_ATTRIBUTE_BOOL: pick_row(match, field, attribute->boolean ? ROW_YES : ROW_NO); break;
    case ARO_ATTRIBUTE_LIST: pick_list(match, field, attribute); break;
    }
}

/* Those of the fields that lie before attributes, in the order of their kinds. Gives the first that
 * does not. */
static const struct index_field *pick_fixed_fields(struct match *match,
                                                   const struct index_field *field,
                                                   const struct index_field *end)
{
    const struct aro_facts *facts = match->facts;
    if (field < end && field->kind == FIELD_MARKET)
        pick_text(match, field++, &facts->market);
    if (field < end && field->kind == FIELD_LANGUAGE)
        pick_first_language(match, field++);
    if (field < end && field->kind == FIELD_LANGUAGES)
        pick_list(match, field++, NULL);
    if (field < end && field->kind == FIELD_REASON)
        pick_text(match, field++, &facts->reason);
    if (field < end && field->kind == FIELD_TIER)
        pick_number(match, field++, facts->tier);
    if (field < end && field->kind == FIELD_EFFORT)
        pick_number(match, field++, facts->effort);
    if (field < end && field->kind == FIELD_SUBJECT_TYPE)
        pick_text(match, field++, &facts->subject_type);
    if (field < end && field->kind == FIELD_DECISION_POLICY)
        pick_text(match, field++, &facts->decision_policy);
    return field;
}

static int compare_names(const struct aro_text *a, const struct aro_text *b)
{
    return aro_text_equals(a, b) ? 0 : strcmp(a->text, b->text);
}

/* Both the fields and the appeal's attributes come by name, so that one walk along both is enough.
 */
static void pick_attributes(struct match *match, const struct index_field *field,
                            const struct index_field *end)
{
    const struct aro_attribute *attribute = match->facts->attributes;
    const struct aro_attribute *attributes_end = attribute + match->facts->attribute_count;

    for (; field < end; field++) {
        int order = 1;
        while (attribute < attributes_end &&
               (order = compare_names(&attribute->name, field->attribute)) < 0)
            attribute++;
        if (order == 0)
            pick_attribute(match, field, attribute++);
        else
            pick_row(match, field, ROW_ABSENT);
    }
}

static void pick_rows(struct match *match)
{
    const struct index_field *field = match->market->fields;
    const struct index_field *end = field + match->market->field_count;

    memset(&match->lists, 0xff, sizeof match->lists);
    match->row_count = match->pick_count = 0;
    pick_attributes(match, pick_fixed_fields(match, field, end), end);
}

static uint64_t list_summary(const struct match *match, const struct pick *pick, size_t word)
{
    uint64_t any = 0, all = ~UINT64_C(0);
    for (size_t i = 0; i < member_count(match, pick->list); i++) {
        uint32_t row = row_of_text(pick->column, list_member(match, pick->list, i));
        uint64_t summary = column_summary(pick->column, match->market, row, word);
        any |= summary;
        all &= summary;
    }
    return one_member_is_enough(pick) ? any : all;
}

static uint64_t candidate_blocks(const struct match *match, size_t word)
{
    uint64_t candidates = ~UINT64_C(0);

    if (match->market->block_count <= BLOCKS_WITHOUT_SUMMARY)
        return (UINT64_C(1) << match->market->block_count) - 1;
    for (size_t i = 0; i < match->pick_count && candidates; i++) {
        const struct pick *pick = &match->picks[i];
        candidates &= pick->is_list ? list_summary(match, pick, word)
                                    : column_summary(pick->column, match->market, pick->row, word);
    }
    return candidates;
}

static uint32_t first_position(const struct block *block, size_t at)
{
    for (unsigned i = 0; i < BLOCK_WORDS; i++) {
        if (block->words[i])
            return (uint32_t)(at * BLOCK_BITS + i * 64 +
                              (unsigned)__builtin_ctzll(block->words[i]));
    }
    return UINT32_MAX;
}

/* The first position in block @at that every column accepts; UINT32_MAX where there is none. What
 * is left of the block stays in registers: four variables, whose addresses are never taken. */
static uint32_t first_in_block(const struct match *match, size_t at)
{
    block_part a = ~(block_part){ 0 }, b = a, c = a, d = a;
    __attribute__((uninitialized)) struct block list; /* written before it is read */

    for (size_t i = 0; i < match->pick_count; i++) {
        const struct pick *pick = &match->picks[i];
        const struct block *block = &list;
        if (pick->is_list)
            list_bits(match, pick, at, &list);
        else
            block = column_block(pick->column, match->market, pick->row, at);
        a &= block->parts[0];
        b &= block->parts[1];
        c &= block->parts[2];
        d &= block->parts[3];
        if (i % COLUMNS_BETWEEN_LOOKS == COLUMNS_BETWEEN_LOOKS - 1 &&
            !block_part_has_any((a | b) | (c | d)))
            return UINT32_MAX;
    }
    return first_position(&(struct block){ .parts = { a, b, c, d } }, at);
}

static uint32_t first_in_first_block(const struct match *match)
{
    struct block block = match->lists;
    for (size_t i = 0; i < match->row_count; i++)
        block_and(&block, match->rows[i]);
    return first_position(&block, 0);
}

static uint32_t first_in_other_blocks(const struct match *match)
{
    for (size_t word = 0; word < match->market->summary_words; word++) {
        uint64_t candidates = candidate_blocks(match, word);
        if (word == 0)
            candidates &= ~UINT64_C(1);
        for (; candidates; candidates &= candidates - 1) {
            size_t at = word * 64 + (unsigned)__builtin_ctzll(candidates);
            uint32_t position = first_in_block(match, at);
            if (position < match->market->count)
                return position;
        }
    }
    return UINT32_MAX;
}

static const struct market_index *market_of(const struct aro_rulebook *rulebook,
                                            const struct aro_text *market)
{
    const struct rule_index *index = rulebook->index;
    if (!market->text)
        return &index->markets[index->market_absent];
    return rule_index_market(index, vocabulary_find_text(&rulebook->vocabulary, market));
}

uint32_t rule_index_match(const struct aro_rulebook *rulebook, const struct aro_facts *facts)
{
    /* Only what is counted is ever read, and clearing it would cost more than the match. */
    __attribute__((uninitialized)) struct match match;
    match.rulebook = rulebook;
    match.market = market_of(rulebook, &facts->market);
    match.facts = facts;
    pick_rows(&match);

    uint32_t position = first_in_first_block(&match);
    if (position >= match.market->count)
        position = first_in_other_blocks(&match);
    assert(position < match.market->count && "the last rule matches everything");
    return match.market->conjunctions[position];
}
