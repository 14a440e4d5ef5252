target_sources(appealrouter PRIVATE domain/event.c domain/language.c domain/time.c)
