#include "capture/checkpoint.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

namespace redoubt::capture {
namespace {

using Json = nlohmann::ordered_json;
using oracle::Xid;

constexpr int kFormat = 3;

Xid xid_from(const std::string& text) {
  unsigned usn = 0, slt = 0, sqn = 0;
  int end = 0;
  if (std::sscanf(text.c_str(), "%u.%u.%u%n", &usn, &slt, &sqn, &end) != 3 || text.begin() + end != text.end() ||
      usn > 0xFFFF || slt > 0xFFFF)
    throw Malformed("'" + text + "' is no XID");
  return {static_cast<std::uint16_t>(usn), static_cast<std::uint16_t>(slt), sqn};
}

template <class T>
T number(const Json& json) {
  if (!json.is_number_unsigned()) throw Malformed("a number is missing");
  const auto value = json.get<std::uint64_t>();
  if (value > std::numeric_limits<T>::max()) throw Malformed(fmt::format("{} is too large", value));
  return static_cast<T>(value);
}

Json json_of(const RecordKey& key) {
  return {{"scn", key.scn},
          {"thread", key.thread},
          {"sub_scn", key.sub_scn},
          {"rba", {key.rba.sequence, key.rba.block, key.rba.offset}}};
}

RecordKey key_from(const Json& json) {
  const Json& rba = json.at("rba");
  return {number<Scn>(json.at("scn")),
          number<std::uint16_t>(json.at("thread")),
          number<std::uint16_t>(json.at("sub_scn")),
          {number<std::uint32_t>(rba.at(0)), number<std::uint32_t>(rba.at(1)), number<std::uint16_t>(rba.at(2))}};
}

}  // namespace

std::map<std::uint16_t, std::uint32_t> Checkpoint::floor() const {
  std::map<std::uint16_t, std::uint32_t> sequences;
  for (const auto& [number, thread] : point.threads) sequences[number] = thread.low.sequence;
  return sequences;
}

std::string to_json(const Checkpoint& c) {
  Json threads = Json::object();
  for (const auto& [number, thread] : c.point.threads) {
    const Checkpoint::Reading& reading = c.reading.at(number);
    Json low = {{"seq", thread.low.sequence}, {"block", thread.low.block}};
    if (thread.holder != Xid{}) low["xid"] = to_text(thread.holder);
    threads[std::to_string(number)] = {{"status", reading.status},        {"seq", reading.next.sequence},
                                       {"block", reading.next.block},     {"low", std::move(low)},
                                       {"bound", thread.bound},           {"released", json_of(thread.released)},
                                       {"block_size", reading.block_size}};
  }
  Json saved = Json::array();
  for (const RestartPoint::Saved& s : c.point.saved) {
    Json starts = Json::object();
    for (const auto& [thread, start] : s.starts) starts[std::to_string(thread)] = {start.sequence, start.block};
    saved.push_back({{"con", s.id.con_id},
                     {"xid", to_text(s.id.xid)},
                     {"scn", s.begin_scn},
                     {"file", s.spill.file},
                     {"length", s.spill.length},
                     {"checksum", s.spill.checksum},
                     {"starts", std::move(starts)}});
  }
  Json proofs = Json::array();
  for (const auto& [table, proof] : c.point.key_proofs) proofs.push_back({table.first, table.second, proof});
  const Json json = {
      {"format", kFormat},
      {"database", {{"name", c.database}, {"dbid", c.dbid}}},
      {"incarnation", {{"resetlogs_id", c.resetlogs}, {"resetlogs_scn", c.resetlogs_scn}}},
      {"released", json_of(c.point.released)},
      {"index", {{"scn", c.point.index_scn}, {"next", c.point.next_index}}},
      {"watermark", c.point.watermark},
      {"low_scn", c.point.low_scn},
      {"time", fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(std::time(nullptr)))},
      {"threads", std::move(threads)},
      {"saved", std::move(saved)},
      {"dictionary", {{"scn", c.dictionary_scn}, {"files", c.dictionary_files}, {"changes", c.dictionary_changes}}},
      {"key_proofs", std::move(proofs)},
      {"sink", {{"kind", c.sink_kind}, {"path", c.sink_path}, {"length", c.sink_length}, {"tail", c.sink_tail}}},
      {"filter", c.filter}};
  return json.dump();
}

