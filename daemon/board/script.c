#include "board/script.h"

#include "codec/json_writer.h"
#include "support/memory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What one call may hold, so that it holds Redis up for some milliseconds at most: entries in sets
 * of 100,000 agents cost about 5 us each. */
enum { CALL_ROWS_MAX = 128, CALL_SETS_MAX = 512, CALL_BYTES_MAX = 256 * 1024 };

static const char *const verb_names[] = {
    [SCRIPT_CLAIM] = "claim", [SCRIPT_BUILD] = "build",   [SCRIPT_SWITCH] = "switch",
    [SCRIPT_WRITE] = "write", [SCRIPT_UNLINK] = "unlink",
};

void script_call_done(struct script_call *call)
{
    command_done(&call->set_keys);
    command_done(&call->row_keys);
    command_done(&call->rows);
    command_done(&call->command);
    buffer_done(&call->text);
    buffer_done(&call->into);
    buffer_done(&call->out_of);
    free(call->set_places);
}

static void call_clear(struct script_call *call)
{
    command_clear(&call->set_keys);
    command_clear(&call->row_keys);
    command_clear(&call->rows);
    command_clear(&call->command);
}

static void add_buffer(struct command *command, const struct buffer *buffer)
{
    command_add_bytes(command, buffer->length ? buffer->data : "", buffer->length);
}

/* "aro:{main}:meta" */
static void add_key(struct script_call *call, struct command *command,
                    const struct script_terms *terms, const char *name)
{
    buffer_clear(&call->text);
    buffer_add_text(&call->text, terms->prefix);
    buffer_add_text(&call->text, name);
    add_buffer(command, &call->text);
}

/* "aro:{main}:<epoch>:agent:<id>" */
static void add_epoch_key(struct script_call *call, struct command *command,
                          const struct script_terms *terms, const char *kind, const char *name)
{
    buffer_clear(&call->text);
    buffer_add_text(&call->text, terms->prefix);
    buffer_add_text(&call->text, terms->epoch);
    buffer_add_text(&call->text, kind);
    buffer_add_text(&call->text, name);
    add_buffer(command, &call->text);
}

static void add_instant(struct command *command, struct aro_instant at)
{
    char text[ARO_INSTANT_TEXT_SIZE];
    size_t length = aro_instant_is_never(at) ? 0 : aro_instant_format(at, text);

    command_add_bytes(command, text, length);
}

static void add_now(struct command *command)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    add_instant(command,
                (struct aro_instant){ (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 });
}

/* --- the sets of free agents that a row is in, or must leave --- */

static void set_list_add(struct script_call *call, const struct script_terms *terms,
                         const struct mirror *mirror, struct buffer *list, size_t place)
{
    if (!call->set_places[place]) {
        add_epoch_key(call, &call->set_keys, terms, ":free:", mirror->names[place]);
        call->set_places[place] = (unsigned)call->set_keys.word_count;
    }
    char digits[16];
    char *digit = digits + sizeof digits;
    *--digit = ',';
    for (unsigned left = call->set_places[place] - 1;; left /= 10) {
        *--digit = (char)('0' + left % 10);
        if (left < 10)
            break;
    }
    buffer_add(list, digit, (size_t)(digits + sizeof digits - digit));
    call->set_count++;
}

/* An agent with free units is in the sets of the queues they serve. Where they may be in others,
 * they must leave those; where they have nothing free, all. */
static void find_set_lists(struct script_call *call, const struct script_terms *terms,
                           const struct mirror *mirror, struct row *row)
{
    bool has_free = row_free_units(row) > 0;
    bool is_in_epoch = mirror_was_sent(mirror, row);
    bool has_moved = is_in_epoch && row->has_moved;
    size_t own_count, own = 0;
    const unsigned *sets = mirror_sets(mirror, row, &own_count);
    size_t count = has_moved ? mirror->name_count : own_count;

    buffer_clear(&call->into);
    buffer_clear(&call->out_of);
    for (size_t i = 0; i < count; i++) {
        size_t place = has_moved || !sets ? i : sets[i];
        bool is_own = own < own_count && (sets ? sets[own] : own) == place;
        own += is_own;
        if (is_own && has_free)
            set_list_add(call, terms, mirror, &call->into, place);
        else if (is_in_epoch)
            set_list_add(call, terms, mirror, &call->out_of, place);
    }
}

/* --- rows, as the writers of board.lua read them --- */

static void queues_format(const struct row *row, struct buffer *text)
{
    struct json_writer json = { .buffer = text };
    const char *name = row->agent.queues;

    buffer_clear(text);
    json_open_list(&json, NULL);
    if (row->agent.all_queues)
        json_add_text(&json, NULL, "*");
    for (size_t i = 0; i < row->agent.queue_count; i++) {
        json_add_text(&json, NULL, name);
        name += strlen(name) + 1;
    }
    json_close_list(&json);
}

