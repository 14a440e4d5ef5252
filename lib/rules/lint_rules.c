/* Rules that can never match, and pairs whose order decides though neither is the special case.
 *
 * Whether several earlier rules together hide one is searched: value by value of each field, with
 * the rules that still match kept as bits. A branch ends where no earlier rule is left (the rule
 * can be reached) or where one is left that asks for nothing more (this branch is hidden). */
#include "rules/lint.h"

#include "rules/conjunction.h"
#include "rules/hidden.h"
#include "rules/rule_index.h"
#include "support/buffer.h"
#include "support/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BRANCHES_A_RULE_MAX = 4000,
    BRANCHES_MAX = 2000000,
    HIDING_NAMED_MAX = 3,
    CROSSING_CONJUNCTIONS_MAX = 2000
};

/* --- what events can have --- */

/* Every event has one; only a rulebook's own tests may do without. */
static bool is_always_there(const struct field *field)
{
    return field->kind == FIELD_MARKET || field->kind == FIELD_REASON ||
           field->type == TYPE_LANGUAGE || field->type == TYPE_NUMBER;
}

/* The first whole number from 0 on that is not before @number. */
static int64_t first_whole(double number)
{
    if (number < 0)
        return 0;
    return number > INT32_MAX ? INT64_C(1) + INT32_MAX : (int64_t)ceil(number);
}

/* May @field be a number from @start on, before @end? NULL: no such end. Tiers and efforts are
 * whole numbers from 1 on. */
static bool is_possible_stretch(const struct field *field, const double *start, const double *end)
{
    if (field->type != TYPE_NUMBER)
        return true;
    int64_t least = start ? first_whole(*start) : 1;
    int64_t greatest = field->kind == FIELD_EFFORT ? ARO_EFFORT_MAX : INT32_MAX;
    int64_t before_end = end ? first_whole(*end) - 1 : greatest;
    return (least > 1 ? least : 1) <= (before_end < greatest ? before_end : greatest);
}

static bool has_possible_number(const struct field *field, const struct value_set *set)
{
    const double *start = NULL;
    bool is_in = set->lowest;

    for (uint32_t i = 0; i < set->boundary_count; i++) {
        if (is_in && is_possible_stretch(field, start, &set->boundaries[i]))
            return true;
        is_in = !is_in;
        start = &set->boundaries[i];
    }
    return is_in && is_possible_stretch(field, start, NULL);
}

/* May an event have a value that @set accepts? */
static bool has_possible_value(const struct field *field, const struct value_set *set)
{
    if (!is_always_there(field))
        return true;
    return field->type == TYPE_NUMBER ? has_possible_number(field, set)
                                      : value_set_accepts_texts(set);
}

/* A field of which @rule asks what no event has, in each of its combinations; NULL: it does not. */
static const struct field *find_impossible(const struct aro_rulebook *rulebook,
                                           const struct rule *rule)
{
    const struct field *found = NULL;

    for (size_t i = 0; i < rule->conjunction_count; i++) {
        const struct conjunction *conjunction =
            &rulebook->conjunctions[rule->first_conjunction + i];
        found = NULL;
        for (uint32_t c = 0; c < conjunction->constraint_count && !found; c++) {
            const struct constraint *constraint = &conjunction->constraints[c];
            const struct field *field = &rulebook->fields[constraint->column / COLUMNS_A_FIELD];
            if (!has_possible_value(field, constraint->set))
                found = field;
        }
        if (!found)
            return NULL;
    }
    return found;
}

/* --- hidden by several --- */

struct cover_search {
    const struct aro_rulebook *rulebook;
    const struct market_index *market;
    const struct conjunction *inner;
    uint32_t position; /* of @inner; only bits before it count */
    size_t words;      /* up to there */
    unsigned branches_left;
    uint64_t *live;      /* @words for each depth: the rules that still match */
    uint64_t *undecided; /* @words for each column: those that ask for something in it or later */
};

enum verdict { COVERED, REACHABLE, UNKNOWN };

