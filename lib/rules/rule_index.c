#include "rules/rule_index.h"

#include "rules/conjunction.h"
#include "support/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A set of columns for each market pays while the conjunctions that leave the market open, and so
 * stand in every set, do not multiply the whole by more than this. */
enum { MARKET_GROWTH_MAX = 16 };
/* Columns up to this size keep each row's blocks side by side: one load less for each. */
static const size_t flat_bytes_max = 256 * 1024;

static const size_t row_bytes_max = (size_t)1 << 30; /* of all columns of all markets */

/* One conjunction's constraint on the column at hand. */
struct entry {
    uint32_t position;
    uint32_t rows; /* bits: which of the fixed rows it accepts, and the lowest numbers */
    const struct value_set *set;
};

/* A text that a constraint names, and the position it does so at. */
struct naming {
    uint32_t text, position;
};

struct column_builder {
    const struct market_index *market;
    struct index_column *column;
    const struct entry *entries;
    size_t entry_count;
    size_t row_size, block_size;
    size_t first_own_block; /* blocks from here on belong to the row being made */
    size_t *bytes_left;     /* 0: the index has grown too large, and will be refused */
};

static void number_map_add(struct number_map *map, uint32_t key, uint32_t value)
{
    struct number_map_slot *slot = &map->slots[number_map_place(map, key)];
    while (slot->key != UINT32_MAX)
        slot++;
    *slot = (struct number_map_slot){ .key = key, .value = value };
}

/* For @count numbers: all would find room behind the last place. */
static struct number_map number_map_new(size_t count, uint16_t missing)
{
    struct number_map map = { .missing = missing, .place_shift = 31 };
    size_t place_count = 2;
    for (; place_count < count * 2; place_count *= 2) /* so that few lie out of place */
        map.place_shift--;
    map.slot_count = (uint32_t)(place_count + count);
    map.slots = memory_new_array(map.slot_count, sizeof *map.slots);
    memset(map.slots, 0xff, map.slot_count * sizeof *map.slots);
    return map;
}

static void column_done(struct index_column *column)
{
    free(column->pages);
    free(column->summaries);
    free(column->blocks);
    free(column->boundaries);
    free(column->rows_of_texts.slots);
}

static void market_done(struct market_index *market)
{
    for (size_t i = 0; i < market->column_count; i++)
        column_done(&market->columns[i]);
    free(market->columns);
    free(market->fields);
    free(market->conjunctions);
}

void rule_index_free(struct rule_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < index->market_count; i++)
        market_done(&index->markets[i]);
    free(index->markets);
    free(index->market_of_text.slots);
    free(index);
}

DEFINE_CLEANUP(struct rule_index, rule_index_free)

static size_t market_byte_count(const struct market_index *market)
{
    size_t sum = market->count * sizeof *market->conjunctions;
    for (size_t i = 0; i < market->column_count; i++) {
        const struct index_column *column = &market->columns[i];
        sum +=
            sizeof *column + column->block_count * sizeof *column->blocks +
            column->row_count * market->summary_words * sizeof *column->summaries +
            (column->pages ? column->row_count * market->block_count * sizeof *column->pages : 0) +
            column->boundary_count * sizeof *column->boundaries +
            column->rows_of_texts.slot_count * sizeof *column->rows_of_texts.slots;
    }
    return sum;
}

size_t rule_index_byte_count(const struct rule_index *index)
{
    size_t sum = 0;
    for (size_t i = 0; i < index->market_count; i++)
        sum += market_byte_count(&index->markets[i]);
    return sum;
}

/* Zeroed, and each item in cache lines of its own. */
static void *lines_new(size_t count, size_t size)
{
    void *lines = aligned_alloc(sizeof(struct block), (count ? count : 1) * size);
    if (!lines)
        memory_exhausted();
    return memset(lines, 0, (count ? count : 1) * size);
}

/* --- rows --- */

