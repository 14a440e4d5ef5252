/* The path of every appeal: reads a frozen index, allocates nothing and changes nothing. */
#include "rules/rule_index.h"

#include <assert.h>
#include <string.h>

enum value_kind { VALUE_ABSENT, VALUE_TEXT, VALUE_NUMBER, VALUE_BOOL, VALUE_LIST, VALUE_LANGUAGES };

/* What the appeal has in one field. */
struct value {
    enum value_kind kind;
    uint32_t text; /* TEXT: its number in the vocabulary */
    double number;
    bool boolean;
    const struct aro_facts *facts;         /* LANGUAGES */
    const struct aro_attribute *attribute; /* LIST */
};

/* One column: the row that the appeal picks, or the list of values that pick several. */
struct pick {
    const struct index_column *column;
    uint32_t row;
    const struct value *list; /* NULL: @row alone */
};

struct match {
    const struct aro_rulebook *rulebook;
    const struct market_index *market;
    size_t pick_count, list_count;
    struct pick picks[INDEX_COLUMNS_MAX];
    struct value lists[ARO_ATTRIBUTES_MAX + 1];
};

static struct value text_value(const struct match *match, const char *text)
{
    if (!text)
        return (struct value){ .kind = VALUE_ABSENT };
    return (struct value){ .kind = VALUE_TEXT,
                           .text = vocabulary_find_text(&match->rulebook->vocabulary, text) };
}

static struct value first_language_value(const struct match *match, const struct aro_facts *facts)
{
    if (facts->language_count == 0)
        return (struct value){ .kind = VALUE_ABSENT };
    return (struct value){ .kind = VALUE_TEXT,
                           .text = vocabulary_find_language(&match->rulebook->vocabulary,
                                                            facts->languages[0]) };
}

