/* The moves of an appeal: into an agent's hands, back into the line, out of the router. */
#ifndef ARO_ROUTING_ASSIGNMENT_H
#define ARO_ROUTING_ASSIGNMENT_H

#include "routing/route.h"
#include "routing/turn.h"

/* Takes @appeal from whoever has it; it waits again at its old place, and says so when this turn
 * settles, unless somebody else gets it first. Whoever had it may get something else. */
void appeal_take_back(struct turn *turn, struct appeal *appeal);

/* As appeal_take_back(), and tells whoever has it why: @reason of `assignment.revoked`. */
void appeal_revoke(struct turn *turn, struct appeal *appeal, const char *reason);

/* Whoever it was offered to takes it. */
void appeal_accept(struct turn *turn, struct appeal *appeal);

/* Makes known that @appeal waits and lies in no line: settling gives it out or puts it in line. */
void appeal_enter(struct turn *turn, struct appeal *appeal);

/* Closes @appeal (frees it), with those that joined it, and remembers that they were. @decision:
 * NULL for withdrawn. */
void appeal_close(struct turn *turn, struct appeal *appeal, const struct aro_event *decision);

/* Withdraws @appeal, with those that joined it: from whoever has it, too. */
void appeal_withdraw(struct turn *turn, struct appeal *appeal);

/* Frees @appellant and remembers that it was closed. */
void remember_appellant(struct turn *turn, struct appellant *appellant, uint32_t epoch,
                        const struct aro_event *decision);

/* Begins or ends a hold: of itself, or of its market, where that is otherwise now. */
void appeal_set_hold(struct turn *turn, struct appeal *appeal, bool is_on_hold);
void appeal_set_market_paused(struct turn *turn, struct appeal *appeal, bool is_market_paused);

/* Moves @appeal, which waits, to where the rules send it now, out of its line; to be entered again.
 * @languages: its new ones; NULL where they stay. */
void appeal_reroute(struct turn *turn, struct appeal *appeal, const struct language_list *languages,
                    const char *reason);

/* Gives out until nobody may take @appeal, which is in line, or somebody has it; then it says that
 * it waits, where it has not. Whoever may take it takes what is first for them. */
void appeal_serve(struct turn *turn, struct appeal *appeal);

/* Who may have room now, or may take more than before. */
void agent_note_hungry(struct turn *turn, struct agent *agent);

/* Gives out until nobody who has room may take anything that waits; then announces what entered a
 * line and still waits. */
void turn_settle(struct turn *turn);

/* --- of use to restoring, which announces nothing --- */

/* Makes @appeal, new, one that is open, or no longer. */
void appeal_register(struct aro_router *router, struct appeal *appeal);
void appeal_unregister(struct aro_router *router, struct appeal *appeal);

/* Puts @appeal, of any state and of a class, into its structures, or takes it out of them. @agent
 * and the rest of held are set already where it has them. */
void appeal_attach(struct aro_router *router, struct appeal *appeal);
void appeal_detach(struct aro_router *router, struct appeal *appeal);
void appeal_free(struct aro_router *router, struct appeal *appeal); /* detached */

#endif