static uint32_t add_block(struct column_builder *builder, const struct block *block)
{
    struct index_column *column = builder->column;
    if (column->block_count == builder->block_size) {
        size_t size = builder->block_size ? builder->block_size * 2 : 4;
        struct block *blocks = lines_new(size, sizeof *blocks);
        if (column->block_count)
            memcpy(blocks, column->blocks, column->block_count * sizeof *blocks);
        free(column->blocks);
        column->blocks = blocks;
        builder->block_size = size;
    }
    column->blocks[column->block_count] = *block;
    return column->block_count++;
}

static bool has_room(struct column_builder *builder)
{
    size_t row_bytes = builder->market->block_count * sizeof *builder->column->pages +
                       builder->market->summary_words * sizeof *builder->column->summaries;
    *builder->bytes_left -= *builder->bytes_left < row_bytes ? *builder->bytes_left : row_bytes;
    return *builder->bytes_left > 0;
}

/* Starts a row as a copy of row @from; its blocks are shared until they change. */
static uint32_t row_start(struct column_builder *builder, uint32_t from)
{
    struct index_column *column = builder->column;
    size_t pages = builder->market->block_count, words = builder->market->summary_words;

    if (column->row_count == builder->row_size) {
        builder->row_size *= 2;
        column->pages =
            memory_resize(column->pages, builder->row_size * pages * sizeof *column->pages);
        column->summaries =
            memory_resize(column->summaries, builder->row_size * words * sizeof *column->summaries);
    }
    size_t row = column->row_count++;
    memcpy(column->pages + row * pages, column->pages + from * pages,
           pages * sizeof *column->pages);
    memcpy(column->summaries + row * words, column->summaries + from * words,
           words * sizeof *column->summaries);
    builder->first_own_block = column->block_count;
    return (uint32_t)row;
}

static void row_flip(struct column_builder *builder, uint32_t row, uint32_t position)
{
    struct index_column *column = builder->column;
    uint32_t *page = &column->pages[row * builder->market->block_count + position / BLOCK_BITS];

    if (*page < builder->first_own_block) {
        struct block copy = column->blocks[*page];
        *page = add_block(builder, &copy);
    }
    column->blocks[*page].words[position % BLOCK_BITS / 64] ^= UINT64_C(1) << (position % 64);
}

static void row_end(struct column_builder *builder, uint32_t row)
{
    struct index_column *column = builder->column;
    const uint32_t *pages = &column->pages[row * builder->market->block_count];
    uint64_t *summary = &column->summaries[row * builder->market->summary_words];

    for (size_t i = 0; i < builder->market->block_count; i++) {
        if (pages[i] < builder->first_own_block)
            continue;
        uint64_t bit = UINT64_C(1) << (i % 64);
        if (block_has_any(&column->blocks[pages[i]]))
            summary[i / 64] |= bit;
        else
            summary[i / 64] &= ~bit;
    }
}

/* The fixed rows that @set accepts. None has ROW_OPEN: whoever has a constraint is not open. */
static uint32_t rows_of(const struct value_set *set)
{
    return (uint32_t)set->absent << ROW_ABSENT | (uint32_t)set->empty_list << ROW_EMPTY_LIST |
           (uint32_t)set->other << ROW_OTHER | (uint32_t)set->yes << ROW_YES |
           (uint32_t)set->no << ROW_NO | (uint32_t)set->lowest << ROW_FIXED_COUNT;
}

/* The first row is all ones: it is what every other starts from. */
static void make_first_row(struct column_builder *builder)
{
    struct index_column *column = builder->column;
    struct block ones;

    memset(&ones, 0xff, sizeof ones);
    add_block(builder, &ones);
    builder->row_size = ROW_FIXED_COUNT + 2;
    column->pages =
        memory_new_array(builder->row_size * builder->market->block_count, sizeof *column->pages);
    column->summaries = memory_new_array(builder->row_size * builder->market->summary_words,
                                         sizeof *column->summaries);
    for (size_t i = 0; i < builder->market->block_count; i++)
        column->summaries[i / 64] |= UINT64_C(1) << (i % 64);
    column->row_count = 1;
}

