// Real database servers for tests and benchmarks. Each starts in a new directory of its own, listens on a socket and a
// free port of localhost, and is gone with its object. They come from Debian's packages; where one is missing,
// missing() says which, and tests skip with that sentence.
#pragma once

#include <sys/types.h>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace redoubt::servers {

// A directory that is removed with its object; its owner may be another user than we.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class DatabaseServer {
 public:
  virtual ~DatabaseServer();
  // Of a role that may do everything, over TCP.
  std::string url() const { return url_of("redoubt", "bastion"); }
  virtual std::string url_of(const std::string& user, const std::string& password) const = 0;
  virtual void start() = 0;
  // As a power cut does.
  void kill();
  int port() const { return port_; }

 protected:
  // Data files lie in `data`, if given, else in a temporary directory. `user`: who runs the server, when we are root.
  // `end`: the signal that ends it at once and leaves nothing behind in the system.
  DatabaseServer(const char* user, int end, std::filesystem::path data);
  std::filesystem::path log() const { return home_.path() / "log"; }

  TemporaryDirectory home_;
  const char* user_;
  const int end_;
  std::filesystem::path data_;
  int port_;
  pid_t process_ = 0;
};

class PostgresqlServer final : public DatabaseServer {
 public:
  static std::optional<std::string> missing();
  // `settings`: lines of postgresql.conf.
  explicit PostgresqlServer(const std::vector<std::string>& settings = {}, std::filesystem::path data = {});
  std::string url_of(const std::string& user, const std::string& password) const override;
  void start() override;
};

class MariadbServer final : public DatabaseServer {
 public:
  static std::optional<std::string> missing();
  explicit MariadbServer(std::vector<std::string> options = {}, std::filesystem::path data = {});
  std::string url_of(const std::string& user, const std::string& password) const override;
  void start() override;

 private:
  std::vector<std::string> options_;
};

// A TCP relay in front of a server, to cut the wire or to let it fall silent.
class Relay {
 public:
  explicit Relay(int to_port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  int port() const { return port_; }
  void cut();      // resets every connection
  void silence();  // connections stay open, new ones too, and nothing passes any more

 private:
  void run(int to_port);
  struct State;
  State* state_;
  int port_ = 0;
};

}  // namespace redoubt::servers
