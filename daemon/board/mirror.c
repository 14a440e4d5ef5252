#include "board/mirror.h"

#include "support/cleanup.h"
#include "support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A queue's name with its place in the list. */
struct name_place {
    const char *name;
    unsigned place;
};

static const char *row_key(const void *item)
{
    return ((const struct row *)item)->name;
}

static const char *name_place_key(const void *item)
{
    return ((const struct name_place *)item)->name;
}

void mirror_init(struct mirror *mirror)
{
    *mirror = (struct mirror){ 0 };
    table_init(&mirror->agents, row_key);
    table_init(&mirror->queues, row_key);
    table_init(&mirror->name_places, name_place_key);
    TAILQ_INIT(&mirror->rows);
    TAILQ_INIT(&mirror->pending);
}

static void names_clear(struct mirror *mirror)
{
    size_t position = 0;
    for (void *place; (place = table_next(&mirror->name_places, &position));)
        free(place);
    table_done(&mirror->name_places);
    table_init(&mirror->name_places, name_place_key);
    for (size_t i = 0; i < mirror->name_count; i++)
        free(mirror->names[i]);
    free(mirror->names);
    mirror->names = NULL;
    mirror->name_count = 0;
}

void mirror_clear(struct mirror *mirror)
{
    struct row *row;
    while ((row = TAILQ_FIRST(&mirror->rows))) {
        TAILQ_REMOVE(&mirror->rows, row, by_place);
        row_free(row);
    }
    table_done(&mirror->agents);
    table_init(&mirror->agents, row_key);
    table_done(&mirror->queues);
    table_init(&mirror->queues, row_key);
    TAILQ_INIT(&mirror->pending);
    mirror->pending_count = mirror->gone_count = 0;
    mirror->walk_next = NULL;
}

void mirror_done(struct mirror *mirror)
{
    mirror_clear(mirror);
    names_clear(mirror);
    table_done(&mirror->agents);
    table_done(&mirror->queues);
    table_done(&mirror->name_places);
}

/* --- which sets of free agents an agent belongs to --- */

static int compare_places(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;
    return left < right ? -1 : left > right;
}

static void row_find_sets(const struct mirror *mirror, struct row *row)
{
    const char *name = row->agent.queues;

    free(row->sets);
    row->sets = memory_new_array(row->agent.queue_count, sizeof *row->sets);
    row->set_count = 0;
    for (size_t i = 0; i < row->agent.queue_count; i++) {
        const struct name_place *known = table_find(&mirror->name_places, name);
        if (known)
            row->sets[row->set_count++] = known->place;
        name += strlen(name) + 1;
    }
    qsort(row->sets, row->set_count, sizeof *row->sets, compare_places);
    row->sets_version = mirror->names_version;
}

const unsigned *mirror_sets(const struct mirror *mirror, struct row *row, size_t *ret_count)
{
    if (row->agent.all_queues) {
        *ret_count = mirror->name_count;
        return NULL;
    }
    if (row->sets_version != mirror->names_version)
        row_find_sets(mirror, row);
    *ret_count = row->set_count;
    return row->sets;
}

void mirror_set_names(struct mirror *mirror, size_t count, const char *const *names)
{
    names_clear(mirror);
    mirror->names = memory_new_array(count, sizeof *mirror->names);
    for (size_t i = 0; i < count; i++) {
        if (table_find(&mirror->name_places, names[i]))
            continue;
        struct name_place *known = memory_new(sizeof *known);
        known->place = (unsigned)mirror->name_count;
        known->name = mirror->names[mirror->name_count++] = memory_copy_text(names[i]);
        table_add(&mirror->name_places, known);
    }
    mirror->names_version++;
}

bool mirror_has_names(const struct mirror *mirror, size_t count, const char *const *names)
{
    if (count != mirror->name_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(mirror->names[i], names[i]) != 0)
            return false;
    }
    return true;
}

/* --- changes --- */

bool mirror_was_sent(const struct mirror *mirror, const struct row *row)
{
    return row->sent_walk == mirror->walk_count && mirror->walk_count > 0;
}

static struct table *row_table(struct mirror *mirror, enum row_kind kind)
{
    return kind == ROW_AGENT ? &mirror->agents : &mirror->queues;
}