/* Rows of the values that no condition names, and of the lowest stretch of numbers. */
static void make_fixed_rows(struct column_builder *builder)
{
    const struct index_column *column = builder->column;

    make_first_row(builder);
    for (uint32_t row = 1; row <= ROW_FIXED_COUNT; row++) {
        row_start(builder, 0);
        for (size_t i = 0; i < builder->entry_count; i++) {
            if (!(builder->entries[i].rows & 1u << row))
                row_flip(builder, row, builder->entries[i].position);
        }
        row_end(builder, row);
    }
    builder->first_own_block = column->block_count; /* last, as the others began as its copies */
    for (size_t i = 0; i < builder->entry_count; i++) {
        if (!(builder->entries[i].rows & 1u << ROW_ABSENT))
            row_flip(builder, ROW_ABSENT, builder->entries[i].position);
    }
    row_end(builder, ROW_ABSENT);
}

/* --- numbers --- */

/* A boundary and the position whose membership turns over there. */
struct turn {
    double at;
    uint32_t position;
};

static int compare_turns(const void *a, const void *b)
{
    const struct turn *left = a, *right = b;
    return (left->at > right->at) - (left->at < right->at);
}

static void make_number_rows(struct column_builder *builder)
{
    struct index_column *column = builder->column;
    size_t count = 0, i = 0;

    for (size_t e = 0; e < builder->entry_count; e++)
        count += builder->entries[e].set->boundary_count;
    if (count == 0)
        return;
    CLEANUP(freep) struct turn *turns = memory_new_array(count, sizeof *turns);
    for (size_t e = 0; e < builder->entry_count; e++) {
        const struct value_set *set = builder->entries[e].set;
        for (uint32_t b = 0; b < set->boundary_count; b++)
            turns[i++] =
                (struct turn){ .at = set->boundaries[b], .position = builder->entries[e].position };
    }
    qsort(turns, count, sizeof *turns, compare_turns);
    column->boundaries = memory_new_array(count, sizeof *column->boundaries);
    for (i = 0; i < count && has_room(builder);) {
        double at = turns[i].at;
        uint32_t row = row_start(builder, (uint32_t)column->row_count - 1);
        for (; i < count && turns[i].at == at; i++)
            row_flip(builder, row, turns[i].position);
        row_end(builder, row);
        column->boundaries[column->boundary_count++] = at;
    }
}

/* --- texts --- */

/* By text, stable: one pass for each byte that differs. */
static void sort_namings(struct naming *namings, struct naming *spare, size_t count)
{
    for (unsigned shift = 0; shift < 32; shift += 8) {
        size_t starts[257] = { 0 };
        for (size_t i = 0; i < count; i++)
            starts[(namings[i].text >> shift & 0xff) + 1]++;
        if (starts[(namings[0].text >> shift & 0xff) + 1] == count)
            continue;
        for (size_t i = 1; i < 257; i++)
            starts[i] += starts[i - 1];
        for (size_t i = 0; i < count; i++)
            spare[starts[namings[i].text >> shift & 0xff]++] = namings[i];
        memcpy(namings, spare, count * sizeof *namings);
    }
}

/* Where the namings of the text at @first end. */
static size_t namings_end(const struct naming *namings, size_t count, size_t first)
{
    size_t end = first + 1;
    while (end < count && namings[end].text == namings[first].text)
        end++;
    return end;
}

static bool namings_are_equal(const struct naming *a, const struct naming *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i].position != b[i].position)
            return false;
    }
    return true;
}

/* Texts named by the same conjunctions share a row: a rule that lists ten thousand shops costs
 * one. They are told by their hash, then compared. */
struct row_finder {
    const struct naming *namings;
    size_t size;
    struct row_finder_slot {
        uint64_t hash;
        size_t first, count; /* of the namings that made the row; count 0: free */
        uint32_t row;
    } * slots;
};

