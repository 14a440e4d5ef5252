/* What the router says to the outside: the bodies of assignments and outcomes. Each is noted in the
 * past of its appeal, too. */
#ifndef ARO_ROUTING_ANNOUNCEMENT_H
#define ARO_ROUTING_ANNOUNCEMENT_H

#include "routing/agent_choice.h"
#include "routing/turn.h"

/* @appeal has just been given out. */
void announce_created(struct turn *turn, struct appeal *appeal, const struct why *why);
void announce_offered(struct turn *turn, struct appeal *appeal, const struct why *why);
/* assignment.created, once the offer is accepted. */
void announce_accepted(struct turn *turn, struct appeal *appeal);

/* The `why` of @appeal's assignment, to be kept until it is accepted; to be freed. */
char *why_format(const struct appeal *appeal, const struct why *why);
/* @appeal is about to be taken back. @reason: "withdrawn" and the like. */
void announce_revoked(struct turn *turn, struct appeal *appeal, const char *reason);
/* The same for an offer that expired; @sets_away: the agent, who let too many do so, is away now.
 */
void announce_expired(struct turn *turn, struct appeal *appeal, bool sets_away);
void announce_waiting(struct turn *turn, struct appeal *appeal, const struct why *why);
/* As announce_waiting(), and what the rules would have done in full: @queue, and @choice there. */
void announce_shadow(struct turn *turn, struct appeal *appeal, const struct why *why,
                     const char *queue, const struct choice *choice);
void announce_held(struct turn *turn, struct appeal *appeal);
void announce_resumed(struct turn *turn, struct appeal *appeal, const char *reason);
void announce_rerouted(struct turn *turn, struct appeal *appeal, const char *from,
                       const char *reason);
/* Up to its step from another one, which was over by @over_by (for its past); @skipped are steps in
 * between that nobody could have filled. */
void announce_escalated(struct turn *turn, struct appeal *appeal, size_t skipped_count,
                        const unsigned *skipped, const char *over_by);
void announce_overdue(struct turn *turn, struct appeal *appeal);
/* @decision is the appeal.decided, NULL for a withdrawn one. */
void announce_closed(struct turn *turn, struct appeal *appeal, const struct aro_event *decision);

/* The two of an appeal that joined @lead. */
void announce_merged(struct turn *turn, struct appellant *appellant);
void announce_appellant_closed(struct turn *turn, struct appellant *appellant,
                               const struct appeal *lead, const struct aro_event *decision);

/* event.ignored: a fact, not an error. @trace is that of the appeal it is about, where that is
 * open; @epoch_now is 0 where there is none to tell. */
void announce_ignored(struct turn *turn, const struct aro_event *event, const char *reason,
                      const struct details *trace, uint32_t epoch_now);

#endif