static void row_forget(struct mirror *mirror, struct row *row)
{
    if (mirror->walk_next == row)
        mirror->walk_next = TAILQ_NEXT(row, by_place);
    if (row->is_gone)
        mirror->gone_count--;
    if (row->is_pending) {
        TAILQ_REMOVE(&mirror->pending, row, by_age);
        mirror->pending_count--;
    }
    TAILQ_REMOVE(&mirror->rows, row, by_place);
    table_remove(row_table(mirror, row->kind), row->name);
    row_free(row);
}

static void row_add(struct mirror *mirror, struct row *row)
{
    table_add(row_table(mirror, row->kind), row);
    TAILQ_INSERT_TAIL(&mirror->rows, row, by_place);
}

/* What @known holds of the agent or queue becomes that of @given; its place stays. A gone agent
 * keeps its sets: it has to leave them. */
static void row_replace(struct mirror *mirror, struct row *known, struct row *given)
{
    bool was_gone = known->is_gone;

    if (known->kind == ROW_AGENT && !given->is_gone) {
        bool stays = !was_gone && row_has_same_queues(known, given);
        struct row_agent old = known->agent;
        known->agent = given->agent;
        given->agent = old; /* freed with it */
        if (!stays) {
            known->sets_version = 0;
            known->has_moved = true;
        }
    } else if (known->kind == ROW_QUEUE) {
        known->queue = given->queue;
    }
    known->is_gone = given->is_gone;
    mirror->gone_count += (size_t)known->is_gone;
    mirror->gone_count -= (size_t)was_gone;
}

static void row_mark_pending(struct mirror *mirror, struct row *row, int64_t offset)
{
    row->offset = offset;
    if (row->is_pending)
        return;
    row->is_pending = true;
    row->pending_since = offset;
    TAILQ_INSERT_TAIL(&mirror->pending, row, by_age);
    mirror->pending_count++;
}

void mirror_apply(struct mirror *mirror, int64_t offset, struct board_change *change)
{
    for (size_t i = 0; i < change->count; i++) {
        CLEANUP(row_freep) struct row *given = TAKE(change->rows[i]);
        struct row *known = table_find(row_table(mirror, given->kind), given->name);

        if (known) {
            row_replace(mirror, known, given);
        } else if (!given->is_gone) {
            known = TAKE(given);
            row_add(mirror, known);
        } else {
            continue; /* the board does not know it either */
        }
        if (known->is_gone && !mirror_was_sent(mirror, known))
            row_forget(mirror, known);
        else
            row_mark_pending(mirror, known, offset);
    }
    board_change_free(change);
}

/* --- sending --- */

void mirror_start_walk(struct mirror *mirror)
{
    struct row *row, *next;

    for (row = TAILQ_FIRST(&mirror->pending); row; row = next) {
        next = TAILQ_NEXT(row, by_age);
        if (row->is_gone) {
            row_forget(mirror, row);
        } else {
            row->is_pending = false;
        }
    }
    TAILQ_INIT(&mirror->pending);
    mirror->pending_count = 0;
    mirror->walk_count++;
    mirror->walk_next = TAILQ_FIRST(&mirror->rows);
}

bool mirror_is_walking(const struct mirror *mirror)
{
    return mirror->walk_next != NULL;
}

struct row *mirror_next(const struct mirror *mirror)
{
    return mirror->walk_next ? mirror->walk_next : TAILQ_FIRST(&mirror->pending);
}

void mirror_mark_sent(struct mirror *mirror, struct row *row)
{
    if (mirror->walk_next == row)
        mirror->walk_next = TAILQ_NEXT(row, by_place);
    if (row->is_pending) {
        TAILQ_REMOVE(&mirror->pending, row, by_age);
        mirror->pending_count--;
        row->is_pending = false;
    }
    row->has_moved = false;
    row->sent_walk = mirror->walk_count;
    if (row->is_gone)
        row_forget(mirror, row);
}

int64_t mirror_sent_offset(const struct mirror *mirror, int64_t latest)
{
    assert(!mirror->walk_next);
    const struct row *oldest = TAILQ_FIRST(&mirror->pending);
    return oldest ? oldest->pending_since - 1 : latest;
}
