#include "cli/command.h"

int main(int argc, char** argv) { return mlpipe::cli::main(argc, argv); }
