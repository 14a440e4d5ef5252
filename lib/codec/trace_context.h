/* The W3C Trace Context of an event: https://www.w3.org/TR/trace-context/. What is malformed is
 * dropped, as that text asks of whoever passes it on; it never makes an event a bad one. */
#ifndef ARO_CODEC_TRACE_CONTEXT_H
#define ARO_CODEC_TRACE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { TRACEPARENT_LENGTH_MAX = 128, TRACESTATE_LENGTH_MAX = 512 };

enum { TRACE_ID_SIZE = 32 + 1 };

/* The id of the trace in a valid @traceparent. Gives @ret. */
const char *trace_id(const char *traceparent, char ret[static TRACE_ID_SIZE]);

bool traceparent_is_valid(const char *text, size_t length);
bool tracestate_is_valid(const char *text, size_t length);

#endif
