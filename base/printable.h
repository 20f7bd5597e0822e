// Foreign text inside a message: one line, no control characters, not too long.
#pragma once

#include <string>
#include <string_view>

namespace redoubt {

// `text` with control characters (below U+0020, U+007F to U+009F) as \xNN, everything else as it is; cut behind about
// `limit` bytes, at the end of a UTF-8 character, with "..." in place of the rest.
std::string printable(std::string_view text, std::size_t limit = 60);

}  // namespace redoubt
