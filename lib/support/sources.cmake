target_sources(appealrouter PRIVATE support/buffer.c support/error.c support/memory.c support/siphash.c)
