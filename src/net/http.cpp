#include "k8scale/net/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>

#include "k8scale/base/text.h"

namespace k8scale::net {

namespace {
// Room for what most messages have.
constexpr std::size_t usual_text = 512;
constexpr std::size_t usual_fields = 16;
}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  if (fields_.empty()) {
    text_.reserve(usual_text);
    fields_.reserve(usual_fields);
  }
  const auto offset = [&] { return static_cast<std::uint32_t>(text_.size()); };
  Place place{};
  place.name = offset();
  text_.append(name).append(": ");
  place.value = offset();
  text_.append(value);
  place.end = offset();
  text_.append("\r\n");
  fields_.push_back(place);
}

void Headers::clear() {
  text_.clear();
  fields_.clear();
}

Headers::Field Headers::operator[](std::size_t index) const {
  const Place& place = fields_[index];
  const std::string_view text = text_;
  return {text.substr(place.name, place.value - place.name - 2),
          text.substr(place.value, place.end - place.value)};
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].value - fields_[i].name != name.size() + 2) continue;
    const Field field = (*this)[i];
    if (base::equals_ignoring_case(field.first, name)) return field.second;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field field = (*this)[i];
    if (base::equals_ignoring_case(field.first, name)) values.push_back(field.second);
  }
  return values;
}

void Headers::append_to(std::string& out) const { out += text_; }

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char each) {
    return (static_cast<unsigned char>(each) < ' ' && each != '\t') || each == '\x7f';
  });
}

std::string_view standard_reason(int status) {
  return boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
}

std::optional<std::string> wrong_count(std::string_view name, std::size_t times, Count expected) {
  if (times == 1 || (times == 0 && expected == Count::at_most_once)) return std::nullopt;
  return fmt::format("{}: found {}, expected it {} once", name,
                     times == 0 ? "nothing" : fmt::format("it {} times", times),
                     expected == Count::at_most_once ? "at most" : "exactly");
}

QueryValues query_values(std::string_view query) {
  QueryValues values;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = base::percent_decode(pair.substr(0, equals));
    auto value = base::percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (name && value) values.emplace_back(std::move(*name), std::move(*value));
  }
  return values;
}

base::Result<std::string> only_value(const QueryValues& values, std::string_view name,
                                     std::optional<std::string> otherwise) {
  const Count expected = otherwise ? Count::at_most_once : Count::exactly_once;
  std::size_t times = 0;
  for (const auto& [key, value] : values) {
    if (key != name) continue;
    otherwise = value;
    ++times;
  }
  if (auto wrong = wrong_count(name, times, expected)) {
    return base::Failure(base::FailureKind::protocol, std::move(*wrong));
  }
  return std::move(*otherwise);
}

std::pair<std::string_view, std::string_view> split_target(std::string_view target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

}  // namespace k8scale::net
