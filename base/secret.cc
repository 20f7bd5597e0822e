#include "base/secret.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/printable.h"

extern char** environ;

namespace redoubt {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kErrorTextMax = 500;  // of standard error, in the message

// Room for a secret of unknown size that is overwritten whatever happens.
class Scratch {
 public:
  ~Scratch() { ::explicit_bzero(bytes_.data(), bytes_.size()); }
  char* free() { return bytes_.data() + size_; }
  std::size_t room() const { return bytes_.size() - size_; }
  void add(std::size_t n) { size_ += n; }

  // The first line; `whose` names who gave it.
  Secret line(std::string_view whose) const {
    std::string_view text(bytes_.data(), size_);
    text = text.substr(0, text.find('\n'));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.size() > Secret::kSizeMax)
      throw Error(ErrorCode::kOperation, whose, "has a first line too long for a password");
    if (text.empty()) throw Error(ErrorCode::kOperation, whose, "has no password in its first line");
    return Secret(text);
  }

 private:
  std::array<char, Secret::kSizeMax + 2> bytes_ = {};  // one line end, too
  std::size_t size_ = 0;
};

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0)
      throw Error(ErrorCode::kOperation, "password_command", fmt::format("no pipe: {}", std::strerror(errno)));
  }
  ~Pipe() {
    ::close(ends_[0]);
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  int ends_[2];
};

// A shell command with both outputs in pipes; killed with all it started when this object goes before it.
class Shell {
 public:
  Shell(const std::string& command, Pipe& out, Pipe& err) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.write_end(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.write_end(), STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    const char* arguments[] = {"sh", "-c", command.c_str(), nullptr};
    const int failure =
        posix_spawn(&pid_, "/bin/sh", &actions, &attributes, const_cast<char* const*>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failure != 0)
      throw Error(ErrorCode::kOperation, "password_command",
                  fmt::format("/bin/sh cannot be started: {}", std::strerror(failure)));
    out.close_write();
    err.close_write();
  }
  ~Shell() {
    if (ended_) return;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  }
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;

  // Whether it ended before `deadline`; then status() is what waitpid() says.
  bool wait(Clock::time_point deadline) {
    for (;; std::this_thread::sleep_for(std::chrono::milliseconds(2))) {
      const pid_t done = ::waitpid(pid_, &status_, WNOHANG);
      if (done == pid_ || (done < 0 && errno != EINTR)) return ended_ = true;
      if (Clock::now() >= deadline) return false;
    }
  }
  int status() const { return status_; }

 private:
  pid_t pid_ = 0;
  int status_ = 0;
  bool ended_ = false;
};

// Fills `secret` and `complaint` until the command closes standard output or `deadline` has passed (false). What does
// not fit is read and dropped, so that the command can end; of `secret` that is told by a full buffer.
bool listen(const Pipe& out, const Pipe& err, Scratch& secret, std::string& complaint, Clock::time_point deadline) {
  pollfd waiting[] = {{out.read_end(), POLLIN, 0}, {err.read_end(), POLLIN, 0}};
  std::array<char, 4096> rest;
  while (waiting[0].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    if (::poll(waiting, 2, static_cast<int>(std::min<decltype(left)>(left, 60'000))) <= 0) continue;
    if (waiting[0].revents != 0) {
      const bool full = secret.room() == 0;
      const ssize_t n = ::read(waiting[0].fd, full ? rest.data() : secret.free(), full ? rest.size() : secret.room());
      if (n > 0 && !full) secret.add(static_cast<std::size_t>(n));
      if (n == 0) waiting[0].fd = -1;
    }
    if (waiting[1].fd >= 0 && waiting[1].revents != 0) {
      const ssize_t n = ::read(waiting[1].fd, rest.data(), rest.size());
      if (n > 0 && complaint.size() < kErrorTextMax) complaint.append(rest.data(), static_cast<std::size_t>(n));
      if (n == 0) waiting[1].fd = -1;
    }
  }
  ::explicit_bzero(rest.data(), rest.size());
  return true;
}

// What is in the pipe by now; whoever the command left behind may hold it open for ever.
void drain(const Pipe& err, std::string& complaint) {
  std::array<char, 4096> text;
  pollfd ready{err.read_end(), POLLIN, 0};
  while (complaint.size() < kErrorTextMax && ::poll(&ready, 1, 0) > 0) {
    const ssize_t n = ::read(err.read_end(), text.data(), text.size());
    if (n <= 0) return;
    complaint.append(text.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace

Secret::Secret(std::string_view text) : size_(text.size()) {
  if (text.empty()) return;
  text_ = std::make_unique_for_overwrite<char[]>(size_);
  std::memcpy(text_.get(), text.data(), size_);
}

Secret::~Secret() {
  if (text_) ::explicit_bzero(text_.get(), size_);
}

Secret secret_from_file(const std::filesystem::path& path, const std::function<void(std::string_view)>& warn) {
  const InputFile file(path);
  struct stat facts;
  if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    warn(fmt::format("{}: others than its owner have rights on it; run: chmod 600 {}", path.string(), path.string()));
  Scratch scratch;
  scratch.add(file.read(0, reinterpret_cast<std::uint8_t*>(scratch.free()), scratch.room()));
  return scratch.line(path.string());
}

Secret secret_from_command(const std::string& command, std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  Scratch scratch;
  std::string complaint;
  Pipe out, err;
  Shell shell(command, out, err);
  const bool in_time = listen(out, err, scratch, complaint, deadline) && shell.wait(deadline);
  drain(err, complaint);
  while (complaint.ends_with('\n')) complaint.pop_back();
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCode::kOperation, "password_command",
                complaint.empty() ? what : fmt::format("{}: {}", what, printable(complaint, kErrorTextMax)));
  };
  if (!in_time) fail(fmt::format("has not ended after {} ms and was killed", timeout.count()));
  if (WIFSIGNALED(shell.status())) fail(fmt::format("was ended by signal {}", WTERMSIG(shell.status())));
  if (WEXITSTATUS(shell.status()) != 0) fail(fmt::format("failed with exit code {}", WEXITSTATUS(shell.status())));
  return scratch.line("password_command");
}

Secret SecretSource::read(const std::function<void(std::string_view)>& warn) const {
  if (!file_.empty()) return secret_from_file(file_, warn);
  if (!command_.empty()) return secret_from_command(command_);
  return text_;
}

}  // namespace redoubt
