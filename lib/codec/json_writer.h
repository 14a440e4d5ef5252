/* Writes JSON into a buffer, member by member, with no tree in between.
 *
 * By hand because a tree and a dump by jansson cost fifty times as much (4.7 us against 0.1 us for
 * an assignment), and this is done for each record that goes out. */
#ifndef ARO_CODEC_JSON_WRITER_H
#define ARO_CODEC_JSON_WRITER_H

#include <aro/time.h>

#include "support/buffer.h"

#include <stdbool.h>
#include <stdint.h>

struct json_writer {
    struct buffer *buffer; /* borrowed; appended to */
    bool needs_comma;
};

void json_open_object(struct json_writer *writer,
                      const char *name); /* @name NULL in a list or at the top */
void json_close_object(struct json_writer *writer);
void json_open_list(struct json_writer *writer, const char *name);
void json_close_list(struct json_writer *writer);
void json_add_text(struct json_writer *writer, const char *name,
                   const char *text); /* NULL text: null */
void json_add_integer(struct json_writer *writer, const char *name, int64_t value);
void json_add_number(struct json_writer *writer, const char *name,
                     double value); /* finite; shortest that reads back */
void json_add_bool(struct json_writer *writer, const char *name, bool value);
void json_add_json(struct json_writer *writer, const char *name,
                   const char *json); /* a whole value, written already */
void json_add_null(struct json_writer *writer, const char *name);
void json_add_instant(struct json_writer *writer, const char *name,
                      struct aro_instant at); /* never: null */

#endif