static const struct aro_attribute *find_attribute(const struct aro_facts *facts, const char *name)
{
    size_t low = 0, high = facts->attribute_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(facts->attributes[middle].name, name);
        if (order == 0)
            return &facts->attributes[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static struct value attribute_value(const struct match *match, const struct aro_facts *facts,
                                    const char *name)
{
    const struct aro_attribute *attribute = find_attribute(facts, name);
    if (!attribute)
        return (struct value){ .kind = VALUE_ABSENT };
    switch (attribute->kind) {
    case ARO_ATTRIBUTE_TEXT: return text_value(match, attribute->texts[0]);
    case ARO_ATTRIBUTE_NUMBER:
        return (struct value){ .kind = VALUE_NUMBER, .number = attribute->number };
    case ARO_ATTRIBUTE_BOOL:
        return (struct value){ .kind = VALUE_BOOL, .boolean = attribute->boolean };
    case ARO_ATTRIBUTE_LIST: break;
    }
    return (struct value){ .kind = VALUE_LIST, .attribute = attribute };
}

static struct value field_value(const struct match *match, const struct aro_facts *facts,
                                const struct field *field)
{
    switch (field->kind) {
    case FIELD_MARKET: return text_value(match, facts->market);
    case FIELD_LANGUAGE: return first_language_value(match, facts);
    case FIELD_LANGUAGES: return (struct value){ .kind = VALUE_LANGUAGES, .facts = facts };
    case FIELD_REASON: return text_value(match, facts->reason);
    case FIELD_TIER: return (struct value){ .kind = VALUE_NUMBER, .number = facts->tier };
    case FIELD_EFFORT: return (struct value){ .kind = VALUE_NUMBER, .number = facts->effort };
    case FIELD_SUBJECT_TYPE: return text_value(match, facts->subject_type);
    case FIELD_DECISION_POLICY: return text_value(match, facts->decision_policy);
    case FIELD_ATTRIBUTE: break;
    }
    return attribute_value(match, facts, field->attribute);
}

static size_t member_count(const struct value *list)
{
    return list->kind == VALUE_LIST ? list->attribute->text_count : list->facts->language_count;
}

static uint32_t list_member(const struct match *match, const struct value *list, size_t index)
{
    const struct vocabulary *vocabulary = &match->rulebook->vocabulary;
    return list->kind == VALUE_LIST
               ? vocabulary_find_text(vocabulary, list->attribute->texts[index])
               : vocabulary_find_language(vocabulary, list->facts->languages[index]);
}

/* The row of one text, as all languages and the members of lists are. */
static uint32_t row_of_text(const struct index_column *column, uint32_t text)
{
    return number_map_find(&column->rows_of_texts, text);
}

static void pick_row(struct match *match, const struct index_column *column,
                     const struct value *value)
{
    struct pick *pick = &match->picks[match->pick_count++];
    *pick = (struct pick){ .column = column };

    switch (value->kind) {
    case VALUE_ABSENT: pick->row = ROW_ABSENT; break;
    case VALUE_TEXT: pick->row = row_of_text(column, value->text); break;
    case VALUE_NUMBER: pick->row = column_row_of_number(column, value->number); break;
    case VALUE_BOOL: pick->row = value->boolean ? ROW_YES : ROW_NO; break;
    case VALUE_LIST:
    case VALUE_LANGUAGES:
        if (member_count(value) == 0)
            pick->row = value->kind == VALUE_LIST ? ROW_EMPTY_LIST : ROW_ABSENT;
        else if (member_count(value) == 1)
            pick->row = row_of_text(column, list_member(match, value, 0));
        else
            pick->list = value;
        break;
    }
}

static void pick_rows(struct match *match, const struct aro_facts *facts)
{
    const struct field *fields = match->rulebook->fields;
    struct value value = { 0 };
    const struct value *current = NULL;
    unsigned field = FIELD_COUNT_MAX;

    for (size_t i = 0; i < match->market->column_count; i++) {
        const struct index_column *column = &match->market->columns[i];
        if (column->column / COLUMNS_A_FIELD != field) {
            field = column->column / COLUMNS_A_FIELD;
            value = field_value(match, facts, &fields[field]);
            current = &value;
            if (value.kind == VALUE_LIST || value.kind == VALUE_LANGUAGES) {
                assert(match->list_count < sizeof match->lists / sizeof *match->lists);
                match->lists[match->list_count] = value;
                current = &match->lists[match->list_count++];
            }
        }
        pick_row(match, column, current);
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
    for (size_t i = 0; i < member_count(pick->list); i++) {
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
    for (size_t i = 0; i < match->pick_count && candidates; i++) {
        const struct pick *pick = &match->picks[i];
        candidates &= pick->list ? list_summary(match, pick, word)
                                 : column_summary(pick->column, match->market, pick->row, word);
    }
    return candidates;
}

static void intersect(struct block *live, const struct block *block)
{
    for (size_t i = 0; i < BLOCK_WORDS; i++)
        live->words[i] &= block->words[i];
}

static void intersect_list(const struct match *match, const struct pick *pick, size_t at,
                           struct block *live)
{
    struct block any = { 0 };
    for (size_t i = 0; i < member_count(pick->list); i++) {
        uint32_t row = row_of_text(pick->column, list_member(match, pick->list, i));
        const struct block *block = column_block(pick->column, match->market, row, at);
        if (!one_member_is_enough(pick))
            intersect(live, block);
        for (size_t w = 0; w < BLOCK_WORDS; w++)
            any.words[w] |= block->words[w];
    }
    if (one_member_is_enough(pick))
        intersect(live, &any);
}

/* The first position in block @at that every column accepts; UINT32_MAX where there is none. */
static uint32_t first_in_block(const struct match *match, size_t at)
{
    struct block live;
    memset(&live, 0xff, sizeof live);

    for (size_t i = 0; i < match->pick_count; i++) {
        const struct pick *pick = &match->picks[i];
        if (pick->list)
            intersect_list(match, pick, at, &live);
        else
            intersect(&live, column_block(pick->column, match->market, pick->row, at));
    }
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        if (live.words[i])
            return (uint32_t)(at * BLOCK_BITS + i * 64 + (unsigned)__builtin_ctzll(live.words[i]));
    }
    return UINT32_MAX;
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
    /* Only what is counted is ever read, and clearing it costs more than the match. */
    __attribute__((uninitialized)) struct match match;
    match.rulebook = rulebook;
    match.market = market_of(rulebook, facts->market);
    match.pick_count = match.list_count = 0;
    pick_rows(&match, facts);

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
