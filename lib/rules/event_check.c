#include <aro/rulebook.h>

#include <errno.h>

static bool is_country_code(const char *market)
{
    return market[0] >= 'A' && market[0] <= 'Z' && market[1] >= 'A' && market[1] <= 'Z' &&
           market[2] == '\0';
}

int aro_rulebook_check_event(const struct aro_rulebook *rulebook, const struct aro_event *event,
                             struct aro_error *reterr)
{
    if (!event->market || is_country_code(event->market) ||
        aro_rulebook_find_market(rulebook, event->market))
        return 0;
    return aro_error_set_event(reterr, ARO_ERROR_FIELD, "market",
                               "market is neither two capital letters nor a name that the rulebook "
                               "declares");
}
