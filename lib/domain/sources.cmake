target_sources(appealrouter PRIVATE domain/event.c domain/language.c domain/text.c domain/time.c)