/* Columns of one field lie side by side; gives where they end. */
static size_t field_end(const struct cover_search *search, size_t column)
{
    unsigned field = search->market->columns[column].column / COLUMNS_A_FIELD;
    while (column < search->market->column_count &&
           search->market->columns[column].column / COLUMNS_A_FIELD == field)
        column++;
    return column;
}

static bool accepts_row(const struct index_column *column, const struct value_set *set,
                        uint32_t row)
{
    switch (row) {
    case ROW_ABSENT: return set->absent;
    case ROW_OTHER: return set->other;
    case ROW_YES: return set->yes;
    case ROW_NO: return set->no;
    default: break;
    }
    bool is_in = set->lowest; /* a stretch of numbers */
    size_t before = row - ROW_FIXED_COUNT;
    for (uint32_t i = 0; i < set->boundary_count && before > 0; i++) {
        if (set->boundaries[i] <= column->boundaries[before - 1])
            is_in = !is_in;
    }
    return is_in;
}

/* May @inner's appeals pick @row, which stands for no text, in this column? */
static bool inner_accepts(const struct cover_search *search, const struct index_column *column,
                          uint32_t row)
{
    const struct value_set *set = conjunction_find(search->inner, column->column);
    return !set || accepts_row(column, set, row);
}

static bool is_zero(const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i])
            return false;
    }
    return true;
}

static enum verdict search_column(struct cover_search *search, size_t column, size_t depth);

static uint64_t row_word(const struct cover_search *search, size_t column, uint32_t row,
                         size_t word)
{
    return column_block(&search->market->columns[column], search->market, row, word / BLOCK_WORDS)
        ->words[word % BLOCK_WORDS];
}

/* Goes on with the rules that accept @row in @column. */
static enum verdict follow(struct cover_search *search, size_t column, uint32_t row, size_t depth)
{
    const uint64_t *live = search->live + depth * search->words;
    uint64_t *next = search->live + (depth + 1) * search->words;

    if (search->branches_left == 0)
        return UNKNOWN;
    search->branches_left--;
    for (size_t w = 0; w < search->words; w++)
        next[w] = live[w] & row_word(search, column, row, w);
    return search_column(search, column + 1, depth + 1);
}

static void keep_those_that_accept(struct cover_search *search, size_t column, uint32_t row,
                                   size_t depth)
{
    for (size_t w = 0; w < search->words; w++)
        search->live[depth * search->words + w] &= row_word(search, column, row, w);
}

/* Where a list must lie in a set with all of its members, the longest list that @inner accepts is
 * the hardest to cover: the list of every text. A list of which one member is enough is covered
 * where that member alone is. */
static enum verdict follow_lists(struct cover_search *search, size_t column, size_t depth)
{
    const struct index_column *described = &search->market->columns[column];
    const struct field *field = &search->rulebook->fields[described->column / COLUMNS_A_FIELD];
    const struct value_set *set = conjunction_find(search->inner, described->column);
    enum verdict verdict = COVERED;

    if (!field->may_be_list)
        return COVERED;
    if (field->type == TYPE_ANY && (!set || set->empty_list))
        verdict = follow(search, column, ROW_EMPTY_LIST, depth);
    if (verdict != COVERED || described->column % COLUMNS_A_FIELD != 0 ||
        (set && !value_set_accepts_texts(set)))
        return verdict;

    const uint64_t *live = search->live + depth * search->words;
    memcpy(search->live + (depth + 1) * search->words, live, search->words * sizeof *live);
    if (!set || set->other)
        keep_those_that_accept(search, column, ROW_OTHER, depth + 1);
    for (size_t i = 0; i < described->rows_of_texts.slot_count; i++) {
        const struct number_map_slot *slot = &described->rows_of_texts.slots[i];
        if (slot->key != UINT32_MAX && (!set || value_set_has_text(set, slot->key)))
            keep_those_that_accept(search, column, slot->value, depth + 1);
    }
    return search_column(search, column + 1, depth + 1);
}

/* Those of one row stand for one another: @seen, by row, has those that were followed. */
static enum verdict follow_text(struct cover_search *search, size_t column, uint32_t row,
                                size_t depth, bool *seen)
{
    if (seen[row])
        return COVERED;
    seen[row] = true;
    return follow(search, column, row, depth);
}

