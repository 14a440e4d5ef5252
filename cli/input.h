/* Files that offline commands are given: rulebooks and events. */
#ifndef APPEALCTL_INPUT_H
#define APPEALCTL_INPUT_H

#include "cli/command.h"

#include <aro/event.h>
#include <aro/rulebook.h>

enum { INPUT_LENGTH_MAX = 64 * 1024 * 1024 };

/* Gives EXIT_FINE, or an exit code once it has said what is wrong with the file @path. */
int input_rulebook(const struct invocation *invocation, const char *path,
                   struct aro_languages *languages, struct aro_rulebook **ret);

/* Reads @length bytes of @text as an event of the topic @kind, in any of its forms; where it names
 * no type it is an @initial_type. As aro_event_read() otherwise. */
int input_event(struct aro_event_reader *reader, const char *text, size_t length,
                enum aro_topic_kind kind, enum aro_event_type initial_type,
                const struct aro_event **ret, struct aro_error *reterr);

/* Reads the file @path, an agent's event a line, and gives each event to @take. The type may be
 * left out where it is agent.updated. Gives EXIT_FINE, or an exit code once it has said what is
 * wrong, with the line. */
int input_agents(const struct invocation *invocation, const char *path,
                 struct aro_event_reader *reader,
                 void (*take)(const struct aro_event *event, void *context), void *context);

#endif
