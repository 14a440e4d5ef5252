# tests of routing
