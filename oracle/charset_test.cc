#include "oracle/charset.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/error.h"
#include "oracle/json_string.h"

namespace redoubt::oracle {
namespace {

const Charset& charset(unsigned id) {
  const Charset* found = charset_by_id(id);
  EXPECT_NE(found, nullptr) << id;
  return *found;
}

std::string text_of(const Charset& set, Bytes bytes) {
  TextBuffer out;
  set.append_utf8(out, bytes);
  return out.str();
}

std::string json_of(const Charset& set, Bytes bytes) {
  TextBuffer out;
  set.append_json_string(out, bytes);
  return out.str();
}

// Bytes made by the codecs of another implementation (Python).
TEST(Charset, SamplesBothWays) {
  struct Sample {
    unsigned id;
    const char* text;
    const char* hex;
  };
  const Sample kSamples[] = {
      {4, "Ünïté ½ αß∞ █", "9a6e8b748220ab20e0e1ec20db"},
      {10, "Ünïté ÐÞ ½ ¤", "9a6e8b748220d1e820ab20cf"},
      {28, "Preis 5 €", "5072656973203520d5"},
      {31, "Àé ñ Ø þ ÿ", "c0e920f120d820fe20ff"},
      {32, "Łódź šč", "a3f364bc20b9e8"},
      {33, "Ġużeppi", "d575bf65707069"},
      {34, "Ģīķ", "abeff3"},
      {35, "Привет №", "bfe0d8d2d5e220f0"},
      {36, "مرحبا", "e5d1cdc8c7"},
      {37, "Αθήνα", "c1e8deede1"},
      {38, "שלום", "f9ece5ed"},
      {39, "İstanbul ğş", "dd7374616e62756c20f0fe"},
      {40, "Þór Ŋ", "def37220af"},
      {41, "สวัสดี", "cac7d1cab4d5"},
      {46, "10 € Šž œ", "313020a420a6b820bd"},
      {47, "Žalgiris ė", "de616c676972697320eb"},
      {48, "Ŵŷ ḃ", "d0fe20a2"},
      {51, "Київ ґ", "ebc9a7d720ad"},
      {150, "Łódź ő", "9da264ab208b"},
      {152, "Привет Ё", "8fe0a8a2a5e220f0"},
      {154, "שלום", "998c858d"},
      {155, "Привет", "dde1b7eba8e5"},
      {156, "İstanbul ğ", "987374616e62756c20a7"},
      {159, "Привет", "8ff0e8e2e5f2"},
      {160, "São João", "53846f204a6f846f"},
      {161, "Þór ð", "8da272208c"},
      {162, "Łódź", "fc976490"},
      {164, "İstanbul ş", "dc7374616e62756c20df"},
      {166, "Αθήνα", "b0f5dceee1"},
      {170, "Łódź „š“ €", "a3f3649f20849a932080"},
      {171, "Привет ё №", "cff0e8e2e5f220b820b9"},
      {174, "Αθήνα €", "c1e8deede12080"},
      {175, "שלום ₪", "f9ece5ed20a4"},
      {177, "İstanbul ğ €", "dd7374616e62756c20f02080"},
      {178, "“Müller” – 5 €", "934dfc6c6c657294209620352080"},
      {179, "Žalgiris ė", "de616c676972697320eb"},
      {190, "Ærø ¤", "92729b20af"},
      {196, "Привет ё", "f0d2c9d7c5d420a3"},
      {197, "Žalgiris", "cf616c6769726973"},
      {261, "Ünïté", "db6edd74c5"},
      {352, "Café ∞", "4361668e20b0"},
      {382, "Αθήνα", "809fe3a498"},
      {385, "Αθήνα", "a4e29ee7d6"},
      {390, "Québec", "517582626563"},
      {558, "مرحبا", "eaa9a5a09f"},
      {560, "مرحبا پ", "e3d1cdc8c72081"},
      {830, "日本語 テスト ｱ", "c6fccbdcb8ec20a5c6a5b9a5c8208eb1"},
      {832, "日本語 テスト ｱ ①", "93fa967b8cea2083658358836720b1208740"},
      {837, "漢字", "b4c1bbfa"},
      {840, "한국어", "c7d1b1b9beee"},
      {846, "한국어 똠방", "c7d1b1b9beee208c63b9e6"},
      {850, "中文测试", "d6d0cec4b2e2cad4"},
      {852, "中文測試", "d6d0cec49c79d487"},
      {854, "中文 😀", "d6d0cec4209439fc36"},
      {865, "中文測試", "a4a4a4e5b4fab8d5"},
      {867, "中文測試 碁", "a4a4a4e5b4fab8d520f9d6"},
      {868, "中文 嘅", "a4a4a4e5209def"},
      {873, "äЖ中😀", "c3a4d096e4b8adf09f9880"},
      {2000, "äЖ中😀", "00e404164e2dd83dde00"},
      {2002, "äЖ中😀", "e40016042d4e3dd800de"},
      {45, "Đồng", "d0f4cc6e67"},
      {871, "a😀é", "61eda0bdedb880c3a9"},
      {870, "é中", "c3a9e4b8ad"},
      {860, "中文", "c4e3c5c6"},
      {1, "plain ~\\", "706c61696e207e5c"},
  };
  for (const Sample& sample : kSamples) {
    const Charset& set = charset(sample.id);
    EXPECT_EQ(text_of(set, from_hex(sample.hex)), sample.text) << set.name();
    EXPECT_EQ(to_hex(set.from_utf8(sample.text)), sample.hex) << set.name();
    EXPECT_EQ(nlohmann::json::parse(json_of(set, from_hex(sample.hex))), sample.text) << set.name();
    EXPECT_TRUE(set.decodes(from_hex(sample.hex)));
    EXPECT_EQ(charset_by_name(set.name()), &set);
  }
}

TEST(Charset, EverySetOfTheTable) {
  const unsigned kIds[] = {
      1,   2,   3,   4,   10,  28,  31,  32,  33,  34,  35,  36,  37,  38,  39,  40,  41,  44,  45,   46,   47,
      48,  49,  51,  81,  82,  150, 152, 154, 155, 156, 159, 160, 161, 162, 163, 164, 166, 170, 171,  172,  174,
      175, 176, 177, 178, 179, 190, 191, 196, 197, 261, 352, 382, 385, 390, 558, 560, 829, 830, 831,  832,  834,
      837, 838, 840, 845, 846, 850, 852, 854, 860, 863, 865, 866, 867, 868, 870, 871, 873, 992, 2000, 2002,
  };
  std::string name_only;
  for (const unsigned id : kIds) {
    const Charset& set = charset(id);
    ASSERT_EQ(set.id(), id);
    ASSERT_EQ(charset_by_name(set.name()), &set);
    if (!set.decodes(from_hex("80"))) {
      name_only += std::string(set.name()) + ' ';
      EXPECT_TRUE(set.decodes(as_bytes("plain text")));
      EXPECT_FALSE(set.decodes(as_bytes("\\")));
    }
    // Every control and ASCII character stands for itself.
    for (int c = 0; c < 128; ++c) {
      const std::string ascii(1, static_cast<char>(c));
      const bool utf16 = id == 2000 || id == 2002;
      const bool yen = c == '\\' && (id == 831 || id == 834);
      const ByteString bytes =
          utf16 ? set.from_utf8(ascii) : ByteString(as_bytes(ascii).begin(), as_bytes(ascii).end());
      ASSERT_EQ(text_of(set, bytes), yen ? "¥" : ascii) << set.name();
      ASSERT_EQ(set.from_utf8(yen ? "¥" : ascii), bytes) << set.name();
    }
  }
  EXPECT_EQ(name_only, "WE8DEC WE8HP VN8VN3 CL8ISOIR111 EL8DEC TR8DEC EE8MACCROATIANS KO16KSCCS ZHT32TRIS ZHT16CCDC ");
  EXPECT_EQ(charset_by_id(9999), nullptr);
  EXPECT_EQ(charset_by_name("UTF-8"), nullptr);
}

// Whatever one byte, or two, decode to must encode to bytes that decode to the same.
TEST(Charset, EveryCharacterSurvives) {
  for (unsigned id = 1; id < 1000; ++id) {
    const Charset* set = charset_by_id(id);
    if (!set || !set->decodes(from_hex("80")) || set->name().find("UTF") != std::string_view::npos || id == 1) continue;
    int characters = 0;
    for (unsigned lead = 0x80; lead < 0x100; ++lead) {
      for (unsigned trail = 0x40; trail < 0x100; ++trail) {
        const ByteString bytes{static_cast<std::uint8_t>(lead), static_cast<std::uint8_t>(trail)};
        const std::string text = text_of(*set, bytes);
        if (text.find("\uFFFD") != std::string::npos) continue;
        ++characters;
        try {
          ASSERT_EQ(text_of(*set, set->from_utf8(text)), text) << set->name() << ' ' << to_hex(bytes);
        } catch (const Malformed&) {
          // Read-only mappings exist in multi-byte sets only.
          ASSERT_GE(id, 829U) << set->name() << ' ' << to_hex(bytes);
        }
      }
    }
    EXPECT_GT(characters, 5000) << set->name();
  }
}

TEST(Charset, JapaneseVariants) {
  struct Case {
    unsigned id;
    const char* wave_dash;  // the bytes of the wave dash
    const char* text;       // what they and 0x5C stand for
  };
  const Case kCases[] = {{830, "a1c1", "\u301C\\"}, {831, "a1c1", "\u301C¥"}, {837, "a1c1", "\uFF5E\\"},
                         {832, "8160", "\u301C\\"}, {834, "8160", "\u301C¥"}, {838, "8160", "\uFF5E\\"}};
  for (const Case& c : kCases) {
    const ByteString bytes = from_hex(std::string(c.wave_dash) + "5c");
    EXPECT_EQ(text_of(charset(c.id), bytes), c.text) << c.id;
    EXPECT_EQ(charset(c.id).from_utf8(c.text), bytes) << c.id;
    EXPECT_EQ(nlohmann::json::parse(json_of(charset(c.id), bytes)), c.text) << c.id;
  }
  // 0x5C as the second byte of a character is neither backslash nor yen.
  EXPECT_EQ(text_of(charset(834), from_hex("835c")), "ソ");
  EXPECT_THROW(charset(832).from_utf8("\uFF5E"), Malformed);
  EXPECT_THROW(charset(838).from_utf8("\u301C"), Malformed);
  EXPECT_THROW(charset(834).from_utf8("\\"), Malformed);
}

TEST(Charset, InvalidSequencesBecomeReplacementCharacters) {
  struct Case {
    unsigned id;
    const char* hex;
    const char* text;
  };
  const Case kCases[] = {
      {873, "61ff62", "a\uFFFDb"},
      {873, "c3", "\uFFFD"},
      {873, "c328", "\uFFFD("},
      {873, "e4b8", "\uFFFD"},
      {873, "e4b841", "\uFFFDA"},
      {873, "c080", "\uFFFD\uFFFD"},                                  // overlong
      {873, "eda0bdedb880", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"},  // surrogates are not UTF-8
      {873, "f4908080", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {873, "f09f98", "\uFFFD"},
      {871, "eda0bd61", "\uFFFDa"},  // high surrogate alone
      {871, "edb88061", "\uFFFDa"},
      {871, "eda0bdeda0bdedb880", "\uFFFD😀"},
      {871, "eda0bded", "\uFFFD\uFFFD"},
      {871, "f09f9880", "😀"},
      {1, "4180ff42", "A\uFFFD\uFFFDB"},
      {2000, "0061d8", "a\uFFFD"},
      {2000, "d83d0061", "\uFFFDa"},
      {2000, "de000061", "\uFFFDa"},
      {2000, "d83d", "\uFFFD"},
      {2002, "3dd86100", "\uFFFDa"},
      {832, "93fa96", "日\uFFFD"},
      {832, "93fa9620", "日\uFFFD "},
      {852, "d6d0ff41", "中\uFFFDA"},
      {2, "41c0", "A\uFFFD"},
      {178, "818d9d80", "\uFFFD\uFFFD\uFFFD€"},      // holes of windows-1252
      {31, "818d9d80", "\u0081\u008D\u009D\u0080"},  // control characters of ISO 8859-1
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(text_of(charset(c.id), from_hex(c.hex)), c.text) << c.id << ' ' << c.hex;
    EXPECT_EQ(nlohmann::json::parse(json_of(charset(c.id), from_hex(c.hex))), c.text) << c.hex;
  }
}

TEST(Charset, RefusesCharactersTheSetDoesNotHave) {
  EXPECT_THROW(charset(1).from_utf8("é"), Malformed);
  EXPECT_THROW(charset(31).from_utf8("€"), Malformed);
  EXPECT_THROW(charset(832).from_utf8("😀"), Malformed);
  EXPECT_THROW(charset(2).from_utf8("é"), Malformed);
  EXPECT_THROW(charset(873).from_utf8("\xFF"), Malformed);
}

// Against a slow reference: nlohmann reads the string back, its dump with replacement does the repair.
TEST(Charset, JsonStringsAgreeWithASlowReference) {
  std::mt19937_64 random(29);
  const std::string_view kPieces[] = {"a",
                                      "\"",
                                      "\\",
                                      "\n",
                                      "\x01",
                                      "\x7F",
                                      "é",
                                      "中",
                                      "😀",
                                      "\xFF",
                                      "\xE4\xB8",
                                      "\x1F",
                                      "plain ascii text of some length, ",
                                      "/",
                                      "\t",
                                      "\xED\xA0\xBD"};
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t n = random() % 20; n > 0; --n)
      text += random() % 4 == 0 ? kPieces[random() % std::size(kPieces)] : kPieces[0];
    const auto reference = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const std::string json = json_of(charset(873), as_bytes(text));
    ASSERT_EQ(nlohmann::json::parse(json), nlohmann::json::parse(reference)) << json;
    ASSERT_EQ(nlohmann::json::parse(json), text_of(charset(873), as_bytes(text)));
    TextBuffer out;
    append_json_string(out, text);
    ASSERT_EQ(out.view(), json);
  }
}

TEST(Charset, Utf16AgreesWithUtf8) {
  std::mt19937_64 random(31);
  const std::string_view kPieces[] = {"a", "bcdefgh", "\"", "\\", "\n", "é", "中", "😀", "twenty characters ok"};
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t n = random() % 12; n > 0; --n) text += kPieces[random() % std::size(kPieces)];
    for (const unsigned id : {2000U, 2002U, 871U, 854U}) {
      const Charset& set = charset(id);
      const ByteString bytes = set.from_utf8(text);
      ASSERT_EQ(text_of(set, bytes), text);
      ASSERT_EQ(json_of(set, bytes), json_of(charset(873), as_bytes(text)));
    }
  }
}

TEST(Charset, ThreadsShareThem) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(text_of(charset(390), from_hex("82")), "é");
        EXPECT_EQ(text_of(charset(832), from_hex("93fa")), "日");
        EXPECT_EQ(text_of(charset(178), from_hex("80")), "€");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace redoubt::oracle