/* The texts that the set of @inner lists: few, where all that the rules name may be very many. */
static enum verdict follow_listed_texts(struct cover_search *search, size_t column, size_t depth,
                                        const struct value_set *set)
{
    const struct index_column *described = &search->market->columns[column];
    enum verdict verdict = COVERED;

    if (set->text_count == 1)
        return follow(search, column, number_map_find(&described->rows_of_texts, set->texts[0]),
                      depth);
    CLEANUP(freep) bool *seen = memory_new_array(described->row_count, sizeof *seen);
    for (uint32_t i = 0; i < set->text_count && verdict == COVERED; i++)
        verdict = follow_text(
            search, column, number_map_find(&described->rows_of_texts, set->texts[i]), depth, seen);
    return verdict;
}

/* Every text that the column tells apart and @inner accepts. */
static enum verdict follow_texts(struct cover_search *search, size_t column, size_t depth)
{
    const struct index_column *described = &search->market->columns[column];
    const struct value_set *set = conjunction_find(search->inner, described->column);
    enum verdict verdict = COVERED;

    if (set && !set->other)
        return follow_listed_texts(search, column, depth, set);
    CLEANUP(freep) bool *seen = memory_new_array(described->row_count, sizeof *seen);
    for (size_t i = 0; i < described->rows_of_texts.slot_count && verdict == COVERED; i++) {
        const struct number_map_slot *slot = &described->rows_of_texts.slots[i];
        if (slot->key != UINT32_MAX && (!set || value_set_has_text(set, slot->key)))
            verdict = follow_text(search, column, slot->value, depth, seen);
    }
    return verdict;
}

/* The rows that stand for no text: whether they can come up is a matter of the field's type. */
static enum verdict follow_rows(struct cover_search *search, size_t column, size_t depth)
{
    static const uint32_t of_any[] = { ROW_ABSENT, ROW_OTHER, ROW_YES, ROW_NO };
    const struct index_column *described = &search->market->columns[column];
    const struct field *field = &search->rulebook->fields[described->column / COLUMNS_A_FIELD];
    enum field_type type = field->type;
    size_t first = type == TYPE_NUMBER ? 4 : is_always_there(field);
    size_t end = type == TYPE_ANY ? 4 : type == TYPE_NUMBER ? 4 : 2;
    size_t stretches = type == TYPE_NUMBER || type == TYPE_ANY ? described->boundary_count + 1 : 0;
    enum verdict verdict = COVERED;

    for (size_t i = first; i < end && verdict == COVERED; i++) {
        if (inner_accepts(search, described, of_any[i]))
            verdict = follow(search, column, of_any[i], depth);
    }
    for (uint32_t i = 0; i < stretches && verdict == COVERED; i++) {
        const double *end_of = i < described->boundary_count ? &described->boundaries[i] : NULL;
        if (is_possible_stretch(field, i > 0 ? &described->boundaries[i - 1] : NULL, end_of) &&
            inner_accepts(search, described, ROW_FIXED_COUNT + i))
            verdict = follow(search, column, ROW_FIXED_COUNT + i, depth);
    }
    return verdict;
}

/* Is there a rule left that asks for nothing from @column on? */
static bool is_decided(const struct cover_search *search, size_t column, const uint64_t *live)
{
    const uint64_t *undecided = search->undecided + column * search->words;
    for (size_t w = 0; w < search->words; w++) {
        if (live[w] & ~undecided[w])
            return true;
    }
    return false;
}

static enum verdict search_column(struct cover_search *search, size_t column, size_t depth)
{
    const uint64_t *live = search->live + depth * search->words;

    if (is_zero(live, search->words))
        return REACHABLE;
    if (is_decided(search, column, live))
        return COVERED;
    if (field_end(search, column) != column + 1) /* several members of one list: not searched */
        return UNKNOWN;
    enum verdict verdict = follow_rows(search, column, depth);
    if (verdict == COVERED)
        verdict = follow_texts(search, column, depth);
    return verdict == COVERED ? follow_lists(search, column, depth) : verdict;
}