static struct row_finder_slot *find_row(struct row_finder *finder, size_t first, size_t end)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = first; i < end; i++) {
        hash = (hash ^ finder->namings[i].position) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 32;
    }
    size_t at = hash & (finder->size - 1);
    for (; finder->slots[at].count; at = (at + 1) & (finder->size - 1)) {
        struct row_finder_slot *slot = &finder->slots[at];
        if (slot->hash == hash && slot->count == end - first &&
            namings_are_equal(finder->namings + slot->first, finder->namings + first, end - first))
            break;
    }
    if (!finder->slots[at].count)
        finder->slots[at] =
            (struct row_finder_slot){ .hash = hash, .first = first, .count = end - first };
    return &finder->slots[at];
}

static void make_rows_of_namings(struct column_builder *builder, const struct naming *namings,
                                 size_t count, size_t text_count)
{
    struct row_finder finder = { .namings = namings, .size = 4 };
    while (finder.size < text_count * 2)
        finder.size *= 2;
    CLEANUP(freep)
    struct row_finder_slot *slots = memory_new_array(finder.size, sizeof *finder.slots);
    finder.slots = slots;

    builder->column->rows_of_texts = number_map_new(text_count, ROW_OTHER);
    for (size_t first = 0, end; first < count && has_room(builder); first = end) {
        end = namings_end(namings, count, first);
        struct row_finder_slot *slot = find_row(&finder, first, end);
        if (!slot->row) {
            slot->row = row_start(builder, ROW_OTHER);
            for (size_t i = first; i < end; i++)
                row_flip(builder, slot->row, namings[i].position);
            row_end(builder, slot->row);
        }
        number_map_add(&builder->column->rows_of_texts, namings[first].text, slot->row);
    }
}

static void make_text_rows(struct column_builder *builder)
{
    size_t count = 0, text_count = 0, n = 0;
    for (size_t e = 0; e < builder->entry_count; e++)
        count += builder->entries[e].set->text_count;
    if (count == 0) {
        builder->column->rows_of_texts = number_map_new(0, ROW_OTHER);
        return;
    }
    CLEANUP(freep) struct naming *namings = memory_new_array(count, sizeof *namings);
    CLEANUP(freep) struct naming *spare = memory_new_array(count, sizeof *spare);
    for (size_t e = 0; e < builder->entry_count; e++) {
        const struct entry *entry = &builder->entries[e];
        for (uint32_t i = 0; i < entry->set->text_count; i++)
            namings[n++] =
                (struct naming){ .text = entry->set->texts[i], .position = entry->position };
    }
    sort_namings(namings, spare, count);
    for (size_t first = 0; first < count; first = namings_end(namings, count, first))
        text_count++;
    make_rows_of_namings(builder, namings, count, text_count);
}

/* --- columns and markets --- */

/* The constraints of all the market's conjunctions, column by column. */
struct column_entries {
    size_t count, size;
    struct entry *entries;
};

static void entries_push(struct column_entries *entries, uint32_t position,
                         const struct value_set *set)
{
    if (entries->count == entries->size) {
        entries->size = entries->size ? entries->size * 2 : 16;
        entries->entries =
            memory_resize(entries->entries, entries->size * sizeof *entries->entries);
    }
    entries->entries[entries->count++] =
        (struct entry){ .position = position, .rows = rows_of(set), .set = set };
}

static void flatten(const struct market_index *market, struct index_column *column)
{
    size_t count = column->row_count * market->block_count;
    if (count * sizeof *column->blocks > flat_bytes_max)
        return;
    struct block *blocks = lines_new(count, sizeof *blocks);
    for (size_t i = 0; i < count; i++)
        blocks[i] = column->blocks[column->pages[i]];
    free(column->blocks);
    free(column->pages);
    column->blocks = blocks;
    column->block_count = (uint32_t)count;
    column->pages = NULL;
}

