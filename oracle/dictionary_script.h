// The SQL*Plus script that spools the dictionary checkpoint of a live database, for
// load_dictionary_json().
#pragma once

#include <string>

namespace redoubt::oracle {

// Oracle 11.2 to 26ai, container or not. Only reads; everything as of one SCN. The queries are made from
// oracle/dictionary_layout.h, so script and loader agree on tables, columns and keys.
std::string dictionary_script();

}  // namespace redoubt::oracle
