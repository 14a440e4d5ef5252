target_sources(appealrouter PRIVATE domain/time.c)
