#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/base/time.h"
#include "k8scale/measure/recorder.h"

namespace k8scale::measure {

/// What `--progress` asks for: `automatic` is one line that is redrawn when the output is a terminal, and
/// `plain` otherwise; `plain` is a line every 10 s.
enum class ProgressStyle { automatic, plain, none };

/// Reads "auto", "plain" or "none"; nothing when it is something else.
[[nodiscard]] std::optional<ProgressStyle> parse_progress_style(std::string_view text);

/// "12.3s  1234/5000 done  198.7/s of 200.0/s asked  population 48  errors 0  response time p50 812µs
/// p99 2.35ms"
[[nodiscard]] std::string progress_text(base::Nanoseconds elapsed, const Pace& pace,
                                        const Snapshot& snapshot);

/// The same in fewer words, for a narrow terminal: "12s 1234/5000 199 of 200/s pop 48 err 0 p50 812µs
/// p99 2.35ms"
[[nodiscard]] std::string short_progress_text(base::Nanoseconds elapsed, const Pace& pace,
                                              const Snapshot& snapshot);

/// Shows how a run goes, on stderr. Belongs to one thread; that the output fails is no matter.
class Progress {
 public:
  explicit Progress(ProgressStyle style, int descriptor = 2);
  /// Finishes.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// When the next line is due, from the start of the run: take a snapshot then, and `show` it. Nothing for
  /// ProgressStyle::none.
  [[nodiscard]] std::optional<base::Nanoseconds> next() const;
  /// Draws, when `elapsed` has reached `next()`.
  void show(base::Nanoseconds elapsed, const Pace& pace, const Snapshot& snapshot);
  /// The same with another text.
  void show(base::Nanoseconds elapsed, std::string_view text);
  /// Clears the line that is redrawn, so that other output can follow. Nothing is shown afterwards.
  void finish();

 private:
  int descriptor_;
  bool redraws_;
  bool drawn_ = false;
  std::optional<base::Nanoseconds> next_;
};

}  // namespace k8scale::measure
