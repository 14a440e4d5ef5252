/* Everyday YAML, read ten times as fast as libyaml does. */
#ifndef ARO_SUPPORT_DOCUMENT_PLAIN_H
#define ARO_SUPPORT_DOCUMENT_PLAIN_H

#include "support/document.h"

/* The document of @text, exactly as libyaml would have it; NULL where something in it is unusual or
 * wrong, which does not mean that it is. At most 64 MiB. */
struct document *document_parse_plain(const char *text, size_t length);

/* By libyaml, whatever the text. As document_parse(). */
int document_parse_yaml(const char *text, size_t length, struct document **ret,
                        struct aro_error *reterr);

#endif
