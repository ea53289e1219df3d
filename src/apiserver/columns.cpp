#include "columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

using Texts = std::vector<std::string>;
constexpr std::size_t most_shown = 3;

std::string joined(const Texts& texts) { return fmt::format("{}", fmt::join(texts, ",")); }

// "10.0.0.1,10.0.0.2,10.0.0.3 + 2 more..."
std::string first_of(const Texts& texts, std::string_view otherwise) {
  if (texts.empty()) return std::string(otherwise);
  if (texts.size() <= most_shown) return joined(texts);
  return fmt::format("{} + {} more...", joined({texts.begin(), texts.begin() + most_shown}),
                     texts.size() - most_shown);
}

std::string or_none(const std::string& text) { return text.empty() ? "<none>" : text; }

std::string age_since(std::string_view moment, base::WallTime now) {
  const auto from = base::parse_rfc3339(moment);
  return from ? age_text(now - *from) : "<unknown>";
}

Json name_cell(const Json& document, base::WallTime) {
  return text_member(member(document, "metadata"), "name");
}
Json created_cell(const Json& document, base::WallTime) {
  return text_member(member(document, "metadata"), "creationTimestamp");
}
Json age_cell(const Json& document, base::WallTime now) {
  return age_since(text_member(member(document, "metadata"), "creationTimestamp"), now);
}
Json phase_cell(const Json& document, base::WallTime) {
  return text_member(member(document, "status"), "phase");
}
Json data_cell(const Json& document, base::WallTime) {
  return member(document, "data").size() + member(document, "binaryData").size();
}
Json type_cell(const Json& document, base::WallTime) { return text_member(document, "type"); }
Json holder_cell(const Json& document, base::WallTime) {
  return text_member(member(document, "spec"), "holderIdentity");
}

Json service_type_cell(const Json& document, base::WallTime) {
  return text_member(member(document, "spec"), "type");
}
Json cluster_ip_cell(const Json& document, base::WallTime) {
  return or_none(std::string(text_member(member(document, "spec"), "clusterIP")));
}
Json external_ip_cell(const Json& document, base::WallTime) {
  const Json& spec = member(document, "spec");
  const std::string_view type = text_member(spec, "type");
  if (type == "ExternalName") return text_member(spec, "externalName");
  Texts all;
  if (type == "LoadBalancer") {
    for (const Json& each : member(member(member(document, "status"), "loadBalancer"), "ingress")) {
      const std::string_view ip = text_member(each, "ip");
      all.emplace_back(ip.empty() ? text_member(each, "hostname") : ip);
    }
  }
  for (const Json& each : member(spec, "externalIPs")) all.push_back(each.get<std::string>());
  if (all.empty()) return type == "LoadBalancer" ? "<pending>" : "<none>";
  return joined(all);
}
Json service_ports_cell(const Json& document, base::WallTime) {
  Texts all;
  for (const Json& port : member(member(document, "spec"), "ports")) {
    const Json& node_port = member(port, "nodePort");
    const std::string node = node_port.is_null() ? "" : ":" + to_text(node_port);
    all.push_back(fmt::format("{}{}/{}", to_text(member(port, "port")), node, text_member(port, "protocol")));
  }
  return or_none(joined(all));
}
Json selector_cell(const Json& document, base::WallTime) {
  Texts all;
  for (const auto& [key, value] : members(member(member(document, "spec"), "selector"))) {
    all.push_back(fmt::format("{}={}", key, value.get<std::string>()));
  }
  return or_none(joined(all));
}

std::string host_and_port(std::string_view host, const Json& port) {
  const bool bracketed = host.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{}", bracketed ? "[" : "", host, bracketed ? "]" : "", to_text(port));
}
Json endpoints_cell(const Json& document, base::WallTime) {
  Texts all;
  for (const Json& subset : member(document, "subsets")) {
    const Json& ports = member(subset, "ports");
    for (const Json& address : member(subset, "addresses")) {
      if (ports.empty()) all.emplace_back(text_member(address, "ip"));
    }
    for (const Json& port : ports) {
      for (const Json& address : member(subset, "addresses")) {
        all.push_back(host_and_port(text_member(address, "ip"), member(port, "port")));
      }
    }
  }
  return first_of(all, "<none>");
}

Json address_type_cell(const Json& document, base::WallTime) { return text_member(document, "addressType"); }
Json slice_ports_cell(const Json& document, base::WallTime) {
  Texts all;
  for (const Json& port : member(document, "ports")) {
    const Json& number = member(port, "port");
    all.push_back(number.is_null() ? std::string(text_member(port, "name")) : to_text(number));
  }
  return first_of(all, "<unset>");
}
Json slice_endpoints_cell(const Json& document, base::WallTime) {
  Texts all;
  for (const Json& endpoint : member(document, "endpoints")) {
    for (const Json& address : member(endpoint, "addresses")) all.push_back(address.get<std::string>());
  }
  return first_of(all, "<unset>");
}

