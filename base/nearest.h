// The known name that somebody probably meant.
#pragma once

#include <span>
#include <string_view>

namespace redoubt {

// The name of `known` with the fewest letters to change, add or drop (case does not count); the first of equals. Empty
// when there is none, or when even the best has little in common with `name`.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace redoubt
