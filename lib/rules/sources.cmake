# rules/ sources
