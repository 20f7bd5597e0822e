// Cases of single column values: text of scalars, JSON and vectors, encrypted columns.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "capture/record_set.h"
#include "oracle/charset.h"
#include "oracle/float.h"
#include "oracle/interval.h"
#include "oracle/lob_locator.h"
#include "oracle/number.h"
#include "oracle/oson.h"
#include "oracle/tde.h"
#include "oracle/vector_value.h"

namespace redoubt::capture {
namespace {

const Json kNothing = Json::object();

const Json& part(const Json& test, const char* name) { return test.contains(name) ? test[name] : kNothing; }

template <class F>
std::string text(F append) {
  TextBuffer out;
  append(out);
  return out.str();
}

std::string text_of(Bytes bytes) {
  const oracle::Charset* charset = oracle::charset_by_name("AL32UTF8");
  TextBuffer out;
  charset->append_utf8(out, bytes);
  return out.str();
}

void check_number(const Json& expected, const Json& derived, Bytes bytes, FactCheck& check) {
  const std::string decimal = text([&](TextBuffer& out) { oracle::append_number(out, bytes); });
  const auto same_number = [&](const char* name, const Json& value) {
    check.equal(name, to_hex(oracle::number_from_text(value.get<std::string>())), to_hex(bytes));
  };
  if (expected.contains("decimal")) check.equal("decimal", expected["decimal"], decimal);
  if (derived.contains("decimal")) check.equal("decimal", derived["decimal"], decimal);
  if (derived.contains("double")) check.equal("double", derived["double"], std::stod(decimal));
  if (expected.contains("scale")) check.equal("scale", expected["scale"], decimal.size() - 1 - decimal.find('.'));
  if (expected.contains("value")) {
    check.equal("value", expected["value"], decimal);
    same_number("value in bytes", expected["value"]);
  }
  for (const char* name : {"also_as_decimal_scale_5", "also_as_decimal_scale_10"})
    if (expected.contains(name)) same_number(name, expected[name]);
  if (expected.contains("target") && expected["target"].get<std::string>().starts_with("int"))
    check.equal("value as int64", expected["value"], std::to_string(oracle::number_to_int64(bytes).value_or(0)));
  if (expected.contains("also_as_int64"))
    check.equal("also_as_int64", expected["also_as_int64"], oracle::number_to_int64(bytes).value_or(0));
}

void check_float(const Json& derived, Bytes bytes, FactCheck& check) {
  if (bytes.size() == 4) {
    const float value = oracle::float_value(bytes);
    check.equal("float32_bits", derived.at("float32_bits"), fmt::format("{:08x}", std::bit_cast<std::uint32_t>(value)));
    check.equal("float32", derived.at("float32"), static_cast<double>(value));
    check.equal("text", derived.at("text"), text([&](TextBuffer& out) { oracle::append_float(out, value); }));
    check.equal("bytes", to_hex(bytes), to_hex(oracle::float_bytes(value)));
  } else {
    const double value = oracle::double_value(bytes);
    check.equal("float64_bits", derived.at("float64_bits"),
                fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value)));
    check.equal("float64", derived.at("float64"), value);
    check.equal("bytes", to_hex(bytes), to_hex(oracle::double_bytes(value)));
  }
}

void check_interval(const Json& expected, bool months, Bytes bytes, FactCheck& check) {
  const std::string iso = expected.at("iso8601");
  check.equal("iso8601", iso, text([&](TextBuffer& out) {
                months ? oracle::append_interval_ym(out, bytes) : oracle::append_interval_ds(out, bytes);
              }));
  check.equal("iso8601 in bytes", to_hex(bytes),
              to_hex(months ? oracle::interval_ym_from_text(iso) : oracle::interval_ds_from_text(iso)));
}

