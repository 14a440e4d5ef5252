/* What a plain scalar means by the core schema of YAML 1.2 (section 10.3.2). */
#ifndef ARO_SUPPORT_SCALAR_H
#define ARO_SUPPORT_SCALAR_H

#include "support/document.h"

/* Sets kind and value of @node from its text. */
void scalar_resolve(struct document_node *node);

/* "the text " where @node is one that would be a number, or true or false, without its quotes: for
 * messages that repeat it. Otherwise "". */
const char *scalar_text_note(const struct document_node *node);

#endif
