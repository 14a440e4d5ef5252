/* One turn of the router: an event, a timer or a command, from its first change to its last record.
 *
 * Whoever is about to change an appeal, agent or queue touches it first: that saves its ledger
 * record for an undo, and sees that the new one is written. */
#ifndef ARO_ROUTING_TURN_H
#define ARO_ROUTING_TURN_H

#include "routing/agent.h"
#include "routing/appeal.h"
#include "routing/appellant.h"
#include "routing/effects.h"
#include "routing/market.h"
#include "routing/queue.h"

#include "codec/json_writer.h"

#include <aro/router.h>

struct turn {
    struct aro_router *router;
    struct aro_instant now;
    struct aro_effects *effects;
    const struct aro_source *source;
    const char *source_text; /* a constant, or in the effects' memory, as is the time */
    size_t source_length;
    const char *time_text;
    unsigned output_count; /* of this turn: the last part of each ce_id */
    bool is_answered;      /* a record carries the source */
};

void turn_begin(struct turn *turn, struct aro_router *router, struct aro_instant now,
                const struct aro_source *source, struct aro_effects *effects);

/* Makes @text, in the effects' memory, the source of the records to come. */
void turn_set_source(struct turn *turn, const char *text);

/* Of a command of an operator, or of what follows from it. */
void turn_begin_control(struct turn *turn, struct aro_router *router, struct aro_instant now,
                        struct aro_effects *effects);

/* Writes the ledger records of the appeals that changed, and of the agents and queues where nothing
 * else would carry the source. */
void turn_end(struct turn *turn);

void turn_touch_appeal(struct turn *turn, struct appeal *appeal);
/* An appeal that is not there yet, or a remembered one. */
void turn_touch_new_appeal(struct turn *turn, struct appeal *appeal);
void turn_touch_remembered(struct turn *turn, struct remembered *remembered);
void turn_touch_new_appellant(struct turn *turn, struct appellant *appellant);
void turn_touch_appellant(struct turn *turn, struct appellant *appellant);
/* @closed, an appeal or an appellant that was touched, is @remembered from here on: the record of
 * its key will be that. */
void turn_note_remembered(struct turn *turn, const void *closed,
                          const struct remembered *remembered);
/* Its record is of the decisions on it; to be written by turn_write_subject(). */
void turn_touch_subject(struct turn *turn, struct subject *subject);
void turn_touch_agent(struct turn *turn, struct agent *agent);
void turn_touch_queue(struct turn *turn, struct queue *queue);
/* What its ledger record keeps, not only its counts. */
void turn_touch_queue_record(struct turn *turn, struct queue *queue);
/* What is recorded of a market, and of a reroute. */
void turn_touch_market(struct turn *turn, struct market *market);
void turn_touch_reroute(struct turn *turn);
/* Any other key, before its record changes for the first time in this batch. */
void turn_save(struct turn *turn, const char *key, const char *value, size_t length);

/* Where a body is written: an empty object is open when it comes back; turn_emit() closes it. */
struct json_writer turn_open_body(struct turn *turn);

/* Sends the open body as an assignment or outcome about @appeal_id. @appeal gives the trace, and
 * where no record is the cause the ce_id; NULL for one that is not open. @topic may be NULL. */
void turn_emit(struct turn *turn, enum aro_record_kind kind, const char *topic, const char *type,
               const char *key, struct appeal *appeal, struct json_writer *writer);

/* The same where no open appeal of that id gives the trace, and a record is the cause. */
void turn_emit_outcome(struct turn *turn, const char *type, const char *key,
                       const struct details *trace, struct json_writer *writer);

/* For those who count: what @appeal has met. Nothing of a synthetic one but that it was delivered.
 */
void turn_note(struct turn *turn, enum aro_note_kind kind, const struct appeal *appeal);
void turn_note_ignored(struct turn *turn, const char *reason); /* a constant */
void turn_note_closed(struct turn *turn, const struct appeal *appeal);

void turn_write_ledger(struct turn *turn, const char *key, const char *value, size_t length);
/* Writes the agent's record now. */
void turn_write_agent(struct turn *turn, struct agent *agent);
/* The same at the end of the batch, where what changed it is the source. */
void turn_write_changed_agent(struct turn *turn, const struct changed_agent *changed);
void turn_write_queue(struct turn *turn, struct queue *queue);
/* Their records as they are now: a tombstone where there is nothing to say. */
void turn_write_market(struct turn *turn, const struct market *market);
void turn_write_reroute(struct turn *turn);
void turn_write_subject(struct turn *turn, const struct subject *subject);
void turn_write_tombstone(struct turn *turn, const char *appeal_id);

#endif
