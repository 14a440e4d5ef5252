target_sources(appealrouter PRIVATE domain/language.c domain/time.c)
