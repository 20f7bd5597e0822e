// The program: hands the command line to cli/.
#include "cli/command_line.h"

int main(int argc, char** argv) { return redoubt::cli::run(argc, argv); }
