target_sources(appealrouter PRIVATE support/arena.c support/buffer.c support/decimal.c support/document.c support/document_builder.c support/document_plain.c support/error.c
  support/memory.c support/nearest.c support/number_tree.c support/scalar.c support/series.c support/sha256.c support/siphash.c support/spot.c
  support/table.c)
