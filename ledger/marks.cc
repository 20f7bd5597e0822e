// Checkpoints, restore points and settings.
#include <fmt/format.h>
#include <xxhash.h>
#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/nearest.h"
#include "ledger/ledger.h"
#include "ledger/reading.h"

namespace redoubt::ledger {

using database::Batch;
using database::row;

namespace {

std::int64_t checksum_of(std::string_view stream, std::int64_t number, std::string_view body) {
  const std::string all = fmt::format("{}\n{}\n{}", stream, number, body);
  return static_cast<std::int64_t>(XXH3_64bits(all.data(), all.size()));
}

// Oracle's rules: a letter, then letters, digits and _ $ #, at most 128 bytes; case does not count.
std::string point_name(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  const auto letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto legal = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '#'; };
  if (upper.empty() || upper.size() > 128 || !letter(upper.front()) || !std::all_of(upper.begin(), upper.end(), legal))
    throw Error(ErrorCode::kUsage, "", fmt::format("{} is no name of a restore point", name),
                "a letter first, then letters, digits and _ $ #, 128 at most");
  return upper;
}

// How often a number is looked for that another writer may take. The waits between grow, so that no writer of a crowd
// loses for ever to those that come right after their last win: all together 5 s.
constexpr int kCheckpointAttempts = 100;
constexpr std::chrono::milliseconds kCheckpointWait{1};

}  // namespace

// Another writer of the same stream may take the number between our look and our insert; then we look again.
std::int64_t Ledger::save_checkpoint(std::string_view stream, std::string_view body) {
  for (int attempt = 1;; ++attempt) {
    const std::int64_t number =
        1 + integer(connection_->read_row("SELECT coalesce(max(number), 0) FROM redoubt_checkpoint WHERE stream = $1",
                                          row(stream)),
                    0, 0);
    const auto inserted = connection_->execute(
        "INSERT INTO redoubt_checkpoint (stream, number, made, body, checksum) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (stream, number) DO NOTHING",
        row(stream, number, now(), body, checksum_of(stream, number, body)));
    if (inserted == std::vector<std::int64_t>{1}) return number;
    if (attempt == kCheckpointAttempts)
      throw Error(ErrorCode::kBusy, place(),
                  fmt::format("other processes write checkpoints of {} all the time", stream),
                  "a stream has one writer: stop the others");
    std::this_thread::sleep_for(attempt * kCheckpointWait);
  }
}

void Ledger::each_checkpoint(std::string_view stream, const std::function<bool(Checkpoint&)>& take) {
  const auto rows = connection_->read(
      "SELECT number, made, body, checksum FROM redoubt_checkpoint WHERE stream = $1 ORDER BY number DESC",
      row(stream));
  // Bodies may be large, and mostly the first is enough.
  Batch batch(rows->columns().size(), 1);
  while (rows->next(batch)) {
    Checkpoint c{integer(batch, 0, 0), integer(batch, 1, 0), text(batch, 2, 0)};
    c.whole = integer(batch, 3, 0) == checksum_of(stream, c.number, c.body);
    if (!take(c)) return;
  }
}

std::vector<Checkpoint> Ledger::checkpoints(std::string_view stream) {
  std::vector<Checkpoint> out;
  each_checkpoint(stream, [&](Checkpoint& c) {
    out.push_back(std::move(c));
    return true;
  });
  return out;
}

std::optional<Checkpoint> Ledger::newest_checkpoint(std::string_view stream) {
  std::optional<Checkpoint> newest;
  each_checkpoint(stream, [&](Checkpoint& c) {
    if (c.whole) newest = std::move(c);
    return !newest.has_value();
  });
  return newest;
}

void Ledger::remove_checkpoints(std::string_view stream, const std::vector<std::int64_t>& numbers) {
  Batch batch(2, std::max<std::size_t>(numbers.size(), 1));
  for (const std::int64_t number : numbers) add(batch[0], stream), add(batch[1], number);
  connection_->execute("DELETE FROM redoubt_checkpoint WHERE stream = $1 AND number = $2", batch);
}

void Ledger::add_point(const RestorePoint& p) {
  const std::string name = point_name(p.name);
  const auto inserted = connection_->execute(
      "INSERT INTO redoubt_point (name, database, position, time, created, guaranteed, protected, batch, "
      "step, attempt, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (name) DO NOTHING",
      row(name, p.database, p.position, p.time, now(), p.guaranteed, p.is_protected, p.batch, p.step, p.attempt,
          p.note));
  if (inserted != std::vector<std::int64_t>{1})
    throw Error(ErrorCode::kUsage, place(), fmt::format("a restore point {} exists already", name),
                "choose another name, or drop it first");
}

std::vector<RestorePoint> Ledger::points() {
  std::vector<RestorePoint> out;
  each_row(*connection_,
           "SELECT name, database, position, time, created, guaranteed, protected, batch, step, attempt, note FROM "
           "redoubt_point "
           "ORDER BY time, name",
           Batch(0), [&](const Batch& batch, std::size_t i) {
             out.push_back({text(batch, 0, i), text(batch, 1, i), text(batch, 2, i), integer(batch, 3, i),
                            integer(batch, 4, i), integer(batch, 5, i) != 0, integer(batch, 6, i) != 0,
                            text(batch, 7, i), text(batch, 8, i), integer(batch, 9, i), text(batch, 10, i)});
           });
  return out;
}

RestorePoint Ledger::point(std::string_view name) {
  const std::string wanted = point_name(name);
  std::vector<RestorePoint> all = points();
  for (RestorePoint& p : all)
    if (p.name == wanted) return std::move(p);
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return edit_distance(a.name, wanted) < edit_distance(b.name, wanted);
  });
  std::string nearest;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, all.size()); ++i) nearest += (i ? ", " : "") + all[i].name;
  throw Error(ErrorCode::kUnknown, place(), fmt::format("no restore point is called {}", wanted),
              nearest.empty() ? "there are none" : "the nearest are " + nearest);
}

void Ledger::drop_point(std::string_view name) {
  connection_->execute("DELETE FROM redoubt_point WHERE name = $1", row(point(name).name));
}

void Ledger::protect_point(std::string_view name, bool on) {
  connection_->execute("UPDATE redoubt_point SET protected = $1 WHERE name = $2", row(on, point(name).name));
}

std::optional<std::string> Ledger::setting(std::string_view key) {
  const Batch found = connection_->read_row("SELECT value FROM redoubt_setting WHERE key = $1", row(key));
  return found.rows() == 0 ? std::nullopt : std::optional(text(found, 0, 0));
}

void Ledger::set(std::string_view key, std::string_view value) {
  connection_->execute(
      "INSERT INTO redoubt_setting (key, value) VALUES ($1, $2) "
      "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      row(key, value));
}

}  // namespace redoubt::ledger
