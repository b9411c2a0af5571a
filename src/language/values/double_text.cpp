#include "language/values/double_text.hpp"

/// The server's own $toString gives only six digits. So the double becomes a decimal with all of its digits,
/// which is rounded to ever more digits. The first result that converts back to the same double is the
/// shortest text.
namespace sluice::language {

namespace {

using Texts = std::vector<std::string>;

const std::string least_normal = "2.2250738585072014e-308";
const std::string most_exact = "9007199254740992.0";  // 2^53

std::string decimal(const std::string& digits) {
  return call("$numberDecimal", json_text(digits));
}

std::string either_of(const std::string& condition, const std::string& then, const std::string& otherwise) {
  return call_list("$cond", {condition, then, otherwise});
}

std::string text(const std::string& value) {
  return call("$toString", value);
}

std::string negative(const std::string& value) {
  return call_list("$multiply", {value, "-1"});
}

/// Ten to the power of a whole number, as a decimal.
std::string power_of_ten(const std::string& exponent) {
  return call("$toDecimal", call_list("$concat", {json_text("1E"), text(exponent)}));
}

std::string part_of(const std::string& value, const std::string& from, const std::string& size) {
  return call_list("$substrBytes", {value, from, size});
}

const std::string ten = json_text("$$ten");        // the decimal exponent of the first digit
const std::string digits = json_text("$$digits");  // without a point or trailing zeros
const std::string size = json_text("$$size");      // their number
const std::string last = json_text("$$last");      // the decimal exponent of the last digit
const std::string one = json_text("$$one");        // the number scaled to one digit before the point
const std::string attempt = json_text("$$try");

class DoubleText {
 public:
  explicit DoubleText(const Term& value)
      : value_(value.json),
        magnitude_(call("$abs", value_)),
        exact_(call("$abs", call_list("$add", {value_, decimal("0")}))),
        subnormal_(call_list("$lt", {magnitude_, least_normal})) {}

  std::string whole() const {
    const std::string named =
        json_list({call("$numberDouble", json_text("NaN")), call("$numberDouble", json_text("Infinity")),
                   call("$numberDouble", json_text("-Infinity"))});
    const std::string is_whole = call_list("$and", {call_list("$lte", {magnitude_, most_exact}),
                                                    call_list("$eq", {value_, call("$trunc", value_)})});
    const Texts branches{json_object({{"case", call_list("$in", {value_, named})}, {"then", text(value_)}}),
                         json_object({{"case", is_whole}, {"then", text(call("$toLong", value_))}})};
    return call("$switch", json_object({{"branches", json_list(branches)}, {"default", with_fraction()}}));
  }

 private:
  /// $toDecimal rounds to 15 digits, which is exact for nearly all numbers. Only the others are searched.
  std::string with_fraction() const {
    const std::string plain = json_text("$$plain");
    const std::string fits = call_list(
        "$and", {call_list("$gte", {magnitude_, "0.001"}), call_list("$lte", {magnitude_, most_exact}),
                 call_list("$eq", {call("$toDouble", plain), value_})});
    const std::string sign = either_of(call_list("$lt", {value_, "0"}), json_text("-"), json_text(""));
    return let({{"plain", call("$toDecimal", value_)}},
               either_of(fits, without_zeros(text(plain)), call_list("$concat", {sign, searched()})));
  }

  static std::string without_zeros(const std::string& value) {
    return call("$rtrim", json_object({{"input", value}, {"chars", json_text("0")}}));
  }

  /// Finds the exponent of the first digit, then the shortest digits. The logarithm is rounded, so its whole
  /// part may be off by one, which `off` corrects.
  std::string searched() const {
    const std::string near = json_text("$$near");
    const std::string about = json_text("$$about");
    const std::string off = either_of(call_list("$gte", {about, "10"}), "1",
                                      either_of(call_list("$lt", {about, "1"}), "-1", "0"));
    const auto scaled = [&](const std::string& by) {
      return call_list("$multiply", {exact_, power_of_ten(negative(by))});
    };
    return let({{"near", call("$toInt", call("$floor", call("$log10", magnitude_)))}},
               let({{"about", scaled(near)}},
                   let({{"ten", call_list("$add", {near, off})}},
                       let({{"one", scaled(ten)}}, let({{"short", shortest()}}, written())))));
  }