static void prepare(struct cover_search *search)
{
    size_t columns = search->market->column_count;

    search->words = search->position / 64 + 1;
    search->live = memory_new_array((columns + 2) * search->words, sizeof *search->live);
    search->undecided = memory_new_array((columns + 1) * search->words, sizeof *search->undecided);
    memset(search->live, 0xff, search->words * sizeof *search->live);
    search->live[search->words - 1] = (UINT64_C(1) << search->position % 64) - 1;
    for (size_t column = columns; column-- > 0;) {
        for (size_t w = 0; w < search->words; w++) {
            uint64_t open = row_word(search, column, ROW_OPEN, w);
            search->undecided[column * search->words + w] =
                ~open | search->undecided[(column + 1) * search->words + w];
        }
    }
}

static bool is_covered_in(const struct aro_rulebook *rulebook, const struct market_index *market,
                          size_t conjunction, unsigned *branches_left)
{
    struct cover_search search = { .rulebook = rulebook,
                                   .market = market,
                                   .inner = &rulebook->conjunctions[conjunction],
                                   .branches_left = *branches_left < BRANCHES_A_RULE_MAX
                                                        ? *branches_left
                                                        : BRANCHES_A_RULE_MAX };
    unsigned given = search.branches_left;
    search.position = market_index_position(market, conjunction);
    if (search.position == 0 || given == 0)
        return false;
    prepare(&search);
    enum verdict verdict = search_column(&search, 0, 0);
    *branches_left -= given - search.branches_left;
    free(search.live);
    free(search.undecided);
    return verdict == COVERED;
}

static bool is_of_market(const struct market_index *market, size_t conjunction)
{
    uint32_t position = market_index_position(market, conjunction);
    return position < market->count && market->conjunctions[position] == conjunction;
}

/* No event is without a market: the set of those is looked at where it is that of the others, too.
 */
static bool is_met(const struct rule_index *index, size_t market)
{
    return index->market_count == 1 || market != index->market_absent;
}

/* In every market where it could match, by every one of its combinations. */
static bool is_hidden_together(const struct aro_rulebook *rulebook, const struct rule *rule,
                               unsigned *branches_left)
{
    for (size_t i = 0; i < rule->conjunction_count; i++) {
        size_t conjunction = rule->first_conjunction + i;
        for (size_t m = 0; m < rulebook->index->market_count; m++) {
            const struct market_index *market = &rulebook->index->markets[m];
            if (is_met(rulebook->index, m) && is_of_market(market, conjunction) &&
                !is_covered_in(rulebook, market, conjunction, branches_left))
                return false;
        }
    }
    return rule->conjunction_count > 0;
}

/* --- pairs --- */

static bool sets_meet(struct arena *scratch, const struct value_set *a, const struct value_set *b)
{
    struct value_set both = value_set_and(scratch, a, b);
    return !value_set_is_empty(&both);
}

/* May one appeal satisfy both? Conditions on lists always may. */
static bool conjunctions_meet(struct arena *scratch, const struct conjunction *a,
                              const struct conjunction *b)
{
    for (uint32_t i = 0; i < a->constraint_count; i++) {
        const struct constraint *constraint = &a->constraints[i];
        const struct value_set *other = conjunction_find(b, constraint->column);
        if (constraint->column % COLUMNS_A_FIELD == 0 && other &&
            !sets_meet(scratch, constraint->set, other))
            return false;
    }
    return true;
}

static bool rules_meet(struct arena *scratch, const struct aro_rulebook *rulebook,
                       const struct rule *a, const struct rule *b)
{
    for (size_t i = 0; i < a->conjunction_count; i++) {
        for (size_t j = 0; j < b->conjunction_count; j++) {
            if (conjunctions_meet(scratch, &rulebook->conjunctions[a->first_conjunction + i],
                                  &rulebook->conjunctions[b->first_conjunction + j]))
                return true;
        }
    }
    return false;
}

/* "'one' on line 4, 'two' on line 5 and others": the first of the rules that take what @rule asks
 * for. */
static void describe_hiding(const struct aro_rulebook *rulebook, const struct rule *rule,
                            struct buffer *text)
{
    CLEANUP(arena_done) struct arena scratch = { 0 };
    size_t count = 0;

