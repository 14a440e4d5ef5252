/* Readers of the members that only agents have. Their target is the event. */
#ifndef ARO_CODEC_AGENT_MEMBERS_H
#define ARO_CODEC_AGENT_MEMBERS_H

#include "codec/member.h"

member_reader member_read_agent_languages, member_read_markets, member_read_queues,
    member_read_skills, member_read_shifts;

#endif
