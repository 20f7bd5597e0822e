// A spill file from outside, and the parts of one that a good checksum would let through: a state, a chunk of changes.
//
//   byte 0: where the last change of the chunk begins, / 8      then the file, the state, the chunk: all three the same
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "capture/lob_change.h"
#include "capture/transaction.h"

using namespace redoubt;
using namespace redoubt::capture;

namespace {

constexpr std::size_t kState = 40;  // a state and the checksum before it, at the end of a file

const std::filesystem::path& directory() {
  static const std::filesystem::path path = [] {
    std::string name = (std::filesystem::temp_directory_path() / "spill_fuzz_XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  return path;
}

// What capture does with changes that it has read.
void use(OpenTransaction& t) {
  t.for_each([](Change& c) {
    if (c.undo_size != 0)
      for (redo::FieldCursor fields = c.undo().fields(); !fields.empty();) fields.next();
    if (c.redo_size == 0) return;
    for (redo::FieldCursor fields = c.redo().fields(); !fields.empty();) fields.next();
    lob_identity(nullptr, c.redo());
  });
  ChangeList::Backward back(t.changes);
  while (back.next()) {
  }
}

void reopen(SpillSpace& space, const SavedSpill& saved) {
  SpilledState state;
  auto file = SpillFile::reopen(space, saved, state);
  ChunkPool pool;
  OpenTransaction t(pool);
  t.con_id = file->id().con_id;
  t.xid = file->id().xid;
  t.restore(std::move(file), state);
  use(t);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static SpillSpace space(directory());
  space.open();
  const Bytes input(data + 1, size - 1);
  SpilledState state;
  try {
    state = decode_state(input);
    if (!std::ranges::equal(Bytes(encode_state(state)), input)) __builtin_trap();
  } catch (const Malformed&) {
  }
  try {
    const std::uint32_t last = data[0] * 8U;
    check_changes(input, last);
    SavedSpill saved;
    {
      SpillFile file(space, {3, {1, 2, 3}});
      file.write(0, input, last);
      saved = file.save(state);
    }
    reopen(space, saved);  // throws nothing: it was written here
  } catch (const Malformed&) {
  }
  SavedSpill saved{"input.spill", input.size(), 0};
  if (input.size() >= kState) saved.checksum = load_u64(input.data() + input.size() - kState, ByteOrder::kLittle);
  std::ofstream(directory() / saved.file, std::ios::trunc | std::ios::binary)
      .write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
  try {
    reopen(space, saved);
  } catch (const Error&) {
  }
  space.remove_ended();
  return 0;
}
