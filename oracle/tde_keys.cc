#include "oracle/tde_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/nearest.h"

namespace redoubt::oracle {
namespace {

using Json = nlohmann::json;
using Entry = TdeKeys::Entry;

constexpr std::string_view kMembers[] = {"algorithm", "container", "integrity", "key", "object", "table"};
constexpr std::pair<std::string_view, TdeCipher> kCiphers[] = {{"3DES168", TdeCipher::kTripleDes168},
                                                               {"AES128", TdeCipher::kAes128},
                                                               {"AES192", TdeCipher::kAes192},
                                                               {"AES256", TdeCipher::kAes256}};
constexpr std::pair<std::string_view, TdeIntegrity> kIntegrities[] = {{"SHA-1", TdeIntegrity::kSha1},
                                                                      {"NOMAC", TdeIntegrity::kNone}};

[[noreturn]] void wrong(std::string_view place, std::string_view what, std::string_view next = {}) {
  throw Error(ErrorCode::kUsage, place, what, next.empty() ? "'redoubt help capture' shows the layout" : next);
}

// "is unknown", with the name that was probably meant.
std::string unknown(std::string_view what, std::string_view name, std::span<const std::string_view> known) {
  const std::string_view meant = nearest(name, known);
  return fmt::format("{} '{}' is unknown{}", what, name, meant.empty() ? "" : fmt::format("; is {} meant?", meant));
}

void check_members(const Json& object, std::span<const std::string_view> known, std::string_view place) {
  if (!object.is_object()) wrong(place, "is no JSON object");
  for (const auto& [name, value] : object.items())
    if (std::find(known.begin(), known.end(), name) == known.end()) wrong(place, unknown("member", name, known));
}

// The value that goes by the name which the member has.
template <class T, std::size_t N>
std::optional<T> choice(const Json& entry, const char* member, const std::pair<std::string_view, T> (&choices)[N],
                        std::string_view place) {
  const auto it = entry.find(member);
  if (it == entry.end()) return {};
  if (!it->is_string()) wrong(place, fmt::format("{} is no string", member));
  const auto& name = it->template get_ref<const std::string&>();
  std::array<std::string_view, N> names;
  for (std::size_t i = 0; i < N; ++i) {
    if (choices[i].first == name) return choices[i].second;
    names[i] = choices[i].first;
  }
  wrong(place, unknown(member, name, names), fmt::format("it is one of {}", fmt::join(names, ", ")));
}

std::uint32_t number(const Json& value, std::string_view member, std::uint32_t most, std::string_view place) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
    wrong(place, fmt::format("{} is no number up to {}", member, most));
  return value.get<std::uint32_t>();
}

TdeKey read_key(const Json& entry, std::string_view place) {
  TdeKey key;
  key.integrity = choice(entry, "integrity", kIntegrities, place).value_or(TdeIntegrity::kSha1);
  const auto hex = entry.find("key");
  if (hex == entry.end() || !hex->is_string()) wrong(place, "has no key, a string of hexadecimal digits");
  try {
    key.key = from_hex(hex->get_ref<const std::string&>());
  } catch (const Malformed&) {  // which tells a digit of it
    wrong(place, "the key is not hexadecimal");
  }
  const std::optional<TdeCipher> cipher = choice(entry, "algorithm", kCiphers, place);
  if (cipher) {
    key.cipher = *cipher;
    if (key.key.size() != tde_key_size(*cipher))
      wrong(place, fmt::format("the key has {} bytes, {} wants {}", key.key.size(),
                               entry.at("algorithm").get_ref<const std::string&>(), tde_key_size(*cipher)));
    return key;
  }
  for (const TdeCipher aes : {TdeCipher::kAes128, TdeCipher::kAes192, TdeCipher::kAes256}) {
    key.cipher = aes;
    if (key.key.size() == tde_key_size(aes)) return key;
  }
  wrong(place, fmt::format("the key has {} bytes; those of AES have 16, 24 or 32", key.key.size()));
}

Entry read_entry(const Json& json, std::string_view place) {
  check_members(json, kMembers, place);
  Entry entry;
  if (json.contains("table") == json.contains("object")) wrong(place, "names no table, or two: give table or object");
  if (const auto table = json.find("table"); table != json.end()) {
    if (!table->is_string() || table->get_ref<const std::string&>().find('.') == std::string::npos)
      wrong(place, "table is not of the form OWNER.TABLE");
    entry.table = table->get<std::string>();
  } else {
    entry.obj = number(json.at("object"), "object", 0xFFFFFFFF, place);
  }
  if (const auto container = json.find("container"); container != json.end())
    entry.con_id = static_cast<std::uint16_t>(number(*container, "container", 0xFFFF, place));
  entry.key = read_key(json, place);
  return entry;
}

bool names(const Entry& entry, const Table& table) {
  if (entry.con_id && *entry.con_id != table.con_id) return false;
  if (entry.table.empty()) return entry.obj == table.obj;
  const std::string_view name = entry.table;
  return name.size() == table.owner.size() + 1 + table.name.size() && name.starts_with(table.owner) &&
         name[table.owner.size()] == '.' && name.ends_with(table.name);
}

std::string name_of(const Entry& entry) {
  return entry.table.empty() ? fmt::format("object {}", entry.obj) : entry.table;
}

}  // namespace

