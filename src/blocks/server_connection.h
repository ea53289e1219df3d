#pragma once
#include <atomic>
#include <boost/intrusive/list.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "blocks/stream.h"
#include "k8scale/blocks/blocks_request.h"
#include "k8scale/net/http.h"
#include "k8scale/net/listener.h"
#include "k8scale/net/message_parser.h"
#include "k8scale/net/server.h"
#include "k8scale/net/wait.h"

namespace k8scale::blocks {

struct ServerShard;

/// Whether a connection may be used, or is one too many and is told so.
enum class Admission { welcome, too_many };

/// One of the connections that may be open at a time. Of any thread.
class Place {
 public:
  explicit Place(std::atomic<std::uint64_t>& taken) : taken_(taken) { ++taken_; }
  ~Place() { --taken_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::atomic<std::uint64_t>& taken_;
};

/// One client's connection, from the handshake to its end. Belongs to its shard.
class ServerConnection
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  ServerConnection(ServerShard& shard, Socket socket, std::unique_ptr<Place> place, Admission admission);

  [[nodiscard]] net::Task<void> serve();
  [[nodiscard]] TcpFigures tcp_figures() const { return stream_.tcp_figures(); }

 private:
  [[nodiscard]] net::Task<bool> greet();
  [[nodiscard]] net::Task<base::Result<void>> request_begins();
  /// Whether another request may follow.
  [[nodiscard]] net::Task<bool> serve_one();
  [[nodiscard]] net::Task<bool> read_request(net::ServerRequest& request);
  [[nodiscard]] net::Task<base::Result<void>> read_to_the_end(net::MessageParser& parser,
                                                              const net::Request& request);
  [[nodiscard]] base::Result<void> parse(net::MessageParser& parser, std::string_view bytes);
  [[nodiscard]] net::Task<void> refuse_malformed(net::ParseError error, base::Failure failure);

  [[nodiscard]] net::Task<base::Result<void>> answer(const net::ServerRequest& request);
  [[nodiscard]] net::Task<base::Result<void>> answer_blocks(std::string_view query);
  [[nodiscard]] net::Task<net::Response> statistics();
  [[nodiscard]] net::Task<net::Response> ask_other(const net::ServerRequest& request);
  [[nodiscard]] net::Task<base::Result<void>> send_small(const BlocksRequest& request, std::string head);
  /// A client that goes away is noticed at once.
  [[nodiscard]] net::Task<base::Result<void>> send_paced(const BlocksRequest& request);
  [[nodiscard]] net::Task<base::Result<void>> send_on_schedule(const BlocksRequest& request,
                                                               net::Signal& gone);
  /// Bytes `from` to `to` of the blocks, handed to the kernel.
  [[nodiscard]] net::Task<base::Result<void>> send_bytes(std::uint64_t size, std::uint64_t from,
                                                         std::uint64_t to);
  void log_answer(base::SteadyTime began) const;
  void log_blocks(std::uint64_t size, std::uint64_t from, std::uint64_t to) const;
  [[nodiscard]] net::Task<base::Result<void>> send(net::Response response);
  [[nodiscard]] net::Task<void> refuse(int status, std::string_view reason);
  [[nodiscard]] std::string head_of(const net::ResponseHead& head, std::uint64_t length);

  ServerShard& shard_;
  Stream stream_;
  std::unique_ptr<Place> place_;
  Admission admission_;
  net::Peer peer_;
  std::string peer_name_;  // with its port
  bool keep_alive_ = true;
  bool is_1_1_ = true;
  bool head_only_ = false;
  std::string told_;      // status and length of the answer, when answers are logged
  std::string received_;  // what came behind the last request, or of one that is not whole
};

}  // namespace k8scale::blocks
