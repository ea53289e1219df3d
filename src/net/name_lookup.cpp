#include "k8scale/net/name_lookup.h"

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

namespace k8scale::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using base::Failure;
using base::FailureKind;

using Addresses = base::Result<std::vector<tcp::endpoint>>;

// What a lookup shares with its thread.
struct NameLookup::State {
  std::mutex mutex;
  NameLookup* waiting = nullptr;  // who wants to know; null when nobody does any more
  Addresses found = Failure(FailureKind::cancelled, "given up");
};

namespace {

std::vector<tcp::endpoint> endpoints_of(const addrinfo* list, std::uint16_t port) {
  std::vector<tcp::endpoint> endpoints;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    tcp::endpoint endpoint;
    if (each->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), each->ai_addr, each->ai_addrlen);
    endpoint.resize(each->ai_addrlen);
    endpoint.port(port);
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

Addresses ask_the_system(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    const char* const reason = error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error);
    return Failure(FailureKind::resolve, host + ": " + reason);
  }
  std::vector<tcp::endpoint> endpoints = endpoints_of(list, port);
  ::freeaddrinfo(list);
  if (endpoints.empty()) return Failure(FailureKind::resolve, host + ": no address");
  return endpoints;
}

}  // namespace

NameLookup::NameLookup(Shard& shard) : shard_(shard), done_(shard) {}

NameLookup::~NameLookup() {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  state_->waiting = nullptr;
}

void NameLookup::give_up() {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  state_->waiting = nullptr;
  done_.raise();
}

Task<Addresses> NameLookup::find(std::string host, std::uint16_t port) {
  boost::system::error_code not_literal;
  const auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) {
    std::vector<tcp::endpoint> only = {{literal, port}};
    co_return only;
  }
  auto state = std::make_shared<State>();
  state->waiting = this;
  state_ = state;
  done_.lower();
  const auto look_up = [state, host, port] {
    Addresses found = ask_the_system(host, port);
    const std::lock_guard lock(state->mutex);
    if (state->waiting == nullptr) return;
    state->found = std::move(found);
    state->waiting->shard_.post([state] {
      const std::lock_guard again(state->mutex);
      if (state->waiting != nullptr) state->waiting->done_.raise();
    });
  };
  try {
    std::thread(look_up).detach();
  } catch (const std::system_error& error) {
    co_return Failure(FailureKind::resolve, host + ": no thread to look it up: " + error.what());
  }
  co_await done_.wait();
  const std::lock_guard lock(state->mutex);
  if (state->waiting == nullptr) co_return Failure(FailureKind::cancelled, "given up");
  state->waiting = nullptr;
  co_return std::move(state->found);
}

}  // namespace k8scale::net
