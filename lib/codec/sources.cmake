target_sources(appealrouter PRIVATE codec/event_members.c codec/event_reader.c codec/json_reader.c
  codec/json_writer.c codec/trace_context.c)
