target_sources(appealrouter PRIVATE
  routing/agent.c routing/agent_choice.c routing/agent_class.c routing/agent_events.c routing/agent_turn.c routing/agent_work.c
  routing/announcement.c routing/appeal.c routing/appeal_class.c routing/appeal_events.c routing/appeal_past.c routing/appeal_timer.c
  routing/appellant.c routing/arrangement.c routing/assignment.c routing/census.c routing/criteria.c routing/crowd.c routing/details.c routing/effects.c
  routing/event_check.c routing/exclusion.c routing/explain.c routing/filter.c routing/group.c routing/handling.c routing/independence.c routing/ladder.c routing/launch.c
  routing/ledger_record.c routing/ledger_restore.c routing/line.c routing/line_tree.c routing/market.c routing/market_job.c routing/merging.c
  routing/names.c routing/past.c
  routing/queue.c routing/reload.c routing/reroute.c routing/route.c routing/router.c routing/shift.c routing/subject.c routing/timers.c routing/turn.c routing/views.c)
