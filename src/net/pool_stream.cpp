// Answers of a pool that are read as they come.
#include "net/pool_state.h"

namespace k8scale::net {
using Clock = std::chrono::steady_clock;

class Pool::State::PooledStream final : public ResponseStream {
 public:
  PooledStream(std::shared_ptr<State> state, std::unique_ptr<Connection> connection,
               Cancellation* cancellation)
      : state_(std::move(state)), connection_(std::move(connection)), cancellation_(cancellation) {
    ++state_->streaming;
    if (cancellation_ == nullptr) return;
    cancellation_->set([this] {
      if (connection_) connection_->cancel();
    });
  }
  ~PooledStream() override {
    if (cancellation_ != nullptr) cancellation_->set(nullptr);
    if (connection_) take_connection().reset();
  }
  PooledStream(const PooledStream&) = delete;
  PooledStream& operator=(const PooledStream&) = delete;

  Task<base::Result<void>> ask(const Request& request) {
    timing_.started = Clock::now();
    const Connection::Answer answer{head_, body_, timing_, bytes_received_};
    base::Result<void> outcome = co_await connection_->ask(request, answer, "no answer");
    co_return outcome;
  }

  [[nodiscard]] const ResponseHead& head() const override { return head_; }
  [[nodiscard]] const Timing& timing() const override { return timing_; }
  [[nodiscard]] std::uint64_t bytes_received() const override { return bytes_received_; }
  void wake_at(std::size_t bytes) override {
    if (connection_) connection_->wake_at(bytes);
  }

  [[nodiscard]] Task<base::Result<std::string_view>> read_some(base::Nanoseconds idle) override {
    if (began_) body_.clear();
    began_ = true;
    if (!connection_) co_return std::string_view();
    connection_->set_limit(idle, "no byte of the answer");
    while (body_.empty() && !connection_->answer_done()) {
      base::Result<bool> read = connection_->read_body_now(bytes_received_);
      if (read.has_value() && !*read) {
        std::string().swap(body_);
        const base::Result<void> ready = co_await connection_->wait_for_body();
        if (ready.has_error()) read = ready.error();
      }
      if (read.has_error()) {
        timing_.done = Clock::now();
        connection_->ends_because(read.error().message());
        take_connection().reset();
        co_return read.error();
      }
    }
    if (body_.empty()) {
      timing_.done = Clock::now();
      state_->give_back(take_connection());
    }
    co_return std::string_view(body_);
  }

 private:
  [[nodiscard]] std::unique_ptr<Connection> take_connection() {
    --state_->streaming;
    return std::move(connection_);
  }

  std::shared_ptr<State> state_;
  std::unique_ptr<Connection> connection_;
  ResponseHead head_;
  std::string body_;
  Timing timing_;
  std::uint64_t bytes_received_ = 0;
  Cancellation* cancellation_;
  bool began_ = false;
};

Task<base::Result<std::unique_ptr<ResponseStream>>> Pool::State::open_stream(std::shared_ptr<State> state,
                                                                             const Request& request,
                                                                             bool fresh,
                                                                             Cancellation* cancellation) {
  if (cancellation != nullptr && cancellation->cancelled()) co_return given_up();
  ConnectionPointer connection = fresh ? nullptr : state->take_idle();
  if (!connection) {
    base::Result<ConnectionPointer> opened = co_await acquire(state, cancellation);
    if (opened.has_error()) co_return opened.error();
    connection = std::move(*opened);
  }
  auto stream = std::make_unique<PooledStream>(state, std::move(connection), cancellation);
  const base::Result<void> asked = co_await stream->ask(request);
  if (asked.has_error()) co_return asked.error();
  co_return std::unique_ptr<ResponseStream>(std::move(stream));
}

}  // namespace k8scale::net
