// From dictionary rows to a Dictionary: what the numbers in redo stand for.
//
//   object number of                       finds                       through
//   a table                                itself                      OBJ$ + TAB$
//   a partition, a subpartition            its table                   TABPART$; TABSUBPART$ -> TABCOMPART$
//   an index-organized table's index       its table                   IND$, or the name SYS_IOT_TOP_n
//   its overflow segment                   its table                   the name SYS_IOT_OVER_n
//   a LOB segment or a part of one         kLobSegment, its table      LOB$; LOBFRAG$ (-> LOBCOMPPART$) -> LOB$
//   a LOB index                            kLobIndex, its table        the name SYS_IL<table>C<column>$$
//   anything else, dropped, temporary      kOther
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oracle/dictionary.h"
#include "oracle/dictionary_rows.h"

namespace redoubt::oracle {

// What is known of one container (of the database, if it has none). Container ids are unique in what a builder gets.
struct Container {
  DatabaseFacts facts;
  DictionaryRows rows;
};

class DictionaryBuilder {
 public:
  // Whether rows of a table are wanted.
  using Filter = std::function<bool(std::string_view owner, std::string_view table)>;

  // Without a filter all tables are wanted but those that the dictionary itself is made of.
  explicit DictionaryBuilder(Filter wanted = {}) : wanted_(std::move(wanted)) {}

  // The first version. `containers` is not empty.
  std::shared_ptr<const Dictionary> build(std::span<const Container> containers, Scn from_scn);

  // The version after `before`, which was built from the same containers before their rows changed: takes what was
  // touched from the rows, makes those tables anew, shares all others. Returns `before` itself if nothing differs.
  std::shared_ptr<const Dictionary> next(const std::shared_ptr<const Dictionary>& before,
                                         std::span<Container> containers, Scn from_scn);

  // What was strange about the rows, in sentences; since the last call.
  std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }

 private:
  // What an object number stands for and the table it belongs to (0 = none), as the rows say.
  struct Meaning {
    ObjectKind kind = ObjectKind::kUnknown;
    std::uint32_t table = 0;
  };
  static Meaning meaning_of(const DictionaryRows& rows, std::uint32_t obj);

  bool update(Dictionary& dictionary, const Container& container, const Touched& touched);
  static bool set_object(Dictionary& dictionary, const Container& container, std::uint32_t obj);
  std::unique_ptr<Table> make_table(const Container& container, std::uint32_t obj);
  void add_columns(const Container& container, Table& table);
  void add_key(const DictionaryRows& rows, Table& table);
  void add_defaults(const DictionaryRows& rows, Table& table);
  static std::uint16_t supplemental_of(const Container& container, std::uint32_t obj, Wide user);
  static std::vector<Partition> partitions_of(const DictionaryRows& rows, std::uint32_t obj);

  Filter wanted_;
  std::vector<std::string> warnings_;
};

}  // namespace redoubt::oracle
