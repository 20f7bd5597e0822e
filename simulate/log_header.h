// Changes to the header of a log that is already written: block 1 of the file.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "redo/header.h"

namespace redoubt::simulate {

using HeaderChange = std::function<void(redo::RedoHeader&)>;

// `block`: block 1 as it lies in the file. Its description and checksum follow the change.
void change_header(std::vector<std::uint8_t>& block, ByteOrder order, const HeaderChange& change);
// The same in a file. Throws Error(kOperation) when it cannot be written.
void change_header(const std::filesystem::path& log, const HeaderChange& change);

}  // namespace redoubt::simulate
