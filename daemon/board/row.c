#include "board/row.h"

#include "codec/json_writer.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>

enum { CHANGE_ROWS_FIRST = 16 };

static struct row *row_new(enum row_kind kind, const char *name)
{
    struct row *row = memory_new(sizeof *row);

    row->kind = kind;
    row->name = memory_copy_text(name);
    return row;
}

void row_free(struct row *row)
{
    if (!row)
        return;
    if (row->kind == ROW_AGENT) {
        free(row->agent.queues);
        free(row->agent.languages);
    }
    free(row->sets);
    free(row->name);
    free(row);
}

/* The bytes of @scratch in memory of their exact size: there may be one for each of 100,000 agents.
 */
static char *scratch_copy(const struct buffer *scratch)
{
    if (scratch->length == 0)
        return NULL;
    char *copy = memory_resize(NULL, scratch->length + 1);
    memcpy(copy, scratch->data, scratch->length + 1);
    return copy;
}

static char *languages_format(struct buffer *scratch, size_t count,
                              const struct aro_language_level *languages)
{
    struct json_writer json = { .buffer = scratch };

    buffer_clear(scratch);
    json_open_list(&json, NULL);
    for (size_t i = 0; i < count; i++) {
        json_open_object(&json, NULL);
        json_add_text(&json, "tag", languages[i].language->tag);
        json_add_integer(&json, "level", languages[i].level);
        json_close_object(&json);
    }
    json_close_list(&json);
    return scratch_copy(scratch);
}

static char *names_pack(struct buffer *scratch, size_t count, const char *const *names)
{
    buffer_clear(scratch);
    for (size_t i = 0; i < count; i++)
        buffer_add(scratch, names[i], strlen(names[i]) + 1);
    return scratch_copy(scratch);
}

unsigned row_free_units(const struct row *row)
{
    const struct row_agent *agent = &row->agent;

    if (row->is_gone || agent->status != ARO_AGENT_AVAILABLE || agent->is_off_shift ||
        agent->used >= agent->capacity)
        return 0;
    return agent->capacity - agent->used;
}

bool row_has_same_queues(const struct row *row, const struct row *other)
{
    if (row->agent.all_queues != other->agent.all_queues ||
        row->agent.queue_count != other->agent.queue_count)
        return false;
    const char *name = row->agent.queues, *other_name = other->agent.queues;
    for (size_t i = 0; i < row->agent.queue_count; i++) {
        if (strcmp(name, other_name) != 0)
            return false;
        name += strlen(name) + 1;
        other_name += strlen(other_name) + 1;
    }
    return true;
}

struct board_change *board_change_new(void)
{
    return memory_new(sizeof(struct board_change));
}

void board_change_free(struct board_change *change)
{
    if (!change)
        return;
    for (size_t i = 0; i < change->count; i++)
        row_free(change->rows[i]);
    free(change->rows);
    buffer_done(&change->scratch);
    free(change);
}

static void change_add(struct board_change *change, struct row *row)
{
    if (change->count == change->size) {
        change->size = change->size ? change->size * 2 : CHANGE_ROWS_FIRST;
        change->rows = memory_resize(change->rows, change->size * sizeof *change->rows);
    }
    change->rows[change->count++] = row;
}

void board_change_add_agent(struct board_change *change, const char *id,
                            const struct aro_agent_view *view)
{
    struct row *row = row_new(ROW_AGENT, id);

    row->is_gone = !view || !view->is_known;
    if (!row->is_gone)
        row->agent = (struct row_agent){
            .status = view->status,
            .is_off_shift = view->is_off_shift,
            .capacity = view->capacity,
            .used = view->used,
            .open = view->open,
            .all_queues = view->all_queues,
            .queue_count = view->all_queues ? 0 : view->queue_count,
            .queues = view->all_queues
                          ? NULL
                          : names_pack(&change->scratch, view->queue_count, view->queues),
            .languages = languages_format(&change->scratch, view->language_count, view->languages),
        };
    change_add(change, row);
}

void board_change_add_queue(struct board_change *change, const char *name,
                            const struct aro_queue_view *view)
{
    struct row *row = row_new(ROW_QUEUE, name);

    row->is_gone = !view;
    if (view)
        row->queue = (struct row_queue){
            .waiting = view->waiting,
            .held = view->held,
            .oldest_submitted_at = view->oldest_submitted_at,
            .next_deadline = view->next_deadline,
        };
    change_add(change, row);
}