void check_vector(const Json& expected, const Json& derived, Bytes data, FactCheck& check) {
  constexpr std::size_t kNorm = 9;
  const auto element = static_cast<oracle::VectorElement>(u8_at(data, 4));
  const bool binary = element == oracle::VectorElement::kBinary;
  const char* format = binary                                       ? "BINARY"
                       : element == oracle::VectorElement::kInt8    ? "INT8"
                       : element == oracle::VectorElement::kFloat32 ? "FLOAT32"
                                                                    : "FLOAT64";
  check.equal("format", expected.at("format"), format);
  const Json values = Json::parse(text([&](TextBuffer& out) { oracle::append_vector(out, data); }));
  check.equal("element_count", expected.at("element_count"), values.size() * (binary ? 8 : 1));
  if (derived.contains("values")) check.equal("values", derived["values"], values);
  if (derived.contains("packed_bytes")) check.equal("packed_bytes", derived["packed_bytes"], values);
  if (derived.contains("stored_norm"))
    check.equal("stored_norm", derived["stored_norm"], oracle::double_value(slice(data, kNorm, 8)));
}

void check_lob(const Json& test, Bytes bytes, FactCheck& check) {
  const Json& expected = part(test, "expected");
  const Json& derived = part(test, "derived");
  const auto locator = oracle::LobLocator::parse(bytes);
  const Json found{{"lob_type", locator.type == oracle::LobLocator::kBlob ? "BLOB" : "CLOB"},
                   {"securefile", locator.kind != oracle::LobLocator::Kind::kBasicInRow &&
                                      locator.kind != oracle::LobLocator::Kind::kBasicPages},
                   {"data_length", locator.length},
                   {"data_in_row", locator.in_row()}};
  check.tree("locator", expected.at("locator"), found);
  if (derived.contains("payload_hex")) check.equal("payload_hex", derived["payload_hex"], to_hex(locator.data));
  if (expected.contains("json_text"))
    check.equal("json_text", expected["json_text"],
                text([&](TextBuffer& out) { oracle::append_oson(out, locator.data); }));
  if (expected.contains("element_count")) check_vector(expected, derived, locator.data, check);
}

}  // namespace

void check_value(const Json& test, FactCheck& check) {
  const std::string type = test.at("type");
  const Json& expected = part(test, "expected");
  const Json& derived = part(test, "derived");
  const ByteString bytes = from_hex((test.contains("hex") ? test["hex"] : derived.at("hex")).get<std::string>());
  if (type == "NUMBER") {
    check_number(expected, derived, bytes, check);
  } else if (type == "BINARY_FLOAT" || type == "BINARY_DOUBLE") {
    check_float(derived, bytes, check);
  } else if (type.starts_with("INTERVAL ")) {
    check_interval(expected, type == "INTERVAL YEAR TO MONTH", bytes, check);
  } else if (type == "CHAR") {
    check.equal("text", expected.at("text"), text_of(bytes));
  } else if (type == "JSON" || type == "VECTOR") {
    check_lob(test, bytes, check);
  } else {
    check.differs("a value of type " + type + " is not known");
  }
}

void check_encrypted_value(const Json& set, const Json& test, FactCheck& check) {
  const Json& keys = set.at("keys");
  const auto stated =
      std::find_if(keys.begin(), keys.end(), [&](const Json& k) { return k.at("name") == test.at("key"); });
  if (stated == keys.end()) return check.differs("its key is not in the set");
  constexpr std::size_t kKeyInBlob = 16;
  oracle::TdeKey key;
  key.cipher = static_cast<oracle::TdeCipher>(stated->at("enc_algorithm_code").get<int>());
  key.integrity = static_cast<oracle::TdeIntegrity>(stated->at("integrity_code").get<int>());
  key.key = from_hex(stated->at("derived").at("key").get<std::string>());
  const ByteString blob = from_hex(stated->at("data_key_blob").get<std::string>());
  check.equal("key", to_hex(key.key), to_hex(slice(blob, kKeyInBlob, key.key.size())));
  const auto [plain, proof] = oracle::tde_decrypt(key, test.at("salt"), from_hex(test.at("hex").get<std::string>()));
  check.equal("text", test.at("expected").at("text"), text_of(plain));
}

}  // namespace redoubt::capture
