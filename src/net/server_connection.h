#pragma once
#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>
#include <string>

#include "k8scale/net/listener.h"
#include "k8scale/net/message_parser.h"
#include "k8scale/net/server.h"
#include "net/byte_buffer.h"
#include "net/stream.h"

namespace k8scale::net {

/// What the connections of one server share. Belongs to its shard.
struct ServerShared {
  ServerShared(ServerOptions given, Handler with) : options(std::move(given)), handler(std::move(with)) {}

  ServerOptions options;
  Handler handler;
  bool stopping = false;

  /// "Date: Tue, 24 Nov 2026 15:04:05 GMT\r\n", made once a second.
  [[nodiscard]] const std::string& date_line();

 private:
  std::string date_line_;
  std::int64_t date_second_ = -1;
};

/// The server's end of one connection: reads requests, calls the handler, writes what it answers.
class ServerConnection final
    : public Responder,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  ServerConnection(Shard& shard, std::shared_ptr<ServerShared> shared, Socket socket);

  /// Runs until the connection ends.
  [[nodiscard]] Task<void> serve();
  /// Ends it when it is at rest between two requests.
  void end_if_idle();
  /// Ends it at once.
  void cut();

  [[nodiscard]] Task<base::Result<void>> send(Response response) override;
  [[nodiscard]] Task<base::Result<void>> begin(ResponseHead head) override;
  [[nodiscard]] Task<base::Result<void>> write(std::string_view bytes) override;
  [[nodiscard]] Task<base::Result<void>> finish() override;
  [[nodiscard]] Task<base::Result<void>> send_cut_short(Response response, std::size_t bytes) override;
  void reset() override;
  void when_client_goes(const std::function<void()>& gone) override { stream_.when_peer_ends(gone); }
  [[nodiscard]] bool stopping() const override { return shared_->stopping; }

 private:
  enum class Answer { none, streaming, whole, broken };

  [[nodiscard]] Task<bool> greet();
  [[nodiscard]] Task<bool> serve_one();
  /// Whether there is a request to handle; answers what cannot be one.
  [[nodiscard]] Task<bool> read_request(ServerRequest& request);
  [[nodiscard]] Task<base::Result<void>> read_to_the_end(MessageParser& parser, ServerRequest& request);
  [[nodiscard]] Task<base::Result<void>> read_more();
  [[nodiscard]] base::Result<void> parse(MessageParser& parser);
  [[nodiscard]] Task<void> refuse(int status, std::string_view reason);
  [[nodiscard]] Task<void> refuse_plain_http();
  /// An answer before the connection ends, so that the client reads it.
  [[nodiscard]] Task<void> send_last(Response response);
  [[nodiscard]] Task<base::Result<void>> hand_over(std::string_view bytes);
  [[nodiscard]] Task<base::Result<void>> send_out();
  void write_head(const ResponseHead& head);
  void write_length(const Response& response);

  std::shared_ptr<ServerShared> shared_;
  Stream stream_;
  ByteBuffer received_;
  std::string sending_;
  std::optional<CertificateSubject> client_certificate_;
  Peer peer_;
  bool idle_ = false;

  // Of the request that is being answered.
  Answer answer_ = Answer::none;
  bool keep_alive_ = true;
  bool is_1_1_ = true;
  bool head_only_ = false;
};

}  // namespace k8scale::net