static void build_column(const struct market_index *market, uint32_t column,
                         const struct column_entries *entries, size_t *bytes_left,
                         struct index_column *ret)
{
    struct column_builder builder = { .market = market,
                                      .column = ret,
                                      .bytes_left = bytes_left,
                                      .entries = entries->entries,
                                      .entry_count = entries->count };
    ret->column = column;
    make_fixed_rows(&builder);
    make_number_rows(&builder);
    make_text_rows(&builder);
    flatten(market, ret);
}

static void build_columns(const struct aro_rulebook *rulebook, struct market_index *market,
                          const struct column_entries *by_column, size_t *bytes_left)
{
    size_t column_count = rulebook->field_count * COLUMNS_A_FIELD, used = 0;
    for (size_t i = 0; i < column_count; i++)
        used += by_column[i].count > 0;
    market->columns = lines_new(used, sizeof *market->columns);
    market->fields = memory_new_array(used, sizeof *market->fields);
    for (size_t i = 0; i < rulebook->field_count; i++) {
        const struct field *described = &rulebook->fields[i];
        struct index_field field = { .kind = described->kind,
                                     .attribute = &described->attribute,
                                     .columns = market->columns + market->column_count };
        for (uint32_t slot = 0; slot < COLUMNS_A_FIELD; slot++) {
            uint32_t column = column_of((unsigned)i, slot);
            if (!by_column[column].count)
                continue;
            build_column(market, column, &by_column[column], bytes_left,
                         &market->columns[market->column_count++]);
            field.column_count++;
        }
        if (field.column_count)
            market->fields[market->field_count++] = field;
    }
}

/* @drops_market: the set is for one market, so the constraints on it are settled. */
static void build_market(const struct aro_rulebook *rulebook, bool drops_market, size_t *bytes_left,
                         struct market_index *market)
{
    size_t column_count = rulebook->field_count * COLUMNS_A_FIELD;
    CLEANUP(freep)
    struct column_entries *by_column = memory_new_array(column_count, sizeof *by_column);

    market->block_count = ((size_t)market->count + BLOCK_BITS - 1) / BLOCK_BITS;
    market->summary_words = (market->block_count + 63) / 64;
    for (uint32_t position = 0; position < market->count; position++) {
        const struct conjunction *conjunction =
            &rulebook->conjunctions[market->conjunctions[position]];
        for (uint32_t i = 0; i < conjunction->constraint_count; i++) {
            const struct constraint *constraint = &conjunction->constraints[i];
            if (!drops_market || constraint->column != column_of(FIELD_MARKET, 0))
                entries_push(&by_column[constraint->column], position, constraint->set);
        }
    }
    build_columns(rulebook, market, by_column, bytes_left);
    for (size_t i = 0; i < column_count; i++)
        free(by_column[i].entries);
}

static const struct value_set *market_set(const struct aro_rulebook *rulebook, size_t conjunction)
{
    return conjunction_find(&rulebook->conjunctions[conjunction], column_of(FIELD_MARKET, 0));
}

static void market_push(struct market_index *market, uint32_t conjunction)
{
    if ((market->count & (market->count - 1)) == 0) { /* full at every power of two */
        size_t size = market->count ? (size_t)market->count * 2 : 1;
        market->conjunctions =
            memory_resize(market->conjunctions, size * sizeof *market->conjunctions);
    }
    market->conjunctions[market->count++] = conjunction;
}

/* The markets that any condition names, and the room that a set for each of them would take. */
static size_t collect_markets(const struct aro_rulebook *rulebook, uint32_t **ret_texts,
                              size_t *ret_room)
{
    CLEANUP(freep)
    bool *is_named = memory_new_array(rulebook->vocabulary.text_count, sizeof *is_named);
    uint32_t *texts = memory_new_array(rulebook->vocabulary.text_count, sizeof *texts);
    size_t count = 0, named = 0, everywhere = 0;

    for (size_t i = 0; i < rulebook->conjunction_count; i++) {
        const struct value_set *set = market_set(rulebook, i);
        everywhere += !set || set->other;
        named += set && !set->other ? set->text_count : 0;
        for (uint32_t t = 0; set && t < set->text_count; t++)
            is_named[set->texts[t]] = true;
    }
    for (uint32_t text = 0; text < rulebook->vocabulary.text_count; text++) {
        if (is_named[text])
            texts[count++] = text;
    }
    *ret_texts = texts;
    *ret_room = named + everywhere * (count + 2);
    return count;
}

