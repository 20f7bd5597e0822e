// Redo that is no row change and stands between row changes in every real log: undo header maintenance, block cleanout,
// space management, blocks written. A reader has to step over it.
#pragma once

#include "simulate/cluster.h"

namespace redoubt::simulate {

// A record of noise for the thread.
void add_noise(Cluster& cluster, std::uint16_t thread, std::uint16_t con_id, std::uint32_t con_uid);

}  // namespace redoubt::simulate
