// The simulated schema: which tables there are, and the dictionary rows that describe them.
#pragma once

#include "oracle/dictionary_json.h"
#include "simulate/simulation.h"
#include "simulate/table.h"

namespace redoubt::simulate {

inline constexpr std::uint16_t kConId = 3;
inline constexpr std::uint32_t kConUid = 1385559638;
inline constexpr char kOwner[] = "SIM";

// The tables of a workload; references stay valid.
std::vector<std::unique_ptr<SimulatedTable>> make_tables(const Options& options, Random& random);

// The dictionary of these tables.
oracle::LoadedDictionary make_dictionary(const Options& options,
                                         const std::vector<std::unique_ptr<SimulatedTable>>& tables);

}  // namespace redoubt::simulate