static void add_agent(struct script_call *call, const struct script_terms *terms,
                      const struct mirror *mirror, struct row *row)
{
    const struct row_agent *agent = &row->agent;
    struct command *rows = &call->rows;

    add_epoch_key(call, &call->row_keys, terms, ":agent:", row->name);
    find_set_lists(call, terms, mirror, row);
    command_add(rows, row->is_gone ? "agent_gone" : "agent");
    command_add(rows, row->name);
    command_add_integer(rows, row->offset);
    if (!row->is_gone) {
        command_add_integer(rows, agent->capacity);
        command_add_integer(rows, agent->used);
        command_add_integer(rows, agent->open);
        command_add(rows, aro_agent_status_name(agent->status));
        queues_format(row, &call->text);
        add_buffer(rows, &call->text);
        command_add(rows, agent->languages);
        command_add_integer(rows, row_free_units(row));
        add_buffer(rows, &call->into);
    }
    add_buffer(rows, &call->out_of);
}

static void add_queue(struct script_call *call, const struct script_terms *terms,
                      const struct row *row)
{
    struct command *rows = &call->rows;

    add_epoch_key(call, &call->row_keys, terms, ":queue:", row->name);
    command_add(rows, row->is_gone ? "queue_gone" : "queue");
    command_add_integer(rows, row->offset);
    if (row->is_gone)
        return;
    command_add_integer(rows, (int64_t)row->queue.waiting);
    command_add_integer(rows, (int64_t)row->queue.held);
    add_instant(rows, row->queue.oldest_submitted_at);
    add_instant(rows, row->queue.next_deadline);
}

static void take_rows(struct script_call *call, const struct script_terms *terms,
                      enum script_verb verb, struct mirror *mirror)
{
    while (call->row_keys.word_count < CALL_ROWS_MAX && call->set_count < CALL_SETS_MAX &&
           call->rows.words.length < CALL_BYTES_MAX) {
        struct row *row = mirror_next(mirror);
        if (!row || (verb == SCRIPT_BUILD && !mirror_is_walking(mirror)))
            return;
        if (row->kind == ROW_AGENT)
            add_agent(call, terms, mirror, row);
        else
            add_queue(call, terms, row);
        mirror_mark_sent(mirror, row);
    }
}

/* --- whole calls --- */

/* The words of every call before its rows. The keys are in @call already. */
static void call_finish(struct script_call *call, const struct script_terms *terms,
                        enum script_verb verb, int64_t offset)
{
    struct command *command = &call->command;

    command_add(command, "EVALSHA");
    command_add(command, terms->sha1);
    command_add_integer(command, 2 + (int64_t)call->set_keys.word_count +
                                     (int64_t)call->row_keys.word_count);
    add_key(call, command, terms, "meta");
    add_key(call, command, terms, "building");
    command_append(command, &call->set_keys);
    command_append(command, &call->row_keys);
    command_add(command, verb_names[verb]);
    command_add_integer(command, terms->claim);
    command_add(command, terms->epoch);
    command_add(command, terms->owner);
    command_add(command, terms->rulebook);
    command_add_integer(command, offset);
    add_now(command);
    command_add_integer(command, (int64_t)call->set_keys.word_count);
    command_append(command, &call->rows);
}

static void set_places_clear(struct script_call *call, size_t count)
{
    if (count > call->set_places_size) {
        call->set_places = memory_resize(call->set_places, count * sizeof *call->set_places);
        call->set_places_size = count;
    }
    if (count)
        memset(call->set_places, 0, count * sizeof *call->set_places);
    call->set_count = 0;
}

enum script_verb script_call_rows(struct script_call *call, const struct script_terms *terms,
                                  enum script_verb verb, struct mirror *mirror, int64_t latest,
                                  int64_t *ret_offset)
{
    call_clear(call);
    set_places_clear(call, mirror->name_count);
    take_rows(call, terms, verb, mirror);
    if (verb == SCRIPT_BUILD && !mirror_is_walking(mirror))
        verb = SCRIPT_SWITCH;
    int64_t offset = verb == SCRIPT_BUILD ? -1 : mirror_sent_offset(mirror, latest);
    call_finish(call, terms, verb, offset);
    *ret_offset = offset;
    return verb;
}

void script_call_claim(struct script_call *call, const struct script_terms *terms)
{
    call_clear(call);
    call_finish(call, terms, SCRIPT_CLAIM, -1);
}

void script_call_unlink(struct script_call *call, const struct script_terms *terms, size_t count,
                        const char *const *keys, const size_t *lengths)
{
    call_clear(call);
    for (size_t i = 0; i < count; i++)
        command_add_bytes(&call->row_keys, keys[i], lengths[i]);
    call_finish(call, terms, SCRIPT_UNLINK, -1);
}
