#include "profile/profile_proto.h"

#include <map>
#include <protozero/pbf_writer.hpp>
#include <tuple>

namespace k8scale::profile {
namespace {

using protozero::pbf_writer;

// Field numbers of profile.proto.
namespace field {
constexpr unsigned sample_type = 1, sample = 2, mapping = 3, location = 4, function = 5, string_table = 6,
                   time_nanos = 9, duration_nanos = 10, period_type = 11, period = 12;
constexpr unsigned type = 1, unit = 2;          // of ValueType
constexpr unsigned location_id = 1, value = 2;  // of Sample
constexpr unsigned id = 1;                      // of Mapping, Location, Function
constexpr unsigned memory_start = 2, memory_limit = 3, file_offset = 4, file = 5, build_id = 6,
                   has_functions = 7, has_filenames = 8, has_line_numbers = 9;  // of Mapping
constexpr unsigned mapping_id = 2, address = 3, line = 4;                       // of Location
constexpr unsigned function_id = 1, line_number = 2;                            // of Line
constexpr unsigned name = 2, system_name = 3, source_file = 4;                  // of Function
}  // namespace field

// Writes a profile: what samples refer to goes out the first time it is met.
class Writer {
 public:
  Writer(const Samples& samples, const Symbols& symbols) : samples_(samples), symbols_(symbols) {}

  std::string write() {
    index_of("");  // the first string is always empty
    for (const ValueType& each : samples_.types) add_value_type(field::sample_type, each);
    for (const StackSample& each : samples_.stacks) add_sample(each);
    add_mappings();
    add_value_type(field::period_type, samples_.period_type);
    profile_.add_int64(field::time_nanos, samples_.start_time);
    profile_.add_int64(field::duration_nanos, samples_.duration);
    profile_.add_int64(field::period, samples_.period);
    for (const std::string* each : in_order_) profile_.add_string(field::string_table, *each);
    return std::move(out_);
  }

 private:
  std::int64_t index_of(const std::string& text) {
    const auto [place, added] = strings_.try_emplace(text, static_cast<std::int64_t>(strings_.size()));
    if (added) in_order_.push_back(&place->first);
    return place->second;
  }

  void add_value_type(unsigned number, const ValueType& type) {
    const std::int64_t type_index = index_of(type.type), unit_index = index_of(type.unit);
    pbf_writer message(profile_, number);
    message.add_int64(field::type, type_index);
    message.add_int64(field::unit, unit_index);
  }

  void add_sample(const StackSample& stack) {
    std::vector<std::uint64_t> locations;
    locations.reserve(stack.addresses.size());
    for (const std::uint64_t address : stack.addresses) locations.push_back(location_of(address));
    pbf_writer message(profile_, field::sample);
    message.add_packed_uint64(field::location_id, locations.begin(), locations.end());
    message.add_packed_int64(field::value, stack.values.begin(), stack.values.end());
  }

  // Numbers begin at 1; a mapping's is its place.
  [[nodiscard]] std::uint64_t mapping_of(std::uint64_t address) const {
    const auto& mappings = symbols_.mappings();
    for (std::size_t i = 0; i < mappings.size(); ++i) {
      if (address >= mappings[i].start && address < mappings[i].limit) return i + 1;
    }
    return 0;
  }

  std::uint64_t location_of(std::uint64_t address) {
    const auto [place, added] = locations_.try_emplace(address, locations_.size() + 1);
    if (!added) return place->second;
    const std::vector<Symbol> symbols = symbols_.find(address);
    std::vector<std::uint64_t> functions;
    functions.reserve(symbols.size());
    for (const Symbol& each : symbols) functions.push_back(function_of(each));
    pbf_writer message(profile_, field::location);
    message.add_uint64(field::id, place->second);
    message.add_uint64(field::mapping_id, mapping_of(address));
    message.add_uint64(field::address, address);
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      pbf_writer line(message, field::line);
      line.add_uint64(field::function_id, functions[i]);
      line.add_int64(field::line_number, symbols[i].line);
    }
    return place->second;
  }

  std::uint64_t function_of(const Symbol& symbol) {
    const auto key = std::tuple(symbol.linkage_name, symbol.file);
    const auto [place, added] = functions_.try_emplace(key, functions_.size() + 1);
    if (!added) return place->second;
    const std::int64_t name = index_of(symbol.function), system_name = index_of(symbol.linkage_name);
    const std::int64_t file = index_of(symbol.file);
    pbf_writer message(profile_, field::function);
    message.add_uint64(field::id, place->second);
    message.add_int64(field::name, name);
    message.add_int64(field::system_name, system_name);
    message.add_int64(field::source_file, file);
    return place->second;
  }

  void add_mappings() {
    std::uint64_t id = 0;
    for (const Mapping& each : symbols_.mappings()) {
      const std::int64_t file = index_of(each.file), build_id = index_of(each.build_id);
      pbf_writer message(profile_, field::mapping);
      message.add_uint64(field::id, ++id);
      message.add_uint64(field::memory_start, each.start);
      message.add_uint64(field::memory_limit, each.limit);
      message.add_uint64(field::file_offset, each.offset);
      message.add_int64(field::file, file);
      message.add_int64(field::build_id, build_id);
      message.add_bool(field::has_functions, true);
      message.add_bool(field::has_filenames, true);
      message.add_bool(field::has_line_numbers, true);
    }
  }

  const Samples& samples_;
  const Symbols& symbols_;
  std::string out_;
  pbf_writer profile_{out_};
  std::map<std::string, std::int64_t> strings_;
  std::vector<const std::string*> in_order_;
  std::map<std::uint64_t, std::uint64_t> locations_;
  std::map<std::tuple<std::string, std::string>, std::uint64_t> functions_;
};

}  // namespace

std::string to_profile_proto(const Samples& samples, const Symbols& symbols) {
  return Writer(samples, symbols).write();
}

}  // namespace k8scale::profile
