/* Merging: a second appeal of the same subject and tier joins the open one. One review, under the
 * id of the lead, answers all its appellants; what each brought along (whom it excludes, an earlier
 * deadline) stays with the review, even where that appellant withdraws. */
#ifndef ARO_ROUTING_MERGING_H
#define ARO_ROUTING_MERGING_H

#include "routing/appellant.h"
#include "routing/turn.h"

/* Joins @event (appeal.submitted) to the open appeal of its subject and tier; false where there is
 * none, or none with room: then it is a review of its own. */
bool appeal_join(struct turn *turn, const struct aro_event *event);

/* An event about an appeal that joined @lead. */
void appellant_update(struct turn *turn, struct appeal *lead, const struct aro_event *event);
void appellant_withdraw(struct turn *turn, struct appeal *lead, const struct aro_event *event);

/* The appellant whose id the review bears withdraws, and it goes on for the others. */
void lead_withdraw(struct turn *turn, struct appeal *lead);

/* Takes @appeal, where somebody has it, from whoever may not judge it after its exclusions changed.
 */
void appeal_revoke_if_barred(struct turn *turn, struct appeal *appeal);

/* @appeal is being decided: its deciders are remembered with the subject. */
void subject_note_decision(struct turn *turn, struct appeal *appeal,
                           const struct aro_event *decision);

/* The earliest decisions on a subject are forgotten: whoever made them may judge again. */
void subject_forget_due(struct turn *turn, struct subject *subject, struct aro_instant until);

#endif