  /// Tries increasing numbers of digits after the point and takes the first that reads back as the same
  /// double. At 15 digits after the point, the next number up may read back where the nearest does not,
  /// because next to a power of two doubles are farther apart on one side. In the list, -1 stands for that
  /// next number.
  std::string shortest() const {
    const std::string places =
        either_of(subnormal_, call_list("$range", {"0", "17"}), json_list({"14", "15", "-1", "16"}));
    const std::string place = json_text("$$this");
    const std::string rounded = call_list("$round", {one, place});
    const std::string next = call_list("$add", {call_list("$round", {one, "15"}), decimal("1E-15")});
    const std::string tried = let({{"try", either_of(call_list("$gte", {place, "0"}), rounded, next)}},
                                  either_of(reads_back(), attempt, decimal("0")));
    const std::string found = json_text("$$value");
    return call("$reduce",
                json_object({{"input", places},
                             {"initialValue", decimal("0")},
                             {"in", either_of(call_list("$gt", {found, decimal("0")}), found, tried)}}));
  }

  /// Whether the attempt is the same double again. The server converts no decimal to a subnormal double.
  /// Subnormal doubles are 2^-1074 apart, so an attempt within half of that distance is the same double.
  std::string reads_back() const {
    const std::string half = decimal("2.470328229206232720882843964341107E-324");
    const std::string distance = call("$abs", call_list("$subtract", {attempt, one}));
    const std::string near_enough =
        call_list("$lt", {distance, call_list("$multiply", {half, power_of_ten(negative(ten))})});
    const std::string read =
        call("$convert", json_object({{"input", call_list("$multiply", {attempt, power_of_ten(ten)})},
                                      {"to", json_text("double")},
                                      {"onError", "0"}}));
    return either_of(subnormal_, near_enough, call_list("$eq", {read, magnitude_}));
  }

  /// Writes the digits that were found. Rounding may have turned 9.99.. into 10; then the exponent is one
  /// higher.
  std::string written() const {
    const std::string found = json_text("$$short");
    const std::string without_point =
        call("$replaceOne",
             json_object({{"input", text(found)}, {"find", json_text(".")}, {"replacement", json_text("")}}));
    const std::string carried =
        either_of(call_list("$gte", {found, "10"}), call_list("$add", {ten, "1"}), ten);
    return let({{"digits", without_zeros(without_point)}, {"ten", carried}},
               let({{"size", call("$strLenBytes", digits)}},
                   let({{"last", call_list("$subtract", {call_list("$add", {ten, "1"}), size})}}, shaped())));
  }

  /// Writes an exponent where that is shorter, as std::to_chars does.
  std::string shaped() const {
    const std::string single = call_list("$eq", {size, "1"});
    const std::string plain = call_list(
        "$and", {call_list("$gte", {last, either_of(single, "-3", call_list("$subtract", {"-3", size}))}),
                 call_list("$lte", {last, either_of(single, "4", "5")})});
    return either_of(plain, fixed(), scientific());
  }

  std::string fixed() const {
    const std::string before = call_list("$add", {ten, "1"});
    const std::string zeros = part_of(json_text("000"), "0", call_list("$subtract", {"-1", ten}));
    const Texts branches{json_object({{"case", call_list("$gte", {last, "0"})},
                                      {"then", text(call_list("$round", {exact_, "0"}))}}),
                         json_object({{"case", call_list("$lt", {ten, "0"})},
                                      {"then", call_list("$concat", {json_text("0."), zeros, digits})}})};
    const std::string both =
        call_list("$concat", {part_of(digits, "0", before), json_text("."), part_of(digits, before, "-1")});
    return call("$switch", json_object({{"branches", json_list(branches)}, {"default", both}}));
  }

  std::string scientific() const {
    const std::string more = call_list("$concat", {json_text("."), part_of(digits, "1", "-1")});
    const std::string exponent = call("$abs", ten);
    return call_list(
        "$concat",
        {part_of(digits, "0", "1"), either_of(call_list("$gt", {size, "1"}), more, json_text("")),
         either_of(call_list("$lt", {ten, "0"}), json_text("e-"), json_text("e+")),
         either_of(call_list("$lt", {exponent, "10"}), json_text("0"), json_text("")), text(exponent)});
  }

  std::string value_;
  std::string magnitude_;
  // the absolute value as a decimal: adding a decimal keeps all digits of the double, up to 34
  std::string exact_;
  std::string subnormal_;
};

}  // namespace

Term double_text(const Term& value) {
  return {DoubleText(value).whole(), Type::text};
}

}  // namespace sluice::language
