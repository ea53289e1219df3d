#include "k8scale/measure/row_log.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "k8scale/base/error.h"
#include "measure/row_file.h"

namespace k8scale::measure {
namespace {

constexpr auto write_interval = std::chrono::milliseconds(100);
constexpr std::size_t most_bytes_behind = 8 * 1024 * 1024;
// A burst is written sooner, so that it takes little memory.
constexpr std::size_t bytes_of_a_burst = 64 * 1024;

// Signals are for the threads that wait for them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

struct RowLog::State {
  explicit State(const std::filesystem::path& where) : path(where.string()), file(where) {}

  bool take(std::string_view row);
  void write_until_closed();
  void write_pending(std::unique_lock<std::mutex>& lock);
  void note_error(std::string_view reason) {
    if (totals.first_error.empty()) totals.first_error = fmt::format("{}: {}", path, reason);
  }

  const std::string path;
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable settled_more;
  // Under the mutex:
  std::string pending;
  std::uint64_t pending_rows = 0;
  std::uint64_t handed = 0;   // rows that came into `pending`
  std::uint64_t settled = 0;  // those of them that are written or lost
  bool hurry = false;
  bool closing = false;
  Totals totals;
  // The writer's own:
  RowFile file;
  std::string writing;
  std::thread writer;
};

bool RowLog::State::take(std::string_view row) {
  if (closing || pending.size() > most_bytes_behind) return false;
  pending += row;
  ++pending_rows;
  ++handed;
  if (pending.size() > bytes_of_a_burst && !hurry) {
    hurry = true;
    wake.notify_one();
  }
  return true;
}

// The two buffers change places, so that rows are never copied and the mutex is never held during a write.
void RowLog::State::write_pending(std::unique_lock<std::mutex>& lock) {
  std::swap(pending, writing);
  const std::uint64_t rows = std::exchange(pending_rows, 0);
  hurry = false;
  lock.unlock();
  const std::uint64_t written = file.write(writing, rows);
  writing.clear();
  lock.lock();
  totals.rows_written += written;
  totals.rows_lost += rows - written;
  if (file.error() != 0) note_error(std::strerror(file.error()));
  settled += rows;
  settled_more.notify_all();
}

void RowLog::State::write_until_closed() {
  std::unique_lock lock(mutex);
  while (!closing || pending_rows > 0) {
    wake.wait_for(lock, write_interval, [this] { return hurry || closing; });
    write_pending(lock);
  }
}

RowLog::RowLog(const std::filesystem::path& path, std::string_view flag, int exit_code)
    : state_(std::make_unique<State>(path)) {
  if (state_->file.error() != 0) {
    throw base::Error(
        fmt::format("{}: cannot write {}: {}", flag, path.string(), std::strerror(state_->file.error())),
        exit_code);
  }
  const SignalsBlocked blocked;
  state_->writer = std::thread(&State::write_until_closed, state_.get());
  pthread_setname_np(state_->writer.native_handle(), "rows");
}

RowLog::~RowLog() { static_cast<void>(close()); }

void RowLog::append(std::string_view row) {
  const std::lock_guard lock(state_->mutex);
  if (state_->take(row)) return;
  ++state_->totals.rows_lost;
  state_->note_error(state_->closing ? "the file was closed" : "the disk is slower than the rows come");
}

bool RowLog::try_append(std::string_view row) {
  const std::lock_guard lock(state_->mutex);
  return state_->take(row);
}

bool RowLog::flush(base::Nanoseconds timeout) {
  std::unique_lock lock(state_->mutex);
  const std::uint64_t wanted = state_->handed;
  state_->hurry = true;
  state_->wake.notify_one();
  return state_->settled_more.wait_for(lock, timeout, [&] { return state_->settled >= wanted; });
}

RowLog::Totals RowLog::totals() const {
  const std::lock_guard lock(state_->mutex);
  return state_->totals;
}

RowLog::Totals RowLog::close() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
    state_->wake.notify_one();
  }
  if (state_->writer.joinable()) state_->writer.join();
  state_->file.close();
  const std::lock_guard lock(state_->mutex);
  if (state_->file.error() != 0) state_->note_error(std::strerror(state_->file.error()));
  return state_->totals;
}

std::string rows_warning(const RowLog::Totals& rows) {
  if (rows.rows_lost > 0) {
    return fmt::format("{} of {} rows were lost: {}", rows.rows_lost, rows.rows_lost + rows.rows_written,
                       rows.first_error);
  }
  return rows.first_error.empty() ? "" : "rows may be lost: " + rows.first_error;
}

}  // namespace k8scale::measure
