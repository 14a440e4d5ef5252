/* Readers of single values, for the rows of member tables. */
#ifndef ARO_CODEC_MEMBER_VALUES_H
#define ARO_CODEC_MEMBER_VALUES_H

#include "codec/member.h"

member_reader member_read_id;        /* const char *: 1..128 of the alphabet of ids */
member_reader member_read_text;      /* const char *: any but the empty text */
member_reader member_read_prose;     /* const char *: the empty one too */
member_reader member_read_market;    /* const char * */
member_reader member_read_instant;   /* struct aro_instant */
member_reader member_read_unsigned;  /* unsigned, of the row's minimum to its maximum */
member_reader member_read_epoch;     /* uint64_t, likewise */
member_reader member_read_bool;      /* bool */
member_reader member_read_word;      /* unsigned, or an enum: the index in the row's words */
member_reader member_read_time_zone; /* const char *: a zone of the IANA database */

/* Has @node the form of a market's name? */
int reading_check_market(const struct reading *reading, const struct place *place,
                         const struct json_node *node);

/* Finds the language of a text. */
int reading_language(const struct reading *reading, const struct place *place,
                     const struct json_node *node, const struct aro_language **ret);

#endif
