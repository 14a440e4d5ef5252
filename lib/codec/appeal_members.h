/* Readers of the members that only appeals have. Their target is the event. */
#ifndef ARO_CODEC_APPEAL_MEMBERS_H
#define ARO_CODEC_APPEAL_MEMBERS_H

#include "codec/member.h"

member_reader member_read_appeal_languages, member_read_subject, member_read_decision,
    member_read_exclude, member_read_attributes;

#endif
