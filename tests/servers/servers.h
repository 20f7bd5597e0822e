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
  virtual ~DatabaseServer() = default;
  // Of a role that may do everything, over TCP.
  virtual std::string url() const = 0;
  virtual std::string url_of(const std::string& user, const std::string& password) const = 0;
  virtual void start() = 0;
  // As a power cut does.
  virtual void kill() = 0;
};

class PostgresqlServer final : public DatabaseServer {
 public:
  static std::optional<std::string> missing();
  // `settings`: lines of postgresql.conf. Data files lie in `data`, if given, else in a temporary directory.
  explicit PostgresqlServer(const std::vector<std::string>& settings = {}, std::filesystem::path data = {});
  ~PostgresqlServer() override;
  std::string url() const override;
  std::string url_of(const std::string& user, const std::string& password) const override;
  void start() override;
  void kill() override;
  int port() const { return port_; }

 private:
  TemporaryDirectory home_;
  std::filesystem::path data_;
  int port_;
  pid_t process_ = 0;
};

class MariadbServer final : public DatabaseServer {
 public:
  static std::optional<std::string> missing();
  explicit MariadbServer(std::vector<std::string> options = {}, std::filesystem::path data = {});
  ~MariadbServer() override;
  std::string url() const override;
  std::string url_of(const std::string& user, const std::string& password) const override;
  void start() override;
  void kill() override;
  int port() const { return port_; }

 private:
  TemporaryDirectory home_;
  std::filesystem::path data_;
  std::vector<std::string> options_;
  int port_;
  pid_t process_ = 0;
};

// A TCP relay in front of a server, to cut the wire.
class Relay {
 public:
  explicit Relay(int to_port);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  int port() const { return port_; }
  void cut();  // resets every connection

 private:
  void run(int to_port);
  struct State;
  State* state_;
  int port_ = 0;
};

}  // namespace redoubt::servers
