/* The path of every appeal: reads a frozen index, allocates nothing and changes nothing. */
#include "rules/rule_index.h"

#include <assert.h>
#include <string.h>

enum {
    BLOCKS_WITHOUT_SUMMARY = 4, /* so few are looked at sooner than their summaries */
    COLUMNS_BETWEEN_LOOKS = 4,  /* after so many, see whether the block has any left */
};

enum value_kind { VALUE_ABSENT, VALUE_TEXT, VALUE_NUMBER, VALUE_BOOL, VALUE_LIST, VALUE_LANGUAGES };

/* What the appeal has in one field. */
struct value {
    enum value_kind kind;
    uint32_t text; /* TEXT: its number in the vocabulary */
    bool boolean;
    double number;
    const struct aro_attribute *list; /* LIST */
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
    size_t attribute_index; /* the first that may still be asked for */
    size_t pick_count;
    struct pick picks[INDEX_COLUMNS_MAX];
};

static void read_text(const struct match *match, const char *text, struct value *ret)
{
    ret->kind = text ? VALUE_TEXT : VALUE_ABSENT;
    if (text)
        ret->text = vocabulary_find_text(&match->rulebook->vocabulary, text);
}

static void read_first_language(const struct match *match, struct value *ret)
{
    ret->kind = match->facts->language_count ? VALUE_TEXT : VALUE_ABSENT;
    if (match->facts->language_count)
        ret->text =
            vocabulary_find_language(&match->rulebook->vocabulary, match->facts->languages[0]);
}

static void read_number(double number, struct value *ret)
{
    ret->kind = VALUE_NUMBER;
    ret->number = number;
}

/* Columns come by the names of their attributes, as the appeal's own do: so no name is passed
 * twice. */
static const struct aro_attribute *find_attribute(struct match *match, const char *name)
{
    const struct aro_facts *facts = match->facts;
    for (; match->attribute_index < facts->attribute_count; match->attribute_index++) {
        const struct aro_attribute *attribute = &facts->attributes[match->attribute_index];
        int order = (unsigned char)attribute->name[0] - (unsigned char)name[0];
        if (order == 0)
            order = strcmp(attribute->name, name);
        if (order > 0)
            break;
        if (order == 0) {
            match->attribute_index++; /* its field is read once, for all of its columns */
            return attribute;
        }
    }
    return NULL;
}

static void read_attribute(struct match *match, const char *name, struct value *ret)
{
    const struct aro_attribute *attribute = find_attribute(match, name);
    if (!attribute) {
        ret->kind = VALUE_ABSENT;
        return;
    }
    switch (attribute->kind) {
    case ARO_ATTRIBUTE_TEXT: read_text(match, attribute->texts[0], ret); break;
    case ARO_ATTRIBUTE_NUMBER: read_number(attribute->number, ret); break;
    case ARO_ATTRIBUTE_BOOL:
        ret->kind = VALUE_BOOL;
        ret->boolean = attribute->boolean;
        break;
    case ARO_ATTRIBUTE_LIST:
        ret->kind = VALUE_LIST;
        ret->list = attribute;
        break;
    }
}

static void read_field(struct match *match, const struct field *field, struct value *ret)
{
    const struct aro_facts *facts = match->facts;
    switch (field->kind) {
    case FIELD_MARKET: read_text(match, facts->market, ret); break;
    case FIELD_LANGUAGE: read_first_language(match, ret); break;
    case FIELD_LANGUAGES: ret->kind = VALUE_LANGUAGES; break;
    case FIELD_REASON: read_text(match, facts->reason, ret); break;
    case FIELD_TIER: read_number(facts->tier, ret); break;
    case FIELD_EFFORT: read_number(facts->effort, ret); break;
    case FIELD_SUBJECT_TYPE: read_text(match, facts->subject_type, ret); break;
    case FIELD_DECISION_POLICY: read_text(match, facts->decision_policy, ret); break;
    case FIELD_ATTRIBUTE: read_attribute(match, field->attribute, ret); break;
    }
}

