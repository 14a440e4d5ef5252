/* What the daemon answers, laid out for people: facts line by line, lists of things as tables.
 *
 * It goes by the shape of the JSON, so whatever an answer tells is shown, and --json and the tables
 * never tell different things. */
#ifndef APPEALCTL_RENDER_H
#define APPEALCTL_RENDER_H

#include <jansson.h>
#include <stdio.h>

void render(FILE *stream, const json_t *value);

#endif
