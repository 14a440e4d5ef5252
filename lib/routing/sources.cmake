# routing/ sources
