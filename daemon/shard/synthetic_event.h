/* The events of a synthetic appeal, which the daemon sends to itself: as anybody would write them.
 */
#ifndef APPEAL_ROUTERD_SHARD_SYNTHETIC_EVENT_H
#define APPEAL_ROUTERD_SHARD_SYNTHETIC_EVENT_H

#include "support/buffer.h"

#include <aro/error.h>
#include <aro/event.h>
#include <aro/language.h>
#include <aro/rulebook.h>
#include <aro/time.h>

enum { SYNTHETIC_ID_SIZE = ARO_ID_LENGTH_MAX + 1 };

/* The id of the one that is sent at @now: "synthetic:main:1764230400000". */
void synthetic_id(const char *shard, struct aro_instant now, char ret[static SYNTHETIC_ID_SIZE]);

/* Appends the JSON of appeal.submitted. */
void synthetic_write_submitted(struct buffer *json, const char *id, struct aro_instant now);
/* And of appeal.decided. */
void synthetic_write_decided(struct buffer *json, const char *id);

/* Does @rulebook send a synthetic appeal where nobody meets it? -EINVAL with @reterr. */
int synthetic_check_rulebook(struct aro_languages *languages, const struct aro_rulebook *rulebook,
                             struct aro_error *reterr);

#endif
