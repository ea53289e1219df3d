#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/block_lateness.h"
#include "blocks/stream.h"
#include "k8scale/base/random.h"
#include "k8scale/blocks/blocks_request.h"
#include "k8scale/blocks/client_figures.h"

namespace k8scale::blocks {

struct ClientShard;
class Answer;

/// One connection of a client and the threads that share it: it is opened when they have something to ask,
/// and again after a failure. Belongs to its shard.
class ClientConnection {
 public:
  /// `own_times`: whether figures keep the times of this connection alone.
  ClientConnection(ClientShard& shard, std::size_t number, bool own_times);

  void add_thread(std::size_t number);
  /// Asks until there is no more to ask or the shard stops.
  [[nodiscard]] net::Task<void> run();
  void cut();
  void start_measuring();
  [[nodiscard]] ConnectionFigures look() const;
  /// Of the answer that is under way, for connections that keep no times of their own.
  void record_lateness_in(RequestTimes& shared) const;

 private:
  // A thread that asks, and what it asks for next.
  struct Asker {
    std::size_t thread;
    base::Random random;
    BlocksRequest request;
    base::SteadyTime asked;
    base::SteadyTime sent;
    bool budgeted;  // counted among the requests that may be begun
    bool resend;    // was sent, on a connection that ended before its answer
  };

  [[nodiscard]] net::Task<base::Result<void>> open();
  [[nodiscard]] net::Task<base::Result<void>> converse();
  [[nodiscard]] net::Task<base::Result<void>> send_requests();
  [[nodiscard]] net::Task<base::Result<void>> read_answer(Answer& answer);
  [[nodiscard]] base::Result<bool> use(Answer& answer, std::string_view bytes);
  [[nodiscard]] base::Result<void> verdict_on(const Answer& answer) const;
  void note_first_byte(const Answer& answer);
  void log_blocks(std::uint64_t position, const Answer& answer) const;
  [[nodiscard]] base::Result<void> end_of_stream(Answer& answer);
  [[nodiscard]] bool has_request();
  [[nodiscard]] std::uint64_t retransmits() const;
  void draw(Asker& asker);
  void keep_lateness();
  void count(const Answer& answer);
  void count_failure(const base::Failure& failure);
  void keep_tcp_figures();
  void take_back();
  [[nodiscard]] RequestTimes& times();
  [[nodiscard]] std::string request_text(const Asker& asker) const;

  ClientShard& shard_;
  ConnectionFigures figures_;
  BlockLateness lateness_;                // of the answer that is under way
  std::uint64_t retransmits_before_ = 0;  // of this TCP connection, before measuring
  // What the connection that is open now counts for: 0 or 1.
  std::uint64_t now_opened_ = 0, now_resumed_ = 0;
  std::unique_ptr<Stream> stream_;
  std::deque<Asker> waiting_;    // for their turn
  std::deque<Asker> in_flight_;  // sent, in the order of their answers
  std::string received_;         // what came behind the last answer
  bool keep_alive_ = true;       // what the last answer said
};

}  // namespace k8scale::blocks
