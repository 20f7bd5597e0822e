// Loads bytes as a dictionary checkpoint. What loads must build a dictionary, and be written and read again unchanged.
#include "base/error.h"
#include "oracle/dictionary_builder.h"
#include "oracle/dictionary_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace redoubt::oracle;
  try {
    LoadedDictionary loaded = parse_dictionary_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    const std::string written = dictionary_json(loaded);
    const LoadedDictionary again = parse_dictionary_json(written, "written");
    REDOUBT_ASSERT(again.rows == loaded.rows && dictionary_json(again) == written);
    const Container container{loaded.facts, std::move(loaded.rows)};
    DictionaryBuilder().build({&container, 1}, loaded.schema_scn);
  } catch (const redoubt::Error&) {
  }
  return 0;
}
