// Nanoseconds per value, bytes to JSON, as a sink asks for them.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "oracle/charset.h"
#include "oracle/datetime.h"
#include "oracle/number.h"
#include "oracle/value.h"

namespace redoubt::oracle {
namespace {

void run(benchmark::State& state, TypeCode type, const char* charset, const std::vector<ByteString>& values) {
  Column column;
  column.type = type;
  column.scale = 6;
  column.charset = charset_by_name(charset);
  const DatabaseFacts facts;
  TextBuffer out;
  std::size_t bytes = 0;
  while (state.KeepRunning()) {
    out.clear();
    for (const ByteString& value : values) append_json_value(out, column, facts, value);
    benchmark::DoNotOptimize(out.view().data());
    bytes += out.size();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.counters["per_value"] = benchmark::Counter(
      static_cast<double>(values.size()), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

std::vector<ByteString> numbers(std::int64_t first, std::int64_t step, int scale) {
  std::vector<ByteString> values;
  for (std::int64_t i = 0; i < 1000; ++i)
    values.push_back(number_from_text(std::to_string(first + i * step) + "e-" + std::to_string(scale)));
  return values;
}

std::vector<ByteString> text(const char* charset, std::string_view sample) {
  return std::vector<ByteString>(1000, charset_by_name(charset)->from_utf8(sample));
}

const char* const kName = "Maria-Antonia Lindqvist";
const char* const kAddress = "221B Baker Street, Marylebone, London NW1 6XE, United Kingdom; deliveries at the rear";
const char* const kCyrillic = "Санкт-Петербург, Невский проспект, дом 28, квартира 14";

void small_integer(benchmark::State& s) { run(s, TypeCode::kNumber, "AL32UTF8", numbers(1, 7, 0)); }
void money(benchmark::State& s) { run(s, TypeCode::kNumber, "AL32UTF8", numbers(1234567, 9173, 2)); }
void number_38_digits(benchmark::State& s) {
  run(s, TypeCode::kNumber, "AL32UTF8",
      std::vector<ByteString>(1000, number_from_text("12345678901234567890123456789012345678")));
}
void text_short(benchmark::State& s) { run(s, TypeCode::kVarchar2, "AL32UTF8", text("AL32UTF8", kName)); }
void text_long(benchmark::State& s) { run(s, TypeCode::kVarchar2, "AL32UTF8", text("AL32UTF8", kAddress)); }
void text_cyrillic(benchmark::State& s) { run(s, TypeCode::kVarchar2, "AL32UTF8", text("AL32UTF8", kCyrillic)); }
void text_windows_1251(benchmark::State& s) {
  run(s, TypeCode::kVarchar2, "CL8MSWIN1251", text("CL8MSWIN1251", kCyrillic));
}
void text_utf16(benchmark::State& s) { run(s, TypeCode::kVarchar2, "AL16UTF16", text("AL16UTF16", kAddress)); }
void text_shift_jis(benchmark::State& s) {
  run(s, TypeCode::kVarchar2, "JA16SJIS", text("JA16SJIS", "東京都千代田区丸の内一丁目"));
}
void date(benchmark::State& s) {
  run(s, TypeCode::kDate, "AL32UTF8", std::vector<ByteString>(1000, date_from_text("2025-06-15T10:30:00")));
}
void timestamp(benchmark::State& s) {
  run(s, TypeCode::kTimestamp, "AL32UTF8",
      std::vector<ByteString>(1000, timestamp_from_text("2025-06-15T10:30:00.123456")));
}
void timestamp_tz(benchmark::State& s) {
  run(s, TypeCode::kTimestampTz, "AL32UTF8",
      std::vector<ByteString>(1000, timestamp_tz_from_text("2025-06-15T10:30:00.123456+02:00")));
}

BENCHMARK(small_integer);
BENCHMARK(money);
BENCHMARK(number_38_digits);
BENCHMARK(text_short);
BENCHMARK(text_long);
BENCHMARK(text_cyrillic);
BENCHMARK(text_windows_1251);
BENCHMARK(text_utf16);
BENCHMARK(text_shift_jis);
BENCHMARK(date);
BENCHMARK(timestamp);
BENCHMARK(timestamp_tz);

}  // namespace
}  // namespace redoubt::oracle

BENCHMARK_MAIN();
