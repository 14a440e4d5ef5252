#include "loop/core_dump.h"
#include "loop/daemon.h"
#include "version.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: appeal-routerd --config FILE [--check] [--new-ledger]\n"
    "\n"
    "Gives each appeal that it reads from Kafka to the right person, by the\n"
    "rulebook. Runs in the foreground and logs to stderr, or to the journal where\n"
    "stderr is the journal's.\n"
    "\n"
    "  -c, --config FILE  the settings (appeal-router.yaml)\n"
    "      --check        read settings and rulebook, say what is wrong with them,\n"
    "                     and end\n"
    "      --new-ledger   begin a new ledger where the old one was lost: appeals that\n"
    "                     it held are read again from their topic as far as that\n"
    "                     still has them\n"
    "  -V, --version\n"
    "  -h, --help\n"
    "\n"
    "SIGTERM, SIGINT  finish what is under way, hand the shards over, end within 10 s\n"
    "SIGHUP           read settings and rulebook again, all or nothing\n"
    "\n"
    "Exit codes: 0 fine; 1 failed, a restart may help; 2 usage; 78 settings or\n"
    "rulebook wrong or missing, a restart does not help.\n"
    "\n"
    "appealctl(1) asks a running daemon how it does, and tries a rulebook without\n"
    "one.\n";

enum { OPTION_CHECK = 256, OPTION_NEW_LEDGER };

static const struct option options[] = {
    { "config", required_argument, NULL, 'c' },
    { "check", no_argument, NULL, OPTION_CHECK },
    { "new-ledger", no_argument, NULL, OPTION_NEW_LEDGER },
    { "version", no_argument, NULL, 'V' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

int main(int argc, char **argv)
{
    struct daemon_arguments arguments = { 0 };
    bool is_check = false;

    core_dump_forbid();
    for (int option; (option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1;) {
        switch (option) {
        case 'c': arguments.config_path = optarg; break;
        case OPTION_CHECK: is_check = true; break;
        case OPTION_NEW_LEDGER: arguments.accepts_new_ledger = true; break;
        case 'V': puts("appeal-routerd " ARO_VERSION); return EXIT_FINE;
        case 'h': fputs(help, stdout); return EXIT_FINE;
        default: fputs("Try 'appeal-routerd --help'.\n", stderr); return EXIT_USAGE;
        }
    }
    if (!arguments.config_path || optind < argc) {
        fputs(optind < argc ? "appeal-routerd: it takes options only\n"
                            : "appeal-routerd: --config FILE is missing\n",
              stderr);
        fputs("Try 'appeal-routerd --help'.\n", stderr);
        return EXIT_USAGE;
    }
    return is_check ? daemon_check(arguments.config_path) : daemon_run(&arguments);
}
