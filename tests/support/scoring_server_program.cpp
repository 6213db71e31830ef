#include "worker/scoring_server.h"

int main() { mlpipe::scoring_server_main(); }