Json first_seen_cell(const Json& document, base::WallTime now) {
  const std::string_view first = text_member(document, "firstTimestamp");
  return age_since(first.empty() ? text_member(document, "eventTime") : first, now);
}
Json last_seen_cell(const Json& document, base::WallTime now) {
  const Json& series = member(document, "series");
  if (!series.is_null()) return age_since(text_member(series, "lastObservedTime"), now);
  const std::string_view last = text_member(document, "lastTimestamp");
  return last.empty() ? first_seen_cell(document, now) : Json(age_since(last, now));
}
Json reason_cell(const Json& document, base::WallTime) { return text_member(document, "reason"); }
Json involved_cell(const Json& document, base::WallTime) {
  const Json& object = member(document, "involvedObject");
  const std::string kind = base::lower(text_member(object, "kind"));
  const std::string_view name = text_member(object, "name");
  return name.empty() ? kind : fmt::format("{}/{}", kind, name);
}
Json subobject_cell(const Json& document, base::WallTime) {
  return text_member(member(document, "involvedObject"), "fieldPath");
}
Json source_cell(const Json& document, base::WallTime) {
  const auto first = [&](const char* in_source, const char* otherwise) {
    const std::string_view text = text_member(member(document, "source"), in_source);
    return text.empty() ? text_member(document, otherwise) : text;
  };
  const std::string_view component = first("component", "reportingComponent");
  const std::string_view host = first("host", "reportingInstance");
  return host.empty() ? std::string(component) : fmt::format("{}, {}", component, host);
}
Json message_cell(const Json& document, base::WallTime) {
  return base::trim(text_member(document, "message"));
}
Json count_cell(const Json& document, base::WallTime) {
  const Json& series = member(document, "series");
  const Json& count = member(series.is_null() ? document : series, "count");
  return count.is_null() || count == 0 ? Json(1) : count;
}

}  // namespace

std::vector<Column> columns_of(const ResourceInfo& resource) {
  const Column name = {"Name", name_cell, 0, "string", "name"};
  const Column age = {"Age", age_cell};
  if (resource.group == "wardle.example.com") return {name, {"Created At", created_cell, 0, "date"}};
  if (!resource.builtin) return {name, age};
  const std::string& kind = resource.kind;
  if (kind == "Namespace") return {name, {"Status", phase_cell}, age};
  if (kind == "ConfigMap") return {name, {"Data", data_cell}, age};
  if (kind == "Secret") return {name, {"Type", type_cell}, {"Data", data_cell}, age};
  if (kind == "Lease") return {name, {"Holder", holder_cell}, age};
  if (kind == "Endpoints") return {name, {"Endpoints", endpoints_cell}, age};
  if (kind == "Service") {
    return {name,
            {"Type", service_type_cell},
            {"Cluster-IP", cluster_ip_cell},
            {"External-IP", external_ip_cell},
            {"Port(s)", service_ports_cell},
            age,
            {"Selector", selector_cell, 1}};
  }
  if (kind == "EndpointSlice") {
    return {name,
            {"AddressType", address_type_cell},
            {"Ports", slice_ports_cell},
            {"Endpoints", slice_endpoints_cell},
            age};
  }
  if (kind == "Event") {
    return {{"Last Seen", last_seen_cell},    {"Type", type_cell},
            {"Reason", reason_cell},          {"Object", involved_cell},
            {"Subobject", subobject_cell, 1}, {"Source", source_cell, 1},
            {"Message", message_cell},        {"First Seen", first_seen_cell, 1},
            {"Count", count_cell, 1},         {"Name", name_cell, 1, "string", "name"}};
  }
  return {name, age};
}

std::string age_text(base::Nanoseconds age) {
  using std::chrono::duration_cast;
  const auto seconds = duration_cast<std::chrono::seconds>(age).count();
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour, year = 365 * day;
  const auto two = [&](std::int64_t large, std::int64_t small, std::string_view format_large,
                       std::string_view format_small) {
    const std::int64_t rest = seconds % large / small;
    return fmt::format("{}{}", seconds / large, format_large) +
           (rest == 0 ? "" : fmt::format("{}{}", rest, format_small));
  };
  if (seconds < 2 * minute) return fmt::format("{}s", seconds);
  if (seconds < 10 * minute) return two(minute, 1, "m", "s");
  if (seconds < 3 * hour) return fmt::format("{}m", seconds / minute);
  if (seconds < 8 * hour) return two(hour, minute, "h", "m");
  if (seconds < 2 * day) return fmt::format("{}h", seconds / hour);
  if (seconds < 8 * day) return two(day, hour, "d", "h");
  if (seconds < 2 * year) return fmt::format("{}d", seconds / day);
  if (seconds < 8 * year) return two(year, day, "y", "d");
  return fmt::format("{}y", seconds / year);
}

}  // namespace k8scale::apiserver
