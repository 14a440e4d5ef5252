/* Whoever hides a rule accepts each appeal that the rule accepts: so one such appeal, a witness, is
 * put to the index, and the few conjunctions that accept it are compared exactly. */
#include "rules/hidden.h"

#include "rules/conjunction.h"
#include "rules/rule_index.h"

/* The rows of a column of which a witness may have any. */
struct pick {
    const struct index_column *column;
    unsigned row_count;
    uint32_t rows[COLUMNS_A_FIELD];
};

struct search {
    const struct aro_rulebook *rulebook;
    const struct market_index *market;
    const struct conjunction *inner;
    uint32_t position; /* of @inner among the market's: only those before it are asked for */
    struct pick picks[INDEX_COLUMNS_MAX]; /* of each column of the market */
};

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
        return column_row_of_number(column, set->boundaries[0]);
    if (set->absent)
        return ROW_ABSENT;
    if (set->empty_list)
        return ROW_EMPTY_LIST;
    return set->yes ? ROW_YES : ROW_NO;
}

static void pick_row(struct pick *pick, uint32_t row)
{
    pick->rows[pick->row_count++] = row;
}

/* Those rows in which lies whoever may accept whatever @inner has in the column: for one in which
 * one member of a list is enough, any member that is certain to be there may be the one. */
static void pick_rows(struct pick *pick, const struct conjunction *inner)
{
    const struct index_column *column = pick->column;
    unsigned field = column->column / COLUMNS_A_FIELD;
    const struct value_set *all = conjunction_find(inner, column_of(field, 0));

    if (!all && !conjunction_find(inner, column_of(field, 1))) {
        pick_row(pick, ROW_OPEN);
        return;
    }
    if (column->column == column_of(field, 0)) {
        pick_row(pick, all ? witness_row(column, all) : ROW_OTHER);
        return;
    }
    for (unsigned slot = 0; slot < COLUMNS_A_FIELD; slot++) {
        const struct value_set *set = conjunction_find(inner, column_of(field, slot));
        if (set)
            pick_row(pick, witness_row(column, set));
    }
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

static void search_begin(struct search *search, const struct aro_rulebook *rulebook,
                         const struct rule *rule)
{
    search->rulebook = rulebook;
    search->inner = &rulebook->conjunctions[rule->first_conjunction];
    search->market = witness_market(rulebook, search->inner);
    search->position = market_index_position(search->market, rule->first_conjunction);
    for (size_t i = 0; i < search->market->column_count; i++) {
        search->picks[i] = (struct pick){ .column = &search->market->columns[i] };
        pick_rows(&search->picks[i], search->inner);
    }
}

/* A bit for each block, of 64 of them, that may have candidates. */
static uint64_t candidate_blocks(const struct search *search, size_t at)
{
    uint64_t blocks = ~UINT64_C(0);

    for (size_t i = 0; i < search->market->column_count && blocks; i++) {
        const struct pick *pick = &search->picks[i];
        uint64_t own = 0;
        for (unsigned row = 0; row < pick->row_count; row++)
            own |= column_summary(pick->column, search->market, pick->rows[row], at);
        blocks &= own;
    }
    return blocks;
}

static uint64_t candidate_word(const struct search *search, size_t at)
{
    uint64_t word = ~UINT64_C(0);

    for (size_t i = 0; i < search->market->column_count && word; i++) {
        const struct pick *pick = &search->picks[i];
        uint64_t own = 0;
        for (unsigned row = 0; row < pick->row_count; row++)
            own |= column_block(pick->column, search->market, pick->rows[row], at / BLOCK_WORDS)
                       ->words[at % BLOCK_WORDS];
        word &= own;
    }
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

bool rule_hides(const struct aro_rulebook *rulebook, const struct rule *outer,
                const struct rule *rule)
{
    for (size_t i = 0; i < rule->conjunction_count; i++) {
        if (!rule_covers(rulebook, outer, &rulebook->conjunctions[rule->first_conjunction + i]))
            return false;
    }
    return true;
}

/* The first in word @at of the market's bits that hides @rule. */
static const struct rule *search_word(const struct search *search, const struct rule *rule,
                                      size_t at)
{
    for (uint64_t word = candidate_word(search, at); word; word &= word - 1) {
        size_t position = at * 64 + (unsigned)__builtin_ctzll(word);
        uint32_t outer = search->market->conjunctions[position];
        const struct rule *candidate =
            &search->rulebook->rules[search->rulebook->conjunctions[outer].rule];
        if (rule_hides(search->rulebook, candidate, rule))
            return candidate;
    }
    return NULL;
}

static const struct rule *search_block(const struct search *search, const struct rule *rule,
                                       size_t block)
{
    const struct rule *found = NULL;
    size_t last = search->position / 64;

    for (size_t at = block * BLOCK_WORDS; at < (block + 1) * BLOCK_WORDS && at <= last && !found;
         at++)
        found = search_word(search, rule, at);
    return found;
}

const struct rule *hidden_by(const struct aro_rulebook *rulebook, const struct rule *rule)
{
    const struct rule *found = NULL;
    struct search search;

    if (rule->conjunction_count == 0)
        return NULL;
    search_begin(&search, rulebook, rule);
    for (size_t at = 0; at <= search.position / BLOCK_BITS / 64 && !found; at++) {
        for (uint64_t blocks = candidate_blocks(&search, at); blocks && !found;
             blocks &= blocks - 1)
            found = search_block(&search, rule, at * 64 + (unsigned)__builtin_ctzll(blocks));
    }
    return found;
}
