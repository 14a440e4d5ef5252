"""Says of the modules that decide who gets an appeal whether the tests take every branch; ends with 1 where not."""

import json
import sys

CORE = {
    "agent choice": ["routing/agent_choice.c", "routing/agent_work.c", "routing/agent_turn.c", "routing/criteria.c",
                     "routing/crowd.c", "routing/filter.c", "routing/independence.c"],
    "ladder": ["routing/ladder.c"],
    "offers": ["routing/assignment.c", "routing/appeal_timer.c"],
    "conditions": ["rules/condition.c", "rules/conjunction.c"],
}


def main():
    with open(sys.argv[1]) as stream:
        files = {file["filename"]: file for file in json.load(stream)["files"]}
    is_whole = True
    for part, names in CORE.items():
        for name in names:
            file = files[f"lib/{name}"]
            missing = file["branch_total"] - file["branch_covered"]
            is_whole = is_whole and missing == 0
            print(f"{part:13} {name:24} {file['branch_covered']:4} of {file['branch_total']:4} branches"
                  + (f", {missing} not taken" if missing else ""))
    print("the decisions themselves: " + ("100 % of the branches" if is_whole else "NOT every branch is taken") + "\n")
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
