target_sources(appealrouter PRIVATE codec/json_writer.c)
