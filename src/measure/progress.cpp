#include "k8scale/measure/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "k8scale/base/files.h"

namespace k8scale::measure {
namespace {

constexpr base::Nanoseconds redraw_interval = std::chrono::milliseconds(250);
constexpr base::Nanoseconds plain_interval = std::chrono::seconds(10);
constexpr std::string_view clear_line = "\r\x1b[K";

// What cannot be shown is not worth a word.
void show_text(int descriptor, std::string_view text) {
  static_cast<void>(base::rest_after_writing(descriptor, text));
}

std::size_t columns_of(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// The beginning of `text`, at most `columns` code points.
std::string_view cut(std::string_view text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool continues = (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
    if (!continues && seen++ == columns) return text.substr(0, i);
  }
  return text;
}

// Nothing while there are none.
std::string response_time_text(std::string_view before, const Snapshot& snapshot) {
  const Histogram times = snapshot.response_time();
  if (times.count() == 0) return {};
  return fmt::format("{}p50 {} p99 {}", before, base::format_duration(times.quantile(0.5)),
                     base::format_duration(times.quantile(0.99)));
}

}  // namespace

std::optional<ProgressStyle> parse_progress_style(std::string_view text) {
  if (text == "auto") return ProgressStyle::automatic;
  if (text == "plain") return ProgressStyle::plain;
  if (text == "none") return ProgressStyle::none;
  return std::nullopt;
}

std::string progress_text(base::Nanoseconds elapsed, const Pace& pace, const Snapshot& snapshot) {
  std::string text = fmt::format("{:.1f}s  {}/{} done  {:.1f}/s of {:.1f}/s asked  population {}  errors {}",
                                 base::to_seconds(elapsed), pace.done, pace.asked, pace.achieved_rate,
                                 pace.asked_rate, snapshot.population, snapshot.failed());
  return text + response_time_text("  response time ", snapshot);
}

std::string short_progress_text(base::Nanoseconds elapsed, const Pace& pace, const Snapshot& snapshot) {
  constexpr double slow = 100;
  const int digits = pace.asked_rate < slow ? 1 : 0;
  std::string text = fmt::format("{:.0f}s {}/{} {:.{}f} of {:.{}f}/s pop {} err {}",
                                 base::to_seconds(elapsed), pace.done, pace.asked, pace.achieved_rate, digits,
                                 pace.asked_rate, digits, snapshot.population, snapshot.failed());
  return text + response_time_text(" ", snapshot);
}

Progress::Progress(ProgressStyle style, int descriptor)
    : descriptor_(descriptor), redraws_(style == ProgressStyle::automatic && ::isatty(descriptor) == 1) {
  if (style != ProgressStyle::none) next_ = redraws_ ? redraw_interval : plain_interval;
}

Progress::~Progress() { finish(); }

std::optional<base::Nanoseconds> Progress::next() const { return next_; }

void Progress::show(base::Nanoseconds elapsed, const Pace& pace, const Snapshot& snapshot) {
  if (!next_ || elapsed < *next_) return;
  const std::string text = progress_text(elapsed, pace, snapshot);
  const bool fits = !redraws_ || cut(text, columns_of(descriptor_) - 1).size() == text.size();
  show(elapsed, fits ? text : short_progress_text(elapsed, pace, snapshot));
}

void Progress::show(base::Nanoseconds elapsed, std::string_view text) {
  if (!next_ || elapsed < *next_) return;
  const base::Nanoseconds interval = redraws_ ? redraw_interval : plain_interval;
  next_ = (elapsed / interval + 1) * interval;
  if (redraws_) {
    // One column stays free: a full line would wrap on some terminals.
    show_text(descriptor_, fmt::format("{}{}", clear_line, cut(text, columns_of(descriptor_) - 1)));
    drawn_ = true;
  } else {
    show_text(descriptor_, fmt::format("{}\n", text));
  }
}

void Progress::finish() {
  next_.reset();
  if (drawn_) show_text(descriptor_, clear_line);
  drawn_ = false;
}

}  // namespace k8scale::measure
