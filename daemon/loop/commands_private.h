/* What the files of the commands share. */
#ifndef APPEAL_ROUTERD_LOOP_COMMANDS_PRIVATE_H
#define APPEAL_ROUTERD_LOOP_COMMANDS_PRIVATE_H

#include "loop/commands.h"
#include "loop/daemon.h"

/* The argument @name, which the control socket has seen to be there. */
const char *command_text(json_t *args, const char *name);

/* Nobody here can answer: says who can. */
void command_reply_not_owner(const struct daemon *daemon, struct control_reply *reply);

/* The first shard of ours from @index on; NULL where there is none. *@index moves behind it. */
struct shard *command_next_owned(const struct daemon *daemon, size_t *index);

/* market_commands.c */
void command_pause(struct daemon *daemon, json_t *args, struct control_reply *reply);
void command_resume(struct daemon *daemon, json_t *args, struct control_reply *reply);
/* Of every shard of ours, those that are paused. */
json_t *commands_paused_markets(const struct daemon *daemon);
/* Is @name a market that the rulebook names, or that has appeals here? Otherwise answers
 * `not_found` with those that are. */
bool command_check_market(const struct daemon *daemon, const char *name,
                          struct control_reply *reply);

/* reroute_command.c */
void command_reroute(struct daemon *daemon, json_t *args, struct control_reply *reply);
/* Ends the one that is under way, if any, without an answer. */
void reroute_command_end(struct daemon *daemon);

#endif