TdeKeys TdeKeys::load(const std::filesystem::path& path) {
  TdeKeys keys = parse(read_file(path, 16 << 20), path.string());
  namespace fs = std::filesystem;
  constexpr fs::perms kOthers = fs::perms::group_all | fs::perms::others_all;
  keys.exposed_ = (fs::status(path).permissions() & kOthers) != fs::perms::none;
  return keys;
}

TdeKeys TdeKeys::parse(std::string_view text, std::string_view place) {
  TdeKeys keys;
  keys.place_ = place;
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& e) {  // its text repeats what was read
    wrong(place, fmt::format("is no JSON from byte {} on", e.byte));
  }
  constexpr std::string_view kTop[] = {"tables"};
  check_members(json, kTop, place);
  const auto tables = json.find("tables");
  if (tables == json.end() || !tables->is_array()) wrong(place, "has no array called tables");
  for (const Json& item : *tables) {
    const std::string entry_place = fmt::format("{} tables[{}]", place, keys.entries_.size());
    Entry entry = read_entry(item, entry_place);
    for (const Entry& other : keys.entries_)
      if (other.table == entry.table && other.obj == entry.obj && other.con_id == entry.con_id)
        wrong(entry_place, fmt::format("{} has a key already", name_of(entry)), "give one key per table");
    keys.entries_.push_back(std::move(entry));
  }
  return keys;
}

const TdeKey* TdeKeys::find(const Table& table) const {
  const TdeKey* any = nullptr;
  for (const Entry& entry : entries_) {
    if (!names(entry, table)) continue;
    if (entry.con_id) return &entry.key;
    any = &entry.key;
  }
  return any;
}

std::vector<std::string> TdeKeys::warnings(const Dictionary& dictionary) const {
  std::vector<std::string> told;
  if (exposed_) told.push_back(fmt::format("others than its owner may read {}: chmod 600 it", place_));
  std::vector<std::string> names_of_tables;
  for (const auto& table : dictionary.tables()) names_of_tables.push_back(table->owner + "." + table->name);
  const std::vector<std::string_view> known(names_of_tables.begin(), names_of_tables.end());
  for (const Entry& entry : entries_) {
    if (entry.table.empty()) continue;  // of a table that redo may create yet
    const auto& tables = dictionary.tables();
    if (std::any_of(tables.begin(), tables.end(), [&](const auto& table) { return names(entry, *table); })) continue;
    const std::string_view meant = nearest(entry.table, known);
    told.push_back(fmt::format("{} has a key for {}, which the dictionary does not have{}", place_, entry.table,
                               meant.empty() ? "" : fmt::format("; is {} meant?", meant)));
  }
  return told;
}

std::string tde_keys_json(const std::vector<Entry>& entries) {
  std::string text = "{\"tables\":[";
  for (const Entry& entry : entries) {
    Json json = {{"key", to_hex(entry.key.key)}};
    if (entry.table.empty()) {
      json["object"] = entry.obj;
    } else {
      json["table"] = entry.table;
    }
    if (entry.con_id) json["container"] = *entry.con_id;
    for (const auto& [name, cipher] : kCiphers)
      if (cipher == entry.key.cipher) json["algorithm"] = name;
    for (const auto& [name, integrity] : kIntegrities)
      if (integrity == entry.key.integrity) json["integrity"] = name;
    text += (text.back() == '[' ? "\n " : ",\n ") + json.dump();
  }
  return text + "\n]}\n";
}

}  // namespace redoubt::oracle