    buffer_add_text(text, "");
    for (const struct rule *earlier = rulebook->rules; earlier < rule; earlier++) {
        if (!rules_meet(&scratch, rulebook, earlier, rule))
            continue;
        if (++count > HIDING_NAMED_MAX) {
            buffer_add_text(text, " and others");
            return;
        }
        buffer_add_format(text, "%s'%s' on line %u", count > 1 ? ", " : "", earlier->name,
                          earlier->line);
    }
}

static bool goes_elsewhere(const struct rule *a, const struct rule *b)
{
    if (a->share_count != b->share_count)
        return true;
    for (size_t i = 0; i < a->share_count; i++) {
        if (a->shares[i].queue != b->shares[i].queue ||
            a->shares[i].percent != b->shares[i].percent)
            return true;
    }
    return false;
}

/* Two rules of which neither is a special case of the other, that meet and send to different
 * queues: which comes first decides, and may be chance. */
static bool is_crossing(struct arena *scratch, const struct aro_rulebook *rulebook,
                        const struct rule *a, const struct rule *b)
{
    return goes_elsewhere(a, b) && rules_meet(scratch, rulebook, a, b) &&
           !rule_hides(rulebook, a, b) && !rule_hides(rulebook, b, a);
}

static void check_crossings(struct aro_lint *lint, const struct rule *rule)
{
    const struct aro_rulebook *rulebook = lint->rulebook;
    CLEANUP(arena_done) struct arena scratch = { 0 };
    const struct rule *first = NULL;
    size_t count = 0;

    for (const struct rule *earlier = rulebook->rules; earlier < rule; earlier++) {
        if (is_crossing(&scratch, rulebook, earlier, rule)) {
            first = first ? first : earlier;
            count++;
        }
    }
    if (count == 1)
        lint_find(lint, ARO_LINT_NOTE, rule->line, rule->column, "rules-cross",
                  "rule '%s' and '%s' on line %u match some of the same appeals: the earlier one "
                  "takes them",
                  rule->name, first->name, first->line);
    else if (count > 1)
        lint_find(lint, ARO_LINT_NOTE, rule->line, rule->column, "rules-cross",
                  "rule '%s' and '%s' on line %u (and %zu more) match some of the same appeals: "
                  "the earlier ones take them",
                  rule->name, first->name, first->line, count - 1);
}

/* The last rule must be there, also where nothing is left for it. */
static void tell_hidden(struct aro_lint *lint, const struct rule *rule)
{
    bool is_last = rule == &lint->rulebook->rules[lint->rulebook->rule_count - 1];
    CLEANUP(buffer_done) struct buffer hiding = { 0 };

    describe_hiding(lint->rulebook, rule, &hiding);
    lint_find(lint, is_last ? ARO_LINT_NOTE : ARO_LINT_WARNING, rule->line, rule->column,
              "rule-hidden",
              "rule '%s' can never match: earlier rules together take all of it first (%s)",
              rule->name, hiding.data);
}

void lint_check_rules(struct aro_lint *lint)
{
    const struct aro_rulebook *rulebook = lint->rulebook;
    unsigned branches_left = BRANCHES_MAX;

    for (size_t i = 0; i < rulebook->rule_count; i++) {
        const struct rule *rule = &rulebook->rules[i];
        const struct field *impossible = find_impossible(rulebook, rule);
        if (rule->conjunction_count == 0)
            lint_find(lint, ARO_LINT_WARNING, rule->line, rule->column, "rule-impossible",
                      "rule '%s' contradicts itself and can never match", rule->name);
        else if (impossible)
            lint_find(lint, ARO_LINT_WARNING, rule->line, rule->column, "rule-impossible",
                      "rule '%s' can never match: no appeal has what it asks of '%s'", rule->name,
                      impossible->name);
        else if (is_hidden_together(rulebook, rule, &branches_left))
            tell_hidden(lint, rule);
        else if (rulebook->conjunction_count <= CROSSING_CONJUNCTIONS_MAX)
            check_crossings(lint, rule);
    }
}
