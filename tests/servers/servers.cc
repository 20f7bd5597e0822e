#include "tests/servers/servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

namespace redoubt::servers {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

std::string content(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Servers refuse to run as root, so then they run as the user their package made.
void become(const char* user) {
  if (geteuid() != 0) return;
  const passwd* entry = getpwnam(user);
  if (!entry || initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
    _exit(126);
}

void give(const fs::path& path, const char* user) {
  if (geteuid() != 0) return;
  const passwd* entry = getpwnam(user);
  if (!entry || chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0)
    fail(fmt::format("cannot give {} to {}", path.string(), user));
}

// Starts a program as `user` with its output in `log`. It dies with us.
pid_t start_program(const std::vector<std::string>& words, const char* user, const fs::path& log) {
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child != 0) return child;
  // Servers that share a directory for temporary files remove those of one another.
  const std::string temporary = log.parent_path() / "tmp";
  mkdir(temporary.c_str(), 0777);
  chmod(temporary.c_str(), 0777);
  setenv("TMPDIR", temporary.c_str(), 1);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, 1), dup2(out, 2);
  become(user);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (chdir("/") != 0) _exit(126);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  setsid();
  execv(arguments[0], arguments.data());
  _exit(127);
}

void run_program(const std::vector<std::string>& words, const char* user, const fs::path& log) {
  int status = 0;
  waitpid(start_program(words, user, log), &status, 0);
  if (status != 0) fail(fmt::format("{} failed: {}", fmt::join(words, " "), content(log)));
}

int listening_socket(int& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 64) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail("no free port");
  port = ntohs(address.sin_port);
  return fd;
}

int free_port() {
  int port = 0;
  close(listening_socket(port));
  return port;
}

