// redoubt dictionary: how a database's dictionary is written for capture.
#include <memory>

#include "base/file.h"
#include "cli/command.h"
#include "oracle/dictionary_script.h"

namespace redoubt::cli {

void add_dictionary_command(CLI::App& root) {
  auto script = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(root, "dictionary", "Write the dictionary of a database", {"dictionary --script > dictionary.sql"});
  command->add_flag("--script", *script, "print the SQL*Plus script that spools it")->required();
  on_run(command, [script] {  // which is written to when the options are parsed
    OutputFile("-").write(oracle::dictionary_script());
    return 0;
  });
}

}  // namespace redoubt::cli
