// Passwords: text that is never printed, and the three ways a user can give it.
//
//   password            in the configuration itself; ${NAME} is replaced there
//   password_file       the first line of a file; a warning when others than its owner may read it
//   password_command    what a shell command prints; nothing of it shows in the process list
//
// A Secret is overwritten when it goes. What read it from a file or a command leaves no other copy; a password in the
// configuration has gone through the YAML reader, whose buffers are not overwritten.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

namespace redoubt {

// Owns its bytes. There is no way to print it: whoever needs the text calls reveal() and says so by that.
class Secret {
 public:
  static constexpr std::size_t kSizeMax = 64 << 10;

  Secret() = default;
  explicit Secret(std::string_view text);
  Secret(const Secret& other) : Secret(other.reveal()) {}
  Secret(Secret&& other) noexcept { swap(other); }
  Secret& operator=(Secret other) noexcept {
    swap(other);
    return *this;
  }
  ~Secret();

  // Valid as long as this object.
  std::string_view reveal() const { return {text_.get(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  void swap(Secret& other) noexcept {
    text_.swap(other.text_);
    std::swap(size_, other.size_);
  }

  std::unique_ptr<char[]> text_;
  std::size_t size_ = 0;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;

// The first line of `path`, without its end. Calls `warn` with a sentence when group or others may read the file.
// Error(kOperation) when it cannot be read, is empty, or its line is longer than kSizeMax.
Secret secret_from_file(const std::filesystem::path& path, const std::function<void(std::string_view)>& warn);

// The first line that `command` prints, run by /bin/sh without input, in a process group of its own that is killed when
// `timeout` has passed. Error(kOperation) when it fails, prints nothing or too much, or takes too long: with what it
// wrote to standard error, never with what it printed.
Secret secret_from_command(const std::string& command, std::chrono::milliseconds timeout = std::chrono::seconds(10));

// Where a secret comes from; read each time it is asked for, so that a changed password is seen.
class SecretSource {
 public:
  void set_text(std::string_view text) { *this = {}, text_ = Secret(text); }
  void set_file(std::string_view path) { *this = {}, file_ = path; }
  void set_command(std::string_view command) { *this = {}, command_ = command; }

  // False: none was given, and read() gives an empty one.
  bool given() const { return !text_.empty() || !file_.empty() || !command_.empty(); }
  // Errors and warnings as above.
  Secret read(const std::function<void(std::string_view)>& warn) const;

 private:
  Secret text_;
  std::filesystem::path file_;
  std::string command_;
};

}  // namespace redoubt