int connected_socket(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

// Waits until something listens there, or the process has ended.
void await_port(int port, pid_t process, const fs::path& log) {
  for (int i = 0; i < 1200; ++i) {
    if (const int fd = connected_socket(port); fd >= 0) {
      close(fd);
      return;
    }
    if (waitpid(process, nullptr, WNOHANG) != 0) fail("the server ended: " + content(log));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  fail("the server does not listen: " + content(log));
}

fs::path postgresql_programs() {
  fs::path newest;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none))
    if (fs::exists(entry.path() / "bin/initdb")) newest = std::max(newest, entry.path() / "bin");
  return newest;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (fs::temp_directory_path() / "redoubt-XXXXXX").string();
  if (!mkdtemp(name.data())) fail("no temporary directory");
  path_ = name;
  fs::permissions(path_, fs::perms::others_exec | fs::perms::others_read, fs::perm_options::add);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

DatabaseServer::DatabaseServer(const char* user, int end, fs::path data)
    : user_(user), end_(end), data_(data.empty() ? home_.path() / "data" : std::move(data)), port_(free_port()) {
  fs::create_directories(data_);
  give(data_, user_);
}

DatabaseServer::~DatabaseServer() {
  if (process_ == 0) return;
  ::kill(process_, end_);
  waitpid(process_, nullptr, 0);
}

// The whole process group: PostgreSQL has a process per session.
void DatabaseServer::kill() {
  if (process_ == 0) return;
  ::kill(-process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

// --- PostgreSQL ---

std::optional<std::string> PostgresqlServer::missing() {
  if (!postgresql_programs().empty()) return std::nullopt;
  return "no PostgreSQL server here: apt-get install postgresql";
}

PostgresqlServer::PostgresqlServer(const std::vector<std::string>& settings, fs::path data)
    : DatabaseServer("postgres", SIGQUIT, std::move(data)) {
  const fs::path password = home_.path() / "password";
  std::ofstream(password) << "bastion";
  run_program({postgresql_programs() / "initdb", "-D", data_, "-U", "redoubt", "-A", "scram-sha-256", "--no-sync", "-E",
               "UTF8", "--locale=C.UTF-8", "--pwfile", password},
              user_, log());
  std::ofstream config(data_ / "postgresql.conf", std::ios::app);
  config << fmt::format("port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n", port_);
  for (const std::string& line : settings) config << line << '\n';
  config.close();
  start();
}

void PostgresqlServer::start() {
  const std::size_t before = content(log()).size();
  std::error_code none;
  fs::remove(data_ / "postmaster.pid", none);  // of one that was killed
  process_ = start_program({postgresql_programs() / "postgres", "-D", data_}, user_, log());
  await_port(port_, process_, log());
  // It listens before it has recovered.
  while (content(log()).find("ready to accept connections", before) == std::string::npos) {
    if (waitpid(process_, nullptr, WNOHANG) != 0) fail("the server ended: " + content(log()));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string PostgresqlServer::url_of(const std::string& user, const std::string& password) const {
  return fmt::format("postgresql://{}:{}@127.0.0.1:{}/postgres", user, password, port_);
}

// --- MariaDB ---

std::optional<std::string> MariadbServer::missing() {
  if (!fs::exists("/usr/sbin/mariadbd")) return "no MariaDB server here: apt-get install mariadb-server";
  return std::nullopt;
}

MariadbServer::MariadbServer(std::vector<std::string> options, fs::path data)
    : DatabaseServer("mysql", SIGKILL, std::move(data)), options_(std::move(options)) {
  run_program({"/usr/bin/mariadb-install-db", "--no-defaults", "--datadir=" + data_.string(), "--skip-test-db",
               "--auth-root-authentication-method=normal"},
              user_, log());
  const fs::path first = home_.path() / "first.sql";
  std::ofstream(first) << "CREATE DATABASE redoubt CHARACTER SET utf8mb4;\n"
                          "CREATE USER redoubt@'%' IDENTIFIED BY 'bastion';\n"
                          "GRANT ALL ON *.* TO redoubt@'%' WITH GRANT OPTION;\n";
  options_.push_back("--init-file=" + first.string());
  start();
  options_.pop_back();
}

void MariadbServer::start() {
  std::vector<std::string> words = {"/usr/sbin/mariadbd",
                                    "--no-defaults",
                                    "--datadir=" + data_.string(),
                                    "--socket=" + (data_ / "socket").string(),
                                    fmt::format("--port={}", port_),
                                    "--bind-address=127.0.0.1",
                                    "--skip-name-resolve",
                                    "--pid-file=" + (data_ / "pid").string()};
  words.insert(words.end(), options_.begin(), options_.end());
  process_ = start_program(words, user_, log());
  await_port(port_, process_, log());
}

std::string MariadbServer::url_of(const std::string& user, const std::string& password) const {
  return fmt::format("mariadb://{}:{}@127.0.0.1:{}/redoubt", user, password, port_);
}

// --- the relay ---

struct Relay::State {
  int listener = -1;
  std::atomic<bool> stop = false, cut = false, silent = false, is_silent = false;
  std::thread thread;
};

Relay::Relay(int to_port) : state_(new State) {
  state_->listener = listening_socket(port_);
  state_->thread = std::thread([this, to_port] { run(to_port); });
}

Relay::~Relay() {
  state_->stop = true;
  state_->thread.join();
  close(state_->listener);
  delete state_;
}

void Relay::cut() {
  state_->cut = true;
  while (state_->cut) std::this_thread::yield();
}

void Relay::silence() {
  state_->silent = true;
  while (!state_->is_silent) std::this_thread::yield();
}

void Relay::run(int to_port) {
  std::vector<pollfd> sockets;  // pairs: client, server
  const auto reset_all = [&] {
    const linger now{1, 0};  // close sends a reset
    for (const pollfd& s : sockets) {
      setsockopt(s.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      close(s.fd);
    }
    sockets.clear();
  };
  std::vector<char> buffer(1 << 16);
  while (!state_->stop) {
    if (state_->cut) {
      reset_all();
      state_->cut = false;
    }
    std::vector<pollfd> all = sockets;
    all.push_back({state_->listener, POLLIN, 0});
    if (state_->silent) {  // whoever connects is taken by the kernel
      state_->is_silent = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    poll(all.data(), all.size(), 5);
    std::set<std::size_t, std::greater<>> ended;  // pairs, the last first
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      if (all[i].revents == 0) continue;
      const ssize_t size = recv(all[i].fd, buffer.data(), buffer.size(), 0);
      if (size <= 0) {
        ended.insert(i & ~1UL);
        continue;
      }
      for (ssize_t sent = 0, n; sent < size; sent += n)
        if ((n = send(all[i ^ 1].fd, buffer.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL)) <= 0)
          break;
    }
    for (const std::size_t i : ended) {
      close(sockets[i].fd), close(sockets[i + 1].fd);
      const auto pair = sockets.begin() + static_cast<std::ptrdiff_t>(i);
      sockets.erase(pair, pair + 2);
    }
    if (all.back().revents & POLLIN) {
      const int client = accept4(state_->listener, nullptr, nullptr, SOCK_CLOEXEC);
      const int server = connected_socket(to_port);
      if (client >= 0 && server >= 0) {
        sockets.push_back({client, POLLIN, 0});
        sockets.push_back({server, POLLIN, 0});
      } else {
        if (client >= 0) close(client);
        if (server >= 0) close(server);
      }
    }
  }
  reset_all();
}

}  // namespace redoubt::servers