/* Of @list, or of the appeal's languages for NULL. */
static size_t member_count(const struct match *match, const struct aro_attribute *list)
{
    return list ? list->text_count : match->facts->language_count;
}

static uint32_t list_member(const struct match *match, const struct aro_attribute *list,
                            size_t index)
{
    const struct vocabulary *vocabulary = &match->rulebook->vocabulary;
    return list ? vocabulary_find_text(vocabulary, list->texts[index])
                : vocabulary_find_language(vocabulary, match->facts->languages[index]);
}

/* The row of one text, as all languages and the members of lists are. */
static uint32_t row_of_text(const struct index_column *column, uint32_t text)
{
    return number_map_find(&column->rows_of_texts, text);
}

static void pick_list(const struct match *match, const struct aro_attribute *list,
                      struct pick *pick)
{
    size_t count = member_count(match, list);

    pick->list = list;
    pick->is_list = count > 1;
    if (count == 0)
        pick->row = list ? ROW_EMPTY_LIST : ROW_ABSENT;
    else if (count == 1)
        pick->row = row_of_text(pick->column, list_member(match, list, 0));
}

static void pick_row(const struct match *match, const struct value *value, struct pick *pick)
{
    pick->is_list = false;
    switch (value->kind) {
    case VALUE_ABSENT: pick->row = ROW_ABSENT; break;
    case VALUE_TEXT: pick->row = row_of_text(pick->column, value->text); break;
    case VALUE_NUMBER: pick->row = column_row_of_number(pick->column, value->number); break;
    case VALUE_BOOL: pick->row = value->boolean ? ROW_YES : ROW_NO; break;
    case VALUE_LIST: pick_list(match, value->list, pick); break;
    case VALUE_LANGUAGES: pick_list(match, NULL, pick); break;
    }
}

/* A field's columns lie side by side. */
static void pick_rows(struct match *match)
{
    unsigned field = FIELD_COUNT_MAX;
    struct value value = { 0 };

    match->pick_count = match->market->column_count;
    for (size_t i = 0; i < match->pick_count; i++) {
        const struct index_column *column = &match->market->columns[i];
        if (column->column / COLUMNS_A_FIELD != field) {
            field = column->column / COLUMNS_A_FIELD;
            read_field(match, &match->rulebook->fields[field], &value);
        }
        match->picks[i].column = column;
        pick_row(match, &value, &match->picks[i]);
    }
}

/* For one member to be enough the members' rows are joined; for all to be needed, intersected. */
static bool one_member_is_enough(const struct pick *pick)
{
    return pick->column->column % COLUMNS_A_FIELD != 0;
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

static const struct market_index *market_of(const struct aro_rulebook *rulebook, const char *market)
{
    const struct rule_index *index = rulebook->index;
    if (!market)
        return &index->markets[index->market_absent];
    return rule_index_market(index, vocabulary_find_text(&rulebook->vocabulary, market));
}

uint32_t rule_index_match(const struct aro_rulebook *rulebook, const struct aro_facts *facts)
{
    /* Only what is counted is ever read, and clearing it would cost more than the match. */
    __attribute__((uninitialized)) struct match match;
    match.rulebook = rulebook;
    match.market = market_of(rulebook, facts->market);
    match.facts = facts;
    match.attribute_index = 0;
    pick_rows(&match);

    for (size_t word = 0; word < match.market->summary_words; word++) {
        uint64_t candidates = candidate_blocks(&match, word);
        for (; candidates; candidates &= candidates - 1) {
            size_t at = word * 64 + (unsigned)__builtin_ctzll(candidates);
            uint32_t position = first_in_block(&match, at);
            if (position < match.market->count)
                return match.market->conjunctions[position];
        }
    }
    assert(!"the last rule matches everything");
    return UINT32_MAX;
}
