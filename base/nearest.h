// The word that somebody probably meant.
#pragma once

#include <span>
#include <string_view>

namespace redoubt {

// How many characters to insert, delete, replace or swap with their neighbor turn `a` into `b`. Case does not count,
// and
// - and _ are alike. Takes time and memory by the product of both sizes.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The word of `words` that `text` was most likely meant to be, the first of equals; empty when none comes near.
std::string_view nearest(std::string_view text, std::span<const std::string_view> words);

}  // namespace redoubt
