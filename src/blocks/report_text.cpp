#include <fmt/format.h>

#include <ostream>

#include "k8scale/base/text.h"
#include "k8scale/blocks/report.h"
#include "k8scale/measure/report.h"

namespace k8scale::blocks {
namespace {

constexpr std::size_t most_lines = 64;

double rate(std::uint64_t count, base::Nanoseconds duration) {
  const double seconds = base::to_seconds(duration);
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string megabytes_per_second(std::uint64_t bytes, base::Nanoseconds duration) {
  return fmt::format("{:.2f}", rate(bytes, duration) / 1e6);
}

std::string point(const measure::Histogram& times, double quantile) {
  return times.count() == 0 ? "-" : base::format_duration(times.quantile(quantile));
}

std::string time_or_dash(base::Nanoseconds time) {
  return time == base::Nanoseconds(0) ? "-" : base::format_duration(time);
}

struct Line {
  std::string label;
  std::uint64_t bytes, requests, failures, under_way, retransmits;
  std::string round_trip_time;
  const RequestTimes* times;
};

void add(measure::Table& table, const Line& line, base::Nanoseconds duration) {
  std::vector<std::string> cells = {line.label,
                                    base::format_bytes(static_cast<double>(line.bytes)),
                                    megabytes_per_second(line.bytes, duration),
                                    std::to_string(line.requests),
                                    std::to_string(line.failures),
                                    std::to_string(line.under_way),
                                    std::to_string(line.retransmits),
                                    line.round_trip_time};
  if (line.times != nullptr) {
    for (const measure::Histogram* each :
         {&line.times->first_byte, &line.times->request, &line.times->lateness}) {
      cells.push_back(point(*each, 0.5));
      cells.push_back(point(*each, 0.99));
    }
  }
  table.add(std::move(cells));
}

void print_connections(std::ostream& out, const ClientReport& report) {
  measure::Table table(1);
  table.add({"connection", "bytes", "MB/s", "requests", "failures", "under way", "retransmits", "RTT",
             "first byte p50", "p99", "request p50", "p99", "lateness p50", "p99"});
  const ClientFigures& all = report.figures;
  const bool each_one = all.connections.size() <= most_lines;
  for (const ConnectionFigures& each : all.connections) {
    if (!each_one) break;
    add(table,
        {std::to_string(each.number), each.bytes, each.requests, each.failures, each.under_way,
         each.retransmits, time_or_dash(each.round_trip_time), each.times ? &*each.times : nullptr},
        report.facts.duration);
  }
  add(table, {"total", all.bytes, all.requests, all.failures, all.under_way, all.retransmits, "", &all.times},
      report.facts.duration);
  table.print(out);
  if (each_one) return;
  out << fmt::format("the lines of {} connections are left out, as they are more than {}; --json has them\n",
                     all.connections.size(), most_lines);
}

void add_times(measure::Table& table, const char* label, const measure::Histogram& times) {
  if (times.count() == 0) return;
  std::vector<std::string> cells = {label, base::format_duration(times.min()),
                                    base::format_duration(times.mean())};
  for (const double quantile : {0.5, 0.9, 0.99, 0.999}) cells.push_back(point(times, quantile));
  cells.push_back(base::format_duration(times.max()));
  table.add(std::move(cells));
}

void print_times(std::ostream& out, const RequestTimes& times) {
  measure::Table table(1);
  table.add({"time", "min", "mean", "p50", "p90", "p99", "p99.9", "max"});
  add_times(table, "wait for the connection", times.wait);
  add_times(table, "first byte", times.first_byte);
  add_times(table, "request", times.request);
  add_times(table, "block lateness", times.lateness);
  out << '\n';
  table.print(out);
}

std::string cpu_text(base::Nanoseconds cpu, std::uint64_t bytes) {
  std::string used = "CPU " + base::format_duration(cpu);
  if (bytes == 0) return used;
  const double per_gigabyte = static_cast<double>(cpu.count()) * 1e9 / static_cast<double>(bytes);
  return used + ", " + base::format_duration(base::Nanoseconds(static_cast<std::int64_t>(per_gigabyte))) +
         " per GB";
}

void print_heading(std::ostream& out, const RunFacts& facts) {
  out << "httperf" << (facts.server.empty() ? ", server only" : " " + facts.server) << ": "
      << base::format_duration(facts.duration);
  if (!facts.interrupted.empty()) out << ", interrupted by " << facts.interrupted;
  if (!facts.measured) out << " during the warm-up: nothing was measured";
  out << "\n\n";
}

void print_failures(std::ostream& out, const ClientReport& report) {
  if (report.warmup_failures > 0) {
    out << fmt::format("warm-up: {} failures\n", report.warmup_failures);
  }
  const ClientFigures& figures = report.figures;
  if (figures.resent > 0) {
    out << fmt::format("{} requests were sent again, as their connections had ended\n", figures.resent);
  }
  std::size_t failing = 0;
  for (const ConnectionFigures& each : figures.connections) {
    if (each.failures == 0 || ++failing > most_lines) continue;
    const std::string first =
        each.first_failure == each.last_failure ? "" : fmt::format(" the first: {};", each.first_failure);
    out << fmt::format("connection {}: {} failures,{} the last: {}\n", each.number, each.failures, first,
                       each.last_failure);
  }
  if (failing > most_lines) out << fmt::format("and {} more connections failed\n", failing - most_lines);
}

void print_server_side(std::ostream& out, const base::Result<ServerSide>& side) {
  if (side.has_error()) {
    out << "server: " << side.error().detail() << '\n';
    return;
  }
  const ServerSide& server = *side;
  out << fmt::format("server: {}, {} requests, {} retransmits", cpu_text(server.cpu, server.bytes),
                     server.requests, server.retransmits);
  if (server.lateness.count() > 0) {
    out << fmt::format(", blocks sent late by p50 {}, p99 {}, max {}", point(server.lateness, 0.5),
                       point(server.lateness, 0.99), point(server.lateness, 1));
  }
  out << '\n';
}

}  // namespace

void print_text(std::ostream& out, const ClientReport& report) {
  print_heading(out, report.facts);
  print_connections(out, report);
  print_times(out, report.figures.times);
  if (report.facts.measured && report.figures.requests == 0 && report.figures.under_way > 0) {
    out << "\nno request has ended: the answers asked for take longer than this "
           "(-blocks-per-request, -period)\n";
  }
  out << '\n' << fmt::format("{:.1f} requests/s", rate(report.figures.requests, report.facts.duration));
  for (const ConnectionFigures& each : report.figures.connections) {
    if (each.protocol.empty()) continue;
    out << ", " << each.protocol;
    break;
  }
  out << '\n' << "client: " << cpu_text(report.figures.cpu, report.figures.bytes) << '\n';
  print_server_side(out, report.server);
  print_failures(out, report);
}

void print_text(std::ostream& out, const ServerReport& report) {
  print_heading(out, report.facts);
  const ServerFigures& figures = report.figures;
  measure::Table table(1);
  table.add({"bytes", base::format_bytes(static_cast<double>(figures.bytes))});
  table.add({"MB/s", megabytes_per_second(figures.bytes, report.facts.duration)});
  table.add({"requests", std::to_string(figures.requests)});
  table.add({"refused", std::to_string(figures.refused)});
  table.add({"broken off", std::to_string(figures.broken_off)});
  table.add({"connections", std::to_string(figures.connections)});
  table.add({"failed handshakes", std::to_string(figures.failed_handshakes)});
  table.add({"retransmits", std::to_string(figures.retransmits)});
  table.add({"block lateness p50", point(figures.lateness, 0.5)});
  table.add({"block lateness p99", point(figures.lateness, 0.99)});
  table.print(out);
  out << "server: " << cpu_text(figures.cpu, figures.bytes) << '\n';
}

std::string interval_text(const Totals& before, const Totals& now) {
  const base::Nanoseconds duration = now.when - before.when;
  return fmt::format("clientBytes={} clientRate={:.0f}/s serverBytes={} serverRate={:.0f}/s",
                     now.client_bytes, rate(now.client_bytes - before.client_bytes, duration),
                     now.server_bytes, rate(now.server_bytes - before.server_bytes, duration));
}

}  // namespace k8scale::blocks
