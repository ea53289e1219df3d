#include "k8scale/blocks/server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <thread>

#include "catch.h"
#include "k8scale/blocks/client.h"

namespace k8scale::blocks {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Server> plain_server(ServerOptions options = {}) {
  options.address = "127.0.0.1";
  options.port = 0;
  auto server = Server::bind(std::move(options)).value();
  server->start(nullptr);
  return server;
}

// Fails when it takes 20 s.
void wait_until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(1ms);
  }
}

// A client on a blocking socket.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view text) { REQUIRE(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) >= 0); }
  void close_its_side() { REQUIRE(::shutdown(socket_, SHUT_WR) == 0); }
  std::string read(std::size_t size) {
    std::string bytes(size, 0);
    const ssize_t count = ::recv(socket_, bytes.data(), size, MSG_WAITALL);
    return bytes.substr(0, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  std::string read_to_the_end() {
    std::string all;
    char bytes[4096];
    for (ssize_t count = 1; count > 0;) {
      count = ::recv(socket_, bytes, sizeof bytes, 0);
      if (count > 0) all.append(bytes, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  int socket_;
};

TEST_CASE("half a head is answered with 408 when its time is over") {
  ServerOptions options;
  options.request_timeout = 50ms;
  const auto server = plain_server(std::move(options));
  RawClient client(server->port());
  client.send("GET /blocks?si");
  CHECK(client.read_to_the_end().starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a client that takes nothing, or asks nothing, is dropped when its time is over") {
  ServerOptions impatient;
  impatient.idle_timeout = 50ms;
  const auto short_of_requests = plain_server(std::move(impatient));
  CHECK(RawClient(short_of_requests->port()).read_to_the_end().empty());
  ServerOptions options;
  options.stall_timeout = 50ms;
  const auto server = plain_server(std::move(options));
  RawClient stalled(server->port());
  stalled.send("GET /blocks?size=1000000&n=1000&periodMS=0 HTTP/1.1\r\nHost: x\r\n\r\n");
  wait_until([&] { return server->figures().broken_off > 0; });
  CHECK(server->figures().bytes < 1'000'000'000);
}

TEST_CASE("a client that goes away is noticed at once, though its next block is due in an hour") {
  const auto server = plain_server();
  {
    RawClient client(server->port());
    client.send("GET /blocks?size=10&n=2&periodMS=3600000 HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_until([&] { return server->figures().bytes == 10; });
    CHECK(server->figures().broken_off == 0);
  }
  wait_until([&] { return server->figures().broken_off == 1; });
  CHECK(server->figures().open_connections == 0);
}

TEST_CASE("a client that closed its side reads its paced answer to the end") {
  const auto server = plain_server();
  RawClient client(server->port());
  client.send("GET /blocks?size=2&n=3&periodMS=30 HTTP/1.1\r\nHost: x\r\n\r\n");
  client.close_its_side();
  CHECK(client.read_to_the_end().ends_with("\r\n\r\nAZAZAZ"));
  CHECK(server->figures().broken_off == 0);
  CHECK(server->figures().requests == 1);
}

TEST_CASE("a client that closed its side and goes away is noticed at its next block") {
  const auto server = plain_server();
  {
    RawClient client(server->port());
    client.send("GET /blocks?size=10&n=1000000&periodMS=30 HTTP/1.1\r\nHost: x\r\n\r\n");
    client.close_its_side();
    wait_until([&] { return server->figures().bytes >= 20; });
  }
  wait_until([&] { return server->figures().broken_off == 1; });
}

TEST_CASE("a client that closed its side has no profile, or what else takes long, made for it") {
  ServerOptions options;
  options.other = [](const net::ServerRequest&, net::Signal& gone) -> net::Task<net::Response> {
    co_await gone.wait();
    net::Response response;
    response.status = 500;
    co_return response;
  };
  const auto server = plain_server(std::move(options));
  RawClient client(server->port());
  client.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
  client.close_its_side();
  CHECK(client.read_to_the_end().starts_with("HTTP/1.1 500 "));
}

TEST_CASE("a client that waits for 100 Continue sends its body then") {
  const auto server = plain_server();
  RawClient client(server->port());
  client.send(
      "POST /blocks HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-Continue\r\nConnection: "
      "close\r\n\r\n");
  CHECK(client.read(25) == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  CHECK(client.read_to_the_end().starts_with("HTTP/1.1 405 "));
}

TEST_CASE("nobody is asked to go on with a body that is too large, or that has come, or in HTTP/1.0") {
  const auto server = plain_server();
  const auto [request, answer] = GENERATE(table<std::string, std::string>({
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: "
       "close\r\n\r\nabc",
       "404"},
      {"POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", ""},
  }));
  RawClient client(server->port());
  client.send(request);
  if (answer.empty()) client.send("abc");
  CHECK(client.read_to_the_end().starts_with("HTTP/1.1 " + (answer.empty() ? "404" : answer) + " "));
}

TEST_CASE("a body of up to 64 KiB is read, a larger one refused") {
  const auto server = plain_server();
  const auto [size, status] =
      GENERATE(table<std::size_t, std::string>({{64 * 1024, "404"}, {64 * 1024 + 1, "413"}}));
  RawClient client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(size) +
              "\r\n\r\n");
  client.send(std::string(size, 'x'));
  CHECK(client.read_to_the_end().starts_with("HTTP/1.1 " + status + " "));
}

TEST_CASE("connections that are too many even to be told so are closed, and counted") {
  ServerOptions options;
  options.most_connections = 1;
  const auto server = plain_server(std::move(options));
  std::deque<RawClient> clients;
  while (clients.size() < 1 + 256) clients.emplace_back(server->port());
  wait_until([&] { return server->figures().open_connections == clients.size(); });
  for (int i = 0; i < 5; ++i) CHECK(RawClient(server->port()).read_to_the_end().empty());
  wait_until([&] { return server->figures().refused == 5; });
  CHECK(server->figures().connections == clients.size() + 5);
}

TEST_CASE("a client that asks for more meanwhile is not taken for one that is gone") {
  const auto server = plain_server();
  RawClient client(server->port());
  client.send("GET /blocks?size=2&n=3&periodMS=30 HTTP/1.1\r\nHost: x\r\n\r\n");
  wait_until([&] { return server->figures().bytes > 0; });
  client.send("GET /blocks?size=3&n=2&periodMS=30 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answers = client.read_to_the_end();
  CHECK(answers.find("AZAZAZ") < answers.find(std::string("A\0ZA\0Z", 6)));
  CHECK(answers.ends_with(std::string("A\0ZA\0Z", 6)));
  CHECK(server->figures().broken_off == 0);
}

TEST_CASE("requests that come in one piece, or byte by byte, are answered in their order") {
  const auto server = plain_server();
  RawClient client(server->port());
  std::string requests;
  for (int size = 1; size <= 3; ++size) {
    requests += "GET /blocks?size=" + std::to_string(size) + "&n=2&periodMS=0 HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  client.send(requests);
  for (const char byte : "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") {
    if (byte != 0) client.send({&byte, 1});
  }
  const std::string answers = client.read_to_the_end();
  const std::size_t first = answers.find("AA"), second = answers.find("AZAZ"),
                    third = answers.find(std::string("A\0ZA\0Z", 6));
  CHECK(first < second);
  CHECK(second < third);
  CHECK(third < answers.find("HTTP/1.1 404"));
}

TEST_CASE("a request that names the whole URL is served as one for its path") {
  const auto server = plain_server();
  const std::string url = "https://localhost:" + std::to_string(server->port());
  RawClient client(server->port());
  client.send("GET " + url +
              "/blocks?size=2&n=3&periodMS=0 HTTP/1.1\r\nHost: another\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_to_the_end();
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(answer.ends_with("AZAZAZ"));
}

TEST_CASE("a request without a Host is refused, and its body is not asked for") {
  const auto server = plain_server();
  RawClient client(server->port());
  client.send("POST /blocks HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  client.close_its_side();
  const std::string answer = client.read_to_the_end();
  CHECK(answer.starts_with("HTTP/1.1 400 "));
  CHECK(answer.ends_with("\r\n\r\nHost: found nothing, expected it exactly once\n"));
}

TEST_CASE("a client measures from where it is told to, and stops at once") {
  const auto server = plain_server();
  ClientOptions options;
  options.server = {"127.0.0.1", server->port(), false};
  options.connections = options.threads = 4;
  options.io_threads = 2;
  options.block_size = 1000;
  options.blocks_per_request = 1;
  options.period = 0ms;
  Client client(options);
  client.start([] {});
  wait_until([&] { return client.figures().requests >= 100; });
  client.start_measuring();
  wait_until([&] { return client.figures().requests >= 10; });
  client.stop();
  const ClientFigures figures = client.figures();
  CHECK(figures.failures == 0);
  CHECK(figures.bytes / 1000 < server->figures().requests);
  CHECK(figures.times.request.count() <= figures.requests);
  CHECK(figures.connections.size() == 4);
}

}  // namespace
}  // namespace k8scale::blocks
