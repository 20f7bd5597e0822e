#include "sink/file_sink.h"

#include <gtest/gtest.h>

#include <fstream>

namespace redoubt::sink {
namespace {

class FileSinkTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string content() const { return read_file(path_); }
  // Tests run side by side.
  const std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string("file_sink_test_") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".jsonl");
};

TEST_F(FileSinkTest, WhatCameBehindTheTokenIsWrittenAgain) {
  FileSink::Token token;
  {
    FileSink sink(path_);
    sink.write("one\n");
    token = sink.sync();
    sink.write("two\nthr");
  }
  EXPECT_EQ(token.length, 4U);
  FileSink sink(path_, token);
  sink.write("two\nthree\n");
  EXPECT_EQ(sink.sync().length, 14U);
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
}

TEST_F(FileSinkTest, TheTokenIsTheSameHoweverItWasWritten) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i) + "\n";
  FileSink::Token at_once, in_parts;
  {
    FileSink sink(path_);
    sink.write(text);
    at_once = sink.sync();
  }
  {
    FileSink sink(path_);
    for (std::size_t i = 0; i < text.size(); i += 7) sink.write(std::string_view(text).substr(i, 7));
    in_parts = sink.sync();
  }
  EXPECT_EQ(at_once, in_parts);
  EXPECT_EQ(FileSink(path_, at_once).sync(), at_once);
}

TEST_F(FileSinkTest, AnotherFileIsRefusedAndLeftAlone) {
  FileSink::Token token;
  {
    FileSink sink(path_);
    sink.write("one\ntwo\n");
    token = sink.sync();
  }
  for (const std::string other : {"one\ntwx\nthree\n", "one\n", ""}) {
    std::ofstream(path_) << other;
    try {
      FileSink sink(path_, token);
      FAIL() << other;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kIntegrity);
    }
    EXPECT_EQ(content(), other);
  }
}

}  // namespace
}  // namespace redoubt::sink
