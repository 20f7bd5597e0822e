// The dictionary over time: versions by SCN, made by following the changes of SYS tables in redo (rows.md 4.1).
//
//   SCN   2266634            2267100                2267500
//         |- checkpoint -----|- ALTER TABLE ADD ----|- TRUNCATE ---->
//           version 1          version 2              version 3
//
// A row is read with the version of its own SCN, even if its transaction commits later. Several containers have one
// dictionary each, loaded from one file each; object numbers mean nothing across containers.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "capture/dictionary_change.h"
#include "change/row_change.h"
#include "oracle/dictionary.h"
#include "oracle/dictionary_builder.h"
#include "oracle/dictionary_json.h"
#include "oracle/schemaless.h"

namespace redoubt::capture {

// Not for several threads. A copy goes its own way.
class DictionaryTracker {
 public:
  // No dictionary: every object is a table OBJ_n, and all are captured.
  static DictionaryTracker schemaless();

  // Checkpoint files, one per container. `tables` is a regular expression that OWNER.TABLE must match as a whole to be
  // captured; without one all tables are but those that the dictionary is made of. Objects that no file describes are
  // not captured. Throws Error: kUnknown for a file, kUsage for two files of one container, files of different
  // databases, and a bad expression.
  static DictionaryTracker load(const std::vector<std::filesystem::path>& files, const std::string& tables);
  explicit DictionaryTracker(std::vector<oracle::LoadedDictionary> dictionaries, const std::string& tables = {});

  // Of the first file.
  const oracle::DatabaseFacts& facts() const { return versions_.front()->facts(); }
  const oracle::Dictionary& latest() const { return *versions_.back(); }
  // The version for rows of this SCN. Below the first version that is the first.
  const oracle::Dictionary& at(oracle::Scn scn) const;

  // The table of an object at an SCN. Null if the dictionary does not know one; without any dictionary a table of raw
  // columns, at least `columns` of them.
  const oracle::Table* table(std::uint16_t con_id, std::uint32_t obj, oracle::Scn scn, std::size_t columns) {
    return containers_.empty() ? unknown_.table(con_id, obj, columns) : at(scn).find(con_id, obj);
  }

  // Takes the changes of dictionary tables from a committed transaction; others are passed over. A new version is valid
  // from its commit SCN. Transactions at or below the SCN of a container's file change nothing. Returns what happened
  // to captured tables, and what was strange, in sentences.
  std::vector<std::string> apply(const change::Batch& batch, const change::Transaction& transaction);

  // What apply() has taken since the dictionary was loaded, in commit order; forget_changes() forgets those at or below
  // an SCN.
  const std::vector<DictionaryChange>& changes() const { return changes_; }
  void forget_changes(oracle::Scn up_to);
  // Makes changes of an earlier run again, each a version of its own; those at or below the SCN of a container's file
  // are in it. Only before the first apply(). Throws Malformed for a row that does not fit its table.
  void replay(const std::vector<DictionaryChange>& changes);
  // The latest version, one file per container, for DictionaryTracker(…) of a later run.
  std::vector<oracle::LoadedDictionary> snapshot() const;
  // The commit SCN of the last change, else the lowest SCN of the files.
  oracle::Scn latest_scn() const { return latest_scn_; }

  // No row below `scn` will be asked for again.
  void forget_below(oracle::Scn scn);
  std::size_t version_count() const { return versions_.size(); }

  // Without a dictionary, and when many tables have been made: no table given out so far will be used again, but by
  // those who took part in keep_alive().
  void forget_schemaless() { unknown_.forget_many(); }

  // What was strange about the loaded rows, in sentences; since the last call.
  std::vector<std::string> take_warnings() { return builder_.take_warnings(); }

  // Adds what keeps all tables given out so far alive.
  void keep_alive(std::vector<std::shared_ptr<const void>>& owners) const;

 private:
  DictionaryTracker();

  oracle::Patched apply(oracle::Container& container, const DictionaryChange::Row& row);
  void next_version(oracle::Scn commit_scn, std::vector<std::string>& told);

  oracle::DictionaryBuilder builder_;
  std::vector<oracle::Container> containers_;                       // none when schemaless
  std::vector<oracle::Scn> loaded_at_;                              // of each container's rows
  std::deque<std::shared_ptr<const oracle::Dictionary>> versions_;  // never empty, by from_scn
  oracle::SchemalessTables unknown_;                                // used when there are no containers
  std::vector<DictionaryChange> changes_;
  oracle::Scn latest_scn_ = 0;
};

// What is different for captured tables between two versions, in sentences. Tables that did not change are known by
// being shared.
std::vector<std::string> differences(const oracle::Dictionary& before, const oracle::Dictionary& after);

}  // namespace redoubt::capture