/* Sets 0 and 1 are for the other markets and for none, then one for each of @texts. */
static void fill_markets(const struct aro_rulebook *rulebook, struct rule_index *index,
                         const uint32_t *texts, size_t text_count)
{
    for (uint32_t i = 0; i < rulebook->conjunction_count; i++) {
        const struct value_set *set = market_set(rulebook, i);
        if (!set || set->other)
            market_push(&index->markets[0], i);
        if (!set || set->absent)
            market_push(&index->markets[1], i);
        if (!set || set->other) {
            for (size_t t = 0; t < text_count; t++) {
                if (!set || value_set_has_text(set, texts[t]))
                    market_push(&index->markets[2 + t], i);
            }
        } else {
            for (uint32_t t = 0; t < set->text_count; t++)
                market_push(&index->markets[number_map_find(&index->market_of_text, set->texts[t])],
                            i);
        }
    }
}

static void build_markets(const struct aro_rulebook *rulebook, struct rule_index *index,
                          const uint32_t *texts, size_t text_count, size_t *bytes_left)
{
    index->market_count = text_count + 2;
    index->markets = lines_new(index->market_count, sizeof *index->markets);
    index->market_absent = 1;
    index->market_of_text = number_map_new(text_count, 0);
    for (size_t i = 0; i < text_count; i++)
        number_map_add(&index->market_of_text, texts[i], (uint32_t)i + 2);
    fill_markets(rulebook, index, texts, text_count);
    for (size_t i = 0; i < index->market_count; i++)
        build_market(rulebook, true, bytes_left, &index->markets[i]);
}

static void build_one_set(const struct aro_rulebook *rulebook, struct rule_index *index,
                          size_t *bytes_left)
{
    index->market_count = 1;
    index->markets = lines_new(1, sizeof *index->markets);
    index->market_of_text = number_map_new(0, 0);
    for (uint32_t i = 0; i < rulebook->conjunction_count; i++)
        market_push(&index->markets[0], i);
    build_market(rulebook, false, bytes_left, &index->markets[0]);
}

_Static_assert(INDEX_COLUMNS_MAX == 256, "the message for more names the bound");

static size_t widest_market(const struct rule_index *index)
{
    size_t widest = 0;
    for (size_t i = 0; i < index->market_count; i++) {
        if (index->markets[i].column_count > widest)
            widest = index->markets[i].column_count;
    }
    return widest;
}

/* Of all rules: the place is that of the first. */
static int refuse_rules(const struct rulebook_parser *parser, const char *message)
{
    const struct rule *first = &parser->rulebook->rules[0];
    return aro_error_set_at(parser->reterr, -EINVAL, first->line, first->column, "rules: %s",
                            message);
}

int rule_index_new(const struct rulebook_parser *parser, struct rule_index **ret)
{
    const struct aro_rulebook *rulebook = parser->rulebook;
    CLEANUP(rule_index_freep) struct rule_index *index = memory_new(sizeof *index);
    CLEANUP(freep) uint32_t *markets = NULL;
    size_t room, count = collect_markets(rulebook, &markets, &room), bytes_left = row_bytes_max;

    if (room <= rulebook->conjunction_count * MARKET_GROWTH_MAX)
        build_markets(rulebook, index, markets, count, &bytes_left);
    else
        build_one_set(rulebook, index, &bytes_left);
    if (bytes_left == 0)
        return refuse_rules(parser, "they tell more values apart than can be held");
    if (widest_market(index) > INDEX_COLUMNS_MAX)
        return refuse_rules(parser, "those of one market look at more than 256 fields and "
                                    "attributes; one that they ask both what it is and what it "
                                    "is not counts twice");
    *ret = TAKE(index);
    return 0;
}
