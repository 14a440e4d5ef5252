/* Whoever hides a rule accepts each appeal that the rule accepts: so one such appeal, a witness, is
 * put to the index, and the few conjunctions that accept it are compared exactly. */
#include "rules/hidden.h"

#include "rules/conjunction.h"
#include "rules/rule_index.h"

struct search {
    const struct aro_rulebook *rulebook;
    const struct market_index *market;
    const struct conjunction *inner;
    uint32_t position; /* of @inner among the market's: only those before it are asked for */
};

/* The row of the stretch of numbers that starts at @start. */
static uint32_t row_of_boundary(const struct index_column *column, const struct boundary *start)
{
    size_t low = 0, high = column->boundary_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (boundary_compare(&column->boundaries[middle], start) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return ROW_FIXED_COUNT + (uint32_t)low;
}

/* The row of some value that @set accepts, which is not empty. */
static uint32_t witness_row(const struct index_column *column, const struct value_set *set)
{
    if (set->other)
        return ROW_OTHER;
    if (set->text_count)
        return number_map_find(&column->rows_of_texts, set->texts[0]);
    if (set->lowest)
        return ROW_FIXED_COUNT;
    if (set->boundary_count)
        return row_of_boundary(column, &set->boundaries[0]);
    if (set->absent)
        return ROW_ABSENT;
    if (set->empty_list)
        return ROW_EMPTY_LIST;
    return set->yes ? ROW_YES : ROW_NO;
}

static uint64_t row_word(const struct search *search, const struct index_column *column,
                         uint32_t row, size_t at)
{
    return column_block(column, search->market, row, at / BLOCK_WORDS)->words[at % BLOCK_WORDS];
}

/* Those that may accept whatever @inner has in @column: for a column in which one member of a list
 * is enough, any member that is certain to be there may be the one. */
static uint64_t column_word(const struct search *search, const struct index_column *column,
                            size_t at)
{
    unsigned field = column->column / COLUMNS_A_FIELD;
    const struct value_set *all = conjunction_find(search->inner, column_of(field, 0));
    bool has_member = conjunction_find(search->inner, column_of(field, 1)) != NULL;

    if (!all && !has_member)
        return row_word(search, column, ROW_OPEN, at);
    if (column->column == column_of(field, 0))
        return row_word(search, column, all ? witness_row(column, all) : ROW_OTHER, at);
    uint64_t word = 0;
    for (unsigned slot = 0; slot < COLUMNS_A_FIELD; slot++) {
        const struct value_set *set = conjunction_find(search->inner, column_of(field, slot));
        if (set)
            word |= row_word(search, column, witness_row(column, set), at);
    }
    return word;
}

static uint64_t candidate_word(const struct search *search, size_t at)
{
    uint64_t word = ~UINT64_C(0);
    for (size_t i = 0; i < search->market->column_count && word; i++)
        word &= column_word(search, &search->market->columns[i], at);
    if (search->position / 64 == at)
        word &= (UINT64_C(1) << search->position % 64) - 1;
    return word;
}

static bool rule_covers(const struct aro_rulebook *rulebook, const struct rule *outer,
                        const struct conjunction *inner)
{
    for (size_t i = 0; i < outer->conjunction_count; i++) {
        if (conjunction_is_within(inner, &rulebook->conjunctions[outer->first_conjunction + i]))
            return true;
    }
    return false;
}

static bool rule_hides(const struct aro_rulebook *rulebook, const struct rule *outer,
                       const struct rule *rule)
{
    for (size_t i = 0; i < rule->conjunction_count; i++) {
        if (!rule_covers(rulebook, outer, &rulebook->conjunctions[rule->first_conjunction + i]))
            return false;
    }
    return true;
}

static const struct market_index *witness_market(const struct aro_rulebook *rulebook,
                                                 const struct conjunction *inner)
{
    const struct rule_index *index = rulebook->index;
    const struct value_set *set = conjunction_find(inner, column_of(FIELD_MARKET, 0));
    if (!set || set->other)
        return rule_index_market(index, VALUE_OTHER);
    if (set->text_count)
        return rule_index_market(index, set->texts[0]);
    return &index->markets[index->market_absent];
}

const struct rule *hidden_by(const struct aro_rulebook *rulebook, const struct rule *rule)
{
    if (rule->conjunction_count == 0)
        return NULL;
    struct search search = { .rulebook = rulebook,
                             .inner = &rulebook->conjunctions[rule->first_conjunction] };
    search.market = witness_market(rulebook, search.inner);
    search.position = market_index_position(search.market, rule->first_conjunction);

    for (size_t at = 0; at <= search.position / 64; at++) {
        for (uint64_t word = candidate_word(&search, at); word; word &= word - 1) {
            size_t position = at * 64 + (unsigned)__builtin_ctzll(word);
            uint32_t outer = search.market->conjunctions[position];
            const struct rule *candidate = &rulebook->rules[rulebook->conjunctions[outer].rule];
            if (rule_hides(rulebook, candidate, rule))
                return candidate;
        }
    }
    return NULL;
}
