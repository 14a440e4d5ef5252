target_sources(appealrouter PRIVATE codec/agent_members.c codec/appeal_members.c codec/event_members.c
  codec/event_memory.c codec/event_reader.c codec/json_reader.c codec/json_writer.c codec/member.c
  codec/member_values.c codec/trace_context.c)
