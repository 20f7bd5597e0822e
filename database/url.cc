#include "database/url.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/error.h"

namespace redoubt::database {

namespace {

struct Scheme {
  std::string_view prefix;
  Engine engine;
};

// The first of an engine is the one that is shown.
constexpr std::array<Scheme, 7> kSchemes = {{{"sqlite:", Engine::kSqlite},
                                             {"postgresql://", Engine::kPostgresql},
                                             {"postgres://", Engine::kPostgresql},
                                             {"mariadb://", Engine::kMariadb},
                                             {"mysql://", Engine::kMariadb},
                                             {"oracle://", Engine::kOracle},
                                             {"odbc:", Engine::kOdbc}}};

constexpr std::string_view kForms =
    "sqlite:FILE, postgresql://user@host:5432/name, mariadb://user@host:3306/name, oracle://user@host:1521/service, "
    "host:port/service or odbc:DSN=name";

[[noreturn]] void refuse(std::string_view what) {
  // The text itself may hold a password, so it is not repeated.
  throw Error(ErrorCode::kUsage, "database URL", what, fmt::format("write {}", kForms));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) refuse("a % is not followed by two hex digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_' ||
                       c == '.' || c == '~' || c == '#' || c == '$';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// Cuts `text` at the first `mark` and returns what is behind it, if there is one.
std::optional<std::string_view> cut(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == text.npos) return std::nullopt;
  const std::string_view rest = text.substr(at + 1);
  text = text.substr(0, at);
  return rest;
}

int port_of(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535)
    refuse("the port is no number from 1 to 65535");
  return port;
}

void take_host(std::string_view text, Url& url) {
  if (text.starts_with('[')) {  // IPv6
    const std::size_t end = text.find(']');
    if (end == text.npos) refuse("an address opens with [ and does not end with ]");
    url.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (text.starts_with(':'))
      url.port = port_of(text.substr(1));
    else if (!text.empty())
      refuse("something stands between ] and the port");
    return;
  }
  const auto port = cut(text, ':');
  url.host = decoded(text);
  if (port) url.port = port_of(*port);
}

// user:password@host:port/name?options
void take_authority(std::string_view text, Url& url) {
  if (const auto options = cut(text, '?')) {
    std::string_view rest = *options;
    while (!rest.empty()) {
      const auto more = cut(rest, '&');
      std::string_view key = rest;
      const auto value = cut(key, '=');
      if (key.empty() || !value) refuse("an option behind ? is not name=value");
      url.options[decoded(key)] = decoded(*value);
      rest = more.value_or("");
    }
  }
  if (const auto name = cut(text, '/')) url.name = decoded(*name);
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    std::string_view user = text.substr(0, at);
    text.remove_prefix(at + 1);
    if (const auto password = cut(user, ':')) url.password = decoded(*password);
    url.user = decoded(user);
  }
  take_host(text, url);
}

std::string capitals(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

bool is_secret(std::string_view key) {
  const std::string name = capitals(key);
  return name.find("PASS") != name.npos || name.find("PWD") != name.npos;
}

// Calls `take(key, value)` for each part of an ODBC connection string; values in braces, which may hold semicolons and
// where }} is a brace, as they are written.
template <class Take>
void each_part(std::string_view text, Take&& take) {
  while (!text.empty()) {
    std::size_t end = 0;
    const std::size_t equals = text.find_first_of("=;");
    if (equals != text.npos && text.substr(equals).starts_with("={")) {
      end = equals + 2;
      while (end < text.size() && (text[end] != '}' || text.substr(end).starts_with("}}")))
        end += text[end] == '}' ? 2 : 1;
      end = text.find(';', std::min(end, text.size()));
    } else {
      end = text.find(';');
    }
    std::string_view key = text.substr(0, end);
    const auto value = cut(key, '=');
    if (!key.empty()) take(key, value);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

std::string out_of_braces(std::string_view value) {
  if (!value.starts_with('{')) return std::string(value);
  std::string out;
  for (std::size_t i = 1; i < value.size() && (value[i] != '}' || value.substr(i).starts_with("}}")); ++i) {
    out += value[i];
    if (value[i] == '}') ++i;
  }
  return out;
}

// An ODBC connection string without its passwords: whatever is named like one.
std::string without_secrets(std::string_view text) {
  std::string out;
  each_part(text, [&](std::string_view key, std::optional<std::string_view> value) {
    if (!out.empty()) out += ';';
    out += key;
    if (value) out += fmt::format("={}", is_secret(key) ? "***" : *value);
  });
  return out;
}

// UID and PWD become user and password, so that those of a configuration can stand in their place.
void take_odbc(std::string_view text, Url& url) {
  each_part(text, [&](std::string_view key, std::optional<std::string_view> value) {
    const std::string name = capitals(key);
    if (value && name == "UID") {
      url.user = out_of_braces(*value);
    } else if (value && name == "PWD") {
      url.password = out_of_braces(*value);
    } else {
      url.name += fmt::format("{}{}", url.name.empty() ? "" : ";", key);
      if (value) url.name += fmt::format("={}", *value);
    }
  });
}

}  // namespace

std::string_view name_of(Engine engine) {
  switch (engine) {
    case Engine::kSqlite: return "SQLite";
    case Engine::kPostgresql: return "PostgreSQL";
    case Engine::kMariadb: return "MariaDB";
    case Engine::kOracle: return "Oracle";
    case Engine::kOdbc: return "ODBC";
  }
  return "?";
}

std::string Url::shown() const {
  if (engine == Engine::kSqlite) return "sqlite:" + name;
  if (engine == Engine::kOdbc)
    return fmt::format("odbc:{}{}{}", without_secrets(name), user.empty() ? "" : ";UID=", user);
  const auto* scheme =
      std::find_if(kSchemes.begin(), kSchemes.end(), [&](const Scheme& s) { return s.engine == engine; });
  std::string out(scheme->prefix);
  if (!user.empty()) out += encoded(user) + '@';
  out += host.find(':') == host.npos ? encoded(host) : '[' + host + ']';
  if (port) out += fmt::format(":{}", port);
  if (!name.empty()) out += '/' + encoded(name);
  char mark = '?';
  for (const auto& [key, value] : options) {
    if (is_secret(key)) continue;
    out += mark + encoded(key) + '=' + encoded(value);
    mark = '&';
  }
  return out;
}

Url parse_url(std::string_view text) {
  Url url;
  for (const Scheme& scheme : kSchemes) {
    if (!text.starts_with(scheme.prefix)) continue;
    text.remove_prefix(scheme.prefix.size());
    url.engine = scheme.engine;
    if (url.engine == Engine::kSqlite || url.engine == Engine::kOdbc) {
      if (text.starts_with("//")) text.remove_prefix(2);  // sqlite:///var/lib/x.db
      url.engine == Engine::kOdbc ? take_odbc(text, url) : void(url.name = text);
    } else {
      take_authority(text, url);
      if (url.engine == Engine::kOracle && (url.host.empty() || url.name.empty()))
        refuse("an Oracle database needs a host and a service");
    }
    if (url.name.empty() && (url.engine == Engine::kSqlite || url.engine == Engine::kOdbc))
      refuse("there is nothing behind the colon");
    return url;
  }
  // host:port/service, Oracle's easy connect
  const std::size_t colon = text.find(':'), slash = text.find('/');
  if (colon == text.npos || slash == text.npos || slash < colon || slash == colon + 1)
    refuse("it is none of the known forms");
  url.engine = Engine::kOracle;
  take_authority(text, url);
  return url;
}

}  // namespace redoubt::database