Checkpoint checkpoint_from_json(std::string_view text, std::string_view place) {
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorCode::kUnknown, place, fmt::format("is no whole checkpoint: {}", why),
                 "take another one: redoubt checkpoint show lists them");
  };
  try {
    const Json json = Json::parse(text);
    if (const int format = json.at("format").get<int>(); format != kFormat)
      throw refuse(fmt::format("format {}, this program writes {}", format, kFormat));
    Checkpoint c;
    c.database = json.at("database").at("name").get<std::string>();
    c.dbid = number<std::uint32_t>(json.at("database").at("dbid"));
    c.resetlogs = number<std::uint32_t>(json.at("incarnation").at("resetlogs_id"));
    c.resetlogs_scn = number<Scn>(json.at("incarnation").at("resetlogs_scn"));
    c.point.released = key_from(json.at("released"));
    c.point.index_scn = number<Scn>(json.at("index").at("scn"));
    c.point.next_index = number<std::uint64_t>(json.at("index").at("next"));
    c.point.watermark = number<Scn>(json.at("watermark"));
    c.point.low_scn = number<Scn>(json.at("low_scn"));
    c.time = json.at("time").get<std::string>();
    for (const auto& [key, value] : json.at("threads").items()) {
      const std::uint16_t thread = number<std::uint16_t>(Json::parse(key));
      const Json& low = value.at("low");
      RestartPoint::Thread& t = c.point.threads[thread];
      t.low = {number<std::uint32_t>(low.at("seq")), number<std::uint32_t>(low.at("block")), 0};
      if (low.contains("xid")) t.holder = xid_from(low.at("xid").get<std::string>());
      t.bound = number<Scn>(value.at("bound"));
      t.released = key_from(value.at("released"));
      c.reading[thread] = {value.at("status").get<std::string>(),
                           {number<std::uint32_t>(value.at("seq")), number<std::uint32_t>(value.at("block")), 0},
                           number<std::uint32_t>(value.at("block_size"))};
    }
    if (c.point.threads.empty()) throw refuse("it has no thread");
    for (const Json& value : json.at("saved")) {
      RestartPoint::Saved& s = c.point.saved.emplace_back();
      s.id = {number<std::uint16_t>(value.at("con")), xid_from(value.at("xid").get<std::string>())};
      s.begin_scn = number<Scn>(value.at("scn"));
      s.spill = {value.at("file").get<std::string>(), number<std::uint64_t>(value.at("length")),
                 number<std::uint64_t>(value.at("checksum"))};
      for (const auto& [key, start] : value.at("starts").items())
        s.starts[number<std::uint16_t>(Json::parse(key))] = {number<std::uint32_t>(start.at(0)),
                                                             number<std::uint32_t>(start.at(1)), 0};
    }
    c.dictionary_scn = number<Scn>(json.at("dictionary").at("scn"));
    c.dictionary_files = json.at("dictionary").at("files").get<std::vector<std::string>>();
    c.dictionary_changes = json.at("dictionary").at("changes").get<std::string>();
    for (const Json& proof : json.at("key_proofs"))
      c.point.key_proofs[{number<std::uint16_t>(proof.at(0)), number<std::uint32_t>(proof.at(1))}] =
          number<unsigned>(proof.at(2));
    const Json& sink = json.at("sink");
    c.sink_kind = sink.at("kind").get<std::string>();
    c.sink_path = sink.at("path").get<std::string>();
    c.sink_length = number<std::uint64_t>(sink.at("length"));
    c.sink_tail = number<std::uint32_t>(sink.at("tail"));
    c.filter = json.at("filter").get<std::string>();
    return c;
  } catch (const Json::exception& e) {
    throw refuse(e.what());
  } catch (const Malformed& e) {
    throw refuse(e.what());
  }
}

Checkpoint import_position(const oracle::LoadedDictionary& file, std::uint32_t block_size) {
  Checkpoint c;
  c.database = file.facts.database;
  c.resetlogs = file.facts.resetlogs;
  // All that commits at or below its SCN is done: beyond every record of that SCN.
  c.point.released = {file.scn, 0xFFFF, 0xFFFF, {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFF}};
  c.point.watermark = file.scn;
  c.point.low_scn = file.scn;
  const auto place = [&](std::uint32_t sequence, std::uint64_t offset) {
    return Rba{sequence, static_cast<std::uint32_t>(offset / block_size), 0};
  };
  const auto add = [&](std::uint32_t thread, Rba at) {
    const auto n = static_cast<std::uint16_t>(thread);
    c.point.threads[n] = {at, {}, file.scn, c.point.released};
    c.reading[n] = {"imported", at, block_size};
  };
  for (const oracle::ThreadPosition& t : file.threads) add(t.thread, place(t.sequence, t.offset));
  if (file.threads.empty()) add(1, place(file.sequence, file.offset));
  // Its oldest transaction is a position of one thread; in the others it may have redo too, so they are found by SCN.
  if (file.oldest) {
    const auto thread = static_cast<std::uint16_t>(file.oldest->thread.value_or(1));
    for (auto& [number, t] : c.point.threads) {
      t.low = number == thread ? place(file.oldest->sequence, file.oldest->offset) : Rba{};
      if (number == thread) t.holder = file.oldest->xid;
    }
  }
  c.dictionary_scn = file.schema_scn;
  return c;
}

}  // namespace redoubt::capture
