#include "rules/rulebook.h"

#include <errno.h>

int aro_rulebook_check_event(const struct aro_rulebook *rulebook, const struct aro_event *event,
                             struct aro_error *reterr)
{
    if (!event->market || aro_market_is_country_code(event->market) ||
        aro_rulebook_find_market(rulebook, event->market))
        return 0;
    return aro_error_set_event(reterr, ARO_ERROR_FIELD, "market",
                               "market is neither two capital letters nor a name that the rulebook "
                               "declares");
}
