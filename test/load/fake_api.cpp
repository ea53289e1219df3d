#include "fake_api.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace k8scale::load {

FakeApi::FakeApi(Script script) : script_(std::move(script)) {
  server_ = net::Server::listen(server_shard_, {},
                                [this](const net::ServerRequest& request, net::Responder& responder) {
                                  return answer(request, responder);
                                })
                .value();
  const ServerSet::Options options{
      {configuration()}, kube::Credentials::load(configuration()), {}, Balance::random};
  servers.emplace(shard, options, base::Random(1, "servers"));
}

kube::Configuration FakeApi::configuration() const {
  kube::Configuration configuration;
  configuration.server = {"127.0.0.1", server_->port(), false};
  return configuration;
}

std::shared_ptr<const ObjectFamily> config_map_family(std::size_t data_length) {
  ObjectShape shape;
  shape.resource = kube::config_maps();
  return std::make_shared<const ObjectFamily>(
      ObjectFamily{{"space"},
                   {kube::Collection(kube::config_maps(), "space")},
                   NamespaceSpread(1, 0, 1),
                   ObjectNames("r", 9),
                   ObjectText(std::move(shape), ObjectSizes(data_length, 0, 1 << 20, 1)),
                   "a driver",
                   ""});
}

FakeApi::~FakeApi() {
  shard.stop();
  servers.reset();
  server_shard_.run(server_->stop(base::Nanoseconds(0)));
}

net::Task<void> FakeApi::answer(const net::ServerRequest& request, net::Responder& responder) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.method + " " + request.target);
  }
  net::Response response = script_(request);
  if (response.status == 0) {
    responder.reset();
    co_return;
  }
  const base::Result<void> sent = co_await responder.send(std::move(response));
  static_cast<void>(sent);
}

std::vector<std::string> FakeApi::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t FakeApi::count(std::string_view method) const {
  const std::vector<std::string> all = requests();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [&](const std::string& each) { return each.starts_with(method); }));
}

net::Response ScriptedAnswers::answer(const net::ServerRequest& request) {
  std::optional<net::Response> other = instead ? instead(request) : std::nullopt;
  return other ? std::move(*other) : serve(request);
}

net::Response reply(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

Folder::Folder() {
  static std::atomic<int> count = 0;
  path_ = std::filesystem::temp_directory_path() /
          ("k8scale-load-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
  std::filesystem::create_directory(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace k8scale::load
