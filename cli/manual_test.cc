#include "cli/manual.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/file.h"
#include "cli/command.h"
#include "cli/command_line.h"

namespace redoubt::cli {
namespace {

// A program with everything the two generators must cope with: a group, choices, a positional, a hidden command.
class Manual : public testing::Test {
 protected:
  Manual() : root_("Guards data", "redoubt") {
    CLI::App* log = add_group(root_, "log", "Look into redo");
    CLI::App* info = add_command(*log, "info", "Say what is in a log", {"log info arch_1.dbf --format json"});
    info->add_option("FILE", files_, "log files")->required();
    info->add_option("--format", format_, "how it is written")->check(CLI::IsMember({"json", "text"}));
    info->add_option("-o,--output", output_, ".hidden\\file - or not");
    const std::map<std::string, int> policies{{"stop", 0}, {"skip", 1}};
    info->add_option("--on-gap", policy_, "at a hole")
        ->transform(CLI::CheckedTransformer(policies).description(""))
        ->type_name("stop|skip");
    info->add_flag("!--no-checksums", checksums_, "trust the bytes");
    add_command(root_, "manual", "Hidden", {})->group("");
  }

  // What bash offers after `line`, by sourcing the script as a user's shell does.
  std::string completions(const std::string& line) {
    const std::filesystem::path script = std::filesystem::path(testing::TempDir()) / "redoubt.bash";
    const std::filesystem::path out = std::filesystem::path(testing::TempDir()) / "completions";
    replace_file(script, bash_completion(root_) + "COMP_WORDS=(" + line + ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n" +
                             "_redoubt\necho \"${COMPREPLY[*]}\"\n");
    const std::string command = "bash " + script.string() + " > " + out.string();
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::string text = read_file(out);
    if (!text.empty()) text.pop_back();
    return text;
  }

  CLI::App root_;
  std::vector<std::string> files_;
  std::string format_, output_;
  int policy_ = 0;
  bool checksums_ = true;
};

TEST_F(Manual, PageHasEveryCommandOptionAndExample) {
  const std::string page = man_page(root_);
  EXPECT_NE(page.find(".SS redoubt log info\nSay what is in a log.\n"), std::string::npos) << page;
  EXPECT_NE(page.find(".TP\n\\fIFILE\\fR...\nlog files.\n"), std::string::npos) << page;
  EXPECT_NE(page.find(".TP\n\\fB\\-\\-format\\fR \\fIjson|text\\fR\nhow it is written.\n"), std::string::npos) << page;
  EXPECT_NE(page.find(".TP\n\\fB\\-\\-on\\-gap\\fR \\fIstop|skip\\fR\nat a hole.\n"), std::string::npos) << page;
  EXPECT_NE(page.find(".TP\n\\fB\\-\\-no\\-checksums\\fR\ntrust the bytes.\n"), std::string::npos) << page;
  EXPECT_NE(page.find("\\fB\\-o\\fR, \\fB\\-\\-output\\fR"), std::string::npos) << page;
  EXPECT_NE(page.find("\n\\&.hidden\\efile \\- or not.\n"), std::string::npos) << page;
  EXPECT_NE(page.find("redoubt log info arch_1.dbf \\-\\-format json\n"), std::string::npos) << page;
  EXPECT_EQ(page.find("Hidden"), std::string::npos) << page;
}

TEST_F(Manual, PageIsCleanRoff) {
  const auto whole = make_command_line();
  for (const CLI::App* root : {&root_, whole.get()}) {
    const std::filesystem::path page = std::filesystem::path(testing::TempDir()) / "redoubt.1";
    replace_file(page, man_page(*root));
    const std::string check = "test -z \"$(groff -man -ww -z " + page.string() + " 2>&1)\"";
    EXPECT_EQ(std::system(check.c_str()), 0) << man_page(*root);
  }
}

TEST_F(Manual, BashCompletesCommandsOptionsAndChoices) {
  EXPECT_EQ(completions("redoubt ''"), "log");
  EXPECT_EQ(completions("redoubt lo"), "log");
  EXPECT_EQ(completions("redoubt log i"), "info");
  EXPECT_EQ(completions("redoubt log info --f"), "--format");
  EXPECT_EQ(completions("redoubt log info --format ''"), "json text");
  EXPECT_EQ(completions("redoubt log info --format t"), "text");
  EXPECT_EQ(completions("redoubt log info --on-gap ''"), "stop skip");
  EXPECT_EQ(completions("redoubt log info arch"), "") << "file names are left to bash itself";
  EXPECT_EQ(completions("redoubt man"), "");
}

}  // namespace
}  // namespace redoubt::cli
